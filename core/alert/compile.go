package alert

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// compiler turns the configuration document into rules of origin legacy.
type compiler struct {
	p     *Policy
	d     *Document
	flags map[string]any
}

func (c *compiler) add(r Rule) {
	r.Origin, r.Enabled = OriginLegacy, true
	c.p.rules = append(c.p.rules, &r)
}

func (c *compiler) thresholds(g compat.AlertGroup) Thresholds {
	switch g.Member {
	case "guestDefaults":
		return c.d.GuestDefaults
	case "nodeDefaults":
		return c.d.NodeDefaults
	case "hostDefaults":
		return c.d.HostDefaults
	case "pbsDefaults":
		return c.d.PBSDefaults
	case "dockerDefaults":
		return c.d.DockerDefaults
	case "pmgDefaults":
		return c.d.PMGDefaults
	case "storageDefault":
		return Thresholds{Limits: map[string]Hysteresis{g.Metrics[0].Member: c.d.StorageDefault}}
	}
	return Thresholds{}
}

// group adds the rules of one class for one resource type.
func (c *compiler) group(kind string, g compat.AlertGroup) {
	prefix := "legacy/" + kind + "/"
	types := Match{Types: []string{kind}}
	t := c.thresholds(g)
	for _, m := range g.Metrics {
		_, known := c.p.catalog.Metric(kind, m.Metric)
		switch {
		case !known, m.Member == "": // what has no member is only named
		case m.Days != "":
			c.ages(prefix+m.Member, types, m)
		case m.Critical != "":
			c.pair(prefix+m.Member, kind, types, g, m, t)
		default:
			c.limit(prefix+m.Member, kind, types, g, m, m.Instance, t.Limits[m.Member])
		}
	}
	c.status(prefix, types, g, t, false)
	c.custom(prefix, kind, types, g)
	c.overrides(prefix, kind, g)
	if on, _ := c.flags[g.DisableOffline].(bool); on {
		c.off(prefix+"no-status", types, KindOffline)
		c.off(prefix+"no-status", types, KindOff)
	}
	c.ignored(prefix, types, g)
	if on, _ := c.flags[g.Disable].(bool); on {
		c.off(prefix+"disabled", types, KindAll)
	}
}

func (c *compiler) off(name string, m Match, kind string) {
	c.add(Rule{ID: name, Match: m, Kind: kind, Off: true})
}

// limit adds one threshold; a trigger of 0 turns the metric off.
func (c *compiler) limit(name, kind string, match Match, g compat.AlertGroup, m compat.AlertMetric, instance string, h Hysteresis) {
	if h.Trigger <= 0 {
		c.add(Rule{ID: name, Match: match, Kind: m.Metric, Instance: instance, Off: true})
		return
	}
	factor := c.factor(kind, m)
	trigger, clearAt, critical, lasts := h.Trigger/factor, h.Clear/factor, (h.Trigger+10)/factor, c.d.delay(g.Delays, m.Member)
	c.add(Rule{
		ID: name, Name: g.Label + " " + m.Member, Match: match, Kind: m.Metric, Instance: instance,
		Trigger: &trigger, Clear: &clearAt, Critical: &critical, For: &lasts, Severity: sdk.SeverityWarning,
	})
}

// calmShare is how far below the number that warns of a pair all is well again: what moves around it is one alert.
const calmShare = 0.9

// pair adds the two numbers of a metric from which on people are warned and it is critical.
func (c *compiler) pair(name, kind string, match Match, g compat.AlertGroup, m compat.AlertMetric, t Thresholds) {
	warning, known := limitOf(t.Rest[m.Member], m.Parts[0])
	if !known {
		return
	}
	factor := c.factor(kind, m)
	trigger, clearAt, none := warning/factor, calmShare*warning/factor, 0.0
	r := Rule{ID: name, Name: g.Label + " " + m.Member, Match: match, Kind: m.Metric, Trigger: &trigger, Clear: &clearAt, For: &none, Severity: sdk.SeverityWarning}
	if worst, known := limitOf(t.Rest[m.Critical], m.Parts[1]); known {
		critical := worst / factor
		r.Critical = &critical
	}
	c.add(r)
}

