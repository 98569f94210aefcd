package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

func fixed() time.Time { return killStart }

func countAll(t *testing.T, m *Metrics) int {
	t.Helper()
	answer, err := m.Query(t.Context(), killQuery())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range answer {
		n += len(s.Points)
	}
	return n
}

func appendRange(t *testing.T, m *Metrics, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := m.Append(t.Context(), []metric.Sample{killSample(n)}); err != nil {
			t.Fatal(err)
		}
	}
}

// abandon ends a store as kill -9 would: nothing is packed or synced.
func abandon(t *testing.T, m *Metrics) {
	t.Helper()
	m.stop()
	m.done.Wait()
	if err := errors.Join(m.wal.file.Close(), m.db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestTornLog(t *testing.T) {
	damage := map[string]struct {
		do   func(log []byte) []byte
		lost int
	}{
		"cut in a frame":      {func(log []byte) []byte { return log[:len(log)-3] }, 1},
		"cut in a header":     {func(log []byte) []byte { return append(log, 1, 0) }, 0},
		"zeros at the end":    {func(log []byte) []byte { return append(log, make([]byte, 4096)...) }, 0},
		"a length of nothing": {func(log []byte) []byte { return append(log, 255, 255, 255, 255, 1, 2, 3, 4, 5) }, 0},
		"a flipped bit":       {func(log []byte) []byte { log[len(log)-1] ^= 1; return log }, 1},
		"nothing":             {func([]byte) []byte { return nil }, 10},
	}
	for name, test := range damage {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			m := openAt(t, dir, nil, fixed)
			appendRange(t, m, 0, 10)
			file := m.wal.file.Name()
			abandon(t, m)
			log, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, test.do(log), 0o600); err != nil {
				t.Fatal(err)
			}
			m = openAt(t, dir, nil, fixed)
			if got := countAll(t, m); got != 10-test.lost {
				t.Errorf("%d samples are left", got)
			}
			appendRange(t, m, 10, 20)
			abandon(t, m)
			m = openAt(t, dir, nil, fixed)
			if got := countAll(t, m); got != 20-test.lost {
				t.Errorf("%d samples are left after the repair", got)
			}
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A delete that the log knows and the database does not yet is finished at the next start.
func TestDeleteSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	m := openAt(t, dir, nil, fixed)
	appendRange(t, m, 0, 20)
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	appendRange(t, m, 20, 30)
	if err := m.forget([]id.UID{"host"}); err != nil {
		t.Fatal(err)
	}
	appendRange(t, m, 30, 33)
	abandon(t, m)
	m = openAt(t, dir, nil, fixed)
	if got := countAll(t, m); got != 3 {
		t.Errorf("%d samples are there, 3 came after the delete", got)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m = openAt(t, dir, nil, fixed)
	defer m.Close()
	s, err := m.Stats(t.Context())
	if err != nil || s.Points["raw"] != 3 || s.Series != 3 {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestDiskFull(t *testing.T) {
	dir := smallDisk(t, "1m")
	m := openAt(t, dir, nil, fixed)
	appendRange(t, m, 0, 100)
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	n := 100
	var err error
	for ; n < 100_000 && err == nil; n++ {
		err = m.Append(t.Context(), []metric.Sample{killSample(n)})
	}
	n-- // the last was not taken
	if !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "free space") {
		t.Fatalf("got %v", err)
	}
	if got := countAll(t, m); got != n {
		t.Errorf("%d samples are there, %d were acknowledged", got, n)
	}
	if err := m.Flush(t.Context()); err == nil {
		t.Error("packing on a full disk works")
	} else if !errs.Is(err, errs.Unavailable) {
		t.Errorf("packing on a full disk: %v", err)
	}
	if got := countAll(t, m); got != n {
		t.Errorf("after packing failed %d samples are there, %d were acknowledged", got, n)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	appendRange(t, m, n, n+50)
	if err := m.Flush(t.Context()); err != nil {
		t.Errorf("packing with space again: %v", err)
	}
	if got := countAll(t, m); got != n+50 {
		t.Errorf("with space again %d samples are there, want %d", got, n+50)
	}
	appendRange(t, m, n+50, n+60)
	fill(t, ballast)
	abandon(t, m)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	m = openAt(t, dir, nil, fixed)
	if got := countAll(t, m); got != n+60 {
		t.Errorf("after a kill %d samples are there, want %d", got, n+60)
	}
	checkRolledUp(t, m, n+60)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// fill writes until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

func TestBackPressure(t *testing.T) {
	m := openAt(t, t.TempDir(), nil, fixed)
	fill := func(n int64) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.bytes = n
	}
	fill(maxBytes + 1)
	err := m.Append(t.Context(), []metric.Sample{killSample(0)})
	if e := new(errs.Error); !errors.As(err, &e) || e.Code != errs.Unavailable || e.RetryAfter == 0 {
		t.Errorf("got %v", err)
	}
	fill(0)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestMaxSeries(t *testing.T) {
	m, err := OpenMetrics(t.Context(), filepath.Join(t.TempDir(), "metrics.db"), Options{Now: fixed, MaxSeries: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	appendRange(t, m, 0, 14) // of seven series
	s, err := m.Stats(t.Context())
	if err != nil || s.Series != 3 || s.Written != 6 || s.Refused != 8 {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestTierChange(t *testing.T) {
	dir := t.TempDir()
	m := openAt(t, dir, nil, fixed)
	appendRange(t, m, 0, 700)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenMetrics(t.Context(), filepath.Join(dir, "metrics.db"), Options{Tiers: []metric.Tier{{Step: time.Minute, Retention: time.Hour}}}); err == nil {
		t.Error("tiers without raw samples were taken")
	}
	m = openAt(t, dir, metric.DefaultTiers()[:2], fixed)
	defer m.Close()
	if got := countAll(t, m); got != 700 {
		t.Errorf("%d samples are left", got)
	}
	if err := m.Delete(t.Context(), []id.UID{"host"}); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := m.db.Read.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM runs_3600) + (SELECT count(*) FROM runs_0) + (SELECT sum(points) FROM tiers)`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d are left of deleted series, %v", left, err)
	}
}

// What was packed before the disk became full is there, and what was not stays in the log.
func TestDiskFullInPacking(t *testing.T) {
	dir := smallDisk(t, "8m")
	m := openAt(t, dir, nil, fixed)
	const series, each = 3 * groupSeries, 40
	for n := range each {
		samples := make([]metric.Sample, series)
		for i := range samples {
			samples[i] = metric.Sample{
				Key:  metric.Key{Record: "host", Metric: "cpu", Instance: strconv.Itoa(i)},
				Time: killStart.Add(time.Duration(n-each) * 3 * time.Minute), Value: 1 / float64(1+n*i%977),
			}
		}
		if err := m.Append(t.Context(), samples); err != nil {
			t.Fatal(err)
		}
	}
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	// Groups are packed until there is no room for the next one.
	for free := 256; ; free += 256 {
		if free > 8192 {
			t.Fatal("with all free it is not packed")
		}
		if err := cutBy(ballast, 256<<10); err != nil {
			t.Fatal(err)
		}
		err := m.Flush(t.Context())
		if got := countAll(t, m); got != series*each {
			t.Fatalf("with %d KiB free %d samples are there, %d were acknowledged, %v", free, got, series*each, err)
		}
		if err == nil {
			break
		}
		if !errs.Is(err, errs.Unavailable) {
			t.Errorf("packing on a full disk: %v", err)
		}
	}
	s, err := m.Stats(t.Context())
	if err != nil || s.Points["raw"] != series*each || s.Buffered != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	checkRolledUp(t, m, series*each)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// cutBy makes a file smaller.
func cutBy(path string, bytes int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, max(info.Size()-bytes, 0))
}
