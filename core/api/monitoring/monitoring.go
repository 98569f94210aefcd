// Package monitoring holds the route that tells how the asking itself is doing: what is due, what fails, and how old the
// last answers are.
package monitoring

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/poll"
	"github.com/pulse-platform/pulse/sdk"
)

// Source is one integration with its jobs.
type Source struct {
	ID    id.Integration
	Kind  string
	Name  string
	Title string
	// Connection is the address that is asked, empty when the integration has none.
	Connection string
	Warnings   []string
	// Calls is how many calls a minute it makes, negative when it does not say.
	Calls float64
	Jobs  []poll.Status
}

// Area serves the row.
type Area struct {
	Sources func() []Source
	Now     func() time.Time
}

// Routes returns the row.
func (a Area) Routes() []route.Route {
	return []route.Route{
		route.Get("/api/monitoring/scheduler/health", "getSchedulerHealth", "What is due, what fails and how old the last answers are", a.health).Scope(auth.ScopeMonitoringRead),
	}
}

// The windows and limits of the answer.
const (
	dueSoon   = 12 * time.Second
	stale     = 5 * time.Minute
	lost      = 5 // failures in a row after which a job counts as a dead letter; it is tried all the same
	maxLost   = 25
	stateOpen = "open"
)

// Health is how the scheduler is doing. Times that never were are 0001-01-01T00:00:00Z, as in the reference.
type Health struct {
	UpdatedAt time.Time `json:"updatedAt"`
	// Enabled tells whether intervals follow the load: they do not.
	Enabled    bool        `json:"enabled"`
	Queue      Queue       `json:"queue"`
	DeadLetter Dead        `json:"deadLetter"`
	Breakers   []Breaker   `json:"breakers,omitempty"`
	Staleness  []Staleness `json:"staleness,omitempty"`
	Instances  []Instance  `json:"instances"`
}

// Queue is what waits.
type Queue struct {
	Depth            int            `json:"depth"`
	DueWithinSeconds int            `json:"dueWithinSeconds" help:"How many are due within 12 seconds."`
	PerType          map[string]int `json:"perType"`
}

// Dead are jobs that failed often.
type Dead struct {
	Count int        `json:"count"`
	Tasks []DeadTask `json:"tasks"`
}

// DeadTask is one of them.
type DeadTask struct {
	Instance  string    `json:"instance"`
	Type      string    `json:"type"`
	Task      string    `json:"task"`
	NextRun   time.Time `json:"nextRun"`
	LastError string    `json:"lastError,omitempty"`
	Failures  int       `json:"failures"`
}

// Breaker is that of an instance which fails.
type Breaker struct {
	Instance string    `json:"instance"`
	Type     string    `json:"type"`
	State    string    `json:"state"`
	Failures int       `json:"failures"`
	RetryAt  time.Time `json:"retryAt"`
}

// Staleness is how old the last answer of an instance is, from 0 for fresh to 1.
type Staleness struct {
	Instance    string    `json:"instance"`
	Type        string    `json:"type"`
	Score       float64   `json:"score"`
	LastSuccess time.Time `json:"lastSuccess"`
	LastError   time.Time `json:"lastError"`
}

// Instance is an integration.
type Instance struct {
	Key         string     `json:"key"`
	Type        string     `json:"type"`
	DisplayName string     `json:"displayName"`
	Instance    string     `json:"instance"`
	Connection  string     `json:"connection"`
	PollStatus  PollStatus `json:"pollStatus"`
	Breaker     State      `json:"breaker"`
	DeadLetter  Letter     `json:"deadLetter"`
	Warnings    []string   `json:"warnings,omitempty"`
	// CallsPerMinute is how many calls it makes to what it watches.
	CallsPerMinute *float64 `json:"callsPerMinute,omitempty"`
	// Tasks are those of the instance one by one; the rest is the worst of them.
	Tasks []Task `json:"tasks"`
}

// Task is one task of an instance.
type Task struct {
	Name            string     `json:"name"`
	IntervalSeconds float64    `json:"intervalSeconds"`
	LastSuccess     *time.Time `json:"lastSuccess,omitempty"`
	NextRun         *time.Time `json:"nextRun,omitempty"`
	TookMS          int64      `json:"tookMs"`
	Failures        int        `json:"failures"`
	Error           string     `json:"error,omitempty"`
}

// PollStatus is how asking goes.
type PollStatus struct {
	LastSuccess         *time.Time `json:"lastSuccess,omitempty"`
	LastError           *PollError `json:"lastError,omitempty"`
	ConsecutiveFailures int        `json:"consecutiveFailures"`
	FirstFailureAt      *time.Time `json:"firstFailureAt,omitempty"`
}

// PollError is the last failure.
type PollError struct {
	At       time.Time `json:"at"`
	Message  string    `json:"message"`
	Category string    `json:"category" help:"transient or permanent."`
}

// State is that of a breaker: closed, open or half_open.
type State struct {
	State          string     `json:"state"`
	Since          *time.Time `json:"since,omitempty"`
	LastTransition *time.Time `json:"lastTransition,omitempty"`
	RetryAt        *time.Time `json:"retryAt,omitempty"`
	FailureCount   int        `json:"failureCount"`
}

