package charts

import (
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// answer calls the row of a name and returns what it answers.
func answer[T any](t *testing.T, a *Area, name string, in any) (T, error) {
	t.Helper()
	for _, r := range a.Routes() {
		if r.Name == name {
			out, err := r.Handle(t.Context(), in)
			typed, _ := out.(T)
			return typed, err
		}
	}
	t.Fatalf("there is no row %s", name)
	panic("not reached")
}

func TestSeveralSeries(t *testing.T) {
	a := fixture(t)
	uid := id.Record("probe", "k")
	out, err := answer[seriesOut](t, a, "querySeries", &seriesIn{Range: "5m", Series: []named{
		{Type: "host", ID: "w", Metric: "cpu"}, {ID: string(uid), Metric: "used"}, {ID: "gone", Metric: "cpu"}, {ID: "w", Metric: "used", Instance: "/a"}, {ID: "w", Metric: "colour"},
	}})
	if err != nil || out.End-out.Start != 300_000 || len(out.Series) != 4 {
		t.Fatalf("%+v, %v", out, err)
	}
	for i, want := range []found{{Of: 0, Metric: "cpu"}, {Of: 1, Metric: "used", Instance: "/"}, {Of: 1, Metric: "used", Instance: "/a"}, {Of: 3, Metric: "used", Instance: "/a"}} {
		got := out.Series[i]
		if got.Of != want.Of || got.Metric != want.Metric || got.Instance != want.Instance || got.UID != uid || got.Name != "k" || len(got.Points) != 1 {
			t.Errorf("%d: %+v, want %+v", i, got, want)
		}
	}
	if p := out.Series[0].Points[0]; p.Value != 7 || p.Timestamp != now.Add(-time.Minute).UnixMilli() {
		t.Errorf("%+v", p)
	}
}

func TestSeriesAsRates(t *testing.T) {
	a := fixture(t)
	key := metric.Key{Record: id.Record("probe", "k"), Metric: "requests_total"}
	for i, v := range []float64{100, 160, 20} { // it begins anew before the last
		if err := a.store.Append(t.Context(), []metric.Sample{{Key: key, Time: now.Add(time.Duration(i-3) * time.Minute), Value: v}}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := answer[seriesOut](t, a, "querySeries", &seriesIn{Range: "10m", Rate: true, Series: []named{{ID: "w", Metric: "requests_total"}}})
	if err != nil || len(out.Series) != 1 || len(out.Series[0].Points) != 2 {
		t.Fatalf("%+v, %v", out, err)
	}
	if p := out.Series[0].Points; p[0].Value != 1 || p[1].Value != 0.333333 {
		t.Errorf("%+v", p)
	}
}

func TestSeriesRefusals(t *testing.T) {
	a := fixture(t)
	for field, in := range map[string]seriesIn{
		"series":    {},
		"series[1]": {Series: []named{{ID: "w", Metric: "cpu"}, {ID: "w"}}},
	} {
		if _, err := answer[seriesOut](t, a, "querySeries", &in); fieldOf(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := answer[seriesOut](t, a, "querySeries", &seriesIn{Series: make([]named, maxSeries+1)}); fieldOf(err) != "series" {
		t.Errorf("too many: %v", err)
	}
}

func TestTop(t *testing.T) {
	a := fixture(t)
	in := topIn{Metric: "used", Range: "5m", By: "max", Order: "desc"}
	out, err := answer[topOut](t, a, "listTopResources", &in)
	if err != nil || out.Of != 2 || len(out.Items) != 2 || out.Items[0].Instance != "/a" || out.Items[0].Value != 75 || out.Items[1].Value != 25 {
		t.Fatalf("%+v, %v", out, err)
	}
	in.Order, in.Limit = "asc", 1
	if out, err = answer[topOut](t, a, "listTopResources", &in); err != nil || out.Of != 2 || len(out.Items) != 1 || out.Items[0].Instance != "/" {
		t.Fatalf("the least: %+v, %v", out, err)
	}
	for by, want := range map[string]float64{"average": 28.5, "max": 50, "min": 7, "last": 7} {
		out, err := answer[topOut](t, a, "listTopResources", &topIn{Metric: "cpu", Type: "host, nothing", Range: "1h", By: by})
		if err != nil || len(out.Items) != 1 || out.Items[0].Value != want {
			t.Errorf("%s: %+v, %v, want %v", by, out, err, want)
		}
	}
	for field, in := range map[string]topIn{"metric": {Metric: "colour"}, "limit": {Metric: "cpu", Limit: topMost + 1}} {
		if _, err := answer[topOut](t, a, "listTopResources", &in); fieldOf(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// fieldOf is the field at which an input was refused.
func fieldOf(err error) string {
	if e, ok := err.(*errs.Error); ok && e.Code == errs.Invalid { //nolint:errorlint // handlers return it as it is
		return e.Field
	}
	return ""
}
