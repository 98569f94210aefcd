package catalog

import (
	"cmp"
	"context"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

type typesOut struct {
	Types []typeOut `json:"types"`
}

type typeOut struct {
	Name        string         `json:"name"`
	Label       string         `json:"label"`
	Plural      string         `json:"plural"`
	Icon        string         `json:"icon"`
	Family      string         `json:"family"`
	Section     string         `json:"section"`
	HistoryType string         `json:"historyType"`
	ChartGroup  string         `json:"chartGroup"`
	Columns     []columnOut    `json:"columns"`
	Facts       []factOut      `json:"facts"`
	Metrics     []metricOut    `json:"metrics"`
	Thresholds  []thresholdOut `json:"thresholds"`
	Conditions  []conditionOut `json:"conditions"`
	// Words maps statuses to the section's words.
	Words map[string]string `json:"words"`
}

type columnOut struct {
	Name     string     `json:"name"`
	Label    string     `json:"label"`
	Metric   string     `json:"metric,omitempty"`
	Path     string     `json:"path,omitempty"`
	Unit     string     `json:"unit,omitempty"`
	Format   sdk.Format `json:"format"`
	Width    int        `json:"width,omitempty"`
	Default  bool       `json:"default"`
	Priority int        `json:"priority,omitempty"`
}

type factOut struct {
	Label  string     `json:"label"`
	Path   string     `json:"path"`
	Format sdk.Format `json:"format"`
	Group  string     `json:"group,omitempty"`
}

type metricOut struct {
	Name      string         `json:"name"`
	WireName  string         `json:"wireName"`
	WireScale float64        `json:"wireScale"`
	Label     string         `json:"label"`
	Help      string         `json:"help,omitempty"`
	Unit      sdk.Unit       `json:"unit"`
	Kind      sdk.MetricKind `json:"kind"`
	Instance  string         `json:"instance"`
	Chart     string         `json:"chart"`
}

// thresholdOut is in the metric's canonical unit; For is in seconds.
type thresholdOut struct {
	Metric   string       `json:"metric"`
	Trigger  float64      `json:"trigger"`
	Clear    float64      `json:"clear"`
	Below    bool         `json:"below"`
	For      float64      `json:"for"`
	Severity sdk.Severity `json:"severity"`
}

type conditionOut struct {
	Name     string       `json:"name"`
	Label    string       `json:"label"`
	Severity sdk.Severity `json:"severity"`
}

func (a *Area) types(context.Context, route.None) (typesOut, error) {
	catalog := a.catalog()
	out := typesOut{Types: []typeOut{}}
	for _, t := range catalog.Types() {
		out.Types = append(out.Types, shape(catalog, t))
	}
	return out, nil
}

func shape(catalog *inventory.Catalog, t sdk.ResourceType) typeOut {
	section, _ := catalog.Section(t.Name)
	out := typeOut{
		Name: t.Name, Label: t.Label, Plural: t.Plural, Icon: t.Icon, Family: t.Family, Section: section.Section,
		HistoryType: cmp.Or(section.HistoryType, t.Name), ChartGroup: section.ChartGroup,
		Columns: []columnOut{}, Facts: []factOut{}, Metrics: []metricOut{}, Thresholds: []thresholdOut{}, Conditions: []conditionOut{}, Words: map[string]string{},
	}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, columnOut{c.Name, c.Label, c.Metric, c.Path, c.Unit, c.Format, c.Width, c.Default, c.Priority})
	}
	for _, f := range t.Facts {
		out.Facts = append(out.Facts, factOut(f))
	}
	for _, name := range t.Metrics {
		if m, ok := catalog.Metric(t.Name, name); ok {
			out.Metrics = append(out.Metrics, metricOut{
				Name: m.Name, WireName: cmp.Or(m.WireName, m.Name), WireScale: cmp.Or(m.WireScale, 1), Label: cmp.Or(m.Label, m.Name),
				Help: m.Help, Unit: m.Unit, Kind: cmp.Or(m.Kind, sdk.Gauge), Instance: m.Instance, Chart: cmp.Or(m.Chart, m.Name),
			})
		}
	}
	for _, x := range t.Thresholds {
		out.Thresholds = append(out.Thresholds, thresholdOut{x.Metric, x.Trigger, x.Clear, x.Below, x.For.Seconds(), x.Severity})
	}
	for _, name := range t.Conditions {
		if k, ok := catalog.Kind(name); ok {
			out.Conditions = append(out.Conditions, conditionOut{k.Name, k.Label, k.Severity})
		}
	}
	for _, in := range section.Inject {
		if in.Value == sdk.InjectStatus && in.Words != nil {
			out.Words = in.Words
		}
	}
	return out
}
