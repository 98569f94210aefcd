package inventory

import (
	"encoding/json"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// DisplayName is what the record is called: by its reporter's own choice if it made one.
func (r *Record) DisplayName() string {
	if r.Source.Reporter && r.Source.DisplayName != "" {
		return r.Source.DisplayName
	}
	return r.Name
}

// Word is what a record's section shows as its status.
func (c *Catalog) Word(r *Record) string {
	for _, in := range c.sections[r.Type].Inject {
		if in.Value == sdk.InjectStatus {
			return statusWord(r, in.Words)
		}
	}
	return statusWord(r, nil)
}

// Document returns a record's document as the state shows it, without the documents of other records that are nested
// in it. It is valid JSON when the parts of the record are.
func (s *Snapshot) Document(c *Catalog, r *Record) []byte {
	return document(r, c.sections[r.Type], surroundings{s, c})
}

// Whole is [Snapshot.Document] with all that is nested.
func (s *Snapshot) Whole(c *Catalog, r *Record) []byte {
	section := c.sections[r.Type]
	doc := s.Document(c, r)
	for _, n := range section.Nest {
		inner := c.sections[n.Type]
		var entries []shown
		for _, other := range s.byType[n.Type] {
			if s.under(other, r, n.Relation) {
				entries = append(entries, shown{record: other, doc: s.Document(c, other), sort: member(other.Parts[""], inner.SortBy)})
			}
		}
		doc = append(appendName(doc[:len(doc)-1], n.Member), list(entries)...)
		doc = append(doc, '}')
	}
	return doc
}

func (s *Snapshot) under(r, parent *Record, relation sdk.RelationKind) bool {
	for _, rel := range r.Relations {
		if rel.Kind == relation && rel.Key != "" && rel.Type == parent.Type && id.Record(r.Integration, rel.Key) == parent.UID {
			return true
		}
	}
	return false
}

// Member returns what [State.Set] put into a member, nil when nothing was.
func (s *State) Member(name string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.members[name]
}
