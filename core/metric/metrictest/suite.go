package metrictest

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// Open opens a store on a folder. The suite opens the same folder again after Close.
type Open func(t *testing.T, dir string, tiers []metric.Tier, now func() time.Time) metric.Store

// RunStore holds a store to the contract of metric.Store.
func RunStore(t *testing.T, open Open) {
	t.Helper()
	runStore(t, open, false)
}

// RunVolatile is [RunStore] for a store of which nothing is left when it is closed.
func RunVolatile(t *testing.T, open Open) {
	t.Helper()
	runStore(t, open, true)
}

func runStore(t *testing.T, open Open, volatile bool) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, r *rig)
	}{
		{"append and query", testAppend},
		{"allowance", testAllowance},
		{"selection", testSelection},
		{"repeated samples replace", testReplace},
		{"out of order", testOutOfOrder},
		{"refusals", testRefusals},
		{"ranges", testRanges},
		{"rollups", testRollups},
		{"late samples are rolled up", testLate},
		{"points are reduced and extremes kept", testReduce},
		{"gaps stay gaps", testGaps},
		{"retention", testRetention},
		{"a long silence", testSilence},
		{"delete", testDelete},
		{"reopen", testReopen},
		{"stats", testStats},
		{"huge questions are bounded", testHuge},
		{"concurrent use", testConcurrent},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &rig{t: t, open: open, volatile: volatile, dir: t.TempDir(), clock: Start}
			r.reopen()
			t.Cleanup(func() {
				if err := r.store.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			test.run(t, r)
		})
	}
}

// Start is the suite's first moment: the beginning of an hour, not of a day.
var Start = time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC)

// Tiers are the suite's tiers.
func Tiers() []metric.Tier {
	return []metric.Tier{
		{Name: "raw", Retention: 4 * time.Hour},
		{Name: "minute", Step: time.Minute, Retention: 48 * time.Hour},
		{Name: "hour", Step: time.Hour, Retention: 60 * 24 * time.Hour},
		{Name: "day", Step: 24 * time.Hour, Retention: 400 * 24 * time.Hour},
	}
}

// rig is an open store with a clock that the test moves.
type rig struct {
	t *testing.T
	// volatile tells that nothing survives the end of the store.
	volatile bool
	open     Open
	dir      string
	store    metric.Store
	mu       sync.Mutex
	clock    time.Time
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clock
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = r.clock.Add(d)
}

func (r *rig) reopen() {
	r.t.Helper()
	if r.store != nil {
		if err := r.store.Close(); err != nil {
			r.t.Fatalf("close: %v", err)
		}
	}
	r.store = r.open(r.t, r.dir, Tiers(), r.now)
}

// put appends one sample, at a distance from Start, to the series host/cpu.
func (r *rig) put(at time.Duration, value float64) {
	r.t.Helper()
	r.append(sample("host", "cpu", "", at, value))
}

func (r *rig) append(samples ...metric.Sample) {
	r.t.Helper()
	if err := r.store.Append(r.t.Context(), samples); err != nil {
		r.t.Fatalf("append: %v", err)
	}
}

func sample(record id.UID, name, instance string, at time.Duration, value float64) metric.Sample {
	return metric.Sample{Key: metric.Key{Record: record, Metric: name, Instance: instance}, Time: Start.Add(at), Value: value}
}

func (r *rig) query(q metric.Query) []metric.Series {
	r.t.Helper()
	answer, err := r.store.Query(r.t.Context(), q)
	if err != nil {
		r.t.Fatalf("query: %v", err)
	}
	return answer
}

// points asks for host/cpu in a range relative to Start.
func (r *rig) points(from, to time.Duration, most int) []metric.Point {
	r.t.Helper()
	answer := r.query(ask(from, to, most, "host"))
	if len(answer) == 0 {
		return nil
	}
	if len(answer) > 1 {
		r.t.Fatalf("got %d series", len(answer))
	}
	return answer[0].Points
}

func ask(from, to time.Duration, most int, records ...id.UID) metric.Query {
	return metric.Query{Records: records, From: Start.Add(from), To: Start.Add(to), MaxPoints: most}
}

// check compares points with "offset value/min/max/count" words, the offset from Start.
func check(t *testing.T, what string, got []metric.Point, want ...string) {
	t.Helper()
	var words []string
	for _, p := range got {
		words = append(words, fmt.Sprintf("%v %v/%v/%v/%d", p.Time().Sub(Start), p.Value, p.Min, p.Max, p.Count))
	}
	if !slices.Equal(words, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, words, want)
	}
}

func testAppend(t *testing.T, r *rig) {
	check(t, "before the first sample", r.points(-time.Hour, time.Hour, 0))
	r.append()
	r.put(-20*time.Second, 0.25)
	r.put(-10*time.Second+1234567*time.Nanosecond, math.MaxFloat64)
	r.put(0, -1e-300)
	check(t, "raw", r.points(-time.Hour, time.Second, 0),
		"-20s 0.25/0.25/0.25/1", "-9.999s 1.7976931348623157e+308/1.7976931348623157e+308/1.7976931348623157e+308/1", "0s -1e-300/-1e-300/-1e-300/1")
	if s := r.query(ask(-time.Hour, time.Second, 0, "host"))[0]; s.Step != 0 || s.Key != (metric.Key{Record: "host", Metric: "cpu"}) {
		t.Errorf("got step %v, key %v", s.Step, s.Key)
	}
}

