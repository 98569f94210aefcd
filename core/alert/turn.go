package alert

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
)

// turn is one locked piece of work: what it changes is stored at its end, and taken back when that fails.
type turn struct {
	e    *Engine
	now  time.Time
	b    Batch
	undo []func()
	news Changed
	// dirty says that shown alerts differ.
	dirty bool
}

func (e *Engine) turn(ctx context.Context, work func(*turn) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := &turn{e: e, now: e.look()}
	err := work(t)
	if err == nil && !t.b.empty() {
		err = e.Store.Commit(ctx, t.b)
	}
	if err != nil {
		for _, undo := range slices.Backward(t.undo) {
			undo()
		}
		return err
	}
	if e.unkept {
		e.keepWaiting(ctx)
	}
	if t.dirty {
		e.revision++
		e.news.Publish(t.news)
	}
	return nil
}

// step takes one look at a thing and does what follows of it.
func (t *turn) step(key Key, w *watched, v Verdict, at time.Time) {
	old := w.track
	next, change := Step(old, v, w.judged.lasts, t.e.policy.damping, at)
	w.track = next
	if change == Unchanged && next.Phase != Firing {
		return
	}
	t.undo = append(t.undo, func() { w.track = old })
	t.e.unkept = t.e.unkept || w.waits(change)
	switch change {
	case Fired:
		t.fire(key, w)
	case Raised, Lowered:
		t.change(key, w, change)
	case Resolved:
		t.end(key, "")
	default:
		if a := t.e.firing[key]; a != nil && next.Phase == Firing {
			t.refresh(a, w)
		}
	}
}

// refresh takes over the newest value of an alert. It is stored with the next save.
func (t *turn) refresh(a *Alert, w *watched) {
	f := t.e.factor(a)
	if a.Rule != w.judged.rule || w.judged.numbers && a.Threshold != w.track.Threshold*f {
		t.change(a.Key, w, Unchanged)
		return
	}
	old := *a
	a.Value, a.LastSeen, a.Flapping = w.track.Value*f, w.track.Seen, w.track.Flapping
	if old.Value != a.Value || old.Flapping != a.Flapping {
		t.dirty = true
	}
	t.undo = append(t.undo, func() { *a = old })
}

func (e *Engine) factor(a *Alert) float64 {
	if r, ok := e.Inventory.Record(a.Key.Record); ok {
		return e.policy.name(r, a.Key.Kind, a.Key.Instance).Factor
	}
	return 1
}

// put shows an alert and has it stored.
func (t *turn) put(a *Alert) {
	old, there := t.e.firing[a.Key]
	var before Alert
	if there {
		before = *old
	}
	t.e.firing[a.Key] = a
	t.dirty = true
	t.undo = append(t.undo, func() {
		delete(t.e.firing, a.Key)
		if there {
			*old = before
			t.e.firing[a.Key] = old
		}
	})
	t.save(a)
}

// save has an alert stored as it is at the end of the turn.
func (t *turn) save(a *Alert) {
	var track Track
	if s := t.e.subjects[a.Key.Record]; s != nil && s.watched[a.Key] != nil {
		track = s.watched[a.Key].track
	}
	for i := range t.b.Put {
		if t.b.Put[i].Alert.Key == a.Key {
			t.b.Put[i] = Saved{*a, track}
			return
		}
	}
	t.b.Put = append(t.b.Put, Saved{*a, track})
}

func (t *turn) entry(a *Alert, kind, summary string, details map[string]any) {
	t.b.Entries = append(t.b.Entries, Entry{ID: id.Random(8), Incident: a.Incident, Type: kind, Time: t.now.UTC(), Summary: summary, Details: details})
}

// notice writes down that something is to be told.
func (t *turn) notice(kind NoticeKind, a *Alert) {
	t.b.Notices = append(t.b.Notices, Notice{Key: fmt.Sprintf("%s/%s/%s", a.Incident, kind, a.Severity), Kind: kind, Alert: *a, Created: t.now.UTC()})
}

// fire begins an alert.
func (t *turn) fire(key Key, w *watched) {
	r, there := t.e.record(key.Record)
	if !there {
		w.track = Track{}
		return
	}
	a := t.e.describeSource(key, w)
	if a == nil {
		a = t.e.describe(r, key, w)
	}
	a.Quiet = t.e.quiet(r, w.judged.quiet, t.now)
	a.Incident, a.Fired = id.Random(12), t.now.UTC()
	t.entry(a, EntryFired, a.Message, map[string]any{"type": a.Type, "level": string(a.Severity), "value": a.Value, "threshold": a.Threshold, "rule": a.Rule})
	if a.Quiet == "" {
		a.Told = true
		t.notice(NoticeFired, a)
	}
	t.put(a)
	t.news.Fired = append(t.news.Fired, *a)
}

// change takes over another severity, or that another rule or limit holds by now.
func (t *turn) change(key Key, w *watched, change Change) {
	a := t.e.firing[key]
	r, ok := t.e.Inventory.Record(key.Record)
	if a == nil || !ok {
		return
	}
	next := *a
	fresh := t.e.describe(r, key, w)
	next.Severity, next.Value, next.Threshold, next.Clear, next.LastSeen, next.Metadata, next.Rule = fresh.Severity, fresh.Value, fresh.Threshold, fresh.Clear, fresh.LastSeen, fresh.Metadata, fresh.Rule
	if !w.judged.numbers || w.judged.limit.Judge(w.track.Value).Severity != "" {
		next.Message = fresh.Message // which would not be true of a number between the limits
	}
	t.entry(&next, EntryChanged, next.Message, map[string]any{"level": string(next.Severity), "value": next.Value, "threshold": next.Threshold, "rule": next.Rule})
	if change == Raised && next.Told {
		t.notice(NoticeRaised, &next)
	}
	t.put(&next)
}

// end ends an alert; reason is empty when all is well.
func (t *turn) end(key Key, reason string) {
	a := t.e.firing[key]
	if a == nil {
		return
	}
	done := *a
	done.Ended, done.EndReason = t.now.UTC(), reason
	delete(t.e.firing, key)
	t.undo = append(t.undo, func() { t.e.firing[key] = a })
	t.b.Put = slices.DeleteFunc(t.b.Put, func(s Saved) bool { return s.Alert.Key == key })
	t.b.Ended = append(t.b.Ended, done)
	summary := "All is well again."
	if reason != "" {
		summary = "Ended: " + reason + "."
	}
	t.entry(&done, EntryResolved, summary, map[string]any{"resolved_at": done.Ended, "value": done.Value})
	if done.Told {
		t.notice(NoticeResolved, &done)
	}
	t.dirty = true
	t.news.Resolved = append(t.news.Resolved, done)
}
