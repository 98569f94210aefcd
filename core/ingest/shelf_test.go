package ingest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/event"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/rows"
)

// shelf keeps rows, conditions and events, survives the books and fails when it is told to.
type shelf struct {
	rows       map[rows.ListKey]map[string]rows.Row
	conditions map[condition.Key]condition.Condition
	events     map[string]event.Event
	full       func() bool
}

func newShelf() *shelf {
	return &shelf{
		rows: map[rows.ListKey]map[string]rows.Row{}, conditions: map[condition.Key]condition.Condition{}, events: map[string]event.Event{},
		full: func() bool { return false },
	}
}

func (s *shelf) EachRow(_ context.Context, f func(rows.ListKey, rows.Row) error) error {
	for key, of := range s.rows {
		for _, r := range of {
			if err := f(key, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shelf) ListRows(_ context.Context, list rows.ListKey) ([]rows.Row, error) {
	return slices.Collect(maps.Values(s.rows[list])), nil
}

func (s *shelf) ChangeRows(_ context.Context, changes []rows.Change) error {
	if s.full() {
		return errFull
	}
	for _, c := range changes {
		if c.All {
			delete(s.rows, c.List)
			continue
		}
		of := s.rows[c.List]
		if of == nil {
			of = map[string]rows.Row{}
			s.rows[c.List] = of
		}
		for _, key := range c.Drop {
			delete(of, key)
		}
		for _, r := range c.Put {
			of[r.Key] = r
		}
	}
	return nil
}

func (s *shelf) FindRows(_ context.Context, q rows.Query) ([]rows.Found, int, error) {
	var all []rows.Found
	for key, of := range s.rows {
		for _, r := range of {
			if key.Rows == q.Rows && (q.Owner != "" && key.Owner == q.Owner || slices.Contains(q.Subjects, r.Subject) || q.Owner == "" && len(q.Subjects) == 0) {
				all = append(all, rows.Found{ListKey: key, Row: r})
			}
		}
	}
	slices.SortFunc(all, func(a, b rows.Found) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.Key, b.Key)) })
	return all, len(all), nil
}

func (s *shelf) Conditions(context.Context) ([]condition.Condition, error) {
	return slices.Collect(maps.Values(s.conditions)), nil
}

func (s *shelf) SaveConditions(_ context.Context, hold []condition.Condition, cleared []condition.Key) error {
	if s.full() {
		return errFull
	}
	for _, k := range cleared {
		delete(s.conditions, k)
	}
	for _, c := range hold {
		s.conditions[c.Key()] = c
	}
	return nil
}

func (s *shelf) AddEvents(_ context.Context, events []event.Event) (added []event.Event, err error) {
	if s.full() {
		return nil, errFull
	}
	for _, e := range events {
		key := string(e.Integration) + "/" + e.ID
		if _, known := s.events[key]; !known {
			s.events[key] = e
			added = append(added, e)
		}
	}
	return added, nil
}

func (s *shelf) Events(context.Context, event.Query) ([]event.Event, error) {
	return slices.Collect(maps.Values(s.events)), nil
}
func (s *shelf) TrimEvents(context.Context, time.Time, int) error   { return nil }
func (s *shelf) ForgetEvents(context.Context, id.Integration) error { return nil }

// books opens the books on a shelf.
func books(ctx context.Context, s *shelf, declared func() rows.Declarations, now func() time.Time) (Books, error) {
	r, err := rows.Open(ctx, s, declared)
	if err != nil {
		return Books{}, err
	}
	c, err := condition.Open(ctx, s)
	return Books{Rows: r, Conditions: c, Events: event.New(s, now)}, err
}
