package alert

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// describe puts an alert into words and numbers for people.
func (e *Engine) describe(r *inventory.Record, key Key, w *watched) *Alert {
	n := e.policy.name(r, key.Kind, key.Instance)
	a := &Alert{
		ID: n.ID, Key: key, Type: n.Type, Category: n.Category, Severity: w.track.Severity, Rule: w.judged.rule,
		ResourceType: n.ResourceType, RecordType: r.Type, Integration: r.Integration, Platform: platform(r), Unit: n.Unit,
		Value: w.track.Value * n.Factor, Threshold: w.track.Threshold * n.Factor, Clear: w.judged.limit.Clear * n.Factor,
		Started: w.track.Since.UTC(), LastSeen: w.track.Seen.UTC(), Flapping: w.track.Flapping,
	}
	a.about(r)
	switch key.Kind {
	case KindOffline:
		a.Value, a.Threshold, a.Clear, a.Message = 0, 0, 0, e.downMessage(r, a)
	case KindOff:
		a.Value, a.Threshold, a.Clear = 0, 0, 0
		a.Message = fmt.Sprintf("%s %s is not running (%s).", a.ResourceType, a.ResourceName, cmp.Or(r.Word, string(r.Status)))
	default:
		e.describeFinding(r, a, n, w)
	}
	return a
}

// about says of which resource an alert is: it may have moved or got another name since.
func (a *Alert) about(r *inventory.Record) {
	name := cmp.Or(r.Source.DisplayName, r.Name, r.WireID)
	if a.ResourceID == r.WireID && a.ResourceName == name {
		return
	}
	a.ResourceID, a.ResourceName, a.Tags = r.WireID, name, r.AllTags()
	a.Node = cmp.Or(node(r), r.Source.Hostname, r.Name)
}

func (e *Engine) downMessage(r *inventory.Record, a *Alert) string {
	if r.Stale == nil {
		return fmt.Sprintf("%s %s is down.", a.ResourceType, a.ResourceName)
	}
	ago := ""
	if !r.LastSeen.IsZero() {
		ago = " since " + r.LastSeen.UTC().Format("15:04:05 MST")
	}
	a.Started = r.Stale.Since.UTC()
	return fmt.Sprintf("%s %s is silent: no report of its agent%s.", a.ResourceType, a.ResourceName, ago)
}

func (e *Engine) describeFinding(r *inventory.Record, a *Alert, n Naming, w *watched) {
	key := a.Key
	plain, _ := plainKind(key.Kind)
	if _, isMetric := e.catalog.Metric(r.Type, plain); !isMetric {
		a.Value, a.Threshold, a.Clear = 0, 0, 0
		a.Message = cmp.Or(n.Label, key.Kind)
		for _, c := range e.Conditions.Of(key.Record) {
			if c.Kind == key.Kind && c.Instance == key.Instance {
				a.Message, a.Metadata, a.Started = cmp.Or(c.Message, a.Message), c.Metadata, c.Since.UTC()
			}
		}
		return
	}
	what := n.Label
	if key.Instance != "" {
		what += " " + key.Instance
		a.Metadata = map[string]string{"instance": key.Instance}
	}
	if says := e.policy.says[[2]string{r.Type, plain}]; says != "" && plain == key.Kind {
		a.Message = strings.NewReplacer("{name}", a.ResourceName, "{instance}", key.Instance, "{value}", number(a.Value, a.Unit), "{limit}", number(a.Threshold, a.Unit)).Replace(says)
		return
	}
	side := "over"
	if w.judged.limit.Below {
		side = "under"
	}
	a.Message = fmt.Sprintf("%s of %s is at %s, %s the limit of %s.", what, a.ResourceName, number(a.Value, a.Unit), side, number(a.Threshold, a.Unit))
}

// platform is the system that a record says it runs.
func platform(r *inventory.Record) string {
	var doc struct {
		Platform string `json:"platform"`
		OSName   string `json:"osName"`
		Instance string `json:"instance"`
	}
	if json.Unmarshal(r.Parts[""], &doc) != nil {
		return ""
	}
	return cmp.Or(doc.Instance, doc.Platform, doc.OSName)
}

// parent returns what a record hangs on, nil when it stands alone.
func (e *Engine) parent(r *inventory.Record) *inventory.Record {
	for _, kind := range []sdk.RelationKind{sdk.RunsOn, sdk.OwnedBy, sdk.MemberOf} {
		for _, rel := range r.Relations {
			if rel.Kind == kind && rel.Key != "" {
				if p, ok := e.Inventory.Record(id.Record(r.Integration, rel.Key)); ok && p.UID != r.UID {
					return p
				}
			}
		}
	}
	return nil
}

// depth is how far up a fault is looked for.
const depth = 5

// quiet says why nobody is told of what is wrong with a resource, empty when people are. Who works on something works on what
// depends on it.
func (e *Engine) quiet(r *inventory.Record, monitorOnly bool, now time.Time) string {
	if monitorOnly {
		return "monitored only"
	}
	for p, n := r, 0; p != nil && n <= depth; p, n = e.parent(p), n+1 {
		for i := range e.windows {
			if e.windows[i].covers(p, now) {
				return "maintenance: " + e.windows[i].Name
			}
		}
	}
	for p, n := e.parent(r), 0; p != nil && n < depth; p, n = e.parent(p), n+1 {
		silent := p.Stale != nil && p.Stale.Reason == inventory.ReasonSilent && p.Source.Reporter
		if silent || p.Stale == nil && p.Status == sdk.StatusDown || e.firing[Key{Record: p.UID, Kind: KindOffline}] != nil {
			return cmp.Or(p.Name, p.WireID) + ", which it depends on, is down"
		}
	}
	return ""
}

// compare orders alerts by machine and id.
func compare(a, b Alert) int {
	return cmp.Or(strings.Compare(a.Node, b.Node), strings.Compare(a.ID, b.ID), strings.Compare(a.Incident, b.Incident))
}
