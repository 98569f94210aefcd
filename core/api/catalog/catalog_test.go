package catalog

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

func fixture(t *testing.T) *Area {
	t.Helper()
	cat, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "probe", Types: []sdk.ResourceType{{Name: "probe", Label: "Probe", Metrics: []string{"busy", "gone"}, Conditions: []string{"worn"},
			Columns: []sdk.Column{{Name: "n", Path: "name", Default: true}}, Thresholds: []sdk.Threshold{{Metric: "busy", Trigger: 0.8, For: 300e9}}}},
		Metrics:  []sdk.Metric{{Name: "busy", Types: []string{"probe"}, WireName: "cpu", WireScale: 100, Unit: sdk.UnitRatio}},
		Kinds:    []sdk.EventKind{{Name: "worn", Condition: true, Label: "Worn", Severity: sdk.SeverityWarning}},
		Sections: []sdk.StateSection{{Section: "probes", Type: "probe", Inject: []sdk.Inject{{Member: "status", Value: sdk.InjectStatus, Words: map[string]string{"up": "online"}}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "pulse_things_total", Help: "Things."})
	registry.MustRegister(c)
	c.Add(3)
	return New(func() *inventory.Catalog { return cat }, registry)
}

func TestTypes(t *testing.T) {
	out, err := fixture(t).Routes()[0].Handle(t.Context(), &route.None{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"metrics":[{"name":"busy","wireName":"cpu","wireScale":100,"label":"busy","unit":"ratio","kind":"gauge","instance":"","chart":"busy"}]`,
		`"section":"probes"`, `"historyType":"probe"`, `"facts":[]`, `"conditions":[{"name":"worn","label":"Worn","severity":"warning"}]`,
		`"for":300`, `"words":{"up":"online"}`, `"columns":[{"name":"n"`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s lacks %s", b, want)
		}
	}
}

func TestMetrics(t *testing.T) {
	out, err := fixture(t).Routes()[1].Handle(t.Context(), &route.None{})
	if raw := out.(route.Raw); err != nil || !strings.Contains(string(raw.Body), "pulse_things_total 3") || !strings.HasPrefix(raw.ContentType, "text/plain") {
		t.Fatalf("%+v, %v", out, err)
	}
}
