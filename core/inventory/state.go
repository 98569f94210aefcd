package inventory

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// buildEvery is how often the document is put together at most.
const buildEvery = time.Second

// State is the state document: one JSON object with a section per type. It is put together when somebody asks for it and
// something changed, at most once a second, from bytes that are kept per record.
type State struct {
	inv   *Inventory
	lists Lists
	now   func() time.Time

	mu       sync.Mutex
	catalog  *Catalog                   // what the kept bytes were made with
	members  map[string]json.RawMessage // set by others
	edits    uint64
	built    time.Time
	revision uint64
	document []byte
	cache    map[id.UID]shown
}

// shown is a record's place in its section. It is good for as long as the record is the same.
type shown struct {
	record *Record
	doc    []byte
	sort   any
	linked string
}

// Lists are the rows that the document shows beside the sections.
type Lists interface {
	// Revision grows with every change.
	Revision() uint64
	// JSON returns all rows of a declaration as a JSON list.
	JSON(rows string, owner id.UID) []byte
}

// NewState returns the document of an inventory and, where there are any, of lists.
func NewState(inv *Inventory, lists Lists, now func() time.Time) *State {
	return &State{inv: inv, lists: lists, now: now, members: map[string]json.RawMessage{}, cache: map[id.UID]shown{}}
}

// Set puts what somebody else owns into a top-level member, for example the active alerts. Value must be JSON.
func (s *State) Set(member string, value json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(s.members[member], value) {
		s.members[member] = value
		s.edits++
	}
}

// Revision is the number that a document made now would have. It is ahead of the one of [State.JSON] for up to a second.
func (s *State) Revision() uint64 {
	revision, _ := s.inv.Revision()
	revision += s.listed()
	s.mu.Lock()
	defer s.mu.Unlock()
	return revision + s.edits
}

// listed is the part of the revision that lists make.
func (s *State) listed() uint64 {
	if s.lists == nil {
		return 0
	}
	return s.lists.Revision()
}

// JSON returns the document and its revision. The bytes must not be written to.
func (s *State) JSON() ([]byte, uint64) {
	revision, changed := s.inv.Revision()
	listed := s.listed()
	revision += listed
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.document != nil && (s.revision == revision+s.edits || now.Sub(s.built) < buildEvery && !now.Before(s.built)) {
		return s.document, s.revision
	}
	if c := s.inv.Catalog(); c != s.catalog {
		s.catalog, s.cache = c, nil
	}
	snap := s.inv.Snapshot()
	s.document = s.build(snap, changed)
	s.revision, s.built = snap.Revision+listed+s.edits, now
	return s.document, s.revision
}

func (s *State) build(snap *Snapshot, changed time.Time) []byte {
	sections, health := s.sections(snap)
	s.addLists(sections)
	out := append(make([]byte, 0, len(s.document)+4096), '{')
	known := map[string]bool{}
	for _, key := range compat.StateKeys() {
		known[key.Name] = true
		out = appendName(out, key.Name)
		switch {
		case key.Name == compat.StateHealth:
			out = append(out, health...)
		case key.Name == compat.StateLastUpdate:
			out = strconv.AppendInt(out, changed.UnixMilli(), 10)
		case s.members[key.Name] != nil:
			out = append(out, s.members[key.Name]...)
		default:
			out = appendKey(out, key, sections)
		}
	}
	for _, section := range s.catalog.shown {
		if name := section.Section; name != "" && !known[name] {
			known[name] = true
			out = append(appendName(out, name), sections[name]...)
		}
	}
	return append(out, '}')
}

// addLists puts the lists of rows beside the sections, under the names that the document has for them.
func (s *State) addLists(sections map[string][]byte) {
	if s.lists == nil {
		return
	}
	for _, l := range s.catalog.Lists() {
		if l.APIList != "" {
			sections[l.APIList] = s.lists.JSON(l.Name, "")
		}
	}
}

// appendKey adds the value of a member: a section, an object of several lists, or what it holds while nothing fills it.
func appendKey(out []byte, key compat.StateKey, sections map[string][]byte) []byte {
	switch {
	case sections[key.Name] != nil:
		return append(out, sections[key.Name]...)
	case len(key.Parts) == 0:
		return append(out, key.Empty...)
	}
	object := []byte{'{'}
	for _, part := range key.Parts {
		from := compat.StateKey{Name: part.From, Empty: "[]"}
		for _, k := range compat.StateKeys() {
			if k.Name == part.From {
				from = k
			}
		}
		object = appendKey(appendName(object, part.Name), from, sections)
	}
	return append(append(out, object...), '}')
}

