package poll

import (
	"context"
	"errors"
	"time"

	"github.com/pulse-platform/pulse/core/id"
)

// errDropped is what those hear who wait for a job that is no longer wanted.
var errDropped = errors.New("its configuration has changed meanwhile")

// finds tells whether the job says soon what exists: others and people wait for it.
func (j Job) finds() bool { return !j.Later && !j.Heavy && !j.Watch }

// Rerun has the jobs of an integration that say what exists run now, the heavy ones aside, and returns when each has run, with
// the first error. A run that is under way counts. Jobs that wait longer because they failed are tried at once too.
func (s *Scheduler) Rerun(ctx context.Context, of id.Integration) error {
	ended, count := s.rerun(of)
	var first error
	for range count {
		select {
		case err := <-ended:
			if first == nil {
				first = err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return first
}

func (s *Scheduler) rerun(of id.Integration) (<-chan error, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended, count := make(chan error, len(s.jobs)), 0
	now := time.Now() //nolint:forbidigo // the scheduler is the clock
	for _, e := range s.jobs {
		if e.status.Integration != of || !e.status.finds() {
			continue
		}
		count++
		e.waiting = append(e.waiting, ended)
		if !e.status.Running {
			e.status.Next = now
		}
	}
	s.wake()
	return ended, count
}

// Hurry has one job run now, also when it waits longer because it failed. One that runs is left alone.
func (s *Scheduler) Hurry(of id.Integration, task string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.jobs[Job{Integration: of, Task: task}.name()]; e != nil {
		e.hurry()
		s.wake()
	}
}

// HurryAll does so with all jobs of an integration, once: somebody has changed what it may see.
func (s *Scheduler) HurryAll(of id.Integration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.jobs {
		if e.status.Integration == of {
			e.hurry()
		}
	}
	s.wake()
}

func (e *entry) hurry() {
	if !e.status.Running {
		e.status.Next = time.Now() //nolint:forbidigo // the scheduler is the clock
	}
}

// tell tells those who wait that a run has ended. Their channels have room.
func (e *entry) tell(err error) {
	for _, w := range e.waiting {
		w <- err
	}
	e.waiting = nil
}
