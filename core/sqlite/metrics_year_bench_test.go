package sqlite

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// year fills a store with a year of daily rollups of 20,000 series, and 90 days of hourly ones of the first.
func year(b *testing.B, path string) {
	b.Helper()
	m, err := OpenMetrics(b.Context(), path, Options{Now: fixed})
	if err != nil {
		b.Fatal(err)
	}
	c := newCycles()
	histories := func(step time.Duration, n int, of []metric.Sample) (all []metric.History) {
		for _, s := range of {
			h := metric.History{Key: s.Key}
			for i := range n {
				at := killStart.Truncate(step).Add(-time.Duration(n-i) * step)
				v := metric.Round(100+10*math.Sin(float64(i)/20), 10)
				h.Buckets = append(h.Buckets, metric.Bucket{At: at.UnixMilli(), Min: v / 2, Max: 2 * v, Sum: 360 * v, Count: 360})
			}
			all = append(all, h)
		}
		return all
	}
	for first := 0; first < cycleSeries; first += 500 {
		if err := m.Import(b.Context(), 3, histories(24*time.Hour, 365, c.samples[first:first+500])); err != nil {
			b.Fatal(err)
		}
	}
	if err := m.Import(b.Context(), 2, histories(time.Hour, 90*24, c.samples[:1])); err != nil {
		b.Fatal(err)
	}
	if err := m.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkOpenYear opens a store of 20,000 series with a year of data.
func BenchmarkOpenYear(b *testing.B) {
	path := filepath.Join(b.TempDir(), "metrics.db")
	year(b, path)
	for b.Loop() {
		m, err := OpenMetrics(b.Context(), path, Options{Now: fixed})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkQueryQuarter asks for 90 days of one series, all its hours, and in 500 points.
func BenchmarkQueryQuarter(b *testing.B) {
	path := filepath.Join(b.TempDir(), "metrics.db")
	year(b, path)
	m, err := OpenMetrics(b.Context(), path, Options{Now: fixed})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	q := metric.Query{Records: []id.UID{"guest-00000"}, Metrics: []string{"metric0"}, From: killStart.Add(-90 * 24 * time.Hour), To: killStart}
	for name, most := range map[string]int{"all": 0, "points=500": 500} {
		q.MaxPoints = most
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if answer, err := m.Query(b.Context(), q); err != nil || len(answer) != 1 || len(answer[0].Points) < 400 {
					b.Fatal(len(answer), err)
				}
			}
		})
	}
}