// sections returns the JSON list of each section, and the health map.
func (s *State) sections(snap *Snapshot) (map[string][]byte, []byte) {
	fresh := make(map[id.UID]shown, snap.Len())
	lists := map[string][]shown{}
	health := []byte{'{'}
	children := s.children(snap)
	for _, section := range s.catalog.shown {
		for _, r := range snap.Type(section.Type) {
			entry := s.show(r, section, snap, children)
			fresh[r.UID] = entry
			if section.HealthKey != "" {
				key := healthKey(section.HealthKey, r.WireID)
				health = strconv.AppendBool(appendName(health, key), r.Healthy())
			}
			lists[section.Section] = append(lists[section.Section], entry)
		}
	}
	s.cache = fresh
	out := map[string][]byte{}
	for _, section := range s.catalog.shown {
		if _, done := out[section.Section]; !done {
			out[section.Section] = list(lists[section.Section])
		}
	}
	return out, append(health, '}')
}

// healthKey is the key of a record in the health map: a prefix before its wire id, or a pattern with it.
func healthKey(form, wireID string) string {
	if strings.Contains(form, "{id}") {
		return strings.ReplaceAll(form, "{id}", wireID)
	}
	return form + strings.TrimPrefix(wireID, form)
}

// list orders a section and joins it.
func list(entries []shown) []byte {
	slices.SortStableFunc(entries, func(a, b shown) int {
		return cmp.Or(compareValues(a.sort, b.sort), compareRecords(a.record, b.record))
	})
	size := 2
	for _, e := range entries {
		size += len(e.doc) + 1
	}
	out := append(make([]byte, 0, size), '[')
	for n, e := range entries {
		if n > 0 {
			out = append(out, ',')
		}
		out = append(out, e.doc...)
	}
	return append(out, ']')
}

func compareValues(a, b any) int {
	x, xok := a.(float64)
	y, yok := b.(float64)
	if xok && yok {
		return cmp.Compare(x, y)
	}
	s, _ := a.(string)
	t, _ := b.(string)
	return cmp.Or(cmp.Compare(strings.ToLower(s), strings.ToLower(t)), cmp.Compare(s, t))
}

// show returns a record's bytes, those of the last time if they are still right. Records whose bytes hold something of
// other records are put together anew.
func (s *State) show(r *Record, section sdk.StateSection, snap *Snapshot, children map[child][]*Record) shown {
	joins := slices.ContainsFunc(section.Join, func(j sdk.Join) bool { return j.Rows == "" })
	alone := len(section.Nest) == 0 && !joins && !slices.ContainsFunc(section.Inject, func(in sdk.Inject) bool { return in.Value == sdk.InjectParentID })
	linked := snap.linkedIDs(s.catalog, r, section)
	if old, ok := s.cache[r.UID]; ok && old.record == r && alone && old.linked == linked {
		return old
	}
	around := surroundings{snap, s.catalog}
	doc := document(r, section, around)
	if len(section.Nest) > 0 {
		doc = doc[:len(doc)-1]
		for _, n := range section.Nest {
			inner := s.catalog.sections[n.Type]
			var entries []shown
			for _, c := range children[child{r.UID, n.Relation, n.Type}] {
				entries = append(entries, shown{record: c, doc: document(c, inner, around), sort: member(c.Parts[""], inner.SortBy)})
			}
			doc = append(appendName(doc, n.Member), list(entries)...)
		}
		doc = append(doc, '}')
	}
	return shown{r, doc, member(r.Parts[""], section.SortBy), linked}
}

// child says whose child, by which relation and of which type.
type child struct {
	parent   id.UID
	relation sdk.RelationKind
	kind     string
}

// children lists the records that sections nest, by their parents.
func (s *State) children(snap *Snapshot) map[child][]*Record {
	out := map[child][]*Record{}
	for _, section := range s.catalog.shown {
		for _, n := range section.Nest {
			for _, r := range snap.Type(n.Type) {
				for _, rel := range r.Relations {
					if rel.Kind == n.Relation && rel.Key != "" && rel.Type == section.Type {
						key := child{id.Record(r.Integration, rel.Key), n.Relation, n.Type}
						out[key] = append(out[key], r)
					}
				}
			}
		}
	}
	return out
}
