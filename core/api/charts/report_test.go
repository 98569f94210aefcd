package charts

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/report"
)

// call calls the row of a name.
func call(t *testing.T, a *Area, name string, in any) (route.Raw, error) {
	t.Helper()
	for _, r := range a.Routes() {
		if r.Name == name {
			out, err := r.Handle(t.Context(), in)
			raw, _ := out.(route.Raw)
			return raw, err
		}
	}
	t.Fatalf("there is no row %s", name)
	return route.Raw{}, nil
}

func TestReport(t *testing.T) {
	a := fixture(t)
	a.Alerts = func(_ context.Context, from, to time.Time) (map[id.UID][]report.Alert, error) {
		if !to.Equal(now) || !from.Equal(now.Add(-24*time.Hour)) {
			t.Errorf("asked for alerts from %v to %v", from, to)
		}
		return map[id.UID][]report.Alert{id.Record("probe", "k"): {{Severity: "warning", Message: "too busy", Start: from}}}, nil
	}
	raw, err := call(t, a, "generateReport", &reportIn{Format: "csv", Type: "host", ID: "w", Start: "yesterday"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# host Report: w\n", "cpu,2,7.00,50.00,28.50,7.00,", "used /a,1,75.00", "warning,too busy", "2023-11-14T22:12:30Z,7.00"} {
		if !strings.Contains(string(raw.Body), want) {
			t.Errorf("%q is missing in\n%s", want, raw.Body)
		}
	}
	if got := raw.Header.Get("Content-Disposition"); got != `attachment; filename="report-w-20231114.csv"` {
		t.Error(got)
	}
	raw, err = call(t, a, "generateReport", &reportIn{Type: "host", ID: "w", End: now.Format(time.RFC3339)})
	if err != nil || raw.ContentType != "application/pdf" || !bytes.HasPrefix(raw.Body, []byte("%PDF-")) {
		t.Errorf("%s, %v", raw.ContentType, err)
	}
	raw, err = call(t, a, "generateReports", &reportsIn{Resources: []reportOf{{"host", "w"}, {"host", "gone"}}, Format: "csv", Metric: "cpu"})
	if err != nil || strings.Count(string(raw.Body), "# Fleet Report") != 2 || strings.Contains(string(raw.Body), "used") {
		t.Errorf("%s, %v", raw.Body, err)
	}
}

func TestReportRefusals(t *testing.T) {
	a := fixture(t)
	for word, in := range map[string]reportIn{
		"missing_params":        {Type: "host"},
		"invalid_format":        {Type: "host", ID: "w", Format: "xml"},
		"invalid_resource_type": {Type: "a b", ID: "w"},
		"invalid_resource_id":   {Type: "host", ID: "w\n"},
	} {
		_, err := call(t, a, "generateReport", &in)
		refused(t, word, err)
	}
	_, err := call(t, a, "generateReports", &reportsIn{})
	refused(t, "no_resources", err)
	_, err = call(t, a, "generateReports", &reportsIn{Resources: make([]reportOf, 51)})
	refused(t, "too_many_resources", err)
}

func refused(t *testing.T, word string, err error) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Code != errs.Invalid || e.Word != word {
		t.Errorf("%s: %v", word, err)
	}
}

func TestExport(t *testing.T) {
	a := fixture(t)
	uid := string(id.Record("probe", "k"))
	for format, want := range map[string]string{
		"csv":         "time,resource,type,id,name,metric,instance,value,min,max,count\n2023-11-14T22:12:20Z," + uid + ",probe,w,k,busy,,0.07,0.07,0.07,1\n",
		"openmetrics": "# TYPE pulse_busy gauge\npulse_busy{resource=\"" + uid + "\",type=\"probe\",id=\"w\",name=\"k\"} 0.07 1699999940.000\n# EOF\n",
		"line":        "busy,resource=" + uid + ",type=probe,id=w,name=k value=0.07,min=0.07,max=0.07,count=1i 1699999940000000000\n",
	} {
		raw, err := call(t, a, "exportMetrics", &exportIn{Type: "host", ID: "w", Metric: "cpu", Range: "5m", Format: format})
		if err != nil || string(raw.Body) != want {
			t.Errorf("%s: %v\n got %q\nwant %q", format, err, raw.Body, want)
		}
	}
	raw, err := call(t, a, "exportMetrics", &exportIn{Type: "host", Range: "5m"})
	if err != nil || strings.Count(string(raw.Body), "\n") != 4 {
		t.Errorf("all of a type: %v\n%s", err, raw.Body)
	}
	if _, err := call(t, a, "exportMetrics", &exportIn{}); !errs.Is(err, errs.Invalid) {
		t.Errorf("nothing chosen: %v", err)
	}
	if _, err := call(t, a, "exportMetrics", &exportIn{Type: "host", ID: "gone"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("what is not there: %v", err)
	}
}

func TestQuotedNames(t *testing.T) {
	if got := quoted("a\"\\\n"); got != `a\"\\\n` {
		t.Error(got)
	}
	if got := tagEscapes.Replace("a b,c=d\n"); got != `a\ b\,c\=d\ ` && got != `a\ b\,c\=d ` {
		t.Error(got)
	}
}

// Guests are named by those who use them, and spreadsheets take some names for formulas.
func TestExportIsNoFormula(t *testing.T) {
	record := &inventory.Record{Name: "=HYPERLINK(\"http://evil\")", WireID: "+1"}
	var b bytes.Buffer
	err := exportCSV(&b, []metric.Series{{Key: metric.Key{Metric: "busy", Instance: "@x"}, Points: []metric.Point{{Value: -1}}}}, map[id.UID]*inventory.Record{"": record})
	if got := b.String(); err != nil || !strings.Contains(got, `,'+1,"'=HYPERLINK(""http://evil"")",busy,'@x,-1,`) {
		t.Errorf("%v: %s", err, got)
	}
}
