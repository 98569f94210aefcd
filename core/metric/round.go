package metric

import (
	"math"
	"time"
)

// Round keeps the given number of significant bits of a value, 0 keeps all. What is noise anyway makes series several
// times as large. An integer of up to that many bits stays what it is.
func Round(v float64, bits int) float64 {
	if bits <= 0 || bits >= 53 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	drop := uint(53 - bits)
	b := math.Float64bits(v) + 1<<(drop-1)
	if r := math.Float64frombits(b >> drop << drop); !math.IsInf(r, 0) {
		return r
	}
	return v
}

// Align puts a sample's time on the whole second before it. Sources report a little early and late; without that, the times
// of a series take as much space as its values.
func Align(at time.Time) time.Time { return at.Truncate(time.Second) }
