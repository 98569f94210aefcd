package rpc

import (
	"hash/maphash"
	"sync"

	"google.golang.org/protobuf/proto"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
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
		m.next = map[thing]uint64{}
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

// keep takes over what a partition committed.
func (m *memory) keep(seen map[thing]uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	into := m.next
	if into == nil {
		into = m.last
	}
	for k, v := range seen {
		into[k] = v
	}
}

// shorten returns an Unchanged in place of a document that the server has, and notes the document in seen, or as known
// at once when there is no commit to wait for.
func (m *memory) shorten(o sdk.Observation, msg *pb.Observation, seen map[thing]uint64, atOnce bool) (*pb.Observation, bool) {
	var k thing
	switch o := o.(type) {
	case sdk.Record:
		k = thing{o.Type, o.Key, ""}
	case sdk.Part:
		k = thing{o.Type, o.Key, o.Name}
	case sdk.Removed:
		m.forget(o, seen)
		return nil, false
	default:
		return nil, false
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(msg)
	if err != nil {
		return nil, false
	}
	hash := maphash.Bytes(m.seed, raw)
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.last[k]
	if atOnce {
		m.last[k] = hash
	} else {
		seen[k] = hash
	}
	if !ok || known != hash {
		return nil, false
	}
	return &pb.Observation{Kind: &pb.Observation_Unchanged{
		Unchanged: &pb.Unchanged{Type: text(k.kind), Key: text(k.key), Part: text(k.part)},
	}}, true
}

// forget drops a removed record and its parts: should it come back, it is sent.
func (m *memory) forget(r sdk.Removed, seen map[thing]uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, from := range []map[thing]uint64{m.last, seen} {
		for k := range from {
			if k.kind == r.Type && k.key == r.Key {
				delete(from, k)
			}
		}
	}
}
