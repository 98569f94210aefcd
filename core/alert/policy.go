package alert

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// silentFor is how long something has to be down, in seconds, where nobody says otherwise.
const silentFor = 60.0

// Policy is all rules in the order in which they are put over one another, and how alerts are named. It is immutable.
type Policy struct {
	catalog *inventory.Catalog
	rules   []*Rule
	groups  map[string]compat.AlertGroup // by resource type
	says    map[[2]string]string         // the plugins' sentences by resource type and metric
	damping Damping
	on      bool
	// sets are the rules that match together; many resources share one.
	sets map[string]*ruleset
}

// ruleset are the rules that match a resource, in their order, and what follows of them. It belongs to the engine's lock.
type ruleset struct {
	rules []*Rule
	// kinds are those that some rule is about, and patterns those of which a rule looks at the instance.
	kinds, patterns map[string]bool
	known           map[[2]string]judgement
}

// judgement is how a kind is judged, if it is.
type judgement struct {
	judged judged
	on     bool
}

// maxKnown bounds what a set remembers of instances.
const maxKnown = 4096

func newRuleset(rules []*Rule) *ruleset {
	s := &ruleset{rules: rules, kinds: map[string]bool{}, patterns: map[string]bool{}, known: map[[2]string]judgement{}}
	for _, r := range rules {
		if r.Kind != KindAll {
			s.kinds[r.Kind] = true
		}
		if r.Instance != "" {
			s.patterns[r.Kind] = true
		}
	}
	return s
}

// judge puts the rules over one another for a kind and an instance.
func (s *ruleset) judge(kind, instance string) judgement {
	plain, _ := plainKind(kind)
	key := [2]string{kind}
	if s.patterns[plain] || s.patterns[KindAll] {
		key[1] = instance
	}
	if j, ok := s.known[key]; ok {
		return j
	}
	if len(s.known) >= maxKnown {
		clear(s.known)
	}
	var j judgement
	j.judged, j.on = over(s.rules, kind, instance)
	s.known[key] = j
	return j
}

