package alert

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// Names of the stored settings.
const (
	DocumentName = "alerts.document"
	rulesName    = "alerts.rules"
	windowsName  = "alerts.maintenance"
)

// Limits of what users may store.
const (
	maxRules   = 1000
	maxWindows = 200
	maxName    = 200
	maxFor     = 90 * 86400 // seconds that something may have to last
)

// Window is a time in which alerts of what it matches are shown and told to nobody.
type Window struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Match Match  `json:"match"`
	// From and To limit it; a window without From has begun, one without To does not end.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Weekly is when it comes back; nil for one that lasts from From to To.
	Weekly *Weekly `json:"weekly,omitempty"`
}

// Weekly is a time that comes back.
type Weekly struct {
	// Days are English names in lower case: the days on which it begins; empty is every day.
	Days []string `json:"days,omitempty"`
	// Start and End are times of the day such as "22:00"; an end before the start is on the next day.
	Start string `json:"start"`
	End   string `json:"end"`
	// Timezone is an IANA name, empty for the server's.
	Timezone string `json:"timezone,omitempty"`
}

// Holds tells whether a time lies within it, as the clock on the wall shows it: of a night in which clocks change, an hour that
// comes twice counts both times, and one that never comes not at all.
func (w Weekly) Holds(at time.Time) bool {
	zone, err := time.LoadLocation(w.Timezone)
	if err != nil {
		return false
	}
	if w.Timezone == "" {
		zone = time.Local
	}
	start, errStart := time.Parse("15:04", w.Start)
	end, errEnd := time.Parse("15:04", w.End)
	if errStart != nil || errEnd != nil {
		return false
	}
	minute := func(t time.Time) int { return t.Hour()*60 + t.Minute() }
	on := func(day time.Weekday) bool { return len(w.Days) == 0 || slices.Contains(w.Days, weekday(day)) }
	local := at.In(zone)
	now, today, yesterday := minute(local), local.Weekday(), (local.Weekday()+6)%7
	if minute(start) < minute(end) {
		return on(today) && minute(start) <= now && now < minute(end)
	}
	return on(today) && minute(start) <= now || on(yesterday) && now < minute(end)
}

func weekday(d time.Weekday) string {
	return [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}[d]
}

// Quiet tells whether quiet hours hold at a time.
func (q QuietHours) Quiet(at time.Time) bool {
	if !q.Enabled {
		return false
	}
	days := []string{}
	for day, on := range q.Days {
		if on {
			days = append(days, day)
		}
	}
	if len(days) == 0 {
		return false
	}
	return Weekly{Days: days, Start: q.Start, End: q.End, Timezone: q.Timezone}.Holds(at)
}

func (w *Window) covers(r *inventory.Record, at time.Time) bool {
	if !w.From.IsZero() && at.Before(w.From) || !w.To.IsZero() && !at.Before(w.To) {
		return false
	}
	return (w.Weekly == nil || w.Weekly.Holds(at)) && w.Match.Fits(r)
}

// configuration is what people configure of alerts.
type configuration struct {
	document Document
	own      []Rule
	windows  []Window
}

// Readable tells whether the stored configuration can be read, without an engine.
func Readable(ctx context.Context, s Settings) error {
	_, err := read(ctx, s)
	return err
}

func read(ctx context.Context, s Settings) (c configuration, err error) {
	there, err := s.Get(ctx, DocumentName, &c.document)
	if err != nil {
		return c, fmt.Errorf("load alert settings: %w", err)
	}
	if !there {
		c.document = DefaultDocument()
	}
	for name, into := range map[string]any{rulesName: &c.own, windowsName: &c.windows} {
		if _, err := s.Get(ctx, name, into); err != nil {
			return c, fmt.Errorf("load alert settings: %w", err)
		}
	}
	if c.document.ActivationState == "" {
		c.document.ActivationState = PendingReview
	}
	return c, nil
}

func (e *Engine) load(ctx context.Context) error {
	c, err := read(ctx, e.Settings)
	if err != nil {
		return err
	}
	e.document, e.own, e.windows = c.document, c.own, c.windows
	return nil
}

