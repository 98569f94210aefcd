package rpc

import (
	"encoding/binary"
	"hash/maphash"
	"maps"
	"slices"
	"sync"

	"github.com/pulse-platform/pulse/sdk"
)

// thing is what has a document: a record, or a part of one.
type thing struct{ kind, key, part string }

// memory knows what the server has of one task, by a hash of each document, so that what did not change need not be
// sent. It forgets rather too much than too little: what it does not know is sent again.
type memory struct {
	seed maphash.Seed

	mu   sync.Mutex
	last map[thing]uint64 // what the server has
	next map[thing]uint64 // of the cycle under way: what partitions committed; nil in a watch
	busy bool
}

func newMemory() *memory { return &memory{seed: maphash.MakeSeed(), last: map[thing]uint64{}} }

// begin starts a cycle, or a watch, which has no end and keeps what it knows. A second one at the same time gets a
// memory of its own. full forgets everything first.
func (m *memory) begin(full, watch bool) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.busy {
		m = newMemory()
	}
	m.busy = true
	if full || watch {
		clear(m.last)
	}
	m.next = nil
	if !watch {
		m.next = make(map[thing]uint64, len(m.last))
	}
	return m
}

// end makes what the cycle committed what the server has. What it did not mention is forgotten.
func (m *memory) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.next != nil {
		m.last = m.next
	}
	m.next, m.busy = nil, false
}

// known is a document that the server will have once its partition is committed.
type known struct {
	thing
	hash uint64
}

// keep takes over what a partition committed.
func (m *memory) keep(seen []known) {
	m.mu.Lock()
	defer m.mu.Unlock()
	into := m.next
	if into == nil {
		into = m.last
	}
	for _, k := range seen {
		into[k.thing] = k.hash
	}
}

// has notes a document in seen, or as known at once when there is no commit to wait for, and reports whether the server has
// it already.
func (m *memory) has(o sdk.Observation, seen *[]known, atOnce bool) (thing, bool) {
	var k known
	switch o := o.(type) {
	case sdk.Record:
		k = known{thing{o.Type, o.Key, ""}, m.record(o)}
	case sdk.Part:
		k = known{thing{o.Type, o.Key, o.Name}, maphash.Bytes(m.seed, o.Doc)}
	case sdk.Removed:
		m.forget(o, seen)
		return thing{}, false
	default:
		return thing{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	hash, ok := m.last[k.thing]
	if atOnce {
		m.last[k.thing] = k.hash
	} else {
		*seen = append(*seen, k)
	}
	return k.thing, ok && hash == k.hash
}

// record hashes all of a record. Each text ends and each list begins in a way that no other content can imitate.
func (m *memory) record(r sdk.Record) uint64 {
	var h maphash.Hash
	h.SetSeed(m.seed)
	word := func(s string) {
		count(&h, len(s))
		_, _ = h.WriteString(s) // never fails
	}
	evidence := func(all []sdk.Evidence) {
		count(&h, len(all))
		for _, e := range all {
			word(e.Kind)
			word(e.Value)
		}
	}
	words := func(all []string) {
		count(&h, len(all))
		for _, s := range all {
			word(s)
		}
	}
	for _, s := range []string{r.Name, r.WireID, string(r.Status), r.StatusWord} {
		word(s)
	}
	words(r.Aliases)
	words(r.Tags)
	evidence(r.Evidence)
	count(&h, len(r.Relations))
	for _, rel := range r.Relations {
		word(string(rel.Kind))
		word(rel.Type)
		word(rel.Key)
		evidence(rel.Evidence)
	}
	_, _ = h.Write(r.Doc)
	return h.Sum64()
}

func count(h *maphash.Hash, n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n)) //nolint:gosec // a length is not negative
	_, _ = h.Write(b[:])
}

// forget drops a removed record and its parts: should it come back, it is sent.
func (m *memory) forget(r sdk.Removed, seen *[]known) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := func(k thing) bool { return k.kind == r.Type && k.key == r.Key }
	maps.DeleteFunc(m.last, func(k thing, _ uint64) bool { return of(k) })
	*seen = slices.DeleteFunc(*seen, func(k known) bool { return of(k.thing) })
}
