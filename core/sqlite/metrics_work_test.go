package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The background packs when samples are old enough, and ages each hour.
func TestWorkIsDue(t *testing.T) {
	clock := killStart
	m := openAt(t, t.TempDir(), nil, func() time.Time { return clock })
	defer m.Close()
	appendRange(t, m, 0, 10)
	for _, step := range []struct {
		after    time.Duration
		buffered int64
	}{{time.Minute, 10}, {packEvery - time.Minute - time.Second, 10}, {time.Second, 0}} {
		clock = clock.Add(step.after)
		if err := m.maintainOnce(t.Context()); err != nil {
			t.Error(err)
		}
		s, err := m.Stats(t.Context())
		if err != nil || s.Buffered != step.buffered || s.LastRetention.IsZero() {
			t.Errorf("at %v: %+v, %v", clock, s, err)
		}
	}
	if all, err := segments(m.wal.dir); err != nil || len(all) != 1 {
		t.Errorf("segments %v are left, %v", all, err)
	}
	s, err := m.Stats(t.Context())
	if err != nil || !s.LastRollup.Equal(clock) || !s.LastRetention.Equal(clock.Add(time.Minute-packEvery)) {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestSyncLog(t *testing.T) {
	m := openAt(t, t.TempDir(), nil, fixed)
	defer m.Close()
	flushed := func() bool {
		if err := m.syncLog(); err != nil {
			t.Error(err)
		}
		s, err := m.Stats(t.Context())
		if err != nil {
			t.Error(err)
		}
		m.stats.LastFlush = time.Time{}
		return !s.LastFlush.IsZero()
	}
	if flushed() {
		t.Error("synced with nothing written")
	}
	appendRange(t, m, 0, 1)
	if !flushed() || flushed() {
		t.Error("a write is not synced, or twice")
	}
}

// A block that cannot be decoded is a gap and keeps nothing else from being read, packed or rolled up.
func TestDamagedBlock(t *testing.T) {
	dir := t.TempDir()
	m := openAt(t, dir, nil, fixed)
	appendRange(t, m, 0, 70)
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.db.Write.ExecContext(t.Context(), `UPDATE runs_0 SET data = x'01ff' WHERE key & 4294967295 = 1`); err != nil {
		t.Fatal(err)
	}
	if got := countAll(t, m); got != 60 {
		t.Errorf("%d samples are left", got)
	}
	appendRange(t, m, 70, 140)
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := countAll(t, m); got != 130 {
		t.Errorf("%d samples are left after packing", got)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestDamagedMetricsAreSetAside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "metrics.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	m := openAt(t, dir, nil, fixed)
	appendRange(t, m, 0, 5)
	if got := countAll(t, m); got != 5 {
		t.Errorf("%d samples are there", got)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if aside, err := filepath.Glob(path + ".damaged-*"); err != nil || len(aside) != 1 {
		t.Errorf("set aside: %v, %v", aside, err)
	}
}
