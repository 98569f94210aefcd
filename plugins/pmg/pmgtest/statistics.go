package pmgtest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// sums are the numbers of some time, as the calls of whole days name them.
func (m Mail) sums(d time.Duration) map[string]any {
	n := func(an int) int { return int(float64(an) * d.Hours()) }
	return map[string]any{
		"count": n(m.In + m.Out), "count_in": n(m.In), "count_out": strconv.Itoa(n(m.Out)), "bytes_in": n(m.In) * 40_000, "bytes_out": fmt.Sprint(n(m.Out) * 60_000),
		"spamcount_in": n(m.Spam), "spamcount_out": 0, "viruscount_in": n(m.Virus), "viruscount_out": 0, "bounces_in": n(m.In) / 50, "bounces_out": n(m.Out) / 100,
		"junk_in": n(m.Spam + m.Virus), "junk_out": 0, "glcount": n(m.In) / 10, "spfcount": 0, "rbl_rejects": n(m.In) / 4, "pregreet_rejects": n(m.In) / 20, "avptime": 0.684675025939941,
	}
}

func (c call) seconds(name string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(c.URL.Query().Get(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// day is the time that statistics of whole days are about: from midnight before start to midnight before end, or a day when
// these are one. Without parameters that is yesterday.
func (c call) day() (from, to time.Time) {
	start := c.seconds("starttime", c.now.Unix()-86400)
	end := c.seconds("endtime", start+86400)
	from, to = time.Unix(start, 0).UTC().Truncate(24*time.Hour), time.Unix(end, 0).UTC().Truncate(24*time.Hour)
	if !to.After(from) {
		to = from.Add(24 * time.Hour)
	}
	return from, to
}

func (c call) elapsed() time.Duration {
	from, to := c.day()
	if to.After(c.now) {
		to = c.now
	}
	return max(0, to.Sub(from))
}

func mailSums(c call) answer { return data(c.world.Mail.sums(c.elapsed())) }

func spamScores(c call) answer {
	out := []any{}
	n := int(float64(c.world.Mail.In) * c.elapsed().Hours())
	for level := range 11 {
		share := n >> (level + 1)
		if level == 0 && !c.world.atLeast("9.1") {
			share = -1 // of the day that is running
		}
		out = append(out, map[string]any{"level": strconv.Itoa(level), "count": share, "ratio": float64(share) / float64(max(1, n))})
	}
	return data(out)
}

func domains(c call) answer {
	out := []any{map[string]any{"domain": "partner.example", "count_in": 0, "count_out": 12, "bytes_out": 7}}
	for i, name := range c.world.Domains {
		row := c.world.Mail.sums(c.elapsed() / time.Duration(i+2))
		row["domain"] = name
		out = append(out, row)
	}
	return data(out)
}

// recent are buckets of a span; the last one is being filled.
func recent(c call) answer {
	hours, span := c.seconds("hours", 12), c.seconds("timespan", 1800)
	if hours < 1 || hours > 24 || span < 1 || span > 1800 {
		return answer{status: http.StatusBadRequest, text: "Parameter verification failed."}
	}
	out := []any{}
	end := c.now.Unix()
	first := (end - hours*3600) / span * span
	for at := first; at <= end; at += span {
		share := float64(min(span, end-at)) / 3600
		n := func(an int) int { return int(float64(an) * share) }
		m := c.world.Mail
		out = append(out, map[string]any{
			"index": (at - first) / span, "time": at, "timespan": span, "count": n(m.In + m.Out), "count_in": n(m.In), "count_out": n(m.Out), "spam": n(m.Spam), "spam_in": n(m.Spam),
			"spam_out": 0, "virus_in": n(m.Virus), "virus_out": 0, "bytes_in": n(m.In) * 40_000, "bytes_out": n(m.Out) * 60_000,
		})
	}
	return data(out)
}

func mailCount(c call) answer {
	span := c.seconds("timespan", 3600)
	start := c.seconds("starttime", c.now.Unix()-86400) / 3600 * 3600
	end := c.seconds("endtime", start+86400)
	if (end-start)/span > 5000 {
		return answer{status: http.StatusInternalServerError, text: "too many entries"}
	}
	out := []any{}
	for at := start; at < end; at += span {
		row := c.world.Mail.sums(time.Duration(span) * time.Second)
		row["index"], row["time"] = (at-start)/span, at
		out = append(out, row)
	}
	return data(out)
}

// quarantine has texts for some numbers, and nothing when it is empty.
func quarantine(n int) map[string]any {
	if n == 0 {
		return map[string]any{"count": nil, "mbytes": 0, "avgbytes": nil}
	}
	return map[string]any{"count": n, "mbytes": float64(n) / 25, "avgbytes": "534.0", "avgspam": "7.5"}
}
