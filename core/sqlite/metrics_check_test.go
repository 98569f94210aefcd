package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
)

func TestMetricsVolatile(t *testing.T) {
	metrictest.RunVolatile(t, func(t *testing.T, dir string, tiers []metric.Tier, now func() time.Time) metric.Store {
		m, err := OpenMetrics(t.Context(), filepath.Join(dir, "metrics.db"), Options{Tiers: tiers, Now: now, Volatile: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("it left %v, %v", left, err)
			}
		})
		return packing{settled{m}}
	})
}

func check(t *testing.T, dir string, repair bool) Checked {
	t.Helper()
	c, err := CheckMetrics(t.Context(), filepath.Join(dir, "metrics.db"), nil, repair, killStart)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCheckFindsDamagedBlocks(t *testing.T) {
	dir := t.TempDir()
	m := openAt(t, dir, nil, fixed)
	appendRange(t, m, 0, 3000)
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	appendRange(t, m, 3000, 3010)
	if _, err := m.db.Write.ExecContext(t.Context(), `UPDATE runs_60 SET data = x'0200000000FF' WHERE key = (SELECT min(key) FROM runs_60);
		INSERT INTO runs_0 (key, n, data) VALUES (99, 1, x'')`); err != nil {
		t.Fatal(err)
	}
	abandon(t, m)
	c := check(t, dir, false)
	if c.Sound() || c.Tiers[1].Damaged != 1 || c.Tiers[0].Damaged != 1 || c.Database != "" || c.LogBytes == 0 || c.TornBytes != 0 || c.Series == 0 {
		t.Errorf("%+v", c)
	}
	if c = check(t, dir, true); !c.Repaired {
		t.Errorf("%+v", c)
	}
	if c = check(t, dir, false); !c.Sound() || c.Tiers[0].Points != 3000 {
		t.Errorf("after the repair: %+v", c)
	}
	m = openAt(t, dir, nil, fixed)
	defer m.Close()
	if n := countAll(t, m); n != 3010 {
		t.Errorf("%d samples are left", n)
	}
}

func TestSalvage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "metrics.db")
	m := openAt(t, dir, nil, fixed)
	appendRange(t, m, 0, 20_000)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4096 { // a page amid the blocks
		file[len(file)/2/4096*4096+i] = 0xA5
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if c := check(t, dir, false); c.Database == "" {
		t.Fatalf("the damage is not seen: %+v", c)
	}
	c := check(t, dir, true)
	if !c.Repaired || c.Aside == "" {
		t.Errorf("%+v", c)
	}
	if c = check(t, dir, false); !c.Sound() || c.Series == 0 {
		t.Errorf("after the repair: %+v", c)
	}
	m = openAt(t, dir, nil, fixed)
	if n := countAll(t, m); n < 5000 {
		t.Errorf("%d samples are left", n)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestSnapshot(t *testing.T) {
	dir := t.TempDir()
	m := openAt(t, dir, nil, fixed)
	defer m.Close()
	appendRange(t, m, 0, 100)
	to := t.TempDir()
	if err := m.Snapshot(t.Context(), filepath.Join(to, "metrics.db")); err != nil {
		t.Fatal(err)
	}
	appendRange(t, m, 100, 110)
	other := openAt(t, to, nil, fixed)
	defer other.Close()
	if n := countAll(t, other); n != 100 {
		t.Errorf("the snapshot has %d samples", n)
	}
	if err := m.Snapshot(t.Context(), filepath.Join(to, "metrics.db")); err == nil {
		t.Error("it writes over what is there")
	}
}

// The oldest goes first when there is too much, and what is new stays.
func TestRetentionBySize(t *testing.T) {
	clock := killStart
	dir := t.TempDir()
	m, err := OpenMetrics(t.Context(), filepath.Join(dir, "metrics.db"), Options{Now: func() time.Time { return clock }, MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for hour := range 12 {
		var all []metric.Sample
		for n := range 3600 {
			for _, name := range []string{"a", "b", "c", "d"} {
				all = append(all, metric.Sample{Key: metric.Key{Record: "r", Metric: name}, Time: clock.Add(time.Duration(n) * time.Second), Value: float64(n*7919%10007) / float64(n+1)})
			}
		}
		clock = clock.Add(time.Hour)
		if err := m.Append(t.Context(), all); err != nil {
			t.Fatal(hour, err)
		}
		if err := m.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Retain(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := m.Stats(t.Context())
	if err != nil || s.Shortened.IsZero() || s.Series != 4 {
		t.Errorf("%+v, %v", s, err)
	}
	if used, err := m.db.usedBytes(t.Context()); err != nil || used > 1<<20 {
		t.Errorf("%d bytes, %v", used, err)
	}
	q := metric.Query{Records: killQuery().Records[:0], From: clock.Add(-time.Hour), To: clock}
	q.Records = append(q.Records, "r")
	if answer, err := m.Query(t.Context(), q); err != nil || len(answer) != 4 || len(answer[0].Points) != 3600 {
		t.Errorf("the newest hour is not whole: %v", err)
	}
}
