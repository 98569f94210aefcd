package alert

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// AutoUser is who acknowledges what nobody acknowledged for long.
const AutoUser = "system-auto"

// Tick looks at what no sample tells: how resources are, what plugins report, what has ended with its resource and what
// may be told by now. It is called every few seconds.
func (e *Engine) Tick(ctx context.Context) error {
	err := e.turn(ctx, func(t *turn) error {
		if c := e.Inventory.Catalog(); c != e.catalog {
			e.compile()
		}
		snap := e.Inventory.Snapshot()
		for _, kind := range e.catalog.Types() {
			for _, r := range snap.Type(kind.Name) {
				t.status(r)
			}
		}
		t.conditions()
		t.sources()
		t.firing()
		e.forget(snap)
		return nil
	})
	if err != nil {
		return fmt.Errorf("judge alerts: %w", err)
	}
	if err := e.measure(ctx); err != nil {
		return fmt.Errorf("judge numbers over time: %w", err)
	}
	return e.trim(ctx)
}

func (e *Engine) trim(ctx context.Context) error {
	now := e.Now()
	e.mu.Lock()
	due := now.Sub(e.trimmed) >= 24*time.Hour
	if due {
		e.trimmed = now
	}
	e.mu.Unlock()
	if !due {
		return nil
	}
	return e.Store.Trim(ctx, now.Add(-Retention))
}

// forget drops what is remembered of records that are gone. The caller holds mu.
func (e *Engine) forget(snap *inventory.Snapshot) {
	if len(e.subjects) <= snap.Len() {
		return
	}
	for uid := range e.subjects {
		if _, there := snap.Record(uid); !there && !isSource(uid) {
			delete(e.subjects, uid)
		}
	}
}

// status judges whether a resource is down or was stopped.
func (t *turn) status(r *inventory.Record) {
	down, off, word := false, false, true
	switch {
	case r.Stale != nil && r.Stale.Reason == inventory.ReasonSilent && r.Source.Reporter:
		down = true
	case r.Stale != nil:
		word = false // its source is away, which says nothing about the thing
	case r.Status == sdk.StatusDown:
		down = true
	case r.Status == sdk.StatusOff:
		off = r.Ran || t.e.firing[Key{Record: r.UID, Kind: KindOff}] != nil
	case r.Status == sdk.StatusUnknown || r.Status == "":
		word = false
	}
	if !word {
		return
	}
	s := t.e.subjects[r.UID]
	if s == nil && !down && !off {
		return
	}
	if down || off {
		s = t.e.subjectOf(r)
	}
	t.state(r, s, KindOffline, down)
	t.state(r, s, KindOff, off)
}

func (t *turn) state(r *inventory.Record, s *subject, kind string, wrong bool) {
	key := Key{Record: r.UID, Kind: kind}
	w := s.watched[key]
	if w == nil {
		if !wrong {
			return
		}
		w = s.watch(key)
	}
	if wrong && !w.on {
		t.unjudged(key, w)
	} else {
		t.look(r, key, w, wrong)
	}
	if wrong {
		t.stopped(r.UID, s)
	} else if w.track.Phase == Idle && len(w.track.Fired) == 0 {
		delete(s.watched, key)
	}
}

// look judges what a resource is said to be.
func (t *turn) look(r *inventory.Record, key Key, w *watched, wrong bool) {
	v := Verdict{}
	if wrong {
		v.Severity = w.judged.limit.Severity
	}
	patience := w.judged.lasts
	if wrong && patience > 0 && t.e.parent(r) != nil {
		w.judged.lasts += childPatience
	}
	t.step(key, w, v, t.now)
	w.judged.lasts = patience
}

// unjudged ends a finding that nobody wants to know of any more, whether it is still so or not.
func (t *turn) unjudged(key Key, w *watched) {
	if w.track.Phase != Idle {
		t.drop(key, w, "it is not judged any more")
	}
}

// stopped ends what was found of the numbers of a thing that does not run.
func (t *turn) stopped(uid id.UID, s *subject) {
	r, _ := t.e.Inventory.Record(uid)
	if r == nil || r.Stale != nil {
		return // its numbers may be as bad as before
	}
	for key, w := range s.watched {
		plain, _ := plainKind(key.Kind)
		if _, isMetric := t.e.catalog.Metric(r.Type, plain); isMetric && w.track.Phase != Idle {
			t.drop(key, w, "it does not run")
		}
	}
}

// drop ends a finding whatever its value.
func (t *turn) drop(key Key, w *watched, reason string) {
	old := w.track
	w.track = Track{Fired: old.Fired}
	t.e.unkept = t.e.unkept || old.Phase == Pending && w.judged.lasts >= longWait
	t.undo = append(t.undo, func() { w.track = old })
	t.end(key, reason)
}

