package sqlite

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// What is copied is what there was, in each tier, beside what the other store has; raw samples that are gone already do
// not change the rollups that know of them.
func TestCopy(t *testing.T) {
	clock := killStart
	now := func() time.Time { return clock }
	open := func() *Metrics {
		m, err := OpenMetrics(t.Context(), filepath.Join(t.TempDir(), "metrics.db"), Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
		return m
	}
	from, to := open(), open()
	for range 6 {
		clock = clock.Add(12*time.Hour + 17*time.Minute)
		var all []metric.Sample
		for i := range 45 {
			for n := range 200 {
				all = append(all, metric.Sample{Key: metric.Key{Record: id.UID(fmt.Sprintf("host%d", i)), Metric: "cpu"}, Time: clock.Add(time.Duration(n*10-1000) * time.Second), Value: math.Sqrt(float64(i * n))})
			}
		}
		if err := from.Append(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if err := from.Retain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Append(t.Context(), []metric.Sample{{Key: metric.Key{Record: "other", Metric: "cpu"}, Time: clock, Value: 1}}); err != nil {
		t.Fatal(err)
	}
	if p, err := metric.Copy(t.Context(), from, to, 4, metric.Progress{}, func(metric.Progress) error { return nil }); err != nil || !p.Done {
		t.Fatalf("%+v, %v", p, err)
	}
	keys, err := from.Keys(t.Context())
	if err != nil || len(keys) != 45 {
		t.Fatal(len(keys), err)
	}
	for tier := range 4 {
		want, err := from.Read(t.Context(), tier, keys)
		if err != nil {
			t.Fatal(err)
		}
		got, err := to.Read(t.Context(), tier, keys)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if want[i].Key != got[i].Key || !slices.Equal(want[i].Buckets, got[i].Buckets) {
				t.Fatalf("tier %d, %v: got %d buckets, want %d", tier, want[i].Key, len(got[i].Buckets), len(want[i].Buckets))
			}
		}
	}
	if n, err := to.Keys(t.Context()); err != nil || len(n) != 46 {
		t.Errorf("%d series, %v", len(n), err)
	}
	s, err := to.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, tier := range to.tiers {
		var n int64
		if err := to.db.Read.QueryRowContext(t.Context(), `SELECT coalesce(sum(n), 0) FROM `+tier.table).Scan(&n); err != nil || n != s.Points[tier.Name] {
			t.Errorf("tier %d counts %d points and holds %d, %v", i, s.Points[tier.Name], n, err)
		}
	}
}
