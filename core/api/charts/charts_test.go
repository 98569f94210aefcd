package charts

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
	"github.com/pulse-platform/pulse/sdk"
)

type noRecords struct{}

func (noRecords) Records(context.Context) ([]*inventory.Record, error)   { return nil, nil }
func (noRecords) SaveRecords(context.Context, []*inventory.Record) error { return nil }
func (noRecords) DeleteRecords(context.Context, []id.UID) error          { return nil }

var now = time.Unix(1_700_000_000, 0)

func fixture(t *testing.T) *Area {
	t.Helper()
	cat, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "probe", Types: []sdk.ResourceType{{Name: "probe"}},
		Metrics: []sdk.Metric{
			{Name: "busy", Types: []string{"probe"}, WireName: "cpu", WireScale: 100}, {Name: "used", Types: []string{"probe"}, WireName: "used", WireScale: 100, Instance: "mount"},
			{Name: "load", Types: []string{"probe"}},
		},
		Sections: []sdk.StateSection{{Section: "probes", Type: "probe", ChartGroup: "hostData", ChartMetrics: []string{"cpu", "load", "used"}, HistoryType: "host"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	inv := inventory.New(cat, noRecords{}, clock)
	batch := inventory.Batch{Integration: "probe", At: now, Partitions: []inventory.Partition{{Records: []sdk.Record{{Type: "probe", Key: "k", WireID: "w"}}}}}
	if _, _, err := inv.Apply(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	store := metrictest.NewMemory(clock)
	key := func(name, instance string) metric.Key {
		return metric.Key{Record: id.Record("probe", "k"), Metric: name, Instance: instance}
	}
	if err := store.Append(t.Context(), []metric.Sample{
		{Key: key("busy", ""), Time: now.Add(-10 * time.Minute), Value: 0.5}, {Key: key("busy", ""), Time: now.Add(-time.Minute), Value: 0.07},
		{Key: key("used", "/"), Time: now.Add(-time.Minute), Value: 0.25}, {Key: key("used", "/a"), Time: now.Add(-time.Minute), Value: 0.75},
	}); err != nil {
		t.Fatal(err)
	}
	return New(inv, store, clock)
}

func get(t *testing.T, a *Area, row int, in any) (map[string]json.RawMessage, error) {
	t.Helper()
	out, err := a.Routes()[[...]int{0, 3, 4, 2}[row]].Handle(t.Context(), in)
	if err != nil {
		return nil, err
	}
	raw, ok := out.(route.Raw)
	if !ok {
		if raw.Body, err = json.Marshal(out); err != nil {
			t.Fatal(err)
		}
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw.Body, &m); err != nil {
		t.Fatal(err)
	}
	return m, nil
}

func TestCharts(t *testing.T) {
	a := fixture(t)
	for span, want := range map[string]string{
		"5m":    `{"w":{"cpu":[{"timestamp":1699999940000,"value":7}],"load":[]}}`,
		"bogus": `{"w":{"cpu":[{"timestamp":1699999400000,"value":50},{"timestamp":1699999940000,"value":7}],"load":[]}}`,
	} {
		m, err := get(t, a, 0, &chartsIn{Range: span})
		if err != nil || string(m["hostData"]) != want || string(m["data"]) != "{}" || string(m["guestTypes"]) != "{}" || string(m["timestamp"]) != "1700000000000" {
			t.Errorf("%s: %v, %s", span, err, m)
		}
	}
	if m, err := get(t, a, 0, &chartsIn{ID: "none"}); err != nil || string(m["hostData"]) != "{}" || string(m["stats"]) != `{"oldestDataTimestamp":1700000000000}` {
		t.Errorf("%v, %s", err, m)
	}
}

func TestHistory(t *testing.T) {
	a := fixture(t)
	uid := string(id.Record("probe", "k"))
	point := func(v string) string {
		return `[{"timestamp":1699999940000,"value":` + v + `,"min":` + v + `,"max":` + v + `}]`
	}
	for name, tt := range map[string]struct {
		in     historyIn
		member string
		want   string
	}{
		"by the wire's name":  {historyIn{Type: "host", ID: "w", Metric: "cpu", Range: "5m"}, "points", point("7")},
		"by its own name":     {historyIn{Type: "probe", ID: uid, Metric: "busy", Range: "5m"}, "points", point("7")},
		"by uid alone":        {historyIn{ID: uid, Metric: "cpu", Range: "5m"}, "points", point("7")},
		"one instance":        {historyIn{Type: "host", ID: "w", Metric: "used", Instance: "/a", Range: "5m"}, "points", point("75")},
		"all instances":       {historyIn{Type: "host", ID: "w", Metric: "used", Range: "5m"}, "instances", `{"used":{"/":` + point("25") + `,"/a":` + point("75") + `}}`},
		"all of all":          {historyIn{Type: "host", ID: "w", Range: "5m"}, "instances", `{"used":{"/":` + point("25") + `,"/a":` + point("75") + `}}`},
		"all metrics":         {historyIn{Type: "host", ID: "w", Range: "2m"}, "metrics", `{"cpu":` + point("7") + `}`},
		"start":               {historyIn{Type: "host", ID: "w", Range: "90s"}, "start", "1699999910000"},
		"another end":         {historyIn{Type: "host", ID: "w", Range: "5m", Metric: "cpu", End: now.Add(-8 * time.Minute).UnixMilli()}, "points", `[{"timestamp":1699999400000,"value":50,"min":50,"max":50}]`},
		"an end to come":      {historyIn{Type: "host", ID: "w", Range: "5m", End: now.Add(time.Hour).UnixMilli()}, "end", "1700000000000"},
		"an unknown metric":   {historyIn{Type: "host", ID: "w", Metric: "age"}, "points", "[]"},
		"an unknown resource": {historyIn{Type: "host", ID: "x", Metric: "cpu"}, "points", "[]"},
		"an echoed range":     {historyIn{Type: "host", ID: "w", Range: "soon"}, "range", `"soon"`},
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := get(t, a, 1, &tt.in); err != nil || string(m[tt.member]) != tt.want {
				t.Fatalf("%v: %s = %s, want %s", err, tt.member, m[tt.member], tt.want)
			}
		})
	}
	for _, in := range []historyIn{{Type: "host"}, {ID: "zz"}} {
		if _, err := get(t, a, 1, &in); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", in, err)
		}
	}
}

