package influx

import (
	"context"
	"regexp"
	"strconv"
	"strings"
)

// refusals is how many refused pieces of one batch are looked into for what is wrong with them.
const refusals = 100

var droppedLines = regexp.MustCompile(`dropped=(\d+)`)

// put sends lines, each with its end, and returns how many InfluxDB refused and what it said of them. Some servers refuse a
// whole batch for one line that they cannot read: then it is halved until that line is alone, and the others are stored.
func (r *remote) put(ctx context.Context, tier int, lines string) (refused int, says string, err error) {
	budget := refusals
	return r.putWithin(ctx, tier, lines, &budget)
}

func (r *remote) putWithin(ctx context.Context, tier int, lines string, budget *int) (refused int, says string, err error) {
	says, err = r.write(ctx, tier, lines)
	if err != nil || says == "" {
		return 0, "", err
	}
	n := strings.Count(lines, "\n")
	*budget--
	if strings.Contains(says, "partial write") { // the others are stored
		return dropped(says, n), says, nil
	}
	if n <= 1 || *budget <= 0 {
		return n, says, nil
	}
	middle := half(lines)
	for _, part := range []string{lines[:middle], lines[middle:]} {
		bad, text, err := r.putWithin(ctx, tier, part, budget)
		if err != nil {
			return 0, "", err
		}
		if refused += bad; bad > 0 {
			says = text
		}
	}
	return refused, says, nil
}

// half returns where the line behind the middle of several lines begins.
func half(lines string) int {
	middle := len(lines) / 2
	if end := strings.IndexByte(lines[middle:len(lines)-1], '\n'); end >= 0 {
		return middle + end + 1
	}
	return strings.LastIndexByte(lines[:middle], '\n') + 1
}

// dropped reads how many lines of so many a server says it dropped.
func dropped(says string, of int) int {
	if m := droppedLines.FindStringSubmatch(says); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 && n < of {
			return n
		}
	}
	if strings.Contains(says, "unable to parse") {
		return min(strings.Count(says, "unable to parse"), of)
	}
	return of
}
