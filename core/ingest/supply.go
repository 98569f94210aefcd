package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/sdk"
)

// supply puts what sections declare to come from rows into the records that it concerns: those that own a changed list,
// those that rows of a changed list may be about, and those that are new or known by something else than before.
func (d *Door) supply(changed []rows.ListKey, created []id.UID) {
	if d.books.Rows == nil || len(changed)+len(created) == 0 {
		return
	}
	catalog, snap := d.inv.Catalog(), d.inv.Snapshot()
	documents := map[id.UID]json.RawMessage{}
	add := func(r *inventory.Record, s sdk.StateSection) {
		if _, done := documents[r.UID]; !done {
			documents[r.UID] = d.supplied(r, s)
		}
	}
	for _, uid := range created {
		if r, ok := snap.Record(uid); ok {
			if s, ok := catalog.Section(r.Type); ok && len(s.Rows)+len(s.Join) > 0 {
				add(r, s)
			}
		}
	}
	names := map[string]bool{}
	for _, list := range changed {
		names[list.Rows] = true
		if r, ok := snap.Record(list.Owner); ok {
			if s, ok := catalog.Section(r.Type); ok && len(s.Rows) > 0 {
				add(r, s)
			}
		}
	}
	for _, s := range catalog.Sections() {
		if !joins(s, names) {
			continue
		}
		for _, r := range snap.Type(s.Type) {
			add(r, s)
		}
	}
	d.inv.Supply(documents)
}

// joins tells whether a section shows values that are derived from one of the declarations.
func joins(s sdk.StateSection, names map[string]bool) bool {
	for _, j := range s.Join {
		if names[j.Rows] {
			return true
		}
	}
	return false
}

// supplied returns what rows say about a record, as its section wants it.
func (d *Door) supplied(r *inventory.Record, s sdk.StateSection) json.RawMessage {
	out := []byte{'{'}
	member := func(name string, value []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(strconv.AppendQuote(out, name), ':')
		out = append(out, value...)
	}
	for _, list := range s.Rows {
		member(list.Member, d.books.Rows.JSON(list.Rows, r.UID))
	}
	for i, j := range s.Join {
		if j.Rows == "" || slices.ContainsFunc(s.Join[:i], func(other sdk.Join) bool { return other.Member == j.Member }) {
			continue // of several lists that fill one member, the first has told of all
		}
		if n, ok := d.derived(r, s.Join[i:], j.Member); ok {
			member(j.Member, strconv.AppendFloat(nil, n, 'f', -1, 64))
		}
	}
	return append(out, '}')
}

// derived is what the lists that fill a member say together, as each declares it: the latest of times, the sum of the rest.
// A list may be of a plugin that is not there.
func (d *Door) derived(r *inventory.Record, joins []sdk.Join, name string) (value float64, known bool) {
	for _, j := range joins {
		if j.Member != name || j.Rows == "" {
			continue
		}
		n, ok := d.books.Rows.Derived(j.Rows, r.Evidence)[j.Derive]
		switch {
		case !ok:
		case !known:
			value, known = n, true
		case d.latest(j):
			value = max(value, n)
		default:
			value += n
		}
	}
	return value, known
}

func (d *Door) latest(j sdk.Join) bool {
	kind, _ := d.inv.Catalog().Rows(j.Rows)
	return slices.ContainsFunc(kind.Derive, func(x sdk.Derive) bool { return x.Name == j.Derive && x.Op == "latest" })
}

// Sweep lets go of what is old, too much, or belongs to nothing any more: rows, conditions and events.
func (d *Door) Sweep(ctx context.Context) error {
	snap := d.inv.Snapshot()
	exists := func(uid id.UID) bool { _, ok := snap.Record(uid); return ok }
	var errs []error
	if b := d.books.Rows; b != nil {
		done, err := b.Sweep(ctx, d.now(), exists)
		d.supply(done.Lists, nil)
		errs = append(errs, err)
	}
	if b := d.books.Conditions; b != nil {
		errs = append(errs, b.Sweep(ctx, exists))
	}
	if b := d.books.Events; b != nil {
		errs = append(errs, b.Trim(ctx))
	}
	return errors.Join(errs...)
}

// Redeclare takes over that the plugins declare something else than before.
func (d *Door) Redeclare(ctx context.Context) error {
	if d.books.Rows == nil {
		return nil
	}
	if err := d.books.Rows.Redeclare(ctx); err != nil {
		return err
	}
	var all []id.UID
	snap := d.inv.Snapshot()
	for _, s := range d.inv.Catalog().Sections() {
		if len(s.Rows)+len(s.Join) == 0 {
			continue
		}
		for _, r := range snap.Type(s.Type) {
			all = append(all, r.UID)
		}
	}
	d.supply(nil, all)
	return nil
}

// forgetBooks drops what an integration that was removed brought besides records and samples.
func (d *Door) forgetBooks(ctx context.Context, integration id.Integration) error {
	var errs []error
	if b := d.books.Rows; b != nil {
		done, err := b.Forget(ctx, integration)
		d.supply(done.Lists, nil)
		errs = append(errs, err)
	}
	if b := d.books.Conditions; b != nil {
		errs = append(errs, b.Forget(ctx, integration))
	}
	if b := d.books.Events; b != nil {
		errs = append(errs, b.Forget(ctx, integration))
	}
	return errors.Join(errs...)
}
