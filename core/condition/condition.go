// Package condition keeps the verdicts of plugins on what is no number: a degraded pool, a failed job, a lost quorum.
// A condition is level-triggered: it holds from the first cycle that reports it to the first complete one that does not.
// While its source is not heard, it stays as it is.
package condition

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/bus"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// MaxPerIntegration is how many conditions one integration may hold at once.
const MaxPerIntegration = 20_000

// Condition is one verdict on one record. Record, Kind and Instance name it.
type Condition struct {
	Record      id.UID
	Integration id.Integration
	// Task and Partition say which collection decides whether it still holds.
	Task      string
	Partition string
	Kind      string
	Instance  string
	Severity  sdk.Severity
	Message   string
	// Since is when it began, as the plugin says, or else when it was first reported; it is never later than that.
	Since    time.Time
	Metadata map[string]string
}

// Key names a condition.
type Key struct {
	Record         id.UID
	Kind, Instance string
}

// Key returns what the condition is known by.
func (c Condition) Key() Key { return Key{c.Record, c.Kind, c.Instance} }

func (c Condition) equal(o Condition) bool {
	return c.Task == o.Task && c.Partition == o.Partition && c.Severity == o.Severity && c.Message == o.Message && c.Since.Equal(o.Since) &&
		maps.Equal(c.Metadata, o.Metadata)
}

// Store keeps conditions over restarts.
type Store interface {
	// Conditions returns all that is stored.
	Conditions(ctx context.Context) ([]Condition, error)
	// SaveConditions adds or replaces those that hold and forgets those that do not, all or none.
	SaveConditions(ctx context.Context, hold []Condition, cleared []Key) error
}

// Changed is the news that conditions began, changed or ended.
type Changed struct {
	Began   []Condition
	Altered []Condition
	Ended   []Condition
}

func (c Changed) empty() bool { return len(c.Began)+len(c.Altered)+len(c.Ended) == 0 }

// Board holds all conditions. It is safe for concurrent use.
type Board struct {
	store Store
	news  bus.Bus[Changed]

	// saving orders what is written; it is taken before mu.
	saving sync.Mutex

	mu       sync.Mutex
	revision uint64
	byRecord map[id.UID]map[Key]Condition
	byScope  map[scope]map[Key]struct{}
	counts   map[id.Integration]int
}

// scope is what decides together whether conditions hold.
type scope struct {
	integration     id.Integration
	task, partition string
}

func (c Condition) scope() scope { return scope{c.Integration, c.Task, c.Partition} }

// Open returns the board with what is stored.
func Open(ctx context.Context, store Store) (*Board, error) {
	b := &Board{store: store, byRecord: map[id.UID]map[Key]Condition{}, byScope: map[scope]map[Key]struct{}{}, counts: map[id.Integration]int{}}
	all, err := store.Conditions(ctx)
	if err != nil {
		return nil, fmt.Errorf("load conditions: %w", err)
	}
	for _, c := range all {
		b.put(c)
	}
	return b, nil
}

// Subscribe returns news of changes; see [bus.Bus.Subscribe].
func (b *Board) Subscribe(n int) (<-chan Changed, func()) { return b.news.Subscribe(n) }

// Revision grows with every change.
func (b *Board) Revision() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.revision
}

// Of returns the conditions of a record, the most severe first.
func (b *Board) Of(record id.UID) []Condition {
	b.mu.Lock()
	defer b.mu.Unlock()
	return sorted(maps.Values(b.byRecord[record]))
}

// All returns every condition, the most severe first.
func (b *Board) All() []Condition {
	b.mu.Lock()
	defer b.mu.Unlock()
	return sorted(func(yield func(Condition) bool) {
		for _, of := range b.byRecord {
			for _, c := range of {
				if !yield(c) {
					return
				}
			}
		}
	})
}

func sorted(all func(func(Condition) bool)) []Condition {
	return slices.SortedFunc(all, func(a, b Condition) int {
		return cmp.Or(rank(a.Severity)-rank(b.Severity), a.Since.Compare(b.Since), cmp.Compare(a.Record, b.Record), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Instance, b.Instance))
	})
}

func rank(s sdk.Severity) int {
	switch s {
	case sdk.SeverityCritical:
		return 0
	case sdk.SeverityWarning:
		return 1
	}
	return 2
}

// Count is how many conditions of an integration hold.
func (b *Board) Count(integration id.Integration) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[integration]
}

func (b *Board) put(c Condition) {
	b.take(c.Key())
	of := b.byRecord[c.Record]
	if of == nil {
		of = map[Key]Condition{}
		b.byRecord[c.Record] = of
	}
	of[c.Key()] = c
	if b.byScope[c.scope()] == nil {
		b.byScope[c.scope()] = map[Key]struct{}{}
	}
	b.byScope[c.scope()][c.Key()] = struct{}{}
	b.counts[c.Integration]++
	b.revision++
}

func (b *Board) take(key Key) {
	c, there := b.byRecord[key.Record][key]
	if !there {
		return
	}
	if delete(b.byRecord[key.Record], key); len(b.byRecord[key.Record]) == 0 {
		delete(b.byRecord, key.Record)
	}
	if delete(b.byScope[c.scope()], key); len(b.byScope[c.scope()]) == 0 {
		delete(b.byScope, c.scope())
	}
	b.counts[c.Integration]--
	b.revision++
}
