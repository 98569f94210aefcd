// Package poll decides when each task of each integration runs: spread over its interval, within slots and a
// deadline, and more rarely while it fails. It does not know what a task does.
package poll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// Job is one task of one integration.
type Job struct {
	Integration id.Integration
	Task        string
	// Revision of the integration's configuration: a changed one runs at once.
	Revision int64
	Interval time.Duration
	Timeout  time.Duration // 0 means three intervals, within 30 s and 3 min
	Heavy    bool
	// Later is a job that adds to what others bring: it waits until each of these, the heavy ones aside, has run once.
	Later bool
	// Watch is a job that runs until its source is lost, without a deadline and without a slot. Interval is how long it
	// waits before it tries again.
	Watch bool
}

func (j Job) name() string {
	if j.Watch {
		return string(j.Integration) + "/~" + j.Task // apart from a task of that name
	}
	return string(j.Integration) + "/" + j.Task
}

func (j Job) timeout() time.Duration {
	if j.Timeout > 0 {
		return j.Timeout
	}
	return min(max(3*j.Interval, 30*time.Second), 3*time.Minute)
}

// Breaker tells whether a job still runs at its own pace.
type Breaker string

// The states of a breaker.
const (
	Closed   Breaker = "closed"    // runs at its interval
	Open     Breaker = "open"      // fails: waits longer each time
	HalfOpen Breaker = "half-open" // tries again right now
)

const (
	failuresToOpen = 3
	maxWait        = 5 * time.Minute
	// Slots are those of one plugin: one that hangs keeps its own tasks waiting, and no others.
	lightSlots = 8
	heavySlots = 2
)

// Status is how a job is doing.
type Status struct {
	Job
	Running     bool
	Breaker     Breaker
	Failures    int // in a row
	Runs        uint64
	LastStart   time.Time
	LastSuccess time.Time
	LastTook    time.Duration
	LastError   string
	LastKind    sdk.ErrorKind
	Next        time.Time
	// FirstFailure and LastFailure are of those in a row, BreakerSince is when the breaker changed last; zero for never.
	FirstFailure time.Time
	LastFailure  time.Time
	BreakerSince time.Time
}

// Scheduler runs jobs. Its zero value is not usable; see [New].
type Scheduler struct {
	run    func(context.Context, Job) error
	log    hclog.Logger
	jitter func() float64 // in [0, 1)

	mu    sync.Mutex
	jobs  map[string]*entry
	kick  chan struct{}
	slots map[slotKey]chan struct{}
	wg    sync.WaitGroup
}

type entry struct {
	status Status
	cancel context.CancelFunc
	gone   bool
	// waiting are told when a run has ended.
	waiting []chan<- error
}

// New returns a scheduler that calls run for each job that is due. run must return soon after its context
// ends.
func New(run func(context.Context, Job) error, log hclog.Logger) *Scheduler {
	return &Scheduler{
		run: run, log: log, jitter: rand.Float64,
		jobs: map[string]*entry{}, kick: make(chan struct{}, 1),
		slots: map[slotKey]chan struct{}{},
	}
}

// Set replaces the jobs. New and changed ones run soon, spread over a tenth of their interval; a job that is
// gone is cancelled.
func (s *Scheduler) Set(jobs []Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now() //nolint:forbidigo // the scheduler is the clock
	wanted := map[string]bool{}
	for _, j := range jobs {
		wanted[j.name()] = true
		if old := s.jobs[j.name()]; old != nil && old.status.Job == j {
			continue
		}
		s.drop(j.name())
		spread := time.Duration(s.jitter() * float64(min(j.Interval/10, 5*time.Second)))
		s.jobs[j.name()] = &entry{status: Status{Job: j, Breaker: Closed, Next: now.Add(spread)}}
	}
	for name := range s.jobs {
		if !wanted[name] {
			s.drop(name)
		}
	}
	s.wake()
}

// Retry has the failing jobs of a plugin run soon: what they failed for may be over.
func (s *Scheduler) Retry(plugin string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now() //nolint:forbidigo // the scheduler is the clock
	for _, e := range s.jobs {
		if of, _, _ := strings.Cut(string(e.status.Integration), "/"); of == plugin && e.status.Failures > 0 && e.status.Next.After(now) {
			e.status.Next = now
		}
	}
	s.wake()
}

// drop forgets a job and cancels its run. The lock is held.
func (s *Scheduler) drop(name string) {
	e := s.jobs[name]
	if e == nil {
		return
	}
	e.gone = true
	e.tell(errDropped)
	if e.cancel != nil {
		e.cancel()
	}
	delete(s.jobs, name)
}

func (s *Scheduler) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Run keeps the jobs going until the context ends, then waits for those that run.
func (s *Scheduler) Run(ctx context.Context) {
	defer s.wg.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		case <-timer.C:
		}
		timer.Reset(s.startDue(ctx))
	}
}

// startDue starts what is due and has a slot, and returns how long to wait for the next.
func (s *Scheduler) startDue(ctx context.Context) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now() //nolint:forbidigo // the scheduler is the clock
	due := make([]*entry, 0, len(s.jobs))
	wait := time.Hour
	for _, e := range s.jobs {
		switch {
		case e.status.Running, e.status.Later && s.early(e.status.Integration):
		case e.status.Next.After(now):
			wait = min(wait, e.status.Next.Sub(now))
		default:
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b *entry) int { return cmp.Compare(a.status.Next.UnixNano(), b.status.Next.UnixNano()) })
	for _, e := range due {
		if e.status.Watch {
			s.start(ctx, e, nil)
			continue
		}
		slots := s.slotsOf(e.status.Job)
		select {
		case slots <- struct{}{}:
			s.start(ctx, e, slots)
		default: // the end of a running job wakes us
		}
	}
	return wait
}

