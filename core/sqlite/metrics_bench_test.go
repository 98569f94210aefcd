package sqlite

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

const benchMetrics = 40 // of a report

// report is what a host tells at a time, at the precision of the catalogue.
func report(host int, at time.Time) []metric.Sample {
	samples := make([]metric.Sample, 0, benchMetrics)
	for i := range benchMetrics {
		samples = append(samples, metric.Sample{
			Key:  metric.Key{Record: id.UID(fmt.Sprintf("host%d", host)), Metric: fmt.Sprintf("metric%d", i)},
			Time: at, Value: metric.Round(float64((at.Unix()*7919+int64(i))%1000)/1000, 10),
		})
	}
	return samples
}

func openBench(b *testing.B, now func() time.Time) *Metrics {
	b.Helper()
	m, err := OpenMetrics(b.Context(), filepath.Join(b.TempDir(), "metrics.db"), Options{Now: now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := m.Close(); err != nil {
			b.Error(err)
		}
	})
	return m
}

// BenchmarkAppend stores reports of 40 samples from eight reporters at once.
func BenchmarkAppend(b *testing.B) {
	m := openBench(b, fixed)
	var hosts atomic.Int64
	b.SetParallelism(4)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		host := int(hosts.Add(1))
		for at := killStart.Add(-47 * time.Hour); pb.Next(); at = at.Add(time.Second) {
			samples := report(host, at)
			for m.Append(b.Context(), samples) != nil { // back-pressure
				if err := m.Flush(b.Context()); err != nil {
					b.Error(err)
				}
			}
		}
	})
	b.ReportMetric(float64(b.N)*benchMetrics/b.Elapsed().Seconds(), "samples/s")
}

// week fills a store with a week of one host, a report each ten seconds.
func week(b *testing.B) *Metrics {
	b.Helper()
	clock := killStart.Add(-7 * 24 * time.Hour)
	m := openBench(b, func() time.Time { return clock })
	for n := 0; clock.Before(killStart); n++ {
		if err := m.Append(b.Context(), report(0, clock)); err != nil {
			b.Fatal(err)
		}
		clock = clock.Add(10 * time.Second)
		if n%360 == 359 {
			if err := m.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	return m
}

func benchQuery(b *testing.B, q metric.Query) {
	m := week(b)
	size := 0.0
	var took spent
	took.start()
	for b.Loop() {
		answer, err := m.Query(b.Context(), q)
		if err != nil {
			b.Fatal(err)
		}
		size = float64(len(answer) * len(answer[0].Points))
	}
	took.stop()
	b.ReportMetric(float64(took.processor.Nanoseconds())/float64(b.N), "cpu-ns/op")
	b.ReportMetric(size, "points")
	s, err := m.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(s.SizeBytes)/float64(s.Points["raw"]), "B/sample") // rollups included
}

// BenchmarkQueryHour asks for an hour of raw samples of one series.
func BenchmarkQueryHour(b *testing.B) {
	benchQuery(b, metric.Query{Records: []id.UID{"host0"}, Metrics: []string{"metric1"}, From: killStart.Add(-time.Hour), To: killStart})
}

// BenchmarkQueryDay asks for a day of raw samples of one series.
func BenchmarkQueryDay(b *testing.B) {
	benchQuery(b, metric.Query{Records: []id.UID{"host0"}, Metrics: []string{"metric1"}, From: killStart.Add(-24 * time.Hour), To: killStart})
}

// BenchmarkQueryWeek asks for a week of one series in 500 points.
func BenchmarkQueryWeek(b *testing.B) {
	benchQuery(b, metric.Query{Records: []id.UID{"host0"}, Metrics: []string{"metric1"}, From: killStart.Add(-7 * 24 * time.Hour), To: killStart, MaxPoints: 500})
}

// BenchmarkQueryAll asks for an hour of all series of a host in 60 points, as a page of charts does.
func BenchmarkQueryAll(b *testing.B) {
	benchQuery(b, metric.Query{Records: []id.UID{"host0"}, From: killStart.Add(-time.Hour), To: killStart, MaxPoints: 60})
}
