package inventory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pulse-platform/pulse/core/bus"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// Store keeps records over restarts.
type Store interface {
	// Records returns all that is stored.
	Records(ctx context.Context) ([]*Record, error)
	// SaveRecords adds or replaces records, all or none.
	SaveRecords(ctx context.Context, records []*Record) error
	// DeleteRecords forgets records; those that are not there are no error.
	DeleteRecords(ctx context.Context, uids []id.UID) error
}

// Inventory holds all records. It is safe for concurrent use.
type Inventory struct {
	catalog atomic.Pointer[Catalog]
	store   Store
	now     func() time.Time
	started time.Time
	// News tells when something changed.
	news bus.Bus[Changed]

	// linking orders what is decided about links; it is taken before mu.
	linking sync.Mutex
	// saving orders what is written; it is taken before mu.
	saving sync.Mutex

	mu        sync.Mutex
	revision  uint64
	changed   time.Time
	records   map[id.UID]*Record
	scopes    map[scope]map[id.UID]struct{}
	counts    map[id.Integration]int
	dirty     map[id.UID]struct{} // to be saved
	gone      map[id.UID]struct{} // to be deleted
	links     map[id.UID]id.UID   // replaced as a whole, never written to
	linkStore LinkStore
	// verdicts is replaced as a whole, never written to.
	verdicts      map[Pair]Verdict
	identityStore IdentityStore
	// joins is replaced as a whole, never written to.
	joins   map[id.Integration]id.Integration
	given   GivenTags
	current atomic.Pointer[Snapshot]
}

// scope is one partition of one task: what decides together about existence.
type scope struct {
	integration     id.Integration
	task, partition string
}

func scopeOf(r *Record) scope { return scope{r.Integration, r.Task, r.Partition} }

// New returns an empty inventory. Records are judged stale from now on, not from before.
func New(catalog *Catalog, store Store, now func() time.Time) *Inventory {
	i := &Inventory{
		store: store, now: now, started: now(), revision: 1, changed: now(),
		records: map[id.UID]*Record{}, scopes: map[scope]map[id.UID]struct{}{},
		counts: map[id.Integration]int{}, dirty: map[id.UID]struct{}{}, gone: map[id.UID]struct{}{},
	}
	i.catalog.Store(catalog)
	return i
}

// Catalog returns what is declared.
func (i *Inventory) Catalog() *Catalog { return i.catalog.Load() }

// Declare puts another catalogue in the place of the present one. Records of types that nobody declares any more are
// kept and not shown.
func (i *Inventory) Declare(c *Catalog) {
	i.catalog.Store(c)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.bump()
}

// Subscribe returns news of changes; see [bus.Bus.Subscribe].
func (i *Inventory) Subscribe(n int) (<-chan Changed, func()) { return i.news.Subscribe(n) }

// Publish tells subscribers about what [Inventory.Apply] did. It is separate so that series can be stored in between.
func (i *Inventory) Publish(c Changed) { i.news.Publish(c) }

