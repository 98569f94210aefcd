package sqlite

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// formerSample is the nth sample of a series in testdata/former.sql: one each ten minutes for twenty days.
func formerSample(series, n int) metric.Sample {
	return metric.Sample{
		Key:  metric.Key{Record: "r", Metric: "m", Instance: fmt.Sprint(series)},
		Time: killStart.Add(-20*24*time.Hour + time.Duration(n)*10*time.Minute), Value: float64(n * (series + 1) % 1009),
	}
}

const formerSamples = 20 * 24 * 6

// openFormer opens a store that a former version has written.
func openFormer(t *testing.T, now func() time.Time) *Metrics {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join("testdata", "former.sql"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "metrics.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(text)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return openAt(t, dir, nil, now)
}

// checkHistory compares each tier with what it must be of samples up to number n.
func checkHistory(t *testing.T, m *Metrics, n int) {
	t.Helper()
	for series := range 3 {
		var all []metric.Bucket
		for i := range n {
			s := formerSample(series, i)
			all = append(all, metric.Single(s.Time.UnixMilli(), s.Value))
		}
		key := formerSample(series, 0).Key
		for i, tier := range m.opt.Tiers {
			got, err := m.Read(t.Context(), i, []metric.Key{key})
			if err != nil || len(got) != 1 {
				t.Fatalf("%s: %d series, %v", tier.Name, len(got), err)
			}
			from := m.opt.Now().Add(-tier.Retention).UnixMilli()
			var want []metric.Bucket
			for _, b := range metric.Rollup(all, tier.Step) {
				if b.At >= metric.Floor(from, tier.Step) {
					want = append(want, b)
				}
			}
			compareHistory(t, fmt.Sprint(tier.Name, " of ", series), tier, got[0].Buckets, want)
		}
	}
}

func compareHistory(t *testing.T, what string, tier metric.Tier, got, want []metric.Bucket) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %d buckets, want %d", what, len(got), len(want))
		return
	}
	for i, b := range got {
		apart := (want[i].Max - want[i].Min) / float64(int64(1)<<sumBits(tier)) * 1.01
		if b.At != want[i].At || b.Min != want[i].Min || b.Max != want[i].Max || b.Count != want[i].Count || math.Abs(b.Average()-want[i].Average()) > apart {
			t.Errorf("%s: got %+v, want %+v", what, b, want[i])
			return
		}
	}
}

// A store of a former version is read, goes on, and takes late samples into what it holds.
func TestFormerStore(t *testing.T) {
	clock := killStart
	m := openFormer(t, func() time.Time { return clock })
	defer func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}()
	checkHistory(t, m, formerSamples)
	n := formerSamples
	for range 6 {
		for range 10 * 6 { // ten hours
			for series := range 3 {
				if err := m.Append(t.Context(), []metric.Sample{formerSample(series, n)}); err != nil {
					t.Fatal(err)
				}
			}
			clock = clock.Add(10 * time.Minute)
			n++
		}
		late := formerSample(1, n-100)
		late.Value = 5000
		if err := m.Append(t.Context(), []metric.Sample{late}); err != nil {
			t.Fatal(err)
		}
		if err := m.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		late = formerSample(1, n-100) // what was there, again
		if err := m.Append(t.Context(), []metric.Sample{late}); err != nil {
			t.Fatal(err)
		}
		if err := m.Retain(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkHistory(t, m, n)
	}
	if err := m.Delete(t.Context(), []id.UID{"r"}); err != nil {
		t.Fatal(err)
	}
	for _, tier := range m.tiers {
		var left int
		if err := m.db.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM `+tier.table).Scan(&left); err != nil || left != 0 {
			t.Errorf("%s: %d rows are left of a deleted series, %v", tier.Name, left, err)
		}
	}
}
