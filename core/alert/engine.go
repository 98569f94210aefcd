package alert

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/bus"
	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
)

// Limits of the engine.
const (
	// lateAfter is how old a sample may be to be judged: what an agent spooled for hours says nothing about now.
	lateAfter = 10 * time.Minute
	// vanishedAfter is how long an instance that is measured no more keeps its alert while its record is heard of.
	vanishedAfter = 15 * time.Minute
	// childPatience is how much longer something has to be down when it hangs on something else, whose end is noticed first.
	childPatience = 15 * time.Second
	// Retention is how long what happened is kept.
	Retention = 90 * 24 * time.Hour
)

// Settings keeps documents by name.
type Settings interface {
	Get(ctx context.Context, name string, into any) (bool, error)
	Set(ctx context.Context, name string, value any) error
}

// Config is what an engine works with.
type Config struct {
	Store      Store
	Settings   Settings
	Inventory  *inventory.Inventory
	Conditions *condition.Board
	Log        hclog.Logger
	Now        func() time.Time
}

// Engine judges. It is safe for concurrent use.
type Engine struct {
	Config
	news bus.Bus[Changed]

	mu       sync.Mutex
	document Document
	own      []Rule
	windows  []Window
	policy   *Policy
	subjects map[id.UID]*subject
	firing   map[Key]*Alert
	revision uint64
	looked   uint64           // the board's revision at the last look
	held     map[Key]struct{} // conditions that are followed
	catalog  *inventory.Catalog
	trimmed  time.Time
}

// subject is what is remembered of one record.
type subject struct {
	name, wire string
	tags       []string
	rules      []*Rule
	// metrics are those for which there may be a limit.
	metrics map[string]bool
	watched map[Key]*watched
}

// watched is one thing that is judged.
type watched struct {
	judged judged
	on     bool
	track  Track
}

// Open loads what fired before, and the rules.
func Open(ctx context.Context, c Config) (*Engine, error) {
	e := &Engine{Config: c, subjects: map[id.UID]*subject{}, firing: map[Key]*Alert{}, held: map[Key]struct{}{}, revision: 1}
	if err := e.load(ctx); err != nil {
		return nil, err
	}
	e.compile()
	all, err := c.Store.Firing(ctx)
	if err != nil {
		return nil, fmt.Errorf("load alerts: %w", err)
	}
	for _, s := range all {
		e.firing[s.Alert.Key] = &s.Alert
		sub := e.subjects[s.Alert.Key.Record]
		if sub == nil {
			sub = &subject{watched: map[Key]*watched{}}
			e.subjects[s.Alert.Key.Record] = sub
		}
		sub.watched[s.Alert.Key] = &watched{track: s.Track, on: true}
		if k, _ := e.catalog.Kind(s.Alert.Key.Kind); k.Condition {
			e.held[s.Alert.Key] = struct{}{}
		}
	}
	return e, nil
}

// Subscribe returns news of changes; see [bus.Bus.Subscribe].
func (e *Engine) Subscribe(n int) (<-chan Changed, func()) { return e.news.Subscribe(n) }

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
	t := &turn{e: e, now: e.Now()}
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
	if t.dirty {
		e.revision++
		e.news.Publish(t.news)
	}
	return nil
}

// Samples judges numbers that were stored. It returns an error when what changed could not be stored; the samples can be
// judged again then.
func (e *Engine) Samples(ctx context.Context, samples []metric.Sample) error {
	return e.turn(ctx, func(t *turn) error {
		var last id.UID
		var s *subject
		for i := range samples {
			one := &samples[i]
			if one.Record != last {
				last, s = one.Record, e.subject(one.Record)
			}
			if s == nil || !s.metrics[one.Metric] || t.now.Sub(one.Time) > lateAfter {
				continue
			}
			t.sample(s, one)
		}
		return nil
	})
}

func (t *turn) sample(s *subject, one *metric.Sample) {
	key := Key{one.Record, one.Metric, one.Instance}
	w := s.watch(key)
	if !w.on || !w.judged.numbers {
		return
	}
	t.step(key, w, w.judged.limit.Judge(one.Value), one.Time)
}

// subject returns what is known of a record, nil when it is not there. The caller holds mu.
func (e *Engine) subject(uid id.UID) *subject {
	r, ok := e.Inventory.Record(uid)
	if !ok {
		return nil
	}
	return e.subjectOf(r)
}

