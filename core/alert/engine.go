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
	// vanishedAfter is how long at least an instance that is measured no more keeps its alert while its record is heard of, and
	// looksMissed how many looks it has to miss. One that was looked at but once may be looked at as seldom as seldomLooks.
	vanishedAfter = 15 * time.Minute
	looksMissed   = 3
	seldomLooks   = 6 * time.Hour
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
	// Metrics answers rules that look at more than one number; nil for none.
	Metrics metric.Store
	// Sources returns the configured integrations and what is wrong with them; nil for none.
	Sources func() []Source
	Log     hclog.Logger
	Now     func() time.Time
	// Steady is a clock that nobody sets, from any beginning; nil for none: then Now is one.
	Steady func() time.Duration
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
	measured time.Time // when rules over time were last looked at
	shown    time.Time // what the clock of the day showed at the last look, and the steady one
	steady   time.Duration
	unkept   bool // what has to last for long is to be stored
	bearers  bearers
}

// subject is what is remembered of one record.
type subject struct {
	name, wire string
	tags       []string
	// set are the rules that match it, nil when they have to be found anew.
	set     *ruleset
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
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
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
	return e, e.loadWaiting(ctx)
}

// Subscribe returns news of changes; see [bus.Bus.Subscribe].
func (e *Engine) Subscribe(n int) (<-chan Changed, func()) { return e.news.Subscribe(n) }

// Samples judges numbers that were stored. It returns an error when what changed could not be stored; the samples can be
// judged again then.
func (e *Engine) Samples(ctx context.Context, samples []metric.Sample) error {
	return e.turn(ctx, func(t *turn) error {
		var last id.UID
		var s *subject
		all := &arrival{samples: samples}
		for i := range samples {
			one := &samples[i]
			if one.Record != last {
				last, s = one.Record, e.subject(one.Record)
			}
			if s == nil || !s.set.kinds[one.Metric] || t.now.Sub(one.Time) > lateAfter {
				continue
			}
			t.sample(s, one, all)
		}
		return nil
	})
}

// sample judges one number. What is well and always was is not remembered.
func (t *turn) sample(s *subject, one *metric.Sample, all *arrival) {
	key := Key{one.Record, one.Metric, one.Instance}
	w := s.watched[key]
	if w == nil {
		verdict := s.set.judge(key.Kind, key.Instance)
		if !verdict.on || !verdict.judged.numbers || verdict.judged.limit.Judge(one.Value).Severity == "" ||
			t.e.elsewhere(one.Record, one.Metric, one.Instance) || all.better(s, one.Record, verdict.judged) {
			return
		}
		w = s.watch(key)
	}
	if !w.on || !w.judged.numbers {
		return
	}
	if all.better(s, one.Record, w.judged) {
		t.drop(key, w, t.e.instead(key, w.judged))
	} else {
		t.step(key, w, w.judged.limit.Judge(one.Value), one.Time)
	}
	if w.track.Phase == Idle && len(w.track.Fired) == 0 {
		delete(s.watched, key)
		t.undo = append(t.undo, func() { s.watched[key] = w })
	}
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
	if s.set == nil || s.name != r.Name || s.wire != r.WireID || !slices.Equal(s.tags, r.AllTags()) {
		s.name, s.wire, s.tags = r.Name, r.WireID, r.AllTags()
		s.set = e.policy.of(r)
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

func (s *subject) judge(key Key, w *watched) {
	verdict := s.set.judge(key.Kind, key.Instance)
	w.judged, w.on = verdict.judged, verdict.on
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
