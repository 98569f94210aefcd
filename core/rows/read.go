package rows

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
)

// Summary says how much there is of a declaration for one record.
type Summary struct {
	Rows string
	// Count is how many rows belong to the record.
	Count int
	// Stale is why the rows are not fresh, and Since since when; empty when they are.
	Stale string
	Since time.Time
}

// Of returns which lists a record owns, by their declaration.
func (b *Book) Of(owner id.UID) []Summary {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := map[string]Summary{}
	for key := range b.owners[owner] {
		l := b.lists[key]
		s := found[key.Rows]
		s.Rows = key.Rows
		s.add(l)
		found[key.Rows] = s
	}
	out := make([]Summary, 0, len(found))
	for _, s := range found {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Summary) int { return cmp.Compare(a.Rows, b.Rows) })
	return out
}

// Find returns a page of rows, the newest first, and how many there are in all.
func (b *Book) Find(ctx context.Context, q Query) ([]Found, int, error) {
	if q.Limit <= 0 || q.Limit > MaxPage {
		q.Limit = MaxPage
	}
	found, total, err := b.store.FindRows(ctx, q)
	if err != nil {
		return nil, 0, fmt.Errorf("find rows: %w", err)
	}
	return found, total, nil
}

// Each calls f with every row of a declaration that the state document shows. F must not call the book.
func (b *Book) Each(rows string, f func(subject string, at time.Time, doc []byte)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, l := range b.lists {
		if key.Rows != rows {
			continue
		}
		for _, r := range l.shown {
			var at time.Time
			if r.time != 0 {
				at = time.Unix(0, r.time).UTC()
			}
			f(r.subject, at, r.doc)
		}
	}
}

// Totals returns how many rows there are of each declaration, and why those that are not fresh are not.
func (b *Book) Totals() map[string]Summary {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]Summary{}
	for key, l := range b.lists {
		s := out[key.Rows]
		s.Rows = key.Rows
		s.add(l)
		out[key.Rows] = s
	}
	return out
}

// add counts a list.
func (s *Summary) add(l *list) {
	s.Count += l.rows
	if l.failed != "" && (s.Stale == "" || l.failedAt.Before(s.Since)) {
		s.Stale, s.Since = l.failed, l.failedAt
	}
}

// JSON returns the rows of a declaration as a JSON list, the newest first: those of one owner, or all of them with an
// empty owner. Only rows that the state document shows are there.
func (b *Book) JSON(rows string, owner id.UID) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []shownRow
	size := 2
	add := func(of map[ListKey]struct{}) {
		for key := range of {
			if key.Rows == rows {
				all = append(all, b.lists[key].shown...)
				size += b.lists[key].bytes
			}
		}
	}
	if owner != "" {
		add(b.owners[owner])
	} else {
		for _, of := range b.owners {
			add(of)
		}
	}
	slices.SortFunc(all, func(a, b shownRow) int { return cmp.Or(cmp.Compare(b.time, a.time), cmp.Compare(a.key, b.key)) })
	out := append(make([]byte, 0, size), '[')
	for i, r := range all {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, r.doc...)
	}
	return append(out, ']')
}
