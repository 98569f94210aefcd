// Package rows keeps declared lists: backups, snapshots, tasks, packages. A row belongs to a record or to an integration
// as a whole, may be about a thing that another source knows, and has no identity, no series and no status of its own,
// which is why a hundred thousand of them are cheap: they lie in the store, and memory holds what shows whether a list
// is another one than before, what is derived from it, and the bytes that the state document shows.
package rows

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// Limits of what is kept.
const (
	MaxDocument       = 64 << 10 // bytes of one row
	MaxPerIntegration = 500_000  // rows
	MaxBytes          = 256 << 20
	// MaxPage is how many rows one answer holds at most.
	MaxPage = 1000
)

// ListKey names one list: the rows of one declaration that one collection brought for one owner.
type ListKey struct {
	Integration id.Integration
	Task        string
	Partition   string
	// Rows is the name of the declaration.
	Rows string
	// Owner is empty when the rows belong to the integration.
	Owner id.UID
}

// Row is one entry of a list. Key is unique within declaration and owner.
type Row struct {
	Key  string
	Time time.Time
	// Subject is the thing that the row is about, as [Subject] writes it; empty for none.
	Subject string
	Doc     json.RawMessage
}

// Found is a row with the list that it stands in.
type Found struct {
	ListKey
	Row
}

// Change is what becomes of a list: rows that are put in, and the keys of those that are taken out, or all of them.
type Change struct {
	List ListKey
	Put  []Row
	Drop []string
	All  bool
}

// Query asks for rows, the newest first.
type Query struct {
	Rows string
	// Owner, or a subject of Subjects, is what the rows belong to or are about; all empty for all rows.
	Owner    id.UID
	Subjects []string
	// Text limits the answer to rows in whose document it stands, whatever its case.
	Text   string
	Limit  int
	Offset int
}

// Store keeps rows.
type Store interface {
	// EachRow calls f for every row, list by list.
	EachRow(ctx context.Context, f func(ListKey, Row) error) error
	// ListRows returns the rows of one list.
	ListRows(ctx context.Context, list ListKey) ([]Row, error)
	// ChangeRows applies changes, all or none.
	ChangeRows(ctx context.Context, changes []Change) error
	// FindRows returns a page and how many rows there are in all.
	FindRows(ctx context.Context, q Query) ([]Found, int, error)
}

// Declarations are what the catalogue says about rows.
type Declarations interface {
	Rows(name string) (sdk.RowsType, bool)
	// ShowsRows tells whether the state document shows the rows of a declaration.
	ShowsRows(name string) bool
}

// Book holds all lists. It is safe for concurrent use.
type Book struct {
	store    Store
	declared func() Declarations
	seed     maphash.Seed

	// writing orders what is written; it is taken before mu.
	writing sync.Mutex

	mu       sync.Mutex
	revision uint64
	lists    map[ListKey]*list
	scopes   map[scope]map[ListKey]struct{}
	owners   map[id.UID]map[ListKey]struct{}
	counts   map[id.Integration]usage
	subjects map[subjectKey]map[string]derived // by declaration, put together when it is asked for
	asOf     uint64                            // the revision of subjects
}

// scope is what one partition of one task brings.
type scope struct {
	integration     id.Integration
	task, partition string
}

func (k ListKey) scope() scope { return scope{k.Integration, k.Task, k.Partition} }

type usage struct{ rows, bytes int }

// list is what memory holds of one list.
type list struct {
	sum      uint64 // of all rows, whatever their order
	rows     int
	bytes    int
	oldest   int64              // Unix ns of the oldest row that has a time
	shown    []shownRow         // nil when the state does not show them
	derived  map[string]derived // by subject
	subjects map[string]string  // of shown
	failed   string             // why the last look at it failed
	failedAt time.Time
}

type shownRow struct {
	key     string
	subject string
	time    int64
	doc     []byte
}

