package alert

import (
	"context"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
)

// Limits of a simulation.
const (
	maxSimulated   = 300  // resources
	simulatePoints = 5000 // per series
	maxFirings     = 500  // that are returned
	maxSimulateAge = 31 * 24 * time.Hour
)

// Occurrence is when a rule would have fired.
type Occurrence struct {
	ResourceID   string    `json:"resourceId"`
	ResourceName string    `json:"resourceName"`
	Instance     string    `json:"instance,omitempty"`
	Severity     string    `json:"severity"`
	Started      time.Time `json:"started"`
	Fired        time.Time `json:"fired"`
	// Ended is zero while it would still fire.
	Ended time.Time `json:"ended,omitzero"`
	// Peak is the worst value, in the metric's canonical unit.
	Peak float64 `json:"peak"`
}

// Simulation is what a rule would have done.
type Simulation struct {
	From      time.Time    `json:"from"`
	To        time.Time    `json:"to"`
	Resources int          `json:"resources"`
	Series    int          `json:"series"`
	Total     int          `json:"total"`
	Firings   []Occurrence `json:"firings"`
	// Truncated says that not all resources or firings are in it.
	Truncated bool `json:"truncated"`
}

// Simulate tells what a rule would have done in the time before now, by the stored numbers.
func (e *Engine) Simulate(ctx context.Context, store metric.Store, r Rule, span time.Duration) (Simulation, error) {
	if r.Name == "" {
		r.Name = "simulated"
	}
	if err := r.check(); err != nil {
		return Simulation{}, err
	}
	if r.Measure != "" {
		return Simulation{}, errs.New(errs.Invalid, "measure: rules over time cannot be tried on the past").WithField("measure")
	}
	if r.Trigger == nil && !r.Off {
		return Simulation{}, errs.New(errs.Invalid, "trigger is missing: only rules about numbers can be tried on stored ones").WithField("trigger")
	}
	if span <= 0 || span > maxSimulateAge {
		return Simulation{}, errs.New(errs.Invalid, "hours must be from 1 to %d", int(maxSimulateAge.Hours())).WithField("hours")
	}
	r.Enabled = true
	to := e.Now()
	out := Simulation{From: to.Add(-span).UTC(), To: to.UTC(), Firings: []Occurrence{}}
	policy, records := e.matched(&r)
	if len(records) > maxSimulated {
		records, out.Truncated = records[:maxSimulated], true
	}
	out.Resources = len(records)
	if len(records) == 0 {
		return out, nil
	}
	byUID := map[id.UID]*inventory.Record{}
	q := metric.Query{Metrics: []string{r.Kind}, From: out.From, To: to, MaxPoints: simulatePoints}
	for _, one := range records {
		byUID[one.UID] = one
		q.Records = append(q.Records, one.UID)
	}
	series, err := store.Query(ctx, q)
	if err != nil {
		return out, err
	}
	for _, s := range series {
		record := byUID[s.Record]
		rules, _ := policy.matching(record)
		j, on := over(append(slices.Clone(rules), &r), s.Metric, s.Instance)
		if !r.forInstance(s.Instance) {
			continue
		}
		out.Series++
		if on && j.numbers {
			out.add(replay(record, s, j, policy.damping))
		}
	}
	return out, nil
}

// matched returns the present policy and the records that a rule is about.
func (e *Engine) matched(r *Rule) (*Policy, []*inventory.Record) {
	e.mu.Lock()
	policy := e.policy
	e.mu.Unlock()
	snap := e.Inventory.Snapshot()
	var out []*inventory.Record
	for _, kind := range policy.catalog.Types() {
		if _, has := policy.catalog.Metric(kind.Name, r.Kind); !has {
			continue
		}
		for _, one := range snap.Type(kind.Name) {
			if r.Match.Fits(one) {
				out = append(out, one)
			}
		}
	}
	return policy, out
}

func (s *Simulation) add(firings []Occurrence) {
	s.Total += len(firings)
	room := maxFirings - len(s.Firings)
	if len(firings) > room {
		firings, s.Truncated = firings[:room], true
	}
	s.Firings = append(s.Firings, firings...)
}

// replay steps over the points of a series. Of points that stand for several samples the worst counts.
func replay(r *inventory.Record, s metric.Series, j judged, d Damping) []Occurrence {
	var out []Occurrence
	var t Track
	for _, p := range s.Points {
		value := p.Value
		if p.Count > 1 && j.limit.Below {
			value = p.Min
		} else if p.Count > 1 {
			value = p.Max
		}
		var change Change
		t, change = Step(t, j.limit.Judge(value), j.lasts, d, p.Time())
		last := len(out) - 1
		switch {
		case change == Fired:
			out = append(out, Occurrence{
				ResourceID: r.WireID, ResourceName: r.Name, Instance: s.Instance, Severity: string(t.Severity), Started: t.Since.UTC(), Fired: p.Time(), Peak: value,
			})
		case change == Resolved:
			out[last].Ended = p.Time()
		case t.Phase == Firing && j.limit.beyond(value, out[last].Peak):
			out[last].Peak = value
			if rank(t.Severity) > 2 {
				out[last].Severity = string(t.Severity)
			}
		}
	}
	return out
}
