// Package ingest is the one door by which observations enter: of tasks, watches and reports alike. It checks them
// against what is declared and against the caps, then puts resources into the inventory and samples into the store of
// series. It judges nothing and knows no product.
package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

// Limits of what the door lets in.
const (
	MaxRecords  = 100_000 // per integration
	MaxText     = 1 << 10 // bytes of a name, key, tag and the like
	MaxDocument = 1 << 20 // bytes of a document
	MaxList     = 256     // tags, aliases, relations, pieces of evidence of a record
)

// remembered is how many cycles per task are known as applied.
const remembered = 64

// Cycle is one run of one task and who ran it.
type Cycle struct {
	Integration id.Integration
	Task        string
	// Epoch and Sequence make applying idempotent within the task. Both 0: it is not.
	Epoch, Sequence int64
	// Look names what this is a part of, where several applications look at the same thing: those of one look do not
	// confirm one another. Empty: the cycle is a look of its own.
	Look string
	// ObservedAt is the time of samples that have none, by the server's clock.
	ObservedAt time.Time
	// Extent is what silence about a record means; the zero value covers the whole task.
	Extent inventory.Extent
	// Source, Interval and Reporter are those of the agent that reports; see [inventory.Batch].
	Source   *inventory.Source
	Interval time.Duration
	Reporter string
}

// name tells the runs of a task apart, empty when they have no numbers.
func (c Cycle) name() string {
	if c.Look != "" {
		return c.Look
	}
	if c.Epoch == 0 && c.Sequence == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", c.Epoch, c.Sequence)
}

// Partition is a part of a cycle that commits on its own.
type Partition struct {
	Name         string
	Observations []sdk.Observation
	// Err is why the partition could not be read; its observations are not used then.
	Err error
}

// Result tells what became of a cycle.
type Result struct {
	// Duplicate is set when the cycle was applied before; nothing happened then.
	Duplicate bool
	Created   []id.UID
	Removed   []id.UID
	Samples   int
	// Refused counts observations that were not let in; the warnings say why.
	Refused int
	// Unconfirmed counts records that would be gone if a second complete look said so too.
	Unconfirmed int
}

// Door lets observations in. It is safe for concurrent use; cycles of one task follow one another.
type Door struct {
	inv   *inventory.Inventory
	store metric.Store
	books Books
	judge Judge
	log   hclog.Logger
	now   func() time.Time
	warnings

	mu      sync.Mutex
	tasks   map[taskKey]*history
	budgets map[id.Integration]*budget
}

type taskKey struct {
	integration id.Integration
	task        string
}

type cycleKey struct{ epoch, sequence int64 }

// history is what is known of one task. Its lock is held while a cycle is applied.
type history struct {
	mu      sync.Mutex
	applied []cycleKey // the newest last
	// created (with those that are known by something else than before) and removed are of cycles that could not be applied to their end: what depends on them is still to be done.
	created, removed []id.UID
}

// New returns a door to the inventory and the store.
func New(inv *inventory.Inventory, store metric.Store, log hclog.Logger, now func() time.Time) *Door {
	if log == nil {
		log = hclog.NewNullLogger()
	}
	return &Door{inv: inv, store: store, log: log, now: now, warnings: warnings{all: map[warningKey]*Warning{}}, tasks: map[taskKey]*history{}, budgets: map[id.Integration]*budget{}}
}

// Judge looks at samples that have been stored. An error says that they have to be judged again.
type Judge func(ctx context.Context, samples []metric.Sample) error

// Judged gives the door who judges samples. It is called before the first cycle.
func (d *Door) Judged(j Judge) { d.judge = j }

// Keep gives the door where to put what is no record and no sample. Without it such observations are refused. It is
// called before the first cycle.
func (d *Door) Keep(b Books) { d.books = b }

func (d *Door) history(c Cycle) *history {
	key := taskKey{c.Integration, c.Task}
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.tasks[key]
	if h == nil {
		h = &history{}
		d.tasks[key] = h
	}
	return h
}