func TestStats(t *testing.T) {
	out, err := fixture(t).Routes()[4].Handle(t.Context(), &route.None{})
	if s := out.(statsOut); err != nil || !s.Enabled || s.Written != 4 {
		t.Fatalf("%+v, %v", out, err)
	}
}

func TestSparklines(t *testing.T) {
	a := fixture(t)
	lines := []sparkline{{"probe", "w", "cpu"}, {"probe", "w", "load"}, {"probe", "nobody", "cpu"}, {"probe", "w", "colour"}, {"probe", "w", "cpu"}}
	m, err := get(t, a, 3, &sparklinesIn{Lines: lines})
	if err != nil {
		t.Fatal(err)
	}
	var got [][]*float64
	if err := json.Unmarshal(m["lines"], &got); err != nil || len(got) != len(lines) || len(got[0]) != sparklineSteps {
		t.Fatalf("%v: %s", err, m["lines"])
	}
	for n, v := range got[0] {
		want := map[int]float64{49: 50, 58: 7}[n]
		if v == nil && want != 0 || v != nil && *v != want {
			t.Errorf("minute %d: %v, want %v", n, v, want)
		}
	}
	if len(got[4]) != sparklineSteps {
		t.Errorf("asked twice, answered once: %v", got[4])
	}
	for n, line := range got[1:4] {
		if line != nil {
			t.Errorf("line %d: %v", n+1, line)
		}
	}
	if string(m["start"]) != "1699996440000" || string(m["step"]) != "60000" {
		t.Errorf("start %s, step %s", m["start"], m["step"])
	}
	if _, err := get(t, a, 3, &sparklinesIn{Lines: make([]sparkline, maxSparklines+1)}); !errs.Is(err, errs.Invalid) {
		t.Errorf("too many: %v", err)
	}
}
