package sqlite

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// recording collects what a segment of a log holds.
type recording struct {
	keys    map[uint32]metric.Key
	samples []metric.Sample
}

func (r *recording) define(series uint32, k metric.Key) { r.keys[series] = k }
func (r *recording) forget(uint32)                      {}
func (r *recording) sample(series uint32, at int64, value float64) {
	r.samples = append(r.samples, metric.Sample{Key: r.keys[series], Time: time.UnixMilli(at), Value: value})
}

// recorded returns the samples of testdata/host.samples: what the door let through in 43 minutes of the reports, each 10 s, of a
// machine on which programs were built and tested. It is a segment of the samples' log.
func recorded(tb testing.TB) []metric.Sample {
	tb.Helper()
	r := recording{keys: map[uint32]metric.Key{}}
	if _, _, err := replay(filepath.Join("testdata", "host.samples"), &r); err != nil || len(r.samples) < 4000 {
		tb.Fatalf("%d samples, %v", len(r.samples), err)
	}
	return r.samples
}

// reports yields the samples of each moment.
func reports(samples []metric.Sample) iter.Seq[[]metric.Sample] {
	return func(yield func([]metric.Sample) bool) {
		for len(samples) > 0 {
			n := 1
			for n < len(samples) && samples[n].Time.Equal(samples[0].Time) {
				n++
			}
			if !yield(samples[:n]) {
				return
			}
			samples = samples[n:]
		}
	}
}

// BenchmarkRecorded stores what a real host reported as if twenty did for three days, one recording after the other, packed as
// by default, and tells what a sample costs: of the file, which holds all of them, and written.
func BenchmarkRecorded(b *testing.B) {
	const hosts, days = 20, 3
	samples := recorded(b)
	length := samples[len(samples)-1].Time.Sub(samples[0].Time).Truncate(10*time.Second) + 10*time.Second
	for b.Loop() {
		dir := b.TempDir()
		clock := samples[0].Time
		tiers := metric.DefaultTiers()
		tiers[0].Retention = (days + 1) * 24 * time.Hour
		m, err := OpenMetrics(b.Context(), filepath.Join(dir, "metrics.db"), Options{Tiers: tiers, Now: func() time.Time { return clock }})
		if err != nil {
			b.Fatal(err)
		}
		n, io, packed := 0, written(), clock
		for round := range int(days * 24 * time.Hour / length) {
			for report := range reports(samples) {
				report = slices.Clone(report)
				for i := range report {
					report[i].Time = report[i].Time.Add(time.Duration(round) * length)
				}
				for host := range hosts {
					for i := range report {
						report[i].Record = id.UID(fmt.Sprintf("host%d", host))
					}
					if err := m.Append(b.Context(), report); err != nil {
						b.Fatal(err)
					}
					n += len(report)
				}
				clock = report[0].Time
				if clock.Sub(packed) >= packEvery {
					packed = clock
					if err := m.Flush(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(written()-io)/float64(n), "all-written-B/sample")
		reportSize(b, dir, n)
	}
}