// Forget drops what is known of an integration that was removed, beside its records and series.
func (d *Door) Forget(ctx context.Context, integration id.Integration) error {
	d.mu.Lock()
	for key := range d.tasks {
		if key.integration == integration {
			delete(d.tasks, key)
		}
	}
	d.mu.Unlock()
	return d.forgetBooks(ctx, integration)
}

// Apply takes a cycle in. When it returns nil its new records, removals and samples survive a crash; an error means
// that the cycle should be applied again, which is safe.
func (d *Door) Apply(ctx context.Context, c Cycle, ps []Partition) (Result, error) {
	h := d.history(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	key := cycleKey{c.Epoch, c.Sequence}
	if key != (cycleKey{}) && slices.Contains(h.applied, key) {
		return Result{Duplicate: true}, nil
	}
	if c.ObservedAt.IsZero() {
		c.ObservedAt = d.now()
	}
	r, err := d.apply(ctx, h, c, ps)
	if err != nil {
		return r, fmt.Errorf("apply cycle of %s %s: %w", c.Integration, c.Task, err)
	}
	if h.applied = append(h.applied, key); len(h.applied) > remembered {
		h.applied = slices.Delete(h.applied, 0, 1)
	}
	return r, nil
}

func (d *Door) apply(ctx context.Context, h *history, c Cycle, ps []Partition) (Result, error) {
	check := d.checker(c)
	batch := inventory.Batch{
		Integration: c.Integration, Task: c.Task, Cycle: c.name(), At: d.now(), Extent: c.Extent, Source: c.Source, Interval: c.Interval, Reporter: c.Reporter,
	}
	for _, p := range ps {
		if p.Err != nil {
			batch.Partitions = append(batch.Partitions, inventory.Partition{Name: p.Name, Failed: reason(p.Err)})
			continue
		}
		batch.Partitions = append(batch.Partitions, check.partition(p))
	}
	out, news, err := d.inv.Apply(ctx, batch)
	d.spent(c.Integration, len(out.Created), 0)
	result := Result{Created: out.Created, Removed: out.Removed, Unconfirmed: out.Unconfirmed}
	h.created, h.removed = slices.Concat(h.created, out.Created, out.Known), append(h.removed, out.Removed...)
	if err != nil {
		d.inv.Publish(news)
		return result, err
	}
	if out.Dropped > 0 {
		d.warn(c, out.Dropped, "parts or unchanged marks for records that do not exist were dropped")
	}
	if out.Unconfirmed > 0 {
		d.warn(c, out.Unconfirmed, "more than half of the records were missing at once: they are stale until a second complete answer says so too")
	}
	if err := check.keep(ctx, batch, h.created, h.removed); err != nil {
		d.inv.Publish(news)
		return result, err
	}
	h.created, h.removed = nil, nil
	samples := check.samples()
	result.Samples, result.Refused = len(samples), check.refused
	if len(samples) > 0 {
		allowed := d.allowance(c.Integration)
		if err := d.store.Append(metric.WithAllowance(ctx, allowed), samples); err != nil {
			d.inv.Publish(news)
			return result, fmt.Errorf("store samples: %w", err)
		}
		d.spent(c.Integration, 0, allowed.Begun)
		if allowed.Refused > 0 {
			d.warn(c, allowed.Refused, fmt.Sprintf("more than %d new series within a day: the surplus is left out", MaxSeries))
			result.Samples, result.Refused = result.Samples-allowed.Refused, result.Refused+allowed.Refused
		}
		if d.judge != nil {
			if err := d.judge(ctx, samples); err != nil {
				d.inv.Publish(news)
				return result, fmt.Errorf("judge samples: %w", err)
			}
		}
	}
	if len(news.Updated)+len(news.Removed) > 0 {
		d.inv.Publish(news)
	}
	return result, nil
}

// reason is the text of a failed partition: fit for people, as plugins write their errors.
func reason(err error) string {
	if e, ok := asSDK(err); ok {
		return cmp.Or(e.Message, string(e.Kind))
	}
	text := err.Error()
	return text[:min(len(text), MaxText)]
}