// compile puts the rules together anew. The caller holds mu or is alone.
func (e *Engine) compile() {
	e.catalog = e.Inventory.Catalog()
	e.policy = NewPolicy(e.catalog, e.document, e.own)
	for _, s := range e.subjects {
		s.set = nil // is found anew when it is needed
	}
	e.looked = 0
}

// Document returns the configuration.
func (e *Engine) Document() Document {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.document
}

// SetDocument replaces the configuration. Without an activation state it keeps the present one.
func (e *Engine) SetDocument(ctx context.Context, d Document) error {
	e.mu.Lock()
	if d.ActivationState == "" {
		d.ActivationState, d.ActivationTime = e.document.ActivationState, e.document.ActivationTime
	}
	e.mu.Unlock()
	return e.configure(ctx, DocumentName, d, func() { e.document = d })
}

// Inherit gives resources the thresholds that hold for others alone, by their ids: those that have some of their own keep them.
// The others keep theirs too, for when they are shown again.
func (e *Engine) Inherit(ctx context.Context, heirs map[string]string) error {
	d := e.Document()
	d.Overrides = maps.Clone(d.Overrides)
	inherited := 0
	for from, to := range heirs {
		of, there := d.Overrides[from]
		if _, own := d.Overrides[to]; there && !own {
			d.Overrides[to] = of
			inherited++
		}
	}
	if inherited == 0 {
		return nil
	}
	return e.configure(ctx, DocumentName, d, func() { e.document = d })
}

// Activate lets alerts be told from now on. It returns false when they were already.
func (e *Engine) Activate(ctx context.Context) (Document, bool, error) {
	d := e.Document()
	if d.ActivationState == Active {
		return d, false, nil
	}
	now := e.Now().UTC()
	d.ActivationState, d.ActivationTime = Active, &now
	return d, true, e.configure(ctx, DocumentName, d, func() { e.document = d })
}

// configure stores a setting, then lets it hold.
func (e *Engine) configure(ctx context.Context, name string, value any, set func()) error {
	if err := e.Settings.Set(ctx, name, value); err != nil {
		return err
	}
	e.mu.Lock()
	set()
	e.compile()
	e.revision++
	e.mu.Unlock()
	return e.Tick(ctx)
}

// Rules returns all rules in the order in which they are put over one another.
func (e *Engine) Rules() []Rule {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.policy.Rules()
	for _, r := range e.own {
		if !r.Enabled {
			all = append(all, r)
		}
	}
	return all
}

// SaveRule adds a rule (without an id) or changes one of the user's.
func (e *Engine) SaveRule(ctx context.Context, r Rule) (Rule, error) {
	if err := r.check(); err != nil {
		return r, err
	}
	r.Origin = OriginUser
	e.mu.Lock()
	all := slices.Clone(e.own)
	e.mu.Unlock()
	at := slices.IndexFunc(all, func(o Rule) bool { return o.ID == r.ID })
	switch {
	case r.ID == "" && len(all) >= maxRules:
		return r, errs.New(errs.Invalid, "there are %d rules, and no more are possible", maxRules)
	case r.ID == "":
		r.ID = "rule-" + id.Random(6)
		all = append(all, r)
	case at < 0:
		return r, errs.New(errs.NotFound, "there is no rule %.64q of yours", r.ID)
	default:
		all[at] = r
	}
	return r, e.configure(ctx, rulesName, all, func() { e.own = all })
}

// DeleteRule forgets a rule of the user's.
func (e *Engine) DeleteRule(ctx context.Context, name string) error {
	e.mu.Lock()
	all := slices.DeleteFunc(slices.Clone(e.own), func(o Rule) bool { return o.ID == name })
	missing := len(all) == len(e.own)
	e.mu.Unlock()
	if missing {
		return errs.New(errs.NotFound, "there is no rule %.64q of yours", name)
	}
	return e.configure(ctx, rulesName, all, func() { e.own = all })
}