// An allowance bounds the series that are begun, not what comes for those that exist.
func testAllowance(t *testing.T, r *rig) {
	r.put(-10*time.Second, 1)
	allow := &metric.Allowance{Room: 2}
	samples := []metric.Sample{
		sample("host", "cpu", "", 0, 2), sample("host", "disk", "/a", 0, 1), sample("host", "disk", "/b", 0, 1),
		sample("host", "disk", "/c", 0, 1), sample("host", "disk", "/a", time.Second, 1),
	}
	if err := r.store.Append(metric.WithAllowance(t.Context(), allow), samples); err != nil {
		t.Fatal(err)
	}
	if allow.Begun != 2 || allow.Refused != 1 {
		t.Errorf("%+v, want two begun and one refused", *allow)
	}
	if n := len(r.query(ask(-time.Hour, time.Minute, 0, "host"))); n != 3 {
		t.Errorf("%d series, want 3", n)
	}
}

func testSelection(t *testing.T, r *rig) {
	for _, record := range []id.UID{"b", "a"} {
		r.append(sample(record, "disk", "/var", 0, 3), sample(record, "disk", "/", 0, 2), sample(record, "disk", "", 0, 1), sample(record, "cpu", "", 0, 4))
	}
	tests := map[string]struct {
		q    metric.Query
		want string
	}{
		"all of a record":      {metric.Query{Records: []id.UID{"a"}}, "[a.cpu. a.disk. a.disk./ a.disk./var]"},
		"a metric of two":      {metric.Query{Records: []id.UID{"b", "a", "b"}, Metrics: []string{"cpu"}}, "[a.cpu. b.cpu.]"},
		"without instance":     {metric.Query{Records: []id.UID{"a"}, Metrics: []string{"disk"}, Instances: []string{""}}, "[a.disk.]"},
		"an instance":          {metric.Query{Records: []id.UID{"a"}, Instances: []string{"/", "/tmp"}}, "[a.disk./]"},
		"no instance possible": {metric.Query{Records: []id.UID{"a"}, Instances: []string{}}, "[]"},
		"an unknown record":    {metric.Query{Records: []id.UID{"c"}}, "[]"},
		"no record":            {metric.Query{}, "[]"},
	}
	for name, test := range tests {
		test.q.From, test.q.To = Start, Start.Add(time.Minute)
		got := []string{}
		for _, s := range r.query(test.q) {
			got = append(got, string(s.Record)+"."+s.Metric+"."+s.Instance)
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func testReplace(t *testing.T, r *rig) {
	r.put(-90*time.Second, 5)
	r.put(-80*time.Second, 1)
	r.put(-90*time.Second, 3)
	r.append(sample("host", "cpu", "", -80*time.Second, 8), sample("host", "cpu", "", -80*time.Second, 9))
	check(t, "raw", r.points(-time.Hour, time.Second, 0), "-1m30s 3/3/3/1", "-1m20s 9/9/9/1")
	check(t, "minutes", r.points(-24*time.Hour, time.Second, 0), "-1m30s 6/3/9/2")
}

func testOutOfOrder(t *testing.T, r *rig) {
	for _, at := range []int{3, 1, 5, 2, 4, 0} {
		r.put(time.Duration(at)*time.Second-2*time.Hour, float64(at))
	}
	check(t, "raw", r.points(-3*time.Hour, 0, 0), "-2h0m0s 0/0/0/1", "-1h59m59s 1/1/1/1", "-1h59m58s 2/2/2/1",
		"-1h59m57s 3/3/3/1", "-1h59m56s 4/4/4/1", "-1h59m55s 5/5/5/1")
	check(t, "hours", r.points(-20*24*time.Hour, time.Second, 0), "-1h30m0s 2.5/0/5/6")
}

func testRefusals(t *testing.T, r *rig) {
	r.append(
		sample("host", "cpu", "", 0, math.NaN()),
		sample("host", "cpu", "", 0, math.Inf(1)),
		sample("host", "cpu", "", 0, math.Inf(-1)),
		sample("host", "cpu", "", -4*time.Hour-time.Millisecond, 1),
		sample("host", "cpu", "", metric.MaxAhead+time.Second, 1),
		sample("", "cpu", "", 0, 1),
		sample("host", "", "", 0, 1),
		sample("host", "cpu", string(make([]byte, metric.MaxInstance+1)), 0, 1),
		sample("host", "cpu", "", -4*time.Hour, 2),
		sample("host", "cpu", "", time.Second, 3),
	)
	check(t, "raw", r.points(-4*time.Hour, time.Minute, 0), "-4h0m0s 2/2/2/1", "1s 3/3/3/1")
	s, err := r.store.Stats(t.Context())
	if err != nil || s.Refused != 8 || s.Written != 2 {
		t.Errorf("refused %d, written %d, %v", s.Refused, s.Written, err)
	}
}

func testRanges(t *testing.T, r *rig) {
	r.put(-2*time.Second, 1)
	r.put(-time.Second, 2)
	r.put(0, 3)
	check(t, "from is inclusive, to is not", r.points(-2*time.Second, 0, 0), "-2s 1/1/1/1", "-1s 2/2/2/1")
	check(t, "all time", r.points(-2e6*time.Hour, 2e6*time.Hour, 1), "-3h0m0s 2/1/3/3")
	check(t, "after everything", r.points(time.Hour, 3*time.Hour, 0))
	check(t, "before everything", r.points(-2e6*time.Hour, -1e6*time.Hour, 0))
	for name, q := range map[string]metric.Query{
		"empty": ask(0, 0, 0, "host"), "reversed": ask(0, -time.Hour, 0, "host"), "negative": ask(-time.Hour, 0, -1, "host"),
	} {
		if _, err := r.store.Query(t.Context(), q); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