// NewPolicy puts together what plugins declare, what the configuration says and what users added. Rules of users come in
// the order of their priority.
func NewPolicy(catalog *inventory.Catalog, d Document, own []Rule) *Policy {
	p := &Policy{catalog: catalog, groups: map[string]compat.AlertGroup{}, says: map[[2]string]string{}, on: d.Enabled, sets: map[string]*ruleset{}}
	if d.FlappingEnabled {
		p.damping = Damping{Firings: d.FlappingThreshold, Window: time.Duration(d.FlappingWindowSeconds) * time.Second, Calm: time.Duration(d.FlappingCooldownMinutes) * time.Minute}
	}
	for _, t := range catalog.Types() {
		section, _ := catalog.Section(t.Name)
		for _, g := range compat.AlertGroups() {
			if slices.Contains(g.Sections, section.Section) || slices.Contains(g.Sections, section.HistoryType) {
				g.Label = cmp.Or(g.Labels[section.Section], g.Label)
				p.groups[t.Name] = g
			}
		}
		p.declared(t)
	}
	c := compiler{p: p, d: &d, flags: flags(d)}
	for _, t := range catalog.Types() {
		if g, ok := p.groups[t.Name]; ok {
			c.group(t.Name, g)
		}
	}
	c.tags()
	own = slices.Clone(own)
	slices.SortStableFunc(own, func(a, b Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	for i := range own {
		if own[i].Enabled {
			p.rules = append(p.rules, &own[i])
		}
	}
	return p
}

// flags are the document's members by name.
func flags(d Document) map[string]any {
	raw, _ := json.Marshal(d)
	out := map[string]any{}
	_ = json.Unmarshal(raw, &out)
	return out
}

// declared adds what a plugin says about a type.
func (p *Policy) declared(t sdk.ResourceType) {
	match := Match{Types: []string{t.Name}}
	seconds := silentFor
	p.rules = append(p.rules, &Rule{ID: "default/" + t.Name + "/offline", Name: t.Label + " down", Origin: OriginDefault, Enabled: true, Match: match, Kind: KindOffline, Severity: sdk.SeverityCritical, For: &seconds})
	for _, th := range t.Thresholds {
		id := "default/" + t.Name + "/" + th.Metric
		if th.Says != "" {
			p.says[[2]string{t.Name, th.Metric}] = th.Says
		}
		trigger, clearAt, lasts := th.Trigger, th.Clear, th.For.Seconds()
		if i := slices.IndexFunc(p.rules, func(r *Rule) bool { return r.ID == id }); i >= 0 {
			// Two thresholds of one metric are its warning and its critical limit.
			if th.Severity == sdk.SeverityCritical {
				p.rules[i].Critical = &trigger
			} else {
				critical := *p.rules[i].Trigger
				p.rules[i].Critical, p.rules[i].Trigger, p.rules[i].Clear, p.rules[i].Severity = &critical, &trigger, &clearAt, th.Severity
			}
			continue
		}
		m, _ := p.catalog.Metric(t.Name, th.Metric)
		note := ""
		if better, known := p.catalog.Metric(t.Name, th.Unless); known {
			note = fmt.Sprintf("Counts where %q is not measured.", cmp.Or(better.Label, better.Name))
		}
		p.rules = append(p.rules, &Rule{
			ID: id, Name: t.Label + " " + cmp.Or(m.Label, th.Metric), Origin: OriginDefault, Enabled: true, Match: match, Kind: th.Metric,
			Trigger: &trigger, Clear: &clearAt, Below: th.Below, For: &lasts, Severity: cmp.Or(th.Severity, sdk.SeverityWarning), Note: note, unless: th.Unless,
		})
	}
}

// Rules returns all rules in their order.
func (p *Policy) Rules() []Rule {
	out := make([]Rule, 0, len(p.rules))
	for _, r := range p.rules {
		out = append(out, *r)
	}
	return out
}

// of returns the rules that match a record, in their order; none when nothing is judged. The caller holds the engine's lock.
func (p *Policy) of(r *inventory.Record) *ruleset {
	rules, name := p.matching(r)
	set := p.sets[name]
	if set == nil {
		set = newRuleset(rules)
		p.sets[name] = set
	}
	return set
}

// matching returns the rules that match, and a name that is the same for the same ones.
func (p *Policy) matching(r *inventory.Record) ([]*Rule, string) {
	if !p.on {
		return nil, ""
	}
	var out []*Rule
	var name []byte
	for i, rule := range p.rules {
		if !rule.Match.Fits(r) || rule.when != nil && !rule.when(r) {
			continue
		}
		if rule.Kind == KindAll && rule.Off {
			out, name = nil, nil // what came before does not matter
		}
		out, name = append(out, rule), binary.AppendUvarint(name, uint64(i))
	}
	return out, string(name)
}

// Naming is how an alert shows on the wire.
type Naming struct {
	Type, ID, Unit, Category, ResourceType, Label string
	// Factor makes a canonical value the shown one.
	Factor float64
}

// name returns how an alert of a kind on a record is named.
func (p *Policy) name(r *inventory.Record, kind, instance string) Naming {
	if plain, measure := plainKind(kind); measure != "" {
		return p.nameMeasure(r, plain, measure, instance)
	}
	n := Naming{Type: kind, ID: "{id}-{type}", Factor: 1}
	if instance != "" {
		n.ID = "{id}/{instance}-{type}"
	}
	if t, ok := p.catalog.Type(r.Type); ok {
		n.ResourceType = t.Label
	}
	m, isMetric := p.catalog.Metric(r.Type, kind)
	if isMetric {
		n.Label, n.Unit, n.Factor = cmp.Or(m.Label, kind), unitText(m.Unit), 1
		if m.Unit == sdk.UnitRatio {
			n.Factor = 100
		}
	}
	if k, ok := p.catalog.Kind(kind); ok {
		n.Label, n.Type, n.Category = k.Label, cmp.Or(k.WireType, kind), k.Category
		n.ID = cmp.Or(k.IDTemplate, n.ID)
	}
	if g, ok := p.groups[r.Type]; ok {
		n.ResourceType = g.Label
		p.nameByGroup(&n, g, kind, instance)
	}
	n.ID = fill(n.ID, r.WireID, n.Type, instance)
	if n.Category == "" {
		n.Category = compat.AlertCategory(n.Type)
	}
	return n
}

// nameMeasure names an alert on what is made of a metric.
func (p *Policy) nameMeasure(r *inventory.Record, kind, measure, instance string) Naming {
	n := p.name(r, kind, instance)
	n.ID += "-" + measure
	n.Type += "-" + measure
	if measure == MeasureFull {
		n.Label, n.Unit, n.Factor, n.Category = "Time until full: "+n.Label, "h", 1, "storage"
		return n
	}
	n.Label, n.Unit = "Change of "+n.Label, strings.TrimSpace(n.Unit+"/h")
	return n
}

func (p *Policy) nameByGroup(n *Naming, g compat.AlertGroup, kind, instance string) {
	switch {
	case kind == KindOffline && g.Offline != nil:
		n.Type, n.ID = g.Offline.Type, g.Offline.ID
	case kind == KindOff && g.Off != nil:
		n.Type, n.ID = g.Off.Type, g.Off.ID
	}
	for _, m := range g.Metrics {
		if m.Metric == kind && (m.Instance == "" || Glob(m.Instance, instance)) {
			n.Type, n.ID, n.Unit = m.Type, m.ID, m.Unit
			if m.Factor != 0 {
				n.Factor = m.Factor
			}
			return
		}
	}
}

func fill(pattern, id, kind, instance string) string {
	return strings.NewReplacer("{id}", id, "{type}", kind, "{instance}", label(instance)).Replace(pattern)
}

func unitText(u sdk.Unit) string {
	switch u {
	case sdk.UnitRatio:
		return "%"
	case sdk.UnitCelsius:
		return "°C"
	case sdk.UnitBytes:
		return "B"
	case sdk.UnitBytesPerSecond:
		return "B/s"
	case sdk.UnitPerSecond:
		return "/s"
	case sdk.UnitSeconds:
		return "s"
	case sdk.UnitWatt:
		return "W"
	case sdk.UnitRPM:
		return "rpm"
	}
	return ""
}

// number writes a value with its unit for people.
func number(v float64, unit string) string {
	text := fmt.Sprintf("%.1f", v)
	text = strings.TrimSuffix(text, ".0")
	switch unit {
	case "":
		return text
	case "B", "B/s":
		return bytesText(v) + strings.TrimPrefix(unit, "B")
	case "s":
		return durationText(v)
	case "d":
		return durationText(v * 86400)
	}
	return text + " " + unit
}

// durationText writes seconds in the unit that people would take.
func durationText(seconds float64) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}} {
		if seconds >= u.size*(1-1e-9) {
			text := strings.TrimSuffix(fmt.Sprintf("%.1f", seconds/u.size), ".0")
			if text != "1" {
				u.name += "s"
			}
			return text + " " + u.name
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", seconds), ".0") + " s"
}

func bytesText(v float64) string {
	names := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	n := 0
	for ; v >= 1024 && n < len(names)-1; n++ {
		v /= 1024
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + " " + names[n]
}
