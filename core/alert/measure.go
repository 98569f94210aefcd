package alert

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

// Measures of a rule: what is made of a metric's numbers before it is compared.
const (
	// MeasureChange is by how much the number grows in an hour.
	MeasureChange = "change"
	// MeasureFull is in how many hours a share reaches 1, as it has been growing; the rule fires below its trigger.
	MeasureFull = "full_in"
)

// Limits of rules over time.
const (
	measureEvery   = time.Minute
	measureRecords = 2000
	measurePoints  = 120
	defaultOver    = 6 * time.Hour
	// leastOver is the share of the time that has to be measured before a trend is believed.
	leastOver = 0.25
)

// between separates a metric from what is made of it in the kind of an alert.
const between = "~"

// plainKind is the metric of a kind, and the measure if it has one.
func plainKind(kind string) (name, measure string) {
	name, measure, _ = strings.Cut(kind, between)
	return name, measure
}

// measure looks at rules over time, each minute.
func (e *Engine) measure(ctx context.Context) error {
	e.mu.Lock()
	now, policy := e.Now(), e.policy
	due := now.Sub(e.measured) >= measureEvery
	if due {
		e.measured = now
	}
	e.mu.Unlock()
	if !due || e.Metrics == nil || !policy.on {
		return nil
	}
	for _, r := range policy.rules {
		if r.Measure == "" || r.Off {
			continue
		}
		if err := e.trend(ctx, policy, r, now); err != nil {
			return err
		}
	}
	return nil
}

// trend judges one rule over time for all that it matches.
func (e *Engine) trend(ctx context.Context, policy *Policy, r *Rule, now time.Time) error {
	over := defaultOver
	if r.Over != nil {
		over = time.Duration(*r.Over * float64(time.Second))
	}
	_, records := e.matched(r)
	records = records[:min(len(records), measureRecords)]
	if len(records) == 0 {
		return nil
	}
	q := metric.Query{Metrics: []string{r.Kind}, From: now.Add(-over), To: now, MaxPoints: measurePoints}
	for _, one := range records {
		if one.Stale == nil {
			q.Records = append(q.Records, one.UID)
		}
	}
	if len(q.Records) == 0 {
		return nil
	}
	series, err := e.Metrics.Query(ctx, q)
	if err != nil {
		return err
	}
	return e.turn(ctx, func(t *turn) error {
		if e.policy != policy {
			return nil // other rules hold by now; they are looked at in a minute
		}
		for _, s := range series {
			if value, ok := trendOf(s.Points, r.Measure, over); ok && r.forInstance(s.Instance) {
				t.trend(s.Key, r, value)
			}
		}
		return nil
	})
}

func (t *turn) trend(key metric.Key, r *Rule, value float64) {
	s := t.e.subject(key.Record)
	if s == nil {
		return
	}
	at := Key{key.Record, key.Metric + between + r.Measure, key.Instance}
	w := s.watch(at)
	if w.on && w.judged.numbers && w.judged.rule == r.ID {
		t.step(at, w, w.judged.limit.Judge(value), t.now)
	}
}

// trendOf is what a measure makes of points, by least squares; false when they do not say enough.
func trendOf(points []metric.Point, measure string, over time.Duration) (float64, bool) {
	if len(points) < 3 || float64(points[len(points)-1].Time().Sub(points[0].Time())) < leastOver*float64(over) {
		return 0, false
	}
	begin := points[0].Time()
	var n, sx, sy, sxx, sxy float64
	for _, p := range points {
		x := p.Time().Sub(begin).Hours()
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+p.Value, sxx+x*x, sxy+x*p.Value
	}
	det := n*sxx - sx*sx
	if det == 0 {
		return 0, false
	}
	slope := (n*sxy - sx*sy) / det // an hour
	if measure == MeasureChange {
		return slope, true
	}
	last := points[len(points)-1].Value
	if slope <= 0 {
		return farAway, true
	}
	return min(max((1-last)/slope, 0), farAway), true
}

// farAway is the time to full, in hours, of what does not grow.
const farAway = 24 * 365

// Evaluation is one number and what it was judged to be.
type Evaluation struct {
	Time     time.Time `json:"time"`
	Value    float64   `json:"value"`
	Severity string    `json:"severity" help:"Empty when all was well."`
}