// Letter says whether an instance is a dead letter.
type Letter struct {
	Present      bool       `json:"present"`
	Reason       string     `json:"reason,omitempty"`
	FirstAttempt *time.Time `json:"firstAttempt,omitempty"`
	LastAttempt  *time.Time `json:"lastAttempt,omitempty"`
	RetryCount   int        `json:"retryCount,omitempty"`
	NextRetry    *time.Time `json:"nextRetry,omitempty"`
}

func (a Area) health(context.Context, route.None) (Health, error) {
	now := a.Now()
	out := Health{UpdatedAt: now.UTC(), Queue: Queue{PerType: map[string]int{}}, DeadLetter: Dead{Tasks: []DeadTask{}}, Instances: []Instance{}}
	for _, s := range a.Sources() {
		if len(s.Jobs) == 0 {
			continue
		}
		for _, j := range s.Jobs {
			out.count(s, j, now)
		}
		worst := slices.MaxFunc(s.Jobs, func(a, b poll.Status) int { return cmp.Compare(a.Failures, b.Failures) })
		out.Instances = append(out.Instances, instance(s, worst))
		if worst.Failures > 0 {
			out.Breakers = append(out.Breakers, Breaker{s.Name, s.Kind, word(worst.Breaker), worst.Failures, worst.Next.UTC()})
		}
		last := lastSuccess(s.Jobs)
		out.Staleness = append(out.Staleness, Staleness{s.Name, s.Kind, score(last, now), last.UTC(), worst.LastFailure.UTC()})
	}
	slices.SortFunc(out.Instances, func(a, b Instance) int { return cmp.Compare(a.Key, b.Key) })
	return out, nil
}

// count adds a job to the queue and, when it failed often, to the dead letters.
func (h *Health) count(s Source, j poll.Status, now time.Time) {
	if !j.Running && !j.Watch {
		h.Queue.Depth++
		h.Queue.PerType[s.Kind]++
		if j.Next.Sub(now) <= dueSoon {
			h.Queue.DueWithinSeconds++
		}
	}
	if j.Failures >= lost {
		if h.DeadLetter.Count++; len(h.DeadLetter.Tasks) < maxLost {
			h.DeadLetter.Tasks = append(h.DeadLetter.Tasks, DeadTask{s.Name, s.Kind, j.Task, j.Next.UTC(), j.LastError, j.Failures})
		}
	}
}

// lastSuccess is when any job of an instance had an answer last.
func lastSuccess(jobs []poll.Status) (last time.Time) {
	for _, j := range jobs {
		if j.LastSuccess.After(last) {
			last = j.LastSuccess
		}
	}
	return last
}

// score is the age of the last success, from 0 to 1 for five minutes and more, or never.
func score(last, now time.Time) float64 {
	if last.IsZero() {
		return 1
	}
	share := float64(now.Sub(last)) / float64(stale)
	return math.Round(min(max(share, 0), 1)*1000) / 1000
}

// word is a breaker's state on the wire.
func word(b poll.Breaker) string {
	switch b {
	case poll.Open:
		return stateOpen
	case poll.HalfOpen:
		return "half_open"
	}
	return "closed"
}

// category tells failures that go away by themselves from those that somebody has to mend.
func category(kind sdk.ErrorKind) string {
	switch kind {
	case sdk.KindConfig, sdk.KindAuth, sdk.KindPermission, sdk.KindUnsupported, sdk.KindInvalid:
		return "permanent"
	}
	return "transient"
}

func instance(s Source, worst poll.Status) Instance {
	out := Instance{
		Key: s.Kind + "::" + s.Name, Type: s.Kind, DisplayName: cmp.Or(s.Title, s.Name), Instance: s.Name, Connection: s.Connection, Warnings: s.Warnings,
		PollStatus: PollStatus{LastSuccess: optional(lastSuccess(s.Jobs)), ConsecutiveFailures: worst.Failures, FirstFailureAt: optional(worst.FirstFailure)},
		Breaker: State{
			State: word(worst.Breaker), Since: optional(worst.BreakerSince), LastTransition: optional(worst.BreakerSince), FailureCount: worst.Failures,
		},
	}
	if s.Calls >= 0 {
		out.CallsPerMinute = &s.Calls
	}
	if worst.Failures > 0 {
		out.PollStatus.LastError = &PollError{worst.LastFailure.UTC(), worst.LastError, category(worst.LastKind)}
	}
	if worst.Breaker == poll.Open {
		out.Breaker.RetryAt = optional(worst.Next)
	}
	if worst.Failures >= lost {
		out.DeadLetter = Letter{true, worst.LastError, optional(worst.FirstFailure), optional(worst.LastStart), worst.Failures, optional(worst.Next)}
	}
	for _, j := range s.Jobs {
		out.Tasks = append(out.Tasks, Task{
			j.Task, j.Interval.Seconds(), optional(j.LastSuccess), optional(j.Next), j.LastTook.Milliseconds(), j.Failures, j.LastError,
		})
	}
	return out
}

// optional is a time that may never have been.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
