package catalog

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

type plugins []PluginStatus

func (p plugins) Status() []PluginStatus { return p }

func (p plugins) Schema(kind string) (json.RawMessage, error) {
	if kind != p[0].Kind {
		return nil, errors.New("not installed")
	}
	return json.RawMessage(`{"type":"object"}`), nil
}

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
	return New(cat, plugins{{Kind: "probe", State: "running"}}, registry)
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

func TestSchema(t *testing.T) {
	handle := fixture(t).Routes()[2].Handle
	out, err := handle(t.Context(), &schemaIn{Kind: "probe"})
	if raw, ok := out.(route.Raw); err != nil || !ok || string(raw.Body) != `{"type":"object"}` {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := handle(t.Context(), &schemaIn{Kind: "nope"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a plugin that is not there: %v", err)
	}
}

func TestPluginsAndMetrics(t *testing.T) {
	a := fixture(t)
	out, err := a.Routes()[1].Handle(t.Context(), &route.None{})
	if p := out.(pluginsOut).Plugins; err != nil || len(p) != 1 || p[0].State != "running" {
		t.Fatalf("%+v, %v", out, err)
	}
	out, err = a.Routes()[3].Handle(t.Context(), &route.None{})
	if raw := out.(route.Raw); err != nil || !strings.Contains(string(raw.Body), "pulse_things_total 3") || !strings.HasPrefix(raw.ContentType, "text/plain") {
		t.Fatalf("%+v, %v", out, err)
	}
}
