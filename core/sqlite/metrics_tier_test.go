package sqlite

import (
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// Many samples of one window lie in several blocks, so that what comes does not rewrite what is there. Late samples find
// their place among them.
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
	put(0, 10, 2)      // before all blocks
	put(1290, 1310, 3) // where two meet
	var blocks, points int
	if err := m.db.Read.QueryRowContext(t.Context(), `SELECT count(*), sum(n) FROM blocks_0`).Scan(&blocks, &points); err != nil || blocks < 3 || blocks > 6 || points != 1010 {
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
		if p.Value != want || !p.Time.Equal(begin.Add(time.Duration(second)*time.Second)) {
			t.Fatalf("point %d is %v at %v", n, p.Value, p.Time.Sub(begin))
		}
	}
	if s, err := m.Stats(t.Context()); err != nil || s.Points["raw"] != 1010 || s.Points["minute"] != 1+18 {
		t.Errorf("%+v, %v", s, err)
	}
}
