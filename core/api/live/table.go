package live

import (
	"encoding/json"
	"hash/maphash"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
)

const (
	maxGone   = 4096   // rows that vanished, as a table remembers them
	maxNumber = 100000 // rows that a table counts before it begins anew
)

// Resources is where rows come from; it is an inventory.Inventory.
type Resources interface {
	Snapshot() *inventory.Snapshot
	Catalog() *inventory.Catalog
}

// table holds all rows as cells of text, each with the number of the change that made it. It is shared by all clients:
// what changed is found out once, and a frame for any of them is made from it.
type table struct {
	mu       sync.RWMutex
	epoch    string
	seq      uint64
	snapshot *inventory.Snapshot
	catalog  *inventory.Catalog
	kinds    map[string]*kind
	numbered int
	rows     []*row // by number
	byUID    map[id.UID]*row
	byID     map[string][]*row
	gone     []gone // by seq
	forgot   uint64 // seq of the newest that gone no longer holds
	beside   beside
	alerted  uint64 // seq at which alerts changed
	judged   uint64 // seq at which conditions changed

	whole wholes
}

// beside is what is told besides rows.
type beside struct {
	alerts     json.RawMessage
	conditions uint64
}

// row is one resource.
type row struct {
	number   int
	record   *inventory.Record
	kind     *kind
	born     uint64
	seq, own uint64 // of the newest cell, and of the newest among the server's own columns
	cells    []cell // by the columns of kind
}

// cell is the JSON of a value, "" for null.
type cell struct {
	text string
	seq  uint64
}

// gone is a row that is no more.
type gone struct {
	number int
	seq    uint64
}

// newTable returns an empty table. The moment makes its epoch another one than those before.
func newTable(catalog *inventory.Catalog, at time.Time) *table {
	t := &table{
		epoch: strconv.FormatInt(at.UnixNano(), 36), catalog: catalog, kinds: map[string]*kind{},
		byUID: map[id.UID]*row{}, byID: map[string][]*row{},
		whole: wholes{seed: maphash.MakeSeed()},
	}
	for n, declared := range catalog.Types() {
		t.kinds[declared.Name] = newKind(catalog, declared, n)
	}
	return t
}

// worn reports whether a new table has to take the place of this one.
func (t *table) worn(catalog *inventory.Catalog) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.catalog != catalog || t.numbered > maxNumber && t.numbered > 4*len(t.rows)
}

// update takes in a snapshot and what is told besides.
func (t *table) update(snapshot *inventory.Snapshot, now beside) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.seq + 1
	if string(now.alerts) != string(t.beside.alerts) {
		t.alerted, t.seq = next, next
	}
	if now.conditions != t.beside.conditions {
		t.judged, t.seq = next, next
	}
	t.beside = now
	if t.snapshot == snapshot {
		return
	}
	t.snapshot = snapshot
	there, before := 0, len(t.rows)
	for name, k := range t.kinds {
		for _, r := range snapshot.Type(name) {
			there++
			if t.take(r, k, next) {
				t.seq = next
			}
		}
	}
	if there < len(t.byUID) || len(t.rows) > before {
		t.sweep(snapshot, next)
	}
}

// take brings the row of a record up to date and reports whether the record is another one.
func (t *table) take(r *inventory.Record, k *kind, seq uint64) bool {
	old := t.byUID[r.UID]
	if old != nil && old.record == r {
		return false
	}
	if old == nil || old.kind != k || old.record.WireID != r.WireID {
		if old != nil {
			t.drop(old, seq)
		}
		old = &row{number: t.numbered, kind: k, born: seq, cells: make([]cell, len(k.columns))}
		t.numbered++
		t.rows = append(t.rows, old)
		t.byUID[r.UID] = old
		t.byID[r.WireID] = append(t.byID[r.WireID], old)
	}
	old.record = r
	k.fill(old, t.snapshot, t.catalog, seq)
	return true
}

// drop forgets a row, but for its place in the list, which sweep takes.
func (t *table) drop(r *row, seq uint64) {
	t.seq = seq
	r.cells = nil
	t.gone = append(t.gone, gone{r.number, seq})
	if len(t.gone) > maxGone {
		cut := len(t.gone) - maxGone/2
		t.forgot = t.gone[cut-1].seq
		t.gone = slices.Delete(t.gone, 0, cut)
	}
	delete(t.byUID, r.record.UID)
	same := slices.DeleteFunc(t.byID[r.record.WireID], func(other *row) bool { return other == r })
	if t.byID[r.record.WireID] = same; len(same) == 0 {
		delete(t.byID, r.record.WireID)
	}
}

// sweep drops the rows that a snapshot does not have.
func (t *table) sweep(snapshot *inventory.Snapshot, seq uint64) {
	t.rows = slices.DeleteFunc(t.rows, func(r *row) bool {
		if r.cells == nil {
			return true
		}
		if now, ok := snapshot.Record(r.record.UID); ok && now.Type == r.record.Type {
			return false
		}
		t.drop(r, seq)
		return true
	})
}
