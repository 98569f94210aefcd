// Package lead finds the resources that rows of lists lead to: what a row is about, and what its cells name.
package lead

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/sdk"
)

// Finder finds them for the rows of one list in one snapshot. It is not safe for concurrent use.
type Finder struct {
	snapshot *inventory.Snapshot
	catalog  *inventory.Catalog
	kind     sdk.RowsType
	// byPiece are the records that hold a piece of evidence, named those that have a name; both are filled when asked for.
	byPiece map[string][]*inventory.Record
	named   map[string]map[name]*inventory.Record
}

type name struct {
	integration id.Integration
	text        string
}

// New returns a finder for the rows of a list.
func New(s *inventory.Snapshot, c *inventory.Catalog, kind sdk.RowsType) *Finder {
	return &Finder{snapshot: s, catalog: c, kind: kind, named: map[string]map[name]*inventory.Record{}}
}

// About returns what a row is about, by its subject. What two resources could be is neither.
func (f *Finder) About(subject string) (*inventory.Record, bool) {
	if subject == "" {
		return nil, false
	}
	if f.byPiece == nil {
		f.byPiece = map[string][]*inventory.Record{}
		for _, t := range f.catalog.Types() {
			for _, r := range f.snapshot.Type(t.Name) {
				for _, e := range r.Evidence {
					piece := rows.Subject([]sdk.Evidence{e})
					f.byPiece[piece] = append(f.byPiece[piece], r)
				}
			}
		}
	}
	var found *inventory.Record
	first, _, _ := strings.Cut(subject, "\x1e")
	for _, r := range f.byPiece[first] {
		if r == found || !rows.Proves(r.Evidence, subject) {
			continue
		}
		if found != nil {
			return nil, false
		}
		found = r
	}
	return found, found != nil
}

// Cells returns where the cells of a row lead, by column: to the one resource of the row's integration that has the name and
// one of the types that the column is declared to name, by its id in the state.
func (f *Finder) Cells(of id.Integration, doc json.RawMessage) map[string]string {
	var out map[string]string
	var values map[string]any
	for _, c := range f.kind.Columns {
		if len(c.Names) == 0 {
			continue
		}
		if values == nil && json.Unmarshal(doc, &values) != nil {
			return nil
		}
		text, _ := rows.At(values, c.Path).(string)
		if r := f.byName(c.Names, name{of, text}); text != "" && r != nil {
			if out == nil {
				out = map[string]string{}
			}
			out[c.Name] = cmp.Or(r.WireID, string(r.UID))
		}
	}
	return out
}

// byName returns the one record of some types with a name, nil when there are several or none.
func (f *Finder) byName(types []string, n name) *inventory.Record {
	var found *inventory.Record
	for _, kind := range types {
		known, ok := f.named[kind]
		if !ok {
			known = f.names(kind)
			f.named[kind] = known
		}
		r, there := known[n]
		switch {
		case !there:
		case found != nil || r == nil:
			return nil
		default:
			found = r
		}
	}
	return found
}

// names are the records of a type by integration and name; a name that several have is nobody's.
func (f *Finder) names(kind string) map[name]*inventory.Record {
	out := map[name]*inventory.Record{}
	for _, r := range f.snapshot.Type(kind) {
		n := name{r.Integration, r.Name}
		if _, taken := out[n]; taken {
			out[n] = nil
			continue
		}
		out[n] = r
	}
	return out
}