func (e *Engine) subjectOf(r *inventory.Record) *subject {
	s := e.subjects[r.UID]
	if s == nil {
		s = &subject{watched: map[Key]*watched{}}
		e.subjects[r.UID] = s
	}
	if s.metrics == nil || s.name != r.Name || s.wire != r.WireID || !slices.Equal(s.tags, r.Tags) {
		s.name, s.wire, s.tags = r.Name, r.WireID, r.Tags
		s.rules, s.metrics = e.policy.of(r), map[string]bool{}
		for _, rule := range s.rules {
			if rule.Kind != KindAll {
				s.metrics[rule.Kind] = true
			}
		}
		for key, w := range s.watched {
			s.judge(key, w)
		}
	}
	return s
}

// watch returns what is remembered of a thing.
func (s *subject) watch(key Key) *watched {
	w := s.watched[key]
	if w == nil {
		w = &watched{}
		s.judge(key, w)
		s.watched[key] = w
	}
	return w
}

func (s *subject) judge(key Key, w *watched) { w.judged, w.on = over(s.rules, key.Kind, key.Instance) }

// step takes one look at a thing and does what follows of it.
func (t *turn) step(key Key, w *watched, v Verdict, at time.Time) {
	old := w.track
	next, change := Step(old, v, w.judged.lasts, t.e.policy.damping, at)
	w.track = next
	if change == Unchanged && next.Phase != Firing {
		return
	}
	t.undo = append(t.undo, func() { w.track = old })
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
	r, ok := t.e.Inventory.Record(key.Record)
	if !ok {
		w.track = Track{}
		return
	}
	a := t.e.describe(r, key, w)
	a.Incident, a.Fired = id.Random(12), t.now.UTC()
	a.Quiet = t.e.quiet(r, a, w.judged.quiet, t.now)
	t.entry(a, EntryFired, a.Message, map[string]any{"type": a.Type, "level": string(a.Severity), "value": a.Value, "threshold": a.Threshold, "rule": a.Rule})
	if a.Quiet == "" {
		a.Told = true
		t.notice(NoticeFired, a)
	}
	t.put(a)
	t.news.Fired = append(t.news.Fired, *a)
}

// change takes over another severity.
func (t *turn) change(key Key, w *watched, change Change) {
	a := t.e.firing[key]
	r, ok := t.e.Inventory.Record(key.Record)
	if a == nil || !ok {
		return
	}
	next := *a
	fresh := t.e.describe(r, key, w)
	next.Severity, next.Message, next.Value, next.Threshold, next.LastSeen, next.Metadata = fresh.Severity, fresh.Message, fresh.Value, fresh.Threshold, fresh.LastSeen, fresh.Metadata
	t.entry(&next, EntryChanged, next.Message, map[string]any{"level": string(next.Severity), "value": next.Value, "threshold": next.Threshold})
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

// Active returns the alerts that fire, by machine and id.
func (e *Engine) Active() []Alert {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.active()
}

func (e *Engine) active() []Alert {
	out := make([]Alert, 0, len(e.firing))
	for _, a := range e.firing {
		out = append(out, *a)
	}
	slices.SortFunc(out, compare)
	return out
}

// Revision grows with every change of what [Engine.Active] returns.
func (e *Engine) Revision() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.revision
}

// Pending returns how many findings have to last before they fire.
func (e *Engine) Pending() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for s := range maps.Values(e.subjects) {
		for w := range maps.Values(s.watched) {
			if w.track.Phase == Pending {
				n++
			}
		}
	}
	return n
}

// History returns firings, the newest first.
func (e *Engine) History(ctx context.Context, q HistoryQuery) ([]Alert, error) {
	return e.Store.History(ctx, q)
}

// Timeline returns what happened in an incident, the oldest first.
func (e *Engine) Timeline(ctx context.Context, incident string) ([]Entry, error) {
	return e.Store.Entries(ctx, incident)
}

// ClearHistory forgets what is over.
func (e *Engine) ClearHistory(ctx context.Context) error { return e.Store.ClearHistory(ctx) }

// find returns the firing alert with an id of the wire. The caller holds mu.
func (e *Engine) find(name string) (*Alert, error) {
	for _, a := range e.firing {
		if a.ID == name || a.Incident == name {
			return a, nil
		}
	}
	return nil, errs.New(errs.NotFound, "there is no active alert %.80q: it may be over by now", name)
}
