package schema

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// ParseDuration reads what time.ParseDuration reads, with days ("14d", "1d12h") and weeks ("2w") of 24 hours a day.
func ParseDuration(text string) (time.Duration, error) {
	rest, sign := text, time.Duration(1)
	if s, ok := strings.CutPrefix(rest, "-"); ok {
		rest, sign = s, -1
	}
	var total time.Duration
	for _, unit := range []struct {
		letter string
		length time.Duration
	}{{"w", 7 * day}, {"d", day}} {
		number, after, ok := strings.Cut(rest, unit.letter)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil || time.Duration(n) > math.MaxInt64/unit.length-total/unit.length-1 {
			return 0, errDuration
		}
		total += time.Duration(n) * unit.length
		rest = after
	}
	if rest == "" && total > 0 {
		return sign * total, nil
	}
	if strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "+") {
		return 0, errDuration
	}
	d, err := time.ParseDuration(rest)
	if rest == "" && text != "" && text != "-" {
		d, err = 0, nil
	}
	if err != nil || d > math.MaxInt64-total {
		return 0, errDuration
	}
	return sign * (total + d), nil
}

var errDuration = errors.New(`it is not a duration such as "90s", "12h" or "14d"`)

// FormatDurationText writes a duration as briefly as [ParseDuration] reads it: "14d", "90s", "1h30m".
func FormatDurationText(d time.Duration) string {
	if d >= 2*day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var sizeUnits = []struct {
	name string
	size int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

// ParseBytes reads a size: "512", "64MiB", "1.5 GB".
func ParseBytes(text string) (int64, error) {
	number, factor := strings.TrimSpace(text), int64(1)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(number, u.name); ok {
			number, factor = strings.TrimSpace(rest), u.size
			break
		}
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		if n < 0 || n > math.MaxInt64/factor {
			return 0, errBytes
		}
		return n * factor, nil
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f*float64(factor) >= math.MaxInt64 {
		return 0, errBytes
	}
	return int64(f * float64(factor)), nil
}

var errBytes = errors.New(`it is not a size such as "512", "64MiB" or "1GB"`)

// number writes a bound the way people do.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func bound(f *Field, v float64) string {
	switch f.Format {
	case FormatDuration:
		return FormatDurationText(time.Duration(v * float64(time.Second)))
	case FormatBytes:
		return fmt.Sprintf("%s bytes", number(v))
	}
	return number(v)
}

// Suggest returns the known word that is close enough to a mistyped one, or an empty string.
func Suggest(word string, known []string) string {
	best, distance := "", 0
	for _, k := range known {
		d := editDistance(word, k)
		if d <= max(1, min(len(k), len(word))/3) && (best == "" || d < distance) {
			best, distance = k, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions, replacements and swaps between short words.
func editDistance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var rows [3][longest + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		now, before, earlier := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(before[j]+1, now[j-1]+1, before[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], earlier[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
