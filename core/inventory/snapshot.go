package inventory

import (
	"cmp"
	"slices"
	"sync"

	"github.com/pulse-platform/pulse/core/id"
)

// Snapshot is the inventory at one moment. It is immutable.
type Snapshot struct {
	// Revision grows with every change.
	Revision uint64
	byUID    map[id.UID]*Record
	byType   map[string][]*Record
	byWire   map[wireKey]*Record
	// decided is what people say about links; linked follows from it and from names.
	decided  map[id.UID]id.UID
	linkOnce sync.Once
	linked   map[id.UID][]id.UID
	// verdicts are what people say about who is who; same follows from them, from links and from evidence.
	verdicts map[Pair]Verdict
	sameOnce sync.Once
	same     *identities
	// former are the records of joined integrations, by their successor.
	former map[id.UID][]id.UID
}

type wireKey struct{ kind, wire string }

func newSnapshot(revision uint64, records map[id.UID]*Record, decided map[id.UID]id.UID, verdicts map[Pair]Verdict, joins map[id.Integration]id.Integration) *Snapshot {
	s := &Snapshot{
		Revision: revision, byUID: make(map[id.UID]*Record, len(records)), byType: map[string][]*Record{},
		byWire: make(map[wireKey]*Record, len(records)), decided: decided, verdicts: verdicts,
	}
	gone := successors(records, joins)
	for uid, r := range records {
		if _, joined := gone[uid]; joined {
			continue
		}
		s.byUID[uid] = r
		s.byType[r.Type] = append(s.byType[r.Type], r)
	}
	for _, list := range s.byType {
		slices.SortFunc(list, compareRecords)
		for _, r := range list {
			s.name(r.WireID, r)
		}
	}
	// An alias finds a record only while no other one bears it as its id.
	for _, list := range s.byType {
		for _, r := range list {
			for _, alias := range r.OtherNames() {
				s.name(alias, r)
			}
		}
	}
	s.succeed(records, gone)
	return s
}

func (s *Snapshot) name(wire string, r *Record) {
	key := wireKey{r.Type, wire}
	if _, taken := s.byWire[key]; !taken {
		s.byWire[key] = r
	}
}

func compareRecords(a, b *Record) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.WireID, b.WireID), cmp.Compare(a.UID, b.UID))
}

// Len is how many records there are.
func (s *Snapshot) Len() int { return len(s.byUID) }

// Record returns a record by its uid.
func (s *Snapshot) Record(uid id.UID) (*Record, bool) { r, ok := s.byUID[uid]; return r, ok }

// Type returns the records of a type, by name. The list must not be written to.
func (s *Snapshot) Type(kind string) []*Record { return s.byType[kind] }

// Find returns the record of a type that has the uid, the wire id or, failing these, the alias.
func (s *Snapshot) Find(kind, name string) (*Record, bool) {
	if r, ok := s.byUID[id.UID(name)]; ok && r.Type == kind {
		return r, true
	}
	r, ok := s.byWire[wireKey{kind, name}]
	return r, ok
}

// FindAny is [Snapshot.Find] over all types; it finds nothing when the name is that of records of several types.
func (s *Snapshot) FindAny(name string) (*Record, bool) {
	if r, ok := s.byUID[id.UID(name)]; ok {
		return r, true
	}
	var found *Record
	for kind := range s.byType {
		if r, ok := s.byWire[wireKey{kind, name}]; ok {
			if found != nil {
				return nil, false
			}
			found = r
		}
	}
	return found, found != nil
}
