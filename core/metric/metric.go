// Package metric is about numbers over time: series, append, query, downsampling, rollups and retention. It
// knows records by uid only and has no idea what they are.
package metric

import (
	"context"
	"time"

	"github.com/pulse-platform/pulse/core/id"
)

// Key names a series. Instance is the metric's one dimension (a mount point, an interface), or empty.
type Key struct {
	Record   id.UID
	Metric   string
	Instance string
}

// Sample is one measurement, in canonical units (bytes, seconds, ratio 0 to 1, count, degrees Celsius, watt).
type Sample struct {
	Key
	Time  time.Time // kept to the millisecond
	Value float64
}

// Query asks for series. From is inclusive, To exclusive.
type Query struct {
	Records []id.UID
	// Metrics limits the answer; empty means all.
	Metrics []string
	// Instances limits the answer; nil means all. []string{""} asks for series without an instance.
	Instances []string
	From, To  time.Time
	// MaxPoints is the most points per series, 0 for as many as the tier has. Buckets keep the minimum and
	// maximum of what they replace.
	MaxPoints int
}

// Point is one sample, or the rollup of several: then At is the middle of the bucket. It has no pointer, so that the collector
// need not look into the thousands of an answer.
type Point struct {
	At    int64   // Unix milliseconds
	Value float64 // the average when Count > 1
	Min   float64
	Max   float64
	Count uint32
}

// Time is At as a time in UTC.
func (p Point) Time() time.Time { return time.UnixMilli(p.At).UTC() }

// Series is one series of an answer. A bucket without samples has no point: a gap is a gap.
type Series struct {
	Key
	// Step is the distance of the points when nothing is missing, 0 for raw samples.
	Step   time.Duration
	Points []Point
}

// Tier is one resolution of stored data.
type Tier struct {
	Name string
	// Step is the bucket's width, 0 for raw samples.
	Step      time.Duration
	Retention time.Duration
}

// DefaultTiers are the tiers unless configured.
func DefaultTiers() []Tier {
	return []Tier{
		{Name: "raw", Retention: 48 * time.Hour},
		{Name: "minute", Step: time.Minute, Retention: 14 * 24 * time.Hour},
		{Name: "hour", Step: time.Hour, Retention: 365 * 24 * time.Hour},
		{Name: "day", Step: 24 * time.Hour, Retention: 5 * 365 * 24 * time.Hour},
	}
}

// Stats tells how the store is doing.
type Stats struct {
	SizeBytes int64
	Series    int64
	// Points by tier name.
	Points        map[string]int64
	Written       uint64 // samples accepted since the start
	Refused       uint64 // samples too old or not finite, since the start
	Buffered      int64  // samples that wait to be made durable or rolled up
	LastFlush     time.Time
	LastRollup    time.Time
	LastRetention time.Time
	// Shortened is when something was last deleted before its time, because the store was too large.
	Shortened time.Time
	// Oldest is when the oldest came of what waits for a store that lies elsewhere, zero when nothing waits.
	Oldest time.Time
	// Problem is why that store does not take or tell anything at the moment, empty when it does.
	Problem string
}

// Store keeps series. Implementations pass the suite in core/metric/metrictest.
type Store interface {
	// Append stores samples. When it returns nil they survive kill -9 (they have been written to a log), and
	// a power cut costs at most the sync interval. A sample with the same key and time replaces the earlier
	// one; samples that are not acceptable ([Sample.Acceptable]: too old, too far ahead, not finite) are refused
	// and counted.
	Append(ctx context.Context, samples []Sample) error
	// Query answers from the finest tier that covers the range at the asked resolution and stitches the
	// newest part from finer tiers, so that no tier's answer lacks its end. Series come ordered by record, metric
	// and instance; those without a point in the range are left out. See [NewPlan] and [MaxAnswer]. Minima, maxima and counts of
	// rollups are exact; their averages may be off by a thousandth of the range between minimum and maximum.
	Query(ctx context.Context, q Query) ([]Series, error)
	// Delete forgets all series of the records.
	Delete(ctx context.Context, records []id.UID) error
	Stats(ctx context.Context) (Stats, error)
	// Close flushes and ends. Data appended before it is there after the next open.
	Close() error
}
