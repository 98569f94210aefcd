package metrictest

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

const day = 24 * time.Hour

func testRollups(t *testing.T, r *rig) {
	r.put(-2*time.Hour, 10)
	r.put(-2*time.Hour+10*time.Second, 30)
	r.put(-2*time.Hour+70*time.Second, 50)
	r.put(-10*time.Second, 7)
	check(t, "minutes", r.points(-40*time.Hour, time.Second, 0),
		"-1h59m30s 20/10/30/2", "-1h58m30s 50/50/50/1", "-30s 7/7/7/1")
	check(t, "hours: minimum of minima, maximum of maxima, average of samples", r.points(-50*day, time.Second, 0),
		"-1h30m0s 30/10/50/3", "-30m0s 7/7/7/1")
	check(t, "days", r.points(-300*day, time.Second, 0), "-3h0m0s 24.25/7/50/4")
	check(t, "the tier that is fine enough", r.points(-3*time.Hour, time.Second, 3), "-1h30m0s 30/10/50/3", "-30m0s 7/7/7/1")
	r.advance(90 * time.Minute)
	r.put(89*time.Minute, 9)
	check(t, "the newest part is never missing", r.points(-50*day, 2*time.Hour, 0),
		"-1h30m0s 30/10/50/3", "-30m0s 7/7/7/1", "1h30m0s 9/9/9/1")
}

func testLate(t *testing.T, r *rig) {
	r.put(-3*time.Hour, 10)
	r.put(-10*time.Second, 20)
	r.reopen()
	if r.volatile {
		t.Skip("nothing survives")
	}
	r.put(-3*time.Hour+time.Second, 40)
	r.put(-10*time.Second, 30) // again
	check(t, "minutes", r.points(-40*time.Hour, time.Second, 0), "-2h59m30s 25/10/40/2", "-30s 30/30/30/1")
	check(t, "hours", r.points(-50*day, time.Second, 0), "-2h30m0s 25/10/40/2", "-30m0s 30/30/30/1")
	r.reopen()
	check(t, "days", r.points(-300*day, time.Second, 0), "-3h0m0s 26.666666666666668/10/40/3")
}

func testReduce(t *testing.T, r *rig) {
	var all []metric.Sample
	for i := range 3000 {
		value := float64(i % 7)
		switch i {
		case 1234:
			value = 1e6
		case 2345:
			value = -1e6
		}
		all = append(all, sample("host", "cpu", "", time.Duration(i-3000)*time.Second, value))
	}
	r.append(all...)
	for _, most := range []int{1, 2, 3, 10, 100, 2999, 3000} {
		got := r.points(-50*time.Minute, 0, most)
		low, high, count := math.Inf(1), math.Inf(-1), uint32(0)
		for i, p := range got {
			low, high, count = min(low, p.Min), max(high, p.Max), count+p.Count
			if p.Value < p.Min || p.Value > p.Max || i > 0 && !p.Time().After(got[i-1].Time()) ||
				p.Time().Before(Start.Add(-50*time.Minute)) || !p.Time().Before(Start) {
				t.Errorf("at most %d: point %d is %+v", most, i, p)
			}
		}
		if len(got) > most || low != -1e6 || high != 1e6 || count != 3000 {
			t.Errorf("at most %d: got %d points from %v to %v of %d samples", most, len(got), low, high, count)
		}
	}
	// A store may keep the averages of rollups to a thousandth of the range.
	if got := r.points(-50*time.Minute, 0, 1); len(got) != 1 || got[0].Count != 3000 || math.Abs(got[0].Value-2.997) > 2000 {
		t.Errorf("one: got %+v", got)
	}
}

