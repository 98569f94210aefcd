package metric

import (
	"context"
	"errors"
	"sync"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// Switch is a store behind which another one can be put while it is used. Calls wait meanwhile.
type Switch struct {
	mu    sync.RWMutex
	store Store
}

// NewSwitch returns a switch to a store.
func NewSwitch(s Store) *Switch { return &Switch{store: s} }

var errNoStore = errs.New(errs.Unavailable, "no metric store is open: its settings do not work")

// Replace closes the store and puts the one that open returns in its place. When open fails, reopen brings the former back;
// when that fails too, there is no store until the next Replace.
func (s *Switch) Replace(open, reopen func() (Store, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.store != nil {
		err = s.store.Close()
	}
	next, openErr := open()
	if openErr == nil {
		s.store = next
		return err
	}
	if next, err = reopen(); err != nil {
		s.store = nil
		return errors.Join(openErr, err)
	}
	s.store = next
	return openErr
}

// Now returns the store that is in use, for who needs more of it than a Store has. It may be closed at any moment.
func (s *Switch) Now() Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.store
}

// Append stores samples.
func (s *Switch) Append(ctx context.Context, samples []Sample) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.store == nil {
		return errNoStore
	}
	return s.store.Append(ctx, samples)
}

// Query answers q.
func (s *Switch) Query(ctx context.Context, q Query) ([]Series, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.store == nil {
		return nil, errNoStore
	}
	return s.store.Query(ctx, q)
}

// Delete forgets all series of the records.
func (s *Switch) Delete(ctx context.Context, records []id.UID) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.store == nil {
		return errNoStore
	}
	return s.store.Delete(ctx, records)
}

// Stats tells how the store is doing.
func (s *Switch) Stats(ctx context.Context) (Stats, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.store == nil {
		return Stats{}, errNoStore
	}
	return s.store.Stats(ctx)
}

// CountSeries returns how many series the records have, where the store knows that.
func (s *Switch) CountSeries(records []id.UID) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return countSeries(s.store, records)
}

func countSeries(s Store, records []id.UID) int {
	if c, ok := s.(interface{ CountSeries(records []id.UID) int }); ok {
		return c.CountSeries(records)
	}
	return 0
}

// Close ends the store.
func (s *Switch) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		return nil
	}
	return s.store.Close()
}

// Mirror writes to two stores and reads from the first. What the second does not take is missing there, counted and told
// by Stats: the first goes on.
type Mirror struct {
	First, Second Store

	mu      sync.Mutex
	missed  uint64
	problem string
}

// Append stores samples.
func (m *Mirror) Append(ctx context.Context, samples []Sample) error {
	if err := m.First.Append(ctx, samples); err != nil {
		return err
	}
	// An allowance is the first store's: the second keeps no books of its own.
	err := m.Second.Append(WithAllowance(ctx, nil), samples)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.problem = ""
	if err != nil {
		m.missed += uint64(len(samples))
		m.problem = "the second store misses samples: " + messageOf(err)
	}
	return nil
}

// messageOf is what of an error is for people.
func messageOf(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "it failed; the log says why"
}

// Query answers q.
func (m *Mirror) Query(ctx context.Context, q Query) ([]Series, error) { return m.First.Query(ctx, q) }

// Delete forgets all series of the records in both.
func (m *Mirror) Delete(ctx context.Context, records []id.UID) error {
	return errors.Join(m.First.Delete(ctx, records), m.Second.Delete(ctx, records))
}

// Stats are those of the first store, with what waits for the second and what it misses.
func (m *Mirror) Stats(ctx context.Context) (Stats, error) {
	st, err := m.First.Stats(ctx)
	if err != nil {
		return st, err
	}
	second, err := m.Second.Stats(ctx)
	if err != nil {
		return st, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	st.Refused += m.missed
	st.Buffered += second.Buffered
	st.SizeBytes += second.SizeBytes
	st.Oldest, st.Problem = second.Oldest, second.Problem
	if m.problem != "" {
		st.Problem = m.problem
	}
	return st, nil
}

// CountSeries returns how many series the records have.
func (m *Mirror) CountSeries(records []id.UID) int { return countSeries(m.First, records) }

// Close ends both.
func (m *Mirror) Close() error { return errors.Join(m.First.Close(), m.Second.Close()) }
