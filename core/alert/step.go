package alert

import (
	"slices"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Limit says from where on a number is a finding, in the metric's canonical unit.
type Limit struct {
	Trigger float64
	// Clear is where a finding ends again; between the two nothing changes.
	Clear float64
	// Critical is where it is critical, nil for where it never is more than Severity.
	Critical *float64
	// Below judges numbers under the trigger instead of over it.
	Below    bool
	Severity sdk.Severity
}

// Verdict is what one look at a thing says.
type Verdict struct {
	// Severity is empty when all is well.
	Severity sdk.Severity
	// Held says that the look decides nothing: the number lies between clear and trigger.
	Held bool
	// Value and Threshold are what was compared, in the metric's canonical unit.
	Value, Threshold float64
}

// Judge compares a number with the limit.
func (l Limit) Judge(value float64) Verdict {
	v := Verdict{Value: value, Threshold: l.Trigger}
	switch {
	case l.Critical != nil && l.beyond(value, *l.Critical):
		v.Severity, v.Threshold = sdk.SeverityCritical, *l.Critical
	case l.beyond(value, l.Trigger):
		v.Severity = l.Severity
	default:
		v.Held = !l.beyond(l.Clear, value)
	}
	return v
}

func (l Limit) beyond(value, limit float64) bool {
	if l.Below {
		return value <= limit
	}
	return value >= limit
}

// Damping holds a finding open that comes and goes.
type Damping struct {
	// Firings within Window make a finding one that flaps; 0 turns damping off.
	Firings int
	Window  time.Duration
	// Calm is how long all must be well before a flapping finding ends.
	Calm time.Duration
}

// Phase is how far a finding has come.
type Phase string

// The phases.
const (
	Idle    Phase = ""
	Pending Phase = "pending" // it has to last before it fires
	Firing  Phase = "firing"
)

// Track is what is remembered of one thing that is judged. The zero value is a thing that was always well.
type Track struct {
	Phase    Phase        `json:"phase,omitempty"`
	Severity sdk.Severity `json:"severity,omitempty"`
	// Since is when the finding began; it fires later.
	Since time.Time `json:"since,omitzero"`
	// Seen is the time of the newest look.
	Seen             time.Time `json:"seen,omitzero"`
	Value, Threshold float64
	// Every is the time between the last two looks, 0 while there was but one.
	Every time.Duration `json:"every,omitempty"`
	// Fired are the last times at which it fired, the newest last.
	Fired []time.Time `json:"fired,omitempty"`
	// Flapping is set while damping holds it open, and Fine is since when all has been well then.
	Flapping bool      `json:"flapping,omitempty"`
	Fine     time.Time `json:"fine,omitzero"`
}

// Change is what a look did to a finding.
type Change int

// The changes.
const (
	Unchanged Change = iota
	Began            // it is pending now
	Dropped          // it was pending and is not
	Fired            // it is firing now
	Raised           // it is worse
	Lowered          // it is less bad
	Resolved         // it is over
)

// Step says what a look at a time makes of a finding that has to last for some time before it fires. It is pure. Looks
// that are older than the last one change nothing, nor does the same look again; within one second, to which samples are
// rounded, another number is a newer one.
func Step(t Track, v Verdict, lasts time.Duration, d Damping, at time.Time) (Track, Change) {
	if at.Before(t.Seen) || at.Equal(t.Seen) && v.Value == t.Value {
		return t, Unchanged
	}
	if !t.Seen.IsZero() {
		t.Every = at.Sub(t.Seen)
	}
	t.Seen = at
	if v.Severity == "" {
		return calm(t, v, d, at)
	}
	t.Value, t.Threshold, t.Fine = v.Value, v.Threshold, time.Time{}
	if t.Phase == Firing {
		was := t.Severity
		t.Severity = v.Severity
		switch {
		case rank(v.Severity) > rank(was):
			return t, Raised
		case rank(v.Severity) < rank(was):
			return t, Lowered
		}
		return t, Unchanged
	}
	change := Unchanged
	if t.Phase == Idle {
		t.Phase, t.Since, change = Pending, at, Began
	}
	t.Severity = v.Severity
	if at.Sub(t.Since) < lasts {
		return t, change
	}
	return fire(t, d, at), Fired
}

// fire begins a firing and finds out whether it is one too many.
func fire(t Track, d Damping, at time.Time) Track {
	t.Phase = Firing
	if d.Firings <= 0 {
		return t
	}
	t.Fired = append(slices.DeleteFunc(slices.Clone(t.Fired), func(f time.Time) bool { return at.Sub(f) > d.Window }), at)
	t.Flapping = len(t.Fired) >= d.Firings
	if len(t.Fired) > d.Firings {
		t.Fired = t.Fired[len(t.Fired)-d.Firings:]
	}
	return t
}

// calm is a look that finds nothing wrong, or nothing decided.
func calm(t Track, v Verdict, d Damping, at time.Time) (Track, Change) {
	t.Value = v.Value
	switch {
	case t.Phase == Pending:
		t.Phase, t.Severity, t.Since = Idle, "", time.Time{}
		return t, Dropped
	case t.Phase == Idle:
		return t, Unchanged
	case v.Held:
		t.Fine = time.Time{}
		return t, Unchanged
	}
	if t.Fine.IsZero() {
		t.Fine = at
	}
	if t.Flapping && at.Sub(t.Fine) < d.Calm {
		return t, Unchanged
	}
	t.Phase, t.Severity, t.Since, t.Fine, t.Flapping = Idle, "", time.Time{}, time.Time{}, false
	return t, Resolved
}

func rank(s sdk.Severity) int {
	switch s {
	case sdk.SeverityCritical:
		return 3
	case sdk.SeverityWarning:
		return 2
	case sdk.SeverityInfo:
		return 1
	}
	return 0
}
