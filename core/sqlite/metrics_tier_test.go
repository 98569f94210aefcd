package sqlite

import (
	"fmt"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// What comes is laid behind what there is, until a window has many runs. Late samples find their place.
func TestRuns(t *testing.T) {
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
	count := func(rows, points int) {
		t.Helper()
		var r, p int
		if err := m.db.Read.QueryRowContext(t.Context(), `SELECT count(*), sum(n) FROM runs_0`).Scan(&r, &p); err != nil || r != rows || p != points {
			t.Errorf("%d rows with %d points, want %d with %d, %v", r, p, rows, points, err)
		}
	}
	for n := 1000; n < 2000; n += 100 {
		put(n, n+100, 1)
	}
	count(10, 1000)
	for n := 2000; n < 3000; n += 10 {
		put(n, n+10, 1)
	}
	put(0, 10, 2)      // before all blocks
	put(1290, 1310, 3) // where two meet
	count(1, 2010)
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
	if s, err := m.Stats(t.Context()); err != nil || s.Points["raw"] != 2010 {
		t.Errorf("%+v, %v", s, err)
	}
}

// What a former version laid down by series, before the one of testdata/former.sql, is taken over.
func TestFormerLayout(t *testing.T) {
	dir := t.TempDir()
	m := openAt(t, dir, nil, fixed)
	appendRange(t, m, 0, 700)
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for step, slot := range map[int64]int64{0: 7200, 60: 1, 3600: 1, 86400: 1} {
		text := fmt.Sprintf(`CREATE TABLE blocks_%d (key INTEGER PRIMARY KEY, n INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
			INSERT INTO blocks_%d SELECT ((key & 4294967295) << 32) + (key >> 40) * %d, n, data FROM runs_%d;
			DROP TABLE runs_%d`, step, step, slot, step, step)
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
