// Package event keeps what happened: a guest that migrated, a backup that ran. An event is stored and shown, and is
// never "active"; its id makes it one event however often it is reported.
package event

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/bus"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// Limits of what is kept.
const (
	// MaxPerIntegration is how many events of one integration are kept; the oldest go first.
	MaxPerIntegration = 100_000
	// Retention is how long an event is kept.
	Retention = 90 * 24 * time.Hour
	// MaxPage is how many events one answer holds at most.
	MaxPage = 500
)

// Event is something that happened to a record, or to an integration as a whole.
type Event struct {
	Integration id.Integration
	// ID is unique within the integration.
	ID string
	// Record is empty when the event is about no record.
	Record     id.UID
	Kind       string
	Time       time.Time
	Severity   sdk.Severity
	Text       string
	Attributes map[string]string
}

// Query asks for events, the newest first.
type Query struct {
	// Records limits the answer to events of these records; empty for all.
	Records []id.UID
	// Before and BeforeID continue after an event that was seen; zero for the newest.
	Before   time.Time
	BeforeID string
	// Limit is at most [MaxPage].
	Limit int
}

// Store keeps events.
type Store interface {
	// AddEvents stores those that are not known yet, all or none, and returns them.
	AddEvents(ctx context.Context, events []Event) ([]Event, error)
	Events(ctx context.Context, q Query) ([]Event, error)
	// TrimEvents forgets events before a time, and the oldest of integrations that have more than most.
	TrimEvents(ctx context.Context, before time.Time, most int) error
	// ForgetEvents forgets all events of an integration.
	ForgetEvents(ctx context.Context, integration id.Integration) error
}

// Log is all events. It is safe for concurrent use.
type Log struct {
	store Store
	now   func() time.Time
	news  bus.Bus[[]Event]
}

// New returns the log on a store.
func New(store Store, now func() time.Time) *Log { return &Log{store: store, now: now} }

// Subscribe returns news of new events; see [bus.Bus.Subscribe].
func (l *Log) Subscribe(n int) (<-chan []Event, func()) { return l.news.Subscribe(n) }

// Add stores events. Those that are known already are no news; those older than [Retention] are let go.
func (l *Log) Add(ctx context.Context, events []Event) error {
	oldest := l.now().Add(-Retention)
	fresh := events[:0:0]
	for _, e := range events {
		if e.Time.After(oldest) {
			fresh = append(fresh, e)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	added, err := l.store.AddEvents(ctx, fresh)
	if err != nil {
		return fmt.Errorf("store events: %w", err)
	}
	if len(added) > 0 {
		l.news.Publish(added)
	}
	return nil
}

// List returns a page of events, the newest first.
func (l *Log) List(ctx context.Context, q Query) ([]Event, error) {
	if q.Limit <= 0 || q.Limit > MaxPage {
		q.Limit = MaxPage
	}
	events, err := l.store.Events(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return events, nil
}

// Trim forgets what is old or too much.
func (l *Log) Trim(ctx context.Context) error {
	if err := l.store.TrimEvents(ctx, l.now().Add(-Retention), MaxPerIntegration); err != nil {
		return fmt.Errorf("trim events: %w", err)
	}
	return nil
}

// Forget drops the events of an integration that was removed.
func (l *Log) Forget(ctx context.Context, integration id.Integration) error {
	if err := l.store.ForgetEvents(ctx, integration); err != nil {
		return fmt.Errorf("forget events: %w", err)
	}
	return nil
}
