package alert

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// Kinds of findings that are no metric and no condition of a plugin.
const (
	// KindOffline is a thing that is down, or whose agent is silent.
	KindOffline = "offline"
	// KindOff is a thing that was stopped on purpose.
	KindOff = "off"
	// KindAll is every kind.
	KindAll = "*"
)

// Origins of rules.
const (
	OriginDefault = "default" // what plugins declare
	OriginLegacy  = "legacy"  // the reference's alert configuration
	OriginUser    = "user"    // /api/rules
)

// Rule says how one kind of finding is judged for the resources it matches. Of several rules that match, the one that
// comes later decides: those that plugins declare, then the configuration document, then the user's by priority.
type Rule struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Origin  string `json:"origin"`
	Enabled bool   `json:"enabled"`
	// Priority orders the user's rules; the highest decides.
	Priority int   `json:"priority"`
	Match    Match `json:"match"`
	// Kind is a metric's name, the kind of a condition, "offline", "off" or "*".
	Kind string `json:"kind"`
	// Instance limits a rule to instances of a metric or condition, with * for any text; empty is all.
	Instance string `json:"instance,omitempty"`
	// Off turns the kind off for what matches.
	Off bool `json:"off,omitempty"`
	// Trigger, Clear and Critical are in the metric's canonical unit; ratios are 0 to 1.
	Trigger  *float64 `json:"trigger,omitempty"`
	Clear    *float64 `json:"clear,omitempty"`
	Critical *float64 `json:"critical,omitempty"`
	Below    bool     `json:"below,omitempty"`
	// For is how long the finding has to last, in seconds; without it the rule before decides.
	For      *float64     `json:"for,omitempty"`
	Severity sdk.Severity `json:"severity,omitempty"`
	// Quiet shows alerts and tells nobody.
	Quiet bool   `json:"quiet,omitempty"`
	Note  string `json:"note,omitempty"`
	// Measure is what is made of the metric's numbers before they are compared: empty for the numbers themselves, "change" for
	// what they grow by in an hour, "full_in" for the hours until a share reaches 1. Over is the time that is looked at, in
	// seconds, six hours by default.
	Measure string   `json:"measure,omitempty"`
	Over    *float64 `json:"over,omitempty"`

	// unless is a metric whose numbers, when they are judged, tell what this rule is about better.
	unless string
	// AtLeast raises the trigger of an earlier rule instead of replacing it.
	AtLeast bool `json:"-"`
	// when is a match that no words express.
	when func(*inventory.Record) bool
}

// Match chooses resources. What is empty does not limit; of a list one entry has to fit.
type Match struct {
	Types []string `json:"types,omitempty"`
	// IDs are uids, ids on the wire, former ones too, or aliases.
	IDs []string `json:"ids,omitempty"`
	// Names are patterns with * for any text, whatever the case.
	Names        []string `json:"names,omitempty"`
	Tags         []string `json:"tags,omitempty"`
	Integrations []string `json:"integrations,omitempty"`
}

// Fits tells whether a record is matched.
func (m Match) Fits(r *inventory.Record) bool {
	if len(m.Types) > 0 && !slices.Contains(m.Types, r.Type) || len(m.Integrations) > 0 && !slices.Contains(m.Integrations, string(r.Integration)) {
		return false
	}
	if len(m.IDs) > 0 && !slices.ContainsFunc(m.IDs, r.Bears) {
		return false
	}
	if len(m.Names) > 0 && !slices.ContainsFunc(m.Names, func(p string) bool { return Glob(p, r.Name) }) {
		return false
	}
	return len(m.Tags) == 0 || hasTag(r, m.Tags)
}

func hasTag(r *inventory.Record, tags []string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool {
		return slices.ContainsFunc(r.AllTags(), func(own string) bool { return strings.EqualFold(own, tag) })
	})
}

// Glob matches a pattern in which * is any text, whatever the case.
func Glob(pattern, text string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	text = strings.ToLower(text)
	if len(parts) == 1 {
		return parts[0] == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		n := strings.Index(text, p)
		if n < 0 {
			return false
		}
		text = text[n+len(p):]
	}
	return true
}

// about tells whether a rule says something about a kind.
func (r *Rule) about(kind string) bool {
	name, measure := plainKind(kind)
	return r.Kind == KindAll || r.Kind == name && r.Measure == measure
}

// forInstance tells whether a rule is about an instance. One that begins with "=" names its label.
func (r *Rule) forInstance(instance string) bool {
	if name, exact := strings.CutPrefix(r.Instance, "="); exact {
		return name == label(instance)
	}
	return r.Instance == "" || Glob(r.Instance, instance)
}

// judged is how one kind is judged for one record.
type judged struct {
	limit Limit
	lasts time.Duration
	quiet bool
	rule  string
	// numbers tells that there is a limit to compare with.
	numbers bool
	// unless is the metric whose numbers are judged instead where there are some.
	unless string
}

// over puts the rules of a record and a kind over one another.
func over(rules []*Rule, kind, instance string) (judged, bool) {
	var j judged
	on := false
	for _, r := range rules {
		if !r.about(kind) || !r.forInstance(instance) {
			continue
		}
		if r.Off {
			on = false
			continue
		}
		if r.Kind == KindAll {
			j.quiet = j.quiet || r.Quiet
			continue
		}
		if r.AtLeast {
			if on && r.Trigger != nil && j.limit.Trigger < *r.Trigger {
				j.raise(*r.Trigger)
			}
			continue
		}
		on = true
		j.put(r)
	}
	return j, on
}

func (j *judged) put(r *Rule) {
	j.rule, j.quiet = r.ID, j.quiet || r.Quiet
	if r.For != nil {
		j.lasts = time.Duration(*r.For * float64(time.Second))
	}
	if r.Severity != "" || r.Trigger != nil {
		j.limit.Severity = cmp.Or(r.Severity, sdk.SeverityWarning)
	}
	if r.Trigger == nil {
		return
	}
	j.numbers, j.unless = true, r.unless
	j.limit.Trigger, j.limit.Critical, j.limit.Below = *r.Trigger, r.Critical, r.Below
	j.limit.Clear = *r.Trigger
	if r.Clear != nil {
		j.limit.Clear = *r.Clear
	}
}

// raise lifts the trigger and what hangs on it.
func (j *judged) raise(to float64) {
	by := to - j.limit.Trigger
	j.limit.Trigger, j.limit.Clear = to, j.limit.Clear+by
	if j.limit.Critical != nil {
		critical := max(*j.limit.Critical, to)
		j.limit.Critical = &critical
	}
}

// label turns an instance into a word for ids.
func label(instance string) string {
	if instance == "/" {
		return "root"
	}
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(path.Clean(instance)) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			dash = false
			continue
		}
		dash = true
	}
	return b.String()
}