func testGaps(t *testing.T, r *rig) {
	r.put(-3*time.Hour, 1)
	r.put(-3*time.Hour+time.Second, 3)
	r.put(-time.Hour, 5)
	for name, got := range map[string][]metric.Point{
		"reduced": r.points(-4*time.Hour, 0, 40), "minutes": r.points(-40*time.Hour, 0, 0),
	} {
		if len(got) != 2 || got[0].Count != 2 || got[1].Count != 1 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func testRetention(t *testing.T, r *rig) {
	r.put(0, 1)
	tests := []struct {
		after time.Duration
		query time.Duration // how far back, which chooses the tier
		want  int
	}{
		{3 * time.Hour, 4 * time.Hour, 1},
		{5 * time.Hour, 4 * time.Hour, 0},
		{5 * time.Hour, 47 * time.Hour, 1},
		{50 * time.Hour, 47 * time.Hour, 0},
		{50 * time.Hour, 59 * day, 1},
		{61 * day, 59 * day, 0},
		{61 * day, 399 * day, 1},
		{402 * day, 1000 * day, 0},
	}
	for _, test := range tests {
		r.advance(test.after - r.now().Sub(Start))
		r.settle()
		got := r.points(test.after-test.query, test.after, 0)
		if len(got) != test.want {
			t.Errorf("after %v, %v back: got %+v", test.after, test.query, got)
		}
	}
	r.advance(400 * day) // a store may keep more than it shows, but not for ever
	r.settle()
	s, err := r.store.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Series != 0 {
		t.Errorf("%d series without a point are left", s.Series)
	}
	for tier, n := range s.Points {
		if n != 0 {
			t.Errorf("%s still holds %d points", tier, n)
		}
	}
}

// Before and after a long time without samples all is rolled up.
func testSilence(t *testing.T, r *rig) {
	r.put(0, 1)
	r.put(time.Second, 3)
	r.advance(time.Hour)
	r.settle()
	r.advance(50 * day)
	r.put(50*day+time.Hour, 5)
	r.advance(5 * day)
	r.settle()
	check(t, "hours", r.points(0, 55*day, 0), "30m0s 2/1/3/2", "1201h30m0s 5/5/5/1")
	check(t, "days", r.points(-300*day, 55*day, 0), "-3h0m0s 2/1/3/2", "1197h0m0s 5/5/5/1")
	r.advance(40 * day)
	r.settle()
	s, err := r.store.Stats(t.Context())
	if err != nil || s.Points["day"] != 2 {
		t.Errorf("%d days, %v", s.Points["day"], err)
	}
}

// settle does the work of the background now, where a store has such work.
func (r *rig) settle() {
	r.t.Helper()
	if s, ok := r.store.(interface{ Settle(t *testing.T) }); ok {
		s.Settle(r.t)
	}
}

func testDelete(t *testing.T, r *rig) {
	for range 2 {
		r.append(sample("gone", "cpu", "", 0, 1), sample("gone", "disk", "/", 0, 1), sample("host", "cpu", "", 0, 2))
		r.settle()
		r.append(sample("gone", "cpu", "", time.Second, 1))
		if err := r.store.Delete(t.Context(), []id.UID{"gone", "never", "gone"}); err != nil {
			t.Fatal(err)
		}
		for _, back := range []time.Duration{time.Hour, 40 * time.Hour, 50 * day, 300 * day} {
			if got := r.query(ask(-back, time.Hour, 0, "gone", "host")); len(got) != 1 || got[0].Record != "host" {
				t.Errorf("%v back: got %+v", back, got)
			}
		}
	}
	r.append(sample("gone", "cpu", "", 2*time.Second, 5))
	got := r.query(ask(-time.Hour, time.Hour, 0, "gone"))
	if len(got) != 1 || len(got[0].Points) != 1 || got[0].Points[0].Value != 5 {
		t.Errorf("begun again: got %+v", got)
	}
	if r.volatile {
		return
	}
	r.reopen()
	if got := r.query(ask(-300*day, time.Hour, 0, "gone")); len(got) != 1 || got[0].Points[0].Count != 1 {
		t.Errorf("reopened: got %+v", got)
	}
}

func testReopen(t *testing.T, r *rig) {
	if r.volatile {
		t.Skip("nothing survives")
	}
	for i := range 5 {
		r.put(time.Duration(i)*time.Minute, float64(i))
		r.reopen()
		r.advance(time.Minute)
	}
	if got := r.points(0, time.Hour, 0); len(got) != 5 || got[4].Value != 4 {
		t.Errorf("got %+v", got)
	}
	check(t, "hours", r.points(-50*day, time.Hour, 0), "30m0s 2/0/4/5")
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.store.Append(t.Context(), []metric.Sample{sample("host", "cpu", "", 0, 1)}); err == nil {
		t.Error("a closed store takes samples")
	}
	if _, err := r.store.Query(t.Context(), ask(0, time.Hour, 0, "host")); err == nil {
		t.Error("a closed store answers")
	}
	if err := r.store.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	r.store = nil
	r.reopen()
}

func testStats(t *testing.T, r *rig) {
	for i := range 120 {
		at := time.Duration(i-120) * time.Second
		r.append(sample("a", "cpu", "", at, 1), sample("a", "disk", "/", at, 1))
	}
	r.settle()
	s, err := r.store.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Series != 2 || s.Written != 240 || s.Refused != 0 || s.Buffered != 0 || s.SizeBytes <= 0 || s.LastRollup.IsZero() || s.LastRetention.IsZero() || s.Points["raw"] != 240 {
		t.Errorf("got %+v", s)
	}
	// A store may roll up late, but while the finer tier has what it needs.
	for _, test := range []struct {
		tier  string
		after time.Duration
		want  int64
	}{{"minute", 10 * time.Hour, 4}, {"hour", 4 * day, 2}, {"day", 40 * day, 2}} {
		r.advance(test.after)
		r.settle()
		s, err := r.store.Stats(t.Context())
		if err != nil || s.Points[test.tier] != test.want {
			t.Errorf("%s: got %d points, want %d, %v", test.tier, s.Points[test.tier], test.want, err)
		}
	}
}

func testHuge(t *testing.T, r *rig) {
	const series, each = 45, 10_000
	for i := range series {
		all := make([]metric.Sample, 0, each)
		for j := range each {
			all = append(all, sample("host", "cpu", fmt.Sprint(i), time.Duration(j-each)*time.Second, float64(j)))
		}
		r.append(all...)
	}
	total := 0
	for _, s := range r.query(ask(-4*time.Hour, 0, 0, "host")) {
		total += len(s.Points)
		if last := s.Points[len(s.Points)-1]; last.Max != each-1 || s.Points[0].Min != 0 {
			t.Fatalf("%v lost an extreme: %+v", s.Key, last)
		}
	}
	if total == 0 || total > metric.MaxAnswer {
		t.Errorf("got %d points", total)
	}
}

func testConcurrent(t *testing.T, r *rig) {
	const writers, rounds = 8, 12
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			record := id.UID(fmt.Sprintf("host%d", w))
			for i := range rounds {
				at := time.Duration(i-rounds) * time.Second
				err := r.store.Append(t.Context(), []metric.Sample{sample(record, "cpu", "", at, float64(i)), sample("shared", "cpu", fmt.Sprint(w), at, 1)})
				if err != nil {
					t.Errorf("append: %v", err)
				}
				got, err := r.store.Query(t.Context(), ask(-time.Hour, 0, 0, record))
				if err != nil || len(got) != 1 || len(got[0].Points) != i+1 {
					t.Errorf("after %d samples: got %d series, %v", i+1, len(got), err)
				}
				if _, err := r.store.Query(t.Context(), ask(-40*time.Hour, 0, 10, "shared")); err != nil {
					t.Errorf("query: %v", err)
				}
				if i%20 == 10 && w == 0 {
					r.settle()
				}
				if err := r.store.Delete(t.Context(), []id.UID{"other"}); err != nil && !errs.Is(err, errs.Unavailable) {
					t.Errorf("delete: %v", err)
				}
			}
		})
	}
	all.Wait()
	got := r.query(ask(-40*time.Hour, 0, 0, "shared"))
	if len(got) != writers {
		t.Fatalf("got %d series", len(got))
	}
	for _, s := range got {
		if s.Points[0].Count != rounds {
			t.Errorf("%v: got %+v", s.Key, s.Points)
		}
	}
}
