package condition

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
)

// Cycle is what one run of a task says about conditions.
type Cycle struct {
	Integration id.Integration
	Task        string
	// At is the server's time.
	At time.Time
	// Hold are the conditions that complete partitions reported.
	Hold []Condition
	// Partitions are the complete ones: what they decide about and did not report does not hold any more.
	Partitions []string
	// Records are those that were named on their own, by a change: what holds for them is what came with them.
	Records []id.UID
	// Gone are the records that are no more.
	Gone []id.UID
	// Unheard tells whether a record was not heard of in this cycle. Its conditions stay.
	Unheard func(id.UID) bool
	// Home is the partition in which the task has a record; it may have moved there from one that failed. Nil when the
	// cycle does not cover all of the task.
	Home func(id.UID) (partition string, ok bool)
}

// Apply takes a cycle in. What changed is saved before it returns; an error says that this failed, and what is in
// memory holds all the same until the cycle is applied again. The changes are returned for [Board.Publish].
func (b *Board) Apply(ctx context.Context, c Cycle) (Changed, int, error) {
	if !b.concerned(c) {
		return Changed{}, 0, nil
	}
	b.saving.Lock()
	defer b.saving.Unlock()
	b.mu.Lock()
	news, refused := b.compare(c)
	b.mu.Unlock()
	if news.empty() {
		return news, refused, nil
	}
	// Saved first: a cycle that comes again after a failure must find the same difference.
	if err := b.save(ctx, news); err != nil {
		return Changed{}, refused, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.commit(news)
	return news, refused, nil
}

// concerned tells whether a cycle can change anything, which most cannot.
func (b *Board) concerned(c Cycle) bool {
	if len(c.Hold) > 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.Home != nil {
		return b.counts[c.Integration] > 0
	}
	for _, p := range c.Partitions {
		if len(b.byScope[scope{c.Integration, c.Task, p}]) > 0 {
			return true
		}
	}
	known := func(r id.UID) bool { return len(b.byRecord[r]) > 0 }
	return slices.ContainsFunc(c.Records, known) || slices.ContainsFunc(c.Gone, known)
}

func (b *Board) save(ctx context.Context, news Changed) error {
	hold := append(append(make([]Condition, 0, len(news.Began)+len(news.Altered)), news.Began...), news.Altered...)
	cleared := make([]Key, 0, len(news.Ended))
	for _, c := range news.Ended {
		cleared = append(cleared, c.Key())
	}
	if err := b.store.SaveConditions(ctx, hold, cleared); err != nil {
		return fmt.Errorf("save conditions: %w", err)
	}
	return nil
}

func (b *Board) commit(news Changed) {
	for _, c := range news.Ended {
		b.take(c.Key())
	}
	for _, c := range append(append([]Condition(nil), news.Began...), news.Altered...) {
		b.put(c)
	}
}

// Publish tells subscribers.
func (b *Board) Publish(c Changed) {
	if !c.empty() {
		b.news.Publish(c)
	}
}

// compare finds what a cycle changes, and how many conditions there is no room for.
func (b *Board) compare(c Cycle) (news Changed, refused int) {
	seen := make(map[Key]struct{}, len(c.Hold))
	room := MaxPerIntegration - b.counts[c.Integration]
	for _, now := range c.Hold {
		now.Integration, now.Task = c.Integration, c.Task
		if _, twice := seen[now.Key()]; twice {
			continue
		}
		seen[now.Key()] = struct{}{}
		old, there := b.byRecord[now.Record][now.Key()]
		if now.Since.IsZero() || now.Since.After(c.At) { // by a clock that is ahead of ours
			now.Since = c.At
			if there {
				now.Since = old.Since
			}
		}
		switch {
		case !there && room <= 0:
			refused++
		case !there:
			room--
			news.Began = append(news.Began, now)
		case !old.equal(now):
			news.Altered = append(news.Altered, now)
		}
	}
	news.Ended = b.ended(c, seen)
	return news, refused
}

// ended finds the conditions that do not hold any more.
func (b *Board) ended(c Cycle, seen map[Key]struct{}) []Condition {
	out := map[Key]Condition{}
	for _, p := range c.Partitions {
		for key := range b.byScope[scope{c.Integration, c.Task, p}] {
			if _, still := seen[key]; !still && !c.Unheard(key.Record) {
				out[key] = b.byRecord[key.Record][key]
			}
		}
	}
	b.movedAway(c, func(key Key) {
		if _, still := seen[key]; !still {
			out[key] = b.byRecord[key.Record][key]
		}
	})
	for _, record := range c.Records {
		for key, old := range b.byRecord[record] {
			if _, still := seen[key]; !still && old.Integration == c.Integration && old.Task == c.Task {
				out[key] = old
			}
		}
	}
	for _, record := range c.Gone {
		maps.Copy(out, b.byRecord[record])
	}
	return slices.Collect(maps.Values(out))
}

// movedAway calls f for conditions of records that have left a partition which did not answer for one that did.
func (b *Board) movedAway(c Cycle, f func(Key)) {
	if c.Home == nil {
		return
	}
	for s, keys := range b.byScope {
		if s.integration != c.Integration || s.task != c.Task || slices.Contains(c.Partitions, s.partition) {
			continue
		}
		for key := range keys {
			if home, ok := c.Home(key.Record); ok && slices.Contains(c.Partitions, home) && !c.Unheard(key.Record) {
				f(key)
			}
		}
	}
}

// Sweep ends the conditions of records that do not exist any more.
func (b *Board) Sweep(ctx context.Context, exists func(id.UID) bool) error {
	return b.end(ctx, func(c Condition) bool { return !exists(c.Record) })
}

// Forget ends the conditions of an integration that was removed.
func (b *Board) Forget(ctx context.Context, integration id.Integration) error {
	return b.end(ctx, func(c Condition) bool { return c.Integration == integration })
}

func (b *Board) end(ctx context.Context, match func(Condition) bool) error {
	b.saving.Lock()
	defer b.saving.Unlock()
	var news Changed
	for _, c := range b.All() {
		if match(c) {
			news.Ended = append(news.Ended, c)
		}
	}
	if news.empty() {
		return nil
	}
	if err := b.save(ctx, news); err != nil {
		return err
	}
	b.mu.Lock()
	b.commit(news)
	b.mu.Unlock()
	b.Publish(news)
	return nil
}