// Open returns the book with what is stored.
func Open(ctx context.Context, store Store, declared func() Declarations) (*Book, error) {
	b := &Book{
		store: store, declared: declared, seed: maphash.MakeSeed(), lists: map[ListKey]*list{}, counts: map[id.Integration]usage{},
		scopes: map[scope]map[ListKey]struct{}{}, owners: map[id.UID]map[ListKey]struct{}{},
	}
	var key ListKey
	var rows []Row
	flush := func() {
		if len(rows) > 0 {
			b.set(key, b.digest(key, rows))
		}
		rows = rows[:0]
	}
	err := store.EachRow(ctx, func(k ListKey, r Row) error {
		if k != key {
			flush()
			key = k
		}
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load rows: %w", err)
	}
	flush()
	return b, nil
}

// Redeclare puts what is shown and derived together anew: the plugins declare something else than before.
func (b *Book) Redeclare(ctx context.Context) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	fresh, err := Open(ctx, b.store, b.declared)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seed, b.lists, b.scopes, b.owners, b.counts = fresh.seed, fresh.lists, fresh.scopes, fresh.owners, fresh.counts
	b.revision++
	return nil
}

// Revision grows with every change.
func (b *Book) Revision() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.revision
}

// digest reads rows into what memory keeps of them.
func (b *Book) digest(key ListKey, rows []Row) *list {
	d := b.declared()
	kind, _ := d.Rows(key.Rows)
	l := &list{rows: len(rows), oldest: math.MaxInt64, derived: map[string]derived{}}
	show := d.ShowsRows(key.Rows)
	for _, r := range rows {
		l.sum += b.sum(r) // addition does not mind the order
		l.bytes += r.size()
		if !r.Time.IsZero() {
			l.oldest = min(l.oldest, r.Time.UnixNano())
		}
		if show {
			l.shown = append(l.shown, shownRow{r.Key, l.intern(r.Subject), nanos(r.Time), r.Doc})
		}
		if r.Subject != "" {
			of := l.derived[r.Subject]
			of.add(kind.Derive, r)
			l.derived[r.Subject] = of
		}
	}
	return l
}

// intern returns a subject as an earlier row has it: many rows are about one thing, and its name is kept once.
func (l *list) intern(subject string) string {
	if l.subjects == nil {
		l.subjects = map[string]string{}
	}
	if same, there := l.subjects[subject]; there {
		return same
	}
	l.subjects[subject] = subject
	return subject
}

func (r Row) size() int { return len(r.Key) + len(r.Subject) + len(r.Doc) + 24 }

// nanos is a time in Unix nanoseconds, 0 for none.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// sum is a row's share in the sum of its list. It has to be a good hash, since rows that change alike must not cancel
// each other out.
func (b *Book) sum(r Row) uint64 {
	var h maphash.Hash
	h.SetSeed(b.seed)
	for _, part := range []string{r.Key, r.Subject, strconv.FormatInt(nanos(r.Time), 36)} {
		_, _ = h.WriteString(part) // never fails
		_ = h.WriteByte(0)
	}
	_, _ = h.Write(r.Doc)
	return h.Sum64()
}

// set puts a list in place of the one with its key; nil takes it out.
func (b *Book) set(key ListKey, l *list) {
	u := b.counts[key.Integration]
	if old := b.lists[key]; old != nil {
		u.rows, u.bytes = u.rows-old.rows, u.bytes-old.bytes
	}
	if l == nil {
		delete(b.lists, key)
		leave(b.scopes, key.scope(), key)
		leave(b.owners, key.Owner, key)
	} else {
		b.lists[key] = l
		u.rows, u.bytes = u.rows+l.rows, u.bytes+l.bytes
		enter(b.scopes, key.scope(), key)
		enter(b.owners, key.Owner, key)
	}
	b.counts[key.Integration] = u
	b.revision++
}

func enter[K comparable](index map[K]map[ListKey]struct{}, at K, key ListKey) {
	if index[at] == nil {
		index[at] = map[ListKey]struct{}{}
	}
	index[at][key] = struct{}{}
}

func leave[K comparable](index map[K]map[ListKey]struct{}, at K, key ListKey) {
	if delete(index[at], key); len(index[at]) == 0 {
		delete(index, at)
	}
}

// Subject writes a piece of evidence, or several that must hold together, as one text.
func Subject(evidence []sdk.Evidence) string {
	parts := make([]string, 0, len(evidence))
	for _, e := range evidence {
		parts = append(parts, e.Kind+"\x1f"+e.Value)
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "\x1e")
}