// limitOf is a number of the document, or the part of it that counts, at least 1; false when it is not above 0.
func limitOf(raw json.RawMessage, part float64) (limit float64, known bool) {
	if json.Unmarshal(raw, &limit) != nil || limit <= 0 {
		return 0, false
	}
	if part > 0 {
		limit = max(1, limit*part)
	}
	return limit, true
}

func (c *compiler) factor(kind string, m compat.AlertMetric) float64 {
	if m.Factor != 0 {
		return m.Factor
	}
	if declared, ok := c.p.catalog.Metric(kind, m.Metric); ok && declared.Unit == sdk.UnitRatio {
		return 100
	}
	return 1
}

// sorted are the keys of a map in their order: rules are listed as they are made, and the same document makes the same list.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// status adds the rules about being down and being stopped. An override changes what it names and nothing else.
func (c *compiler) status(prefix string, match Match, g compat.AlertGroup, t Thresholds, override bool) {
	statuses := map[string]*compat.AlertStatus{KindOffline: g.Offline, KindOff: g.Off}
	for _, kind := range sorted(statuses) {
		s := statuses[kind]
		switch {
		case t.DisableConnectivity:
			c.off(prefix+kind, match, kind)
		case s == nil || override && (t.PoweredOffSeverity == "" || !s.Configured):
		default:
			severity := s.Severity
			if s.Configured {
				severity = t.PoweredOffSeverity
			}
			if severity == "" {
				severity = string(sdk.SeverityWarning)
			}
			lasts := s.For
			c.add(Rule{ID: prefix + kind, Name: g.Label + " " + kind, Match: match, Kind: kind, Severity: sdk.Severity(severity), For: &lasts})
		}
	}
}

// overrides adds the thresholds of single resources and of single instances.
func (c *compiler) overrides(prefix, kind string, g compat.AlertGroup) {
	for _, key := range sorted(c.d.Overrides) {
		o := c.d.Overrides[key]
		match := Match{Types: []string{kind}, IDs: []string{key}}
		name := prefix + "override/" + key
		for _, m := range g.Metrics {
			if m.Days != "" {
				c.ageOverride(name, match, m, o)
			} else if h, named := o.Limits[m.Member]; named {
				c.limit(name, kind, match, g, m, m.Instance, h)
			}
		}
		c.status(name+"/", match, g, o, true)
		if o.Disabled {
			c.off(name, match, KindAll)
		}
		for _, m := range g.Metrics {
			if id, instance, ok := split(m.Override, key); ok {
				one := Match{Types: []string{kind}, IDs: []string{id}}
				if h, named := o.Limits[m.Member]; named {
					c.limit(name, kind, one, g, m, "="+instance, h)
				}
				if o.Disabled {
					c.add(Rule{ID: name, Match: one, Kind: m.Metric, Instance: "=" + instance, Off: true})
				}
			}
		}
	}
}

// split reads id and label of an instance from a key of the form of a pattern.
func split(pattern, key string) (id, instance string, ok bool) {
	before, rest, found := strings.Cut(pattern, "{id}")
	if !found {
		return "", "", false
	}
	between := strings.TrimSuffix(rest, "{instance}")
	key, ok = strings.CutPrefix(key, before)
	if !ok {
		return "", "", false
	}
	return cut(key, between)
}

func cut(key, sep string) (string, string, bool) {
	if n := strings.Index(key, sep); n > 0 && sep != "" {
		return key[:n], key[n+len(sep):], true
	}
	return "", "", false
}

