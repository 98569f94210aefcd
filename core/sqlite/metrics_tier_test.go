package sqlite

import (
	"fmt"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// What comes is laid beside what a window holds already, until there are many parts. Late samples find their place among
// them.
func TestRawBlocksAreSplit(t *testing.T) {
	m := openAt(t, t.TempDir(), nil, fixed)
	defer m.Close()
	begin := killStart.Add(-time.Hour).Truncate(rawWindow).Add(-rawWindow)
	put := func(from, to int, value float64) {
		t.Helper()
		var all []metric.Sample
		for n := from; n < to; n++ {
			all = append(all, metric.Sample{Key: metric.Key{Record: "r", Metric: "m"}, Time: begin.Add(time.Duration(n) * time.Second), Value: value})
		}
		if err := m.Append(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if err := m.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for n := 1000; n < 2000; n += 100 {
		put(n, n+100, 1)
	}
	var parts int
	if err := m.db.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM chunks_0`).Scan(&parts); err != nil || parts != 10 {
		t.Errorf("ten packs lie in %d parts, %v", parts, err)
	}
	for n := 2000; n < 3000; n += 100 {
		put(n, n+100, 1)
	}
	put(0, 10, 2)      // before all blocks
	put(1290, 1310, 3) // where two meet
	var blocks, points int
	if err := m.db.Read.QueryRowContext(t.Context(), `SELECT count(*), sum(n) FROM chunks_0`).Scan(&blocks, &points); err != nil || blocks != 1 || points != 2010 {
		t.Errorf("%d blocks with %d points, %v", blocks, points, err)
	}
	q := metric.Query{Records: []id.UID{"r"}, From: begin.Add(5 * time.Second), To: begin.Add(1305 * time.Second)}
	answer, err := m.Query(t.Context(), q)
	if err != nil || len(answer) != 1 || len(answer[0].Points) != 5+305 {
		t.Fatalf("%v, %v", answer, err)
	}
	for n, p := range answer[0].Points {
		want, second := 1.0, n-5+1000
		switch {
		case n < 5:
			want, second = 2, n+5
		case second >= 1290:
			want = 3
		}
		if p.Value != want || !p.Time().Equal(begin.Add(time.Duration(second)*time.Second)) {
			t.Fatalf("point %d is %v at %v", n, p.Value, p.Time().Sub(begin))
		}
	}
	if s, err := m.Stats(t.Context()); err != nil || s.Points["raw"] != 2010 || s.Points["minute"] != 1+34 {
		t.Errorf("%+v, %v", s, err)
	}
}

// What a former version laid down by series is taken over.
func TestFormerLayout(t *testing.T) {
	dir := t.TempDir()
	m := openAt(t, dir, nil, fixed)
	appendRange(t, m, 0, 700)
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for step, slot := range map[int64]int64{0: 7200, 60: 1, 3600: 1, 86400: 1} {
		text := fmt.Sprintf(`CREATE TABLE blocks_%d (key INTEGER PRIMARY KEY, n INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
			INSERT INTO blocks_%d SELECT (((key >> 8) & 4294967295) << 32) + (key >> 40) * %d, n, data FROM chunks_%d;
			DROP TABLE chunks_%d`, step, step, slot, step, step)
		if _, err := m.db.Write.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	abandon(t, m)
	m = openAt(t, dir, nil, fixed)
	if got := countAll(t, m); got != 700 {
		t.Errorf("%d samples are left", got)
	}
	appendRange(t, m, 700, 800)
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := countAll(t, m); got != 800 {
		t.Errorf("%d samples are left", got)
	}
	checkRolledUp(t, m, 800)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}