// conditions judges what plugins report.
func (t *turn) conditions() {
	board := t.e.Conditions
	if board == nil {
		return
	}
	revision, pending := board.Revision(), false
	for key := range t.e.held {
		if s := t.e.subjects[key.Record]; s != nil && s.watched[key] != nil && (s.watched[key].track.Phase == Pending || s.watched[key].track.Flapping) {
			pending = true
		}
	}
	if revision == t.e.looked && !pending {
		return
	}
	before, seen := t.e.looked, map[Key]struct{}{}
	t.undo = append(t.undo, func() { t.e.looked = before })
	t.e.looked = revision
	for _, c := range board.All() {
		if c.Severity != sdk.SeverityInfo {
			t.condition(c, seen)
		}
	}
	for key := range t.e.held {
		if _, still := seen[key]; still {
			continue
		}
		s := t.e.subjects[key.Record]
		if s == nil || s.watched[key] == nil {
			delete(t.e.held, key)
			continue
		}
		w := s.watched[key]
		if t.step(key, w, Verdict{}, t.now); w.track.Phase == Idle {
			delete(s.watched, key)
			delete(t.e.held, key)
			t.undo = append(t.undo, func() { s.watched[key], t.e.held[key] = w, struct{}{} })
		}
	}
}

func (t *turn) condition(c condition.Condition, seen map[Key]struct{}) {
	key := Key{c.Record, c.Kind, c.Instance}
	s := t.e.subject(c.Record)
	if s == nil {
		return
	}
	w := s.watch(key)
	if !t.e.policy.on || !s.judgesCondition(key) {
		t.unjudged(key, w)
		return
	}
	seen[key], t.e.held[key] = struct{}{}, struct{}{}
	severity := c.Severity
	if w.judged.limit.Severity != "" {
		severity = w.judged.limit.Severity
	}
	t.step(key, w, Verdict{Severity: severity}, t.now)
}

// judgesCondition tells whether a condition is an alert: it is, unless a rule turns it off.
func (s *subject) judgesCondition(key Key) bool {
	on := true
	for _, r := range s.set.rules {
		if (r.Kind == key.Kind || r.Kind == KindAll && r.Off) && r.forInstance(key.Instance) {
			on = !r.Off
		}
	}
	return on
}

// firing looks after what fires already.
func (t *turn) firing() {
	auto := time.Duration(t.e.document.AutoAcknowledgeAfterHours) * time.Hour
	for key, a := range t.e.firing {
		r, there := t.e.record(key.Record)
		if !there {
			t.end(key, "it is not monitored any more")
			delete(t.e.subjects, key.Record)
			continue
		}
		next, only := *a, false
		if !isSource(key.Record) {
			w := t.e.subjectOf(r).watch(key)
			plain, _ := plainKind(key.Kind)
			if _, isMetric := t.e.catalog.Metric(r.Type, plain); isMetric && t.over(r, a, key, w) {
				continue
			}
			only = w.judged.quiet
			next.about(r)
		}
		next.Quiet = t.e.quiet(r, only, t.now)
		if next.Quiet == "" && !next.Told {
			next.Told = true
			t.notice(NoticeFired, &next)
		}
		if auto > 0 && !next.Acknowledged && t.now.Sub(next.Fired) > auto {
			next.Acknowledged, next.AckTime, next.AckUser = true, t.now.UTC(), AutoUser
			t.entry(&next, EntryAcknowledged, "Acknowledged: nobody did for long.", map[string]any{"user": AutoUser})
		}
		if next.Quiet != a.Quiet || next.Told != a.Told || next.Acknowledged != a.Acknowledged || next.ResourceID != a.ResourceID || next.ResourceName != a.ResourceName {
			t.put(&next)
		}
	}
}

// vanishes is how long nothing may be heard of a number until it counts as one that is not measured any more.
func (t Track) vanishes() time.Duration {
	return max(vanishedAfter, looksMissed*cmp.Or(t.Every, seldomLooks))
}

// over ends an alert on a number that is not judged or not measured any more.
func (t *turn) over(r *inventory.Record, a *Alert, key Key, w *watched) bool {
	switch {
	case !w.on || !w.judged.numbers:
		t.unjudged(key, w)
	case t.e.elsewhere(key.Record, key.Kind, key.Instance):
		t.drop(key, w, "it is known by itself and judged there")
	case w.judged.limit.Judge(w.track.Value).Severity == "" && !w.judged.limit.Judge(w.track.Value).Held && !w.track.Flapping && w.track.Fine.IsZero():
		t.drop(key, w, "the limit was changed")
	case r.Stale == nil && r.LastSeen.Sub(a.LastSeen) > w.track.vanishes():
		t.drop(key, w, "it is not measured any more")
	default:
		return false
	}
	return true
}
