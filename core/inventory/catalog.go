// Package inventory is about things: records as their sources see them, whether they still exist and how fresh they
// are, and the state document that shows them. It knows no product (what a type looks like is declared), no series and
// no rules.
package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pulse-platform/pulse/sdk"
)

// Catalog is what all plugins declare, ready to be looked up. It is immutable.
type Catalog struct {
	types    map[string]sdk.ResourceType
	sections map[string]sdk.StateSection // by type
	metrics  map[metricKey]sdk.Metric
	wires    map[metricKey]sdk.Metric
	reports  map[string]Report
	kinds    map[string]sdk.EventKind
	tasks    map[taskKey]sdk.Task
	rows     map[string]sdk.RowsType
	ordered  []sdk.ResourceType
	shown    []sdk.StateSection
}

type metricKey struct{ kind, name string }

type taskKey struct{ plugin, task string }

// Report is a declared report kind with the plugin that declares it.
type Report struct {
	sdk.ReportKind
	Plugin string
}

// NewCatalog indexes what plugins declare. It fails when two declare the same type, section member or report, or when a
// declaration names a type that nobody declares.
func NewCatalog(descs []sdk.Description) (*Catalog, error) {
	c := &Catalog{
		types: map[string]sdk.ResourceType{}, sections: map[string]sdk.StateSection{}, metrics: map[metricKey]sdk.Metric{},
		wires: map[metricKey]sdk.Metric{}, reports: map[string]Report{}, kinds: map[string]sdk.EventKind{}, tasks: map[taskKey]sdk.Task{}, rows: map[string]sdk.RowsType{},
	}
	for _, d := range descs {
		for _, t := range d.Types {
			if _, taken := c.types[t.Name]; taken || t.Name == "" {
				return nil, fmt.Errorf("plugin %s: type %q is declared twice or has no name", d.Kind, t.Name)
			}
			c.types[t.Name] = t
			c.ordered = append(c.ordered, t)
		}
	}
	for _, d := range descs {
		if err := c.add(d); err != nil {
			return nil, fmt.Errorf("plugin %s: %w", d.Kind, err)
		}
	}
	slices.SortFunc(c.ordered, func(a, b sdk.ResourceType) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(c.shown, func(a, b sdk.StateSection) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Section, b.Section), cmp.Compare(a.Type, b.Type))
	})
	return c, nil
}

func (c *Catalog) add(d sdk.Description) error {
	for _, s := range d.Sections {
		if _, known := c.types[s.Type]; !known {
			return fmt.Errorf("section %s: no plugin declares the type %q", s.Section, s.Type)
		}
		if _, taken := c.sections[s.Type]; taken {
			return fmt.Errorf("section %s: the type %q has a section already", s.Section, s.Type)
		}
		c.sections[s.Type] = s
		c.shown = append(c.shown, s)
	}
	for _, m := range d.Metrics {
		for _, t := range m.Types {
			key := metricKey{t, m.Name}
			if _, taken := c.metrics[key]; taken {
				return fmt.Errorf("metric %s of type %s is declared twice", m.Name, t)
			}
			c.metrics[key] = m
			c.wires[metricKey{t, cmp.Or(m.WireName, m.Name)}] = m
		}
	}
	for _, r := range d.Reports {
		if other, taken := c.reports[r.Name]; taken {
			return fmt.Errorf("report kind %s is taken by plugin %s", r.Name, other.Plugin)
		}
		c.reports[r.Name] = Report{r, d.Kind}
	}
	for _, k := range d.Kinds {
		c.kinds[k.Name] = k
	}
	for _, r := range d.Rows {
		if _, taken := c.rows[r.Name]; taken || r.Name == "" {
			return fmt.Errorf("the list %q is declared twice or has no name", r.Name)
		}
		c.rows[r.Name] = r
	}
	for _, t := range d.Tasks {
		c.tasks[taskKey{d.Kind, t.Name}] = t
	}
	return nil
}

// Type returns a declared type.
func (c *Catalog) Type(name string) (sdk.ResourceType, bool) { t, ok := c.types[name]; return t, ok }

// Types returns all types by name.
func (c *Catalog) Types() []sdk.ResourceType { return slices.Clone(c.ordered) }

// Section returns the state section that a type fills.
func (c *Catalog) Section(kind string) (sdk.StateSection, bool) {
	s, ok := c.sections[kind]
	return s, ok
}

// Sections returns all sections in their order.
func (c *Catalog) Sections() []sdk.StateSection { return slices.Clone(c.shown) }

// Metric returns a metric of a type by its canonical name.
func (c *Catalog) Metric(kind, name string) (sdk.Metric, bool) {
	m, ok := c.metrics[metricKey{kind, name}]
	return m, ok
}

// WireMetric returns a metric of a type by its name on the wire.
func (c *Catalog) WireMetric(kind, wire string) (sdk.Metric, bool) {
	m, ok := c.wires[metricKey{kind, wire}]
	return m, ok
}

// Report returns a report kind by its name.
func (c *Catalog) Report(name string) (Report, bool) { r, ok := c.reports[name]; return r, ok }

// Reports returns all report kinds by name.
func (c *Catalog) Reports() []Report {
	out := make([]Report, 0, len(c.reports))
	for _, r := range c.reports {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Report) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Kind returns a declared kind of event or condition.
func (c *Catalog) Kind(name string) (sdk.EventKind, bool) { k, ok := c.kinds[name]; return k, ok }

// Rows returns a declared list of rows.
func (c *Catalog) Rows(name string) (sdk.RowsType, bool) { r, ok := c.rows[name]; return r, ok }

// Lists returns all declared lists of rows by name.
func (c *Catalog) Lists() []sdk.RowsType {
	return slices.SortedFunc(maps.Values(c.rows), func(a, b sdk.RowsType) int { return cmp.Compare(a.Name, b.Name) })
}

// ShowsRows tells whether the state document shows the rows of a declaration: as a list of its own or within a section.
func (c *Catalog) ShowsRows(name string) bool {
	if c.rows[name].APIList != "" {
		return true
	}
	return slices.ContainsFunc(c.shown, func(s sdk.StateSection) bool {
		return slices.ContainsFunc(s.Rows, func(r sdk.SectionRows) bool { return r.Rows == name })
	})
}

// Task returns a declared task of a plugin.
func (c *Catalog) Task(plugin, name string) (sdk.Task, bool) {
	t, ok := c.tasks[taskKey{plugin, name}]
	return t, ok
}

// ReportOf returns the report kind whose reporter is of the type.
func (c *Catalog) ReportOf(kind string) (Report, bool) {
	for _, r := range c.Reports() {
		if r.Type == kind {
			return r, true
		}
	}
	return Report{}, false
}
