package inventory

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// fewRecords is how many records may vanish at once without a second look.
const fewRecords = 10

// Apply takes one cycle in: each partition as a whole or not at all, and existence at the end over all of them. New
// records, other statuses and removals are saved before it returns; an error says that this failed, and what is in memory
// holds all the same. It returns the news for [Inventory.Publish].
func (i *Inventory) Apply(ctx context.Context, b Batch) (Outcome, Changed, error) {
	i.mu.Lock()
	a := application{Inventory: i, batch: b, updated: map[id.UID]struct{}{}, seen: map[id.UID]struct{}{}}
	a.run()
	if len(a.updated)+len(a.out.Removed) > 0 {
		i.bump()
	}
	news := Changed{Revision: i.revision, Updated: slices.Collect(maps.Keys(a.updated)), Removed: a.out.Removed}
	i.mu.Unlock()
	return a.out, news, i.flush(ctx, slices.Concat(a.out.Created, a.urgent), a.out.Removed)
}

// application is one run of Apply; it holds the inventory's lock.
type application struct {
	*Inventory
	batch   Batch
	out     Outcome
	updated map[id.UID]struct{}
	seen    map[id.UID]struct{} // named by complete partitions
	urgent  []id.UID            // what has changed of them has to be saved at once
	failed  bool                // a partition could not be read
}

func (a *application) run() {
	for _, p := range a.batch.Partitions {
		if p.Failed != "" {
			a.failed = true
			a.stale(a.scope(p.Name), p.Failed)
			continue
		}
		a.commit(p)
	}
	for _, p := range a.batch.Partitions {
		if p.Failed == "" && a.batch.Extent != Changes {
			a.settle(p)
		}
	}
	if a.batch.Extent == Whole {
		a.missing()
	}
}

func (a *application) scope(partition string) scope {
	return scope{a.batch.Integration, a.batch.Task, partition}
}

// commit takes in what a complete partition says.
func (a *application) commit(p Partition) {
	for _, r := range p.Records {
		a.record(p.Name, r)
	}
	for _, part := range p.Parts {
		a.part(part)
	}
	for _, u := range p.Unchanged {
		a.unchanged(p.Name, u)
	}
	for _, gone := range p.Removed {
		uid := id.Record(a.batch.Integration, gone.Key)
		if r := a.records[uid]; r != nil && r.Type == gone.Type {
			a.remove(uid)
		}
	}
}

func (a *application) record(partition string, seen sdk.Record) {
	uid := id.Record(a.batch.Integration, seen.Key)
	old := a.records[uid]
	r := &Record{
		UID: uid, Integration: a.batch.Integration, Task: a.batch.Task, Partition: partition,
		Type: seen.Type, Key: seen.Key, Name: cmp.Or(seen.Name, seen.Key), WireID: cmp.Or(seen.WireID, seen.Key), Aliases: seen.Aliases,
		Status: cmp.Or(seen.Status, sdk.StatusUnknown), Word: seen.StatusWord, Evidence: seen.Evidence, Relations: seen.Relations, Tags: seen.Tags,
		Parts: map[string]json.RawMessage{"": seen.Doc}, FirstSeen: a.batch.At, LastSeen: a.batch.At, Interval: a.batch.Interval,
		Ran: running(seen.Status),
	}
	if a.batch.Source != nil {
		r.Source = *a.batch.Source
		r.Source.Reporter = seen.Key == a.batch.Reporter
	}
	if old == nil {
		a.out.Created = append(a.out.Created, uid)
	} else {
		if !slices.Equal(old.Evidence, r.Evidence) {
			a.out.Known = append(a.out.Known, uid)
		}
		r.follow(old)
		if a.batch.Extent == Changes && old.Task == r.Task {
			r.Partition = old.Partition // a change does not say where it is
		}
		a.noteUrgent(old, r)
		for name, doc := range old.Parts {
			if name != "" {
				r.Parts[name] = doc
			}
		}
	}
	a.touch(r)
	a.seen[uid] = struct{}{}
}

func (a *application) part(p sdk.Part) {
	old := a.records[id.Record(a.batch.Integration, p.Key)]
	if old == nil || old.Type != p.Type {
		a.out.Dropped++
		return
	}
	r := *old
	r.Parts = maps.Clone(old.Parts)
	r.Parts[p.Name] = p.Doc
	a.touch(&r)
}

func (a *application) unchanged(partition string, u sdk.Unchanged) {
	uid := id.Record(a.batch.Integration, u.Key)
	old := a.records[uid]
	if old == nil || old.Type != u.Type {
		a.out.Dropped++
		return
	}
	if u.Part != "" {
		return
	}
	r := *old
	if a.batch.Extent == Changes && old.Task == a.batch.Task {
		partition = old.Partition
	}
	r.Task, r.Partition, r.LastSeen, r.Stale = a.batch.Task, partition, a.batch.At, nil
	a.noteUrgent(old, &r)
	a.touch(&r)
	a.seen[uid] = struct{}{}
}