// ignored turns off what names and tags exclude.
func (c *compiler) ignored(prefix string, match Match, g compat.AlertGroup) {
	when := func(name string, f func(*inventory.Record) bool) {
		c.add(Rule{ID: prefix + name, Match: match, Kind: KindAll, Off: true, when: f})
	}
	if list := texts(c.flags[g.Prefixes]); len(list) > 0 {
		when("ignored", func(r *inventory.Record) bool {
			return slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(r.Name, p) })
		})
	}
	if list := texts(c.flags[g.Blacklist]); len(list) > 0 {
		when("blacklist", func(r *inventory.Record) bool { return hasTag(r, list) })
	}
	if list := texts(c.flags[g.Whitelist]); len(list) > 0 {
		when("whitelist", func(r *inventory.Record) bool { return !hasTag(r, list) })
	}
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, one := range list {
		if text, ok := one.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// tags adds what tags say, for things of any type.
func (c *compiler) tags() {
	triggers := compat.RelaxedTriggers()
	for _, t := range c.p.catalog.Types() {
		match := Match{Types: []string{t.Name}, Tags: []string{compat.TagRelaxed}}
		for _, member := range sorted(triggers) {
			for _, metric := range c.metrics(t.Name, member) {
				at := triggers[member] / c.factor(t.Name, compat.AlertMetric{Metric: metric})
				c.add(Rule{ID: "legacy/" + compat.TagRelaxed, Match: match, Kind: metric, Trigger: &at, AtLeast: true})
			}
		}
	}
	c.add(Rule{ID: "legacy/" + compat.TagMonitorOnly, Match: Match{Tags: []string{compat.TagMonitorOnly}}, Kind: KindAll, Quiet: true})
	c.off("legacy/"+compat.TagNoAlerts, Match{Tags: []string{compat.TagNoAlerts}}, KindAll)
}

// metrics are the canonical metrics behind a member of the type's group.
func (c *compiler) metrics(kind, member string) []string {
	out := []string{member}
	for _, m := range c.p.groups[kind].Metrics {
		if m.Member == member && !slices.Contains(out, m.Metric) {
			out = append(out, m.Metric)
		}
	}
	return out
}

// custom adds the document's own rules: of those that match a resource only the one with the highest priority counts.
func (c *compiler) custom(prefix, kind string, match Match, g compat.AlertGroup) {
	if !g.CustomRules {
		return
	}
	var live []CustomRule
	for _, r := range c.d.CustomRules {
		if r.Enabled && r.Priority >= 0 {
			live = append(live, r)
		}
	}
	slices.SortStableFunc(live, func(a, b CustomRule) int { return b.Priority - a.Priority })
	for i, r := range live {
		before := len(c.p.rules)
		name := prefix + "custom/" + r.ID
		for _, m := range g.Metrics {
			if h, named := r.Thresholds.Limits[m.Member]; named {
				c.limit(name, kind, match, g, m, m.Instance, h)
			}
		}
		c.status(name+"/", match, g, r.Thresholds, true)
		if r.Thresholds.Disabled {
			c.off(name, match, KindAll)
		}
		for _, added := range c.p.rules[before:] {
			added.when = func(record *inventory.Record) bool {
				return live[i].FilterConditions.fits(record) && !slices.ContainsFunc(live[:i], func(o CustomRule) bool { return o.FilterConditions.fits(record) })
			}
		}
	}
}

// fits tells whether a record passes the filters. Filters on numbers never do: whether a rule holds must not depend on
// the number that it judges.
func (s filterStack) fits(r *inventory.Record) bool {
	if len(s.Filters) == 0 {
		return true
	}
	match := func(f ruleFilter) bool { return f.fits(r) }
	if s.LogicalOperator == "AND" {
		return !slices.ContainsFunc(s.Filters, func(f ruleFilter) bool { return !match(f) })
	}
	return slices.ContainsFunc(s.Filters, match)
}

func (f ruleFilter) fits(r *inventory.Record) bool {
	contains := func(in, text string) bool { return strings.Contains(strings.ToLower(in), strings.ToLower(text)) }
	switch f.Type {
	case "raw":
		return contains(r.Name, f.RawText) || contains(r.WireID, f.RawText) || contains(r.Partition, f.RawText) || contains(r.Word, f.RawText)
	case "text":
		var text string
		if json.Unmarshal(f.Value, &text) != nil {
			text = string(bytes.Trim(f.Value, `"`))
		}
		switch f.Field {
		case "name":
			return contains(r.Name, text)
		case "node":
			return contains(node(r), text)
		case "vmid":
			return contains(r.WireID, text)
		}
	}
	return false
}

// node is the machine that a record says it is on.
func node(r *inventory.Record) string {
	var doc struct {
		Node     string `json:"node"`
		Hostname string `json:"hostname"`
	}
	if json.Unmarshal(r.Parts[""], &doc) != nil {
		return ""
	}
	if doc.Node != "" {
		return doc.Node
	}
	return doc.Hostname
}
