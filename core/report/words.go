package report

import (
	"fmt"
	"math"
	"strings"
	"time"
)

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

const seconds = "s"

// short writes a value for people: bytes with the prefixes of 1024, others with those of 1000, long times in days, hours and
// minutes.
func short(v float64, unit string) string {
	if unit == seconds && math.Abs(v) >= 60 {
		return long(v)
	}
	base, prefixes := 1000.0, " kMGTP"
	if strings.HasPrefix(unit, "B") {
		base, prefixes = 1024, " KMGTP"
	}
	if unit == "%" || math.Abs(v) < base {
		return strings.TrimSpace(trim(v) + " " + unit)
	}
	n := 0
	for math.Abs(v) >= base && n < len(prefixes)-1 {
		v, n = v/base, n+1
	}
	prefix := prefixes[n : n+1]
	if base == 1024 {
		prefix += "i"
	}
	return strings.TrimSpace(trim(v) + " " + prefix + unit)
}

// spans are the units of long times, in seconds.
var spans = []struct {
	seconds float64
	word    string
}{{86400, "d"}, {3600, "h"}, {60, "min"}, {1, seconds}}

// long writes a time of a minute and more, in seconds, in its two largest units.
func long(v float64) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	for i, s := range spans {
		if v < s.seconds || i+1 == len(spans) {
			continue
		}
		whole := math.Floor(v / s.seconds)
		text := fmt.Sprintf("%s%.0f %s", sign, whole, s.word)
		next := spans[i+1]
		if rest := math.Floor((v - whole*s.seconds) / next.seconds); rest > 0 {
			text += fmt.Sprintf(" %.0f %s", rest, next.word)
		}
		return text
	}
	return sign + trim(v) + " " + seconds
}

func trim(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}

// ceiling returns the end of an axis that begins at zero: not below v, and round in the unit in which it is written, its quarters too.
func ceiling(v float64, unit string) float64 {
	if v <= 0 || math.IsInf(v, 0) {
		return v
	}
	scale := 1.0
	switch {
	case unit == seconds:
		for _, s := range spans {
			if v >= s.seconds {
				scale = s.seconds
				break
			}
		}
	case strings.HasPrefix(unit, "B"):
		for v/scale >= 1024 && scale < 1<<50 {
			scale *= 1024
		}
	}
	power := math.Pow(10, math.Floor(math.Log10(v/scale)))
	for _, m := range []float64{1, 2, 4, 6, 8, 10} {
		if end := m * power * scale; end >= v {
			return end
		}
	}
	return v
}