// noteUrgent has a record saved at once that is in another partition, which decides who may remove it, or has another status:
// alerts are stored with it, and a status of before would end them after a crash.
func (a *application) noteUrgent(from, to *Record) {
	if scopeOf(from) != scopeOf(to) || from.Status != to.Status {
		a.urgent = append(a.urgent, to.UID)
	}
}

// settle decides what becomes of the records that a complete partition had and no complete partition names any more.
func (a *application) settle(p Partition) {
	of := a.scopes[a.scope(p.Name)]
	var lost, confirmed []id.UID
	for uid := range of {
		if _, seen := a.seen[uid]; seen {
			continue
		}
		switch s := a.records[uid].Stale; {
		case s == nil || s.Reason != ReasonUnconfirmed:
			lost = append(lost, uid)
		case s.Cycle == "" || s.Cycle != a.batch.Cycle:
			confirmed = append(confirmed, uid)
		}
	}
	total := len(of)
	switch {
	case a.failed:
		for _, uid := range slices.Concat(lost, confirmed) {
			a.mark(uid, ReasonMoved)
		}
		return
	case len(lost) > 0 && total > fewRecords && len(lost)*2 > total:
		a.out.Unconfirmed += len(lost)
		for _, uid := range lost {
			a.mark(uid, ReasonUnconfirmed)
		}
	default:
		confirmed = append(confirmed, lost...)
	}
	for _, uid := range confirmed {
		a.remove(uid)
	}
}

// missing marks the partitions that a whole cycle did not name.
func (a *application) missing() {
	named := map[string]bool{}
	for _, p := range a.batch.Partitions {
		named[p.Name] = true
	}
	for s := range a.scopes {
		if s.integration == a.batch.Integration && s.task == a.batch.Task && !named[s.partition] {
			a.stale(s, ReasonMoved)
		}
	}
}

func (a *application) stale(s scope, reason string) {
	for uid := range a.scopes[s] {
		if _, moved := a.seen[uid]; !moved {
			a.mark(uid, reason)
		}
	}
}

// mark makes a record stale. The first reason's time stays, and so does a removal that waits to be confirmed.
func (a *application) mark(uid id.UID, reason string) {
	if r, changed := staled(a.records[uid], reason, a.batch.At); changed {
		if reason == ReasonUnconfirmed {
			r.Stale.Cycle = a.batch.Cycle
		}
		a.touch(r)
	}
}

func staled(old *Record, reason string, at time.Time) (*Record, bool) {
	if s := old.Stale; s != nil && (s.Reason == reason || s.Reason == ReasonUnconfirmed) {
		return old, false
	}
	r := *old
	r.Stale = &Stale{Reason: reason, Since: at}
	if old.Stale != nil {
		r.Stale.Since = old.Stale.Since
	}
	return &r, true
}

func (a *application) touch(r *Record) {
	r.Given = a.givenTo(r)
	a.put(r)
	a.updated[r.UID] = struct{}{}
}

func (a *application) remove(uid id.UID) {
	a.drop(uid)
	delete(a.updated, uid)
	a.out.Removed = append(a.out.Removed, uid)
}

// Sweep marks the reporters that were silent for too long, and what they brought, and returns how many records that
// were. How long is declared with the report kind; time before the server's start does not count.
func (i *Inventory) Sweep(now time.Time) int {
	i.mu.Lock()
	var updated []id.UID
	for _, r := range i.records {
		if !r.Source.Reporter || now.Sub(later(r.LastSeen, i.started)) <= i.window(r) {
			continue
		}
		for uid := range i.scopes[scopeOf(r)] {
			if s, changed := staled(i.records[uid], ReasonSilent, now); changed {
				i.put(s)
				updated = append(updated, uid)
			}
		}
	}
	if len(updated) > 0 {
		i.bump()
	}
	news := Changed{Revision: i.revision, Updated: updated}
	i.mu.Unlock()
	if len(updated) > 0 {
		i.news.Publish(news)
	}
	return len(updated)
}

// window is how long a reporter may be silent.
func (i *Inventory) window(r *Record) time.Duration {
	k, ok := i.Catalog().ReportOf(r.Type)
	if !ok {
		return 5 * time.Minute
	}
	window := time.Duration(max(k.OfflineFactor, 1)) * cmp.Or(r.Interval, k.DefaultInterval, time.Minute)
	if k.OfflineMax > 0 {
		window = min(window, k.OfflineMax)
	}
	return max(window, k.OfflineMin)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