// Load reads what is stored. Records of types that nobody declares any more are kept and not shown.
func (i *Inventory) Load(ctx context.Context) error {
	records, err := i.store.Records(ctx)
	if err != nil {
		return fmt.Errorf("load records: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range records {
		r.Given = i.givenTo(r)
		i.index(r)
	}
	i.bump()
	return nil
}

// Checkpoint saves what changed since it was last saved.
func (i *Inventory) Checkpoint(ctx context.Context) error {
	i.saving.Lock()
	defer i.saving.Unlock()
	i.mu.Lock()
	save, gone := make([]*Record, 0, len(i.dirty)), make([]id.UID, 0, len(i.gone))
	for uid := range i.dirty {
		save = append(save, i.records[uid])
	}
	for uid := range i.gone {
		gone = append(gone, uid)
	}
	i.mu.Unlock()
	return errors.Join(i.save(ctx, save), i.delete(ctx, gone))
}

// flush saves new records and removals of one batch.
func (i *Inventory) flush(ctx context.Context, created, removed []id.UID) error {
	if len(created)+len(removed) == 0 {
		return nil
	}
	i.saving.Lock()
	defer i.saving.Unlock()
	i.mu.Lock()
	var save []*Record
	for _, uid := range created {
		if r := i.records[uid]; r != nil {
			save = append(save, r)
		}
	}
	var gone []id.UID
	for _, uid := range removed {
		if i.records[uid] == nil {
			gone = append(gone, uid)
		}
	}
	i.mu.Unlock()
	return errors.Join(i.save(ctx, save), i.delete(ctx, gone))
}

// save writes records and takes those from the dirty list that did not change in the meantime.
func (i *Inventory) save(ctx context.Context, records []*Record) error {
	if len(records) == 0 {
		return nil
	}
	if err := i.store.SaveRecords(ctx, records); err != nil {
		return fmt.Errorf("save records: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range records {
		if i.records[r.UID] == r {
			delete(i.dirty, r.UID)
		}
	}
	return nil
}

func (i *Inventory) delete(ctx context.Context, uids []id.UID) error {
	if len(uids) == 0 {
		return nil
	}
	if err := i.store.DeleteRecords(ctx, uids); err != nil {
		return fmt.Errorf("delete records: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, uid := range uids {
		delete(i.gone, uid)
		if _, back := i.records[uid]; back {
			i.dirty[uid] = struct{}{} // it came back while it was being deleted
		}
	}
	return nil
}

// Snapshot returns the inventory as it is now.
func (i *Inventory) Snapshot() *Snapshot {
	i.mu.Lock()
	defer i.mu.Unlock()
	if s := i.current.Load(); s != nil && s.Revision == i.revision {
		return s
	}
	s := newSnapshot(i.revision, i.records, i.links, i.verdicts, i.joins)
	i.current.Store(s)
	return s
}

// Revision returns the number of the newest state, and when it became so.
func (i *Inventory) Revision() (uint64, time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.revision, i.changed
}

// Record returns the record with the uid as it is now.
func (i *Inventory) Record(uid id.UID) (*Record, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	r, ok := i.records[uid]
	return r, ok
}

// Count is how many records an integration has.
func (i *Inventory) Count(integration id.Integration) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.counts[integration]
}

// Remove forgets a record and those that the same reporter brought with it, at once. It comes back when its source
// names it again.
func (i *Inventory) Remove(ctx context.Context, uid id.UID) error {
	i.mu.Lock()
	r := i.records[uid]
	if r == nil {
		i.mu.Unlock()
		return errs.New(errs.NotFound, "there is no such resource: it may have been removed already")
	}
	removed := []id.UID{uid}
	if r.Source.Reporter {
		for other := range i.scopes[scopeOf(r)] {
			if other != uid {
				removed = append(removed, other)
			}
		}
	}
	for _, uid := range removed {
		i.drop(uid)
	}
	i.bump()
	news := Changed{Revision: i.revision, Removed: removed}
	i.mu.Unlock()
	err := i.flush(ctx, nil, removed)
	i.news.Publish(news)
	return err
}

// index puts a record in place of the one with its uid. The caller holds mu.
func (i *Inventory) index(r *Record) {
	if old := i.records[r.UID]; old != nil && scopeOf(old) != scopeOf(r) {
		i.leave(old)
	}
	if i.records[r.UID] == nil {
		i.counts[r.Integration]++
	}
	i.records[r.UID] = r
	of := i.scopes[scopeOf(r)]
	if of == nil {
		of = map[id.UID]struct{}{}
		i.scopes[scopeOf(r)] = of
	}
	of[r.UID] = struct{}{}
}

// put is index for a record that has to be saved.
func (i *Inventory) put(r *Record) {
	i.index(r)
	i.dirty[r.UID] = struct{}{}
	delete(i.gone, r.UID)
}

func (i *Inventory) leave(r *Record) {
	of := i.scopes[scopeOf(r)]
	delete(of, r.UID)
	if len(of) == 0 {
		delete(i.scopes, scopeOf(r))
	}
}

func (i *Inventory) drop(uid id.UID) {
	r := i.records[uid]
	if r == nil {
		return
	}
	i.leave(r)
	i.counts[r.Integration]--
	delete(i.records, uid)
	delete(i.dirty, uid)
	i.gone[uid] = struct{}{}
}

func (i *Inventory) bump() {
	i.revision++
	i.changed = i.now()
}