// Reasons say why something fires or does not. Numbers are as people see them, in the unit.
type Reasons struct {
	ResourceID   string `json:"resourceId"`
	ResourceName string `json:"resourceName"`
	Kind         string `json:"kind"`
	Instance     string `json:"instance,omitempty"`
	// Rules are those that match, in the order in which they are put over one another; Decides is the one that counts.
	Rules   []Rule `json:"rules"`
	Decides string `json:"decides,omitempty"`
	Judged  bool   `json:"judged"`
	Phase   Phase  `json:"phase" help:"Empty, pending or firing."`
	// Since is when the finding began, For how many seconds it has to last.
	Since    time.Time `json:"since,omitzero"`
	For      float64   `json:"for"`
	Trigger  *float64  `json:"trigger,omitempty"`
	Clear    *float64  `json:"clear,omitempty"`
	Critical *float64  `json:"critical,omitempty"`
	Below    bool      `json:"below,omitempty"`
	Unit     string    `json:"unit,omitempty"`
	Quiet    string    `json:"quiet,omitempty"`
	// Evaluations are the last numbers, the newest first.
	Evaluations []Evaluation `json:"evaluations"`
}

// looks is how many evaluations are shown.
const looks = 20

// Why tells how one kind of finding on a resource is judged, and what the last numbers were judged to be.
func (e *Engine) Why(ctx context.Context, r *inventory.Record, kind, instance string) (Reasons, error) {
	e.mu.Lock()
	policy := e.policy
	s := e.subjectOf(r)
	key := Key{r.UID, kind, instance}
	j, on := over(s.set.rules, kind, instance)
	if _, isMetric := policy.catalog.Metric(r.Type, kind); !isMetric && kind != KindOffline && kind != KindOff && !strings.Contains(kind, between) {
		on = s.judgesCondition(key)
	}
	out := Reasons{ResourceID: r.WireID, ResourceName: r.Name, Kind: kind, Instance: instance, Rules: []Rule{}, Decides: j.rule, Judged: on, For: j.lasts.Seconds(), Evaluations: []Evaluation{}}
	if w := s.watched[key]; w != nil {
		out.Phase, out.Since = w.track.Phase, w.track.Since.UTC()
	}
	for _, rule := range s.set.rules {
		if rule.about(kind) && rule.forInstance(instance) {
			out.Rules = append(out.Rules, *rule)
		}
	}
	n := policy.name(r, kind, instance)
	out.Quiet = e.quiet(r, j.quiet, e.Now())
	unless := ""
	if s.set.stands(j.unless) {
		unless = j.unless
	}
	e.mu.Unlock()
	out.Unit = n.Unit
	if !on || !j.numbers {
		return out, nil
	}
	shown := func(v float64) *float64 { v *= n.Factor; return &v }
	out.Trigger, out.Clear, out.Below = shown(j.limit.Trigger), shown(j.limit.Clear), j.limit.Below
	if j.limit.Critical != nil {
		out.Critical = shown(*j.limit.Critical)
	}
	name, measure := plainKind(kind)
	if e.Metrics == nil || measure != "" {
		return out, nil
	}
	from, to := e.Now().Add(-time.Hour), e.Now().Add(time.Second)
	series, err := e.Metrics.Query(ctx, metric.Query{Records: []id.UID{r.UID}, Metrics: []string{name}, Instances: []string{instance}, From: from, To: to})
	if err != nil || len(series) == 0 {
		return out, err
	}
	better, err := e.betterAt(ctx, r.UID, unless, from, to)
	if err != nil {
		return out, err
	}
	for _, p := range slices.Backward(series[0].Points) {
		if len(out.Evaluations) == looks {
			break
		}
		is := Evaluation{p.Time(), p.Value * n.Factor, string(j.limit.Judge(p.Value).Severity)}
		if better[p.At] {
			is.Severity = ""
		}
		out.Evaluations = append(out.Evaluations, is)
	}
	return out, nil
}

// MetricLimit is from when on a metric of a resource is an alert, in its canonical unit.
type MetricLimit struct {
	Metric   string       `json:"metric"`
	Trigger  float64      `json:"trigger"`
	Clear    float64      `json:"clear"`
	Critical *float64     `json:"critical,omitempty"`
	Below    bool         `json:"below"`
	Severity sdk.Severity `json:"severity"`
}

// Limits returns the limits that hold for a resource now, after all rules and overrides: what its charts show. A rule for one
// instance of a metric is not among them.
func (e *Engine) Limits(r *inventory.Record) []MetricLimit {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []MetricLimit{}
	rules := e.subjectOf(r).set
	for _, name := range slices.Sorted(maps.Keys(rules.kinds)) {
		j := rules.judge(name, "")
		if _, known := e.policy.catalog.Metric(r.Type, name); !known || !j.on || !j.judged.numbers {
			continue
		}
		l := j.judged.limit
		out = append(out, MetricLimit{name, l.Trigger, l.Clear, l.Critical, l.Below, l.Severity})
	}
	return out
}
