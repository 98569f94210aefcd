package discover

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// How often networks are looked through by themselves, how long a scan may take then, and how long its result is kept.
const (
	every      = 5 * time.Minute
	background = 2 * time.Minute
	keeping    = time.Hour
)

// Service looks through networks, one scan at a time, and keeps for an hour what the last one found.
type Service struct {
	Probe Probe
	// Options are those of the next scan; its networks are those that are looked through when none are named.
	Options func() (Options, error)
	// Enabled tells whether networks are looked through by themselves.
	Enabled func() bool
	// Tell hears of each scan: its options come from it with the members that listen.
	Tell func(o Options) Options
	// Ended hears how a scan ended; it may be nil.
	Ended func(Result)
	Now   func() time.Time

	mu       sync.Mutex
	scanning bool
	at       Progress // of the scan that runs
	stop     context.CancelCauseFunc
	last     Result
}

// Running tells how far a scan is, and whether one runs.
func (s *Service) Running() (Progress, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, s.scanning
}

// errStopped is why a scan ends that somebody stops.
var errStopped = errors.New("stopped")

// Stop ends the scan that runs, which returns what it has found until then. It reports whether one ran.
func (s *Service) Stop() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop(errStopped)
	}
	return s.scanning
}

// note keeps how far the scan is, for those who ask.
func (s *Service) note(o Options) Options {
	told := o.Progress
	o.Progress = func(p Progress) {
		s.mu.Lock()
		s.at = p
		s.mu.Unlock()
		if told != nil {
			told(p)
		}
	}
	return o
}

// Last is what the last scan found; its time is zero when there was none within the hour.
func (s *Service) Last() Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Now().Sub(s.last.At) >= keeping {
		s.last = Result{}
	}
	return s.last
}

// Scan looks through networks, those of the options when there are none.
func (s *Service) Scan(ctx context.Context, networks []netip.Prefix) (Result, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.mu.Lock()
	busy := s.scanning
	if !busy {
		s.scanning, s.stop = true, stop
	}
	s.mu.Unlock()
	if busy {
		return Result{}, errs.New(errs.Conflict, "Networks are looked through already: wait for the end, or read what was found last")
	}
	defer func() {
		s.mu.Lock()
		s.scanning, s.at, s.stop = false, Progress{}, nil
		s.mu.Unlock()
	}()
	o, err := s.Options()
	if err != nil {
		return Result{}, err
	}
	if len(networks) > 0 {
		o.Networks = networks
	}
	if _, err := o.withDefaults().hosts(); err != nil {
		return Result{}, err
	}
	if s.Tell != nil {
		o = s.Tell(o)
	}
	got, err := Scan(ctx, s.note(o), s.Probe, s.Now)
	if err != nil {
		return got, err
	}
	s.mu.Lock()
	s.last = got
	s.mu.Unlock()
	if s.Ended != nil {
		s.Ended(got)
	}
	return got, nil
}

// Run looks through the networks of the options every five minutes while that is enabled, and forgets what is old.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if s.Enabled() {
			limited, cancel := context.WithTimeout(ctx, background)
			_, _ = s.Scan(limited, nil) // the next one tries again; what cannot be read stands in the result
			cancel()
		}
		_ = s.Last() // forgets it when it is old
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