func (r *Rule) check() error {
	bad := func(field, format string, args ...any) error {
		return errs.New(errs.Invalid, field+": "+format, args...).WithField(field)
	}
	switch {
	case r.Name == "" || len(r.Name) > maxName:
		return bad("name", "must have 1 to %d bytes", maxName)
	case r.Kind == "":
		return bad("kind", "must be a metric, a kind of condition, offline, off or *")
	case r.For != nil && (*r.For < 0 || *r.For > maxFor):
		return bad("for", "must be from 0 to %d seconds", maxFor)
	case r.Severity != "" && r.Severity != sdk.SeverityWarning && r.Severity != sdk.SeverityCritical:
		return bad("severity", "must be warning or critical")
	case r.Measure != "" && r.Measure != MeasureChange && r.Measure != MeasureFull:
		return bad("measure", "must be change, full_in or empty")
	case r.Measure == MeasureFull && !r.Below && !r.Off:
		return bad("below", "must be set: a time until full is wrong when it is short")
	case r.Measure != "" && r.Trigger == nil && !r.Off:
		return bad("trigger", "is missing")
	case r.Over != nil && (*r.Over < 600 || *r.Over > 7*86400):
		return bad("over", "must be from 600 to %d seconds", 7*86400)
	case r.Kind == KindAll && !r.Off && !r.Quiet:
		return bad("kind", "a rule for every kind can only turn alerts off or quiet")
	case r.Trigger != nil && r.Clear != nil && (!r.Below && *r.Clear > *r.Trigger || r.Below && *r.Clear < *r.Trigger):
		return bad("clear", "must not lie beyond the trigger")
	case r.Trigger != nil && r.Critical != nil && (!r.Below && *r.Critical < *r.Trigger || r.Below && *r.Critical > *r.Trigger):
		return bad("critical", "must lie beyond the trigger")
	}
	return nil
}

// Windows returns the maintenance windows.
func (e *Engine) Windows() []Window {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.windows)
}

// SaveWindow adds a window (without an id) or changes one.
func (e *Engine) SaveWindow(ctx context.Context, w Window) (Window, error) {
	if err := w.check(); err != nil {
		return w, err
	}
	all := e.Windows()
	at := slices.IndexFunc(all, func(o Window) bool { return o.ID == w.ID })
	switch {
	case w.ID == "" && len(all) >= maxWindows:
		return w, errs.New(errs.Invalid, "there are %d windows, and no more are possible", maxWindows)
	case w.ID == "":
		w.ID = "window-" + id.Random(6)
		all = append(all, w)
	case at < 0:
		return w, errs.New(errs.NotFound, "there is no window %.64q", w.ID)
	default:
		all[at] = w
	}
	return w, e.configure(ctx, windowsName, all, func() { e.windows = all })
}

// DeleteWindow forgets a window.
func (e *Engine) DeleteWindow(ctx context.Context, name string) error {
	before := e.Windows()
	all := slices.DeleteFunc(slices.Clone(before), func(o Window) bool { return o.ID == name })
	if len(all) == len(before) {
		return errs.New(errs.NotFound, "there is no window %.64q", name)
	}
	return e.configure(ctx, windowsName, all, func() { e.windows = all })
}

func (w *Window) check() error {
	bad := func(field, text string) error { return errs.New(errs.Invalid, "%s: %s", field, text).WithField(field) }
	switch {
	case w.Name == "" || len(w.Name) > maxName:
		return bad("name", "must not be empty or longer than 200 bytes")
	case !w.To.IsZero() && !w.To.After(w.From):
		return bad("to", "must be after from")
	case w.Weekly == nil && w.To.IsZero():
		return bad("to", "a window that does not come back needs an end")
	case w.Weekly == nil:
		return nil
	}
	if _, err := time.LoadLocation(w.Weekly.Timezone); err != nil {
		return bad("weekly.timezone", "is not known: use a name such as Europe/Berlin")
	}
	for field, text := range map[string]string{"weekly.start": w.Weekly.Start, "weekly.end": w.Weekly.End} {
		if _, err := time.Parse("15:04", text); err != nil {
			return bad(field, "is not a time such as 22:00")
		}
	}
	for _, day := range w.Weekly.Days {
		if !slices.Contains([]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}, day) {
			return bad("weekly.days", "are English names of days in lower case")
		}
	}
	return nil
}
