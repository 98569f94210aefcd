package rows

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
)

// Cycle is what one run of a task says about rows.
type Cycle struct {
	Integration id.Integration
	Task        string
	// At is the server's time.
	At         time.Time
	Partitions []Partition
	// Gone are the records that are no more; their lists go with them.
	Gone []id.UID
}

// Partition is a part of a cycle.
type Partition struct {
	Name string
	// Failed is why the partition could not be read; its lists stay as they are then.
	Failed string
	Rows   []Entry
	// Ends name the lists that are complete: their rows that are not in Rows are gone.
	Ends []End
}

// Entry is a row and whose it is.
type Entry struct {
	Rows  string
	Owner id.UID
	Row
}

// End says that a list is complete.
type End struct {
	Rows  string
	Owner id.UID
}

// incoming is what a cycle brings for one list.
type incoming struct {
	rows   map[string]Row
	closed bool
}

// Outcome tells what became of rows.
type Outcome struct {
	// Lists are the lists that are other ones now.
	Lists []ListKey
	// Refused counts rows that there was no room for.
	Refused int
}

// Apply takes a cycle in: what changed is stored before it returns. An error says that this failed; nothing has changed
// then, and applying the cycle again is safe.
func (b *Book) Apply(ctx context.Context, c Cycle) (Outcome, error) {
	if !b.concerned(c) {
		return Outcome{}, nil
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	p := plan{book: b, cycle: c, lists: map[ListKey]*list{}, usage: b.used(c.Integration)}
	if err := p.make(ctx); err != nil {
		return Outcome{}, err
	}
	if err := b.write(ctx, p); err != nil {
		return Outcome{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.judge(c)
	return p.outcome(), nil
}

// concerned tells whether a cycle can change anything, which most cannot.
func (b *Book) concerned(c Cycle) bool {
	for _, p := range c.Partitions {
		if len(p.Rows)+len(p.Ends) > 0 {
			return true
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.counts[c.Integration].rows == 0 {
		return false
	}
	if len(c.Gone) > 0 {
		return true
	}
	return slices.ContainsFunc(c.Partitions, func(p Partition) bool { return len(b.scopes[scope{c.Integration, c.Task, p.Name}]) > 0 })
}

func (b *Book) used(integration id.Integration) usage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[integration]
}

func (b *Book) list(key ListKey) *list {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lists[key]
}

// judge notes which partitions failed and which are well again.
func (b *Book) judge(c Cycle) {
	for _, p := range c.Partitions {
		for key := range b.scopes[scope{c.Integration, c.Task, p.Name}] {
			l := b.lists[key]
			if l.failed == p.Failed {
				continue
			}
			if l.failed == "" {
				l.failedAt = c.At
			}
			l.failed = p.Failed
			b.revision++
		}
	}
}

// plan is what a cycle changes.
type plan struct {
	book    *Book
	cycle   Cycle
	changes []Change
	lists   map[ListKey]*list // nil for those that are gone
	usage   usage
	refused int
}

func (p *plan) outcome() Outcome {
	return Outcome{Lists: slices.Collect(maps.Keys(p.lists)), Refused: p.refused}
}

func (p *plan) make(ctx context.Context) error {
	named := map[ListKey]bool{}
	for _, part := range p.cycle.Partitions {
		if part.Failed != "" {
			continue
		}
		for key, in := range p.group(part) {
			named[key] = true
			if err := p.take(ctx, key, in); err != nil {
				return err
			}
		}
	}
	p.moved(named)
	p.gone()
	return nil
}

func (p *plan) group(part Partition) map[ListKey]*incoming {
	out := map[ListKey]*incoming{}
	of := func(rows string, owner id.UID) *incoming {
		key := ListKey{p.cycle.Integration, p.cycle.Task, part.Name, rows, owner}
		if out[key] == nil {
			out[key] = &incoming{rows: map[string]Row{}}
		}
		return out[key]
	}
	for _, r := range part.Rows {
		of(r.Rows, r.Owner).rows[r.Key] = r.Row
	}
	for _, e := range part.Ends {
		of(e.Rows, e.Owner).closed = true
	}
	return out
}

// take compares what came for a list with what is stored. A complete list that is the same is not even read.
func (p *plan) take(ctx context.Context, key ListKey, in *incoming) error {
	old := p.book.list(key)
	if in.closed && old != nil {
		if same := p.book.digest(key, slices.Collect(maps.Values(in.rows))); same.sum == old.sum && same.rows == old.rows {
			return nil
		}
	}
	stored := map[string]Row{}
	if old != nil && old.rows > 0 {
		all, err := p.book.store.ListRows(ctx, key)
		if err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
		for _, r := range all {
			stored[r.Key] = r
		}
	}
	change := Change{List: key}
	for k, r := range in.rows {
		if was, there := stored[k]; !there || p.book.sum(was) != p.book.sum(r) {
			if !p.room(r, was, there) {
				p.refused++
				continue
			}
			change.Put = append(change.Put, r)
			stored[k] = r
		}
	}
	if in.closed {
		for k := range stored {
			if _, still := in.rows[k]; !still {
				change.Drop = append(change.Drop, k)
				delete(stored, k)
			}
		}
	}
	if len(change.Put)+len(change.Drop) > 0 {
		p.changes = append(p.changes, change)
		p.lists[key] = p.book.digest(key, slices.Collect(maps.Values(stored)))
	}
	return nil
}

// room keeps an integration within its caps.
func (p *plan) room(r, was Row, there bool) bool {
	more := usage{1, r.size()}
	if there {
		more = usage{0, r.size() - was.size()}
	}
	if p.usage.rows+more.rows > MaxPerIntegration || p.usage.bytes+more.bytes > MaxBytes {
		return false
	}
	p.usage.rows += more.rows
	p.usage.bytes += more.bytes
	return true
}

// moved drops the lists of owners that another partition has now: the one where they were is complete and does not
// name them any more.
func (p *plan) moved(named map[ListKey]bool) {
	type owned struct {
		rows  string
		owner id.UID
	}
	elsewhere := map[owned]bool{}
	for key := range named {
		if key.Owner != "" {
			elsewhere[owned{key.Rows, key.Owner}] = true
		}
	}
	if len(elsewhere) == 0 {
		return
	}
	p.each(func(key ListKey) bool { return !named[key] && elsewhere[owned{key.Rows, key.Owner}] })
}

// each drops the lists of the cycle's complete partitions that match.
func (p *plan) each(match func(ListKey) bool) {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	for _, part := range p.cycle.Partitions {
		if part.Failed != "" {
			continue
		}
		for key := range p.book.scopes[scope{p.cycle.Integration, p.cycle.Task, part.Name}] {
			if match(key) {
				p.drop(key)
			}
		}
	}
}

func (p *plan) gone() {
	if len(p.cycle.Gone) == 0 {
		return
	}
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	for _, uid := range p.cycle.Gone {
		for key := range p.book.owners[uid] {
			p.drop(key)
		}
		for key := range p.lists {
			if key.Owner == uid && p.lists[key] != nil {
				p.drop(key)
			}
		}
	}
}

func (p *plan) drop(key ListKey) {
	p.lists[key] = nil
	p.changes = append(p.changes, Change{List: key, All: true})
}

// Sweep drops the lists of records that do not exist any more, and rows that are older than their declaration keeps
// them.
func (b *Book) Sweep(ctx context.Context, now time.Time, exists func(id.UID) bool) (Outcome, error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	p := plan{book: b, lists: map[ListKey]*list{}}
	b.mu.Lock()
	keys := slices.Collect(maps.Keys(b.lists))
	b.mu.Unlock()
	for _, key := range keys {
		if key.Owner != "" && !exists(key.Owner) {
			p.drop(key)
			continue
		}
		kind, _ := b.declared().Rows(key.Rows)
		if kind.Retention > 0 {
			if err := p.expire(ctx, key, now.Add(-kind.Retention)); err != nil {
				return Outcome{}, err
			}
		}
	}
	return p.outcome(), b.write(ctx, p)
}

func (p *plan) expire(ctx context.Context, key ListKey, before time.Time) error {
	if l := p.book.list(key); l == nil || l.oldest >= before.UnixNano() {
		return nil
	}
	all, err := p.book.store.ListRows(ctx, key)
	if err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	change := Change{List: key}
	kept := all[:0]
	for _, r := range all {
		if !r.Time.IsZero() && r.Time.Before(before) {
			change.Drop = append(change.Drop, r.Key)
		} else {
			kept = append(kept, r)
		}
	}
	p.changes = append(p.changes, change)
	p.lists[key] = p.book.digest(key, kept)
	return nil
}

// write stores a plan and takes it over.
func (b *Book) write(ctx context.Context, p plan) error {
	if len(p.changes) == 0 {
		return nil
	}
	if err := b.store.ChangeRows(ctx, p.changes); err != nil {
		return fmt.Errorf("store rows: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, l := range p.lists {
		b.set(key, l)
	}
	return nil
}

// Forget drops all rows of an integration that was removed.
func (b *Book) Forget(ctx context.Context, integration id.Integration) (Outcome, error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	p := plan{book: b, lists: map[ListKey]*list{}}
	b.mu.Lock()
	for key := range b.lists {
		if key.Integration == integration {
			p.drop(key)
		}
	}
	b.mu.Unlock()
	return p.outcome(), b.write(ctx, p)
}
