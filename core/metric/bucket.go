package metric

import (
	"math"
	"time"
)

// Bucket aggregates the samples of one series over one span of time.
type Bucket struct {
	// At is the start of the span, or the time of a single sample, in Unix milliseconds.
	At       int64
	Min, Max float64
	Sum      float64
	Count    uint32
}

// Single returns the bucket of one sample at a Unix time in milliseconds.
func Single(at int64, value float64) Bucket {
	return Bucket{At: at, Min: value, Max: value, Sum: value, Count: 1}
}

// Merge adds the samples that o aggregates: the minimum of minima, the maximum of maxima, sums and counts. At stays.
func (b *Bucket) Merge(o Bucket) {
	if o.Count == 0 {
		return
	}
	if b.Count == 0 {
		at := b.At
		*b = o
		b.At = at
		return
	}
	b.Min, b.Max = min(b.Min, o.Min), max(b.Max, o.Max)
	b.Sum += o.Sum
	b.Count += o.Count
}

// Average returns the mean, which always lies between minimum and maximum: a sum of large values may overflow
// or round, and no chart may show that.
func (b Bucket) Average() float64 {
	if b.Count == 1 {
		return b.Min
	}
	mean := b.Sum / float64(b.Count)
	if math.IsNaN(mean) {
		return b.Min/2 + b.Max/2
	}
	return min(max(mean, b.Min), b.Max)
}

// Floor returns the start of the bucket of a step that holds a Unix time in milliseconds. Buckets are aligned to
// the epoch, so that they do not move with the question. Without a step each millisecond is its own bucket.
func Floor(at int64, step time.Duration) int64 {
	ms := step.Milliseconds()
	if ms <= 1 {
		return at
	}
	rest := at % ms
	if rest < 0 {
		rest += ms
	}
	return at - rest
}

// Rollup aggregates buckets, ordered by time, into buckets of a step. What falls into no input bucket gets none.
func Rollup(in []Bucket, step time.Duration) []Bucket {
	var out []Bucket
	for _, b := range in {
		at := Floor(b.At, step)
		if n := len(out); n == 0 || out[n-1].At != at {
			out = append(out, Bucket{At: at})
		}
		out[len(out)-1].Merge(b)
	}
	return out
}