// early tells whether a job of an integration that says what exists has not run yet. The lock is held.
func (s *Scheduler) early(of id.Integration) bool {
	for _, e := range s.jobs {
		if st := &e.status; st.Integration == of && st.finds() && st.Runs == 0 {
			return true
		}
	}
	return false
}

// slotKey says who shares slots: the tasks of a plugin that cost alike.
type slotKey struct {
	plugin string
	heavy  bool
}

// slotsOf returns the slots that a job needs one of. The lock is held.
func (s *Scheduler) slotsOf(j Job) chan struct{} {
	plugin, _, _ := strings.Cut(string(j.Integration), "/")
	key := slotKey{plugin, j.Heavy}
	if s.slots[key] == nil {
		n := lightSlots
		if j.Heavy {
			n = heavySlots
		}
		s.slots[key] = make(chan struct{}, n)
	}
	return s.slots[key]
}

// start runs one job in its own goroutine. The lock is held.
func (s *Scheduler) start(ctx context.Context, e *entry, slots chan struct{}) {
	var cancel context.CancelFunc
	if e.status.Watch {
		ctx, cancel = context.WithCancel(ctx)
	} else {
		ctx, cancel = context.WithTimeout(ctx, e.status.timeout())
	}
	e.cancel = cancel
	e.status.Running = true
	e.status.LastStart = time.Now() //nolint:forbidigo // the scheduler is the clock
	if e.status.Breaker == Open {
		e.status.turn(HalfOpen, e.status.LastStart)
	}
	job := e.status.Job
	s.wg.Go(func() {
		err := s.runSafely(ctx, job)
		cancel()
		if slots != nil {
			<-slots
		}
		s.finish(e, err)
		s.wake()
	})
}

func (s *Scheduler) runSafely(ctx context.Context, job Job) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("task panicked: %v", r)
		}
	}()
	return s.run(ctx, job)
}

// Worked is told that a job which still runs is doing what it should, as a watch is once it is connected.
func (s *Scheduler) Worked(j Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.jobs[j.name()]
	if e == nil || e.status.Job != j {
		return
	}
	st := &e.status
	if st.LastError != "" {
		s.log.Info("task works again", "integration", st.Integration, "task", st.Task, "failures", st.Failures)
	}
	st.succeeded(time.Now()) //nolint:forbidigo // the scheduler is the clock
}

// succeeded forgets what failed before.
func (st *Status) succeeded(now time.Time) {
	st.Failures, st.LastError, st.LastKind, st.LastSuccess = 0, "", "", now
	st.FirstFailure, st.LastFailure = time.Time{}, time.Time{}
	st.turn(Closed, now)
}

// turn moves the breaker.
func (st *Status) turn(to Breaker, now time.Time) {
	if st.Breaker != to {
		st.Breaker, st.BreakerSince = to, now
	}
}

func (s *Scheduler) finish(e *entry, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &e.status
	now := time.Now() //nolint:forbidigo // the scheduler is the clock
	st.Running, e.cancel = false, nil
	st.Runs++
	e.tell(err)
	st.LastTook = now.Sub(st.LastStart)
	if e.gone {
		return
	}
	if err == nil {
		if st.LastError != "" {
			s.log.Info("task works again", "integration", st.Integration, "task", st.Task, "failures", st.Failures)
		}
		st.succeeded(now)
		st.Next = nextTick(st.LastStart, now, st.Interval)
		return
	}
	st.Failures++
	if st.LastFailure = now; st.FirstFailure.IsZero() {
		st.FirstFailure = now
	}
	if text := forPeople(st.Job, err); text != st.LastError {
		s.log.Warn("task failed", "integration", st.Integration, "task", st.Task, "error", err)
		st.LastError, st.LastKind = text, sdk.KindOf(err)
	}
	if st.Failures < failuresToOpen {
		st.turn(Closed, now)
		st.Next = nextTick(st.LastStart, now, st.Interval)
		return
	}
	st.turn(Open, now)
	st.Next = now.Add(s.backoff(st.Interval, st.Failures-failuresToOpen))
}

// forPeople is what a plugin says to users of an error, without its kind and cause, which are for the log.
func forPeople(j Job, err error) string {
	var said *sdk.Error
	if errors.As(err, &said) && said.Message != "" {
		return said.Message
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("It was not done within %v.", j.timeout())
	}
	return err.Error()
}

// backoff doubles the interval per failure up to five minutes (or the interval, if longer), with a quarter
// of jitter so that what failed together does not return together.
func (s *Scheduler) backoff(interval time.Duration, n int) time.Duration {
	limit := max(maxWait, interval)
	wait := limit
	if n < 10 {
		wait = min(interval<<(n+1), limit)
	}
	return wait - time.Duration(s.jitter()*float64(wait)/4)
}

// nextTick keeps a job's pace: the next multiple of the interval after its start that is not past.
func nextTick(start, now time.Time, interval time.Duration) time.Time {
	next := start.Add(interval)
	if next.Before(now) {
		missed := now.Sub(start) / interval
		next = start.Add((missed + 1) * interval)
	}
	return next
}

// Status returns how each job is doing, by name.
func (s *Scheduler) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Status, 0, len(s.jobs))
	for _, e := range s.jobs {
		all = append(all, e.status)
	}
	slices.SortFunc(all, func(a, b Status) int { return cmp.Compare(a.name(), b.name()) })
	return all
}
