package metric

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/id"
)

// Longest parts of a key, in bytes.
const (
	MaxRecord   = 128
	MaxMetric   = 128
	MaxInstance = 512
)

// Acceptable reports whether a store takes s: its value is finite, its key is named and not too long, and its time
// lies within the raw tier's retention and not more than [MaxAhead] ahead of now.
func (s Sample) Acceptable(raw Tier, now time.Time) bool {
	if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) || s.Record == "" || s.Metric == "" ||
		len(s.Record) > MaxRecord || len(s.Metric) > MaxMetric || len(s.Instance) > MaxInstance {
		return false
	}
	return !s.Time.Before(now.Add(-raw.Retention)) && !s.Time.After(now.Add(MaxAhead))
}

// Matches reports whether q asks for the series.
func (q Query) Matches(k Key) bool {
	return slices.Contains(q.Records, k.Record) && q.matchesRest(k)
}

// matchesRest reports whether q asks for the series, given that it asks for its record.
func (q Query) matchesRest(k Key) bool {
	return (len(q.Metrics) == 0 || slices.Contains(q.Metrics, k.Metric)) &&
		(q.Instances == nil || slices.Contains(q.Instances, k.Instance))
}

// Select returns the keys of each record asked for that match, once each and in order, so that answers are stable.
func (q Query) Select(of func(id.UID) []Key) []Key {
	records := slices.Clone(q.Records)
	slices.Sort(records)
	var keys []Key
	for _, record := range slices.Compact(records) {
		start := len(keys)
		for _, k := range of(record) {
			if q.matchesRest(k) {
				keys = append(keys, k)
			}
		}
		slices.SortFunc(keys[start:], Key.Compare)
	}
	return keys
}

// Compare orders keys by record, metric and instance.
func (k Key) Compare(o Key) int {
	if c := strings.Compare(string(k.Record), string(o.Record)); c != 0 {
		return c
	}
	if c := strings.Compare(k.Metric, o.Metric); c != 0 {
		return c
	}
	return strings.Compare(k.Instance, o.Instance)
}
