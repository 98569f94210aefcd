package sqlite

import (
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// series is one series and what of it is in memory. Fields but id and key are guarded by Metrics.mu.
type series struct {
	id      uint32
	key     metric.Key
	stored  bool // has a row in the database
	deleted bool
	listed  bool // in Metrics.active
	// next is the series that had a sample after this one when a batch was sorted last: most sources name theirs in the same
	// order each time.
	next *series
	// packing is being written to the database, older than what is in head, and not changed in place.
	packing head
	head    head
	// packedTo is before when all of packing is in the database already, 0 when nothing is.
	packedTo int64
	// newest is a time after which the database holds no raw samples; nil when it is not known. It is not changed in place.
	newest *int64
	packed *int64 // newest when what is being packed is committed; under maintain
}

// placed is an accepted sample.
type placed struct {
	series *series
	point
}

// batch is what Append accepted.
type batch struct {
	placed []placed
	fresh  map[metric.Key]*series // not registered yet
}

// sort finds the series of each acceptable sample and writes the frames of the log. It changes nothing else, for the
// log may yet refuse them.
func (m *Metrics) sort(samples []metric.Sample, allow *metric.Allowance, now time.Time) batch {
	b := batch{placed: m.placed[:0]}
	m.frames.reset()
	next := m.nextID
	var before *series
	for i := range samples {
		sample := &samples[i]
		if !sample.Acceptable(m.opt.Tiers[0], now) {
			continue
		}
		s := m.known(sample.Key, before)
		if s == nil {
			s = b.fresh[sample.Key]
		}
		if s == nil {
			if len(m.byKey)+len(b.fresh) >= m.opt.MaxSeries || !allow.Take() {
				continue
			}
			if b.fresh == nil {
				b.fresh = map[metric.Key]*series{}
			}
			s = &series{id: next, key: sample.Key}
			b.fresh[sample.Key] = s
			next++
			m.frames.define(s.id, s.key)
		}
		p := point{sample.Time.UnixMilli(), sample.Value}
		m.frames.sample(s.id, p)
		b.placed = append(b.placed, placed{s, p})
		before = s
	}
	return b
}

// known returns the series of a key, nil when there is none. It looks first where the one after before was last time, which
// costs less than to look it up among all.
func (m *Metrics) known(key metric.Key, before *series) *series {
	if before != nil {
		if s := before.next; s != nil && !s.deleted && s.key == key {
			return s
		}
	}
	s := m.byKey[key]
	if s != nil && before != nil {
		before.next = s
	}
	return s
}

// place puts a sample that the log holds into memory.
func (m *Metrics) place(p placed) {
	s := p.series
	if s.id >= m.nextID {
		m.register(s)
	}
	samples, bytes := s.head.add(p.point)
	m.buffered, m.bytes = m.buffered+samples, m.bytes+bytes
	if !s.listed {
		s.listed = true
		m.active = append(m.active, s)
	}
}

func (m *Metrics) register(s *series) {
	m.byKey[s.key] = s
	m.byRecord[s.key.Record] = append(m.byRecord[s.key.Record], s)
	m.nextID = max(m.nextID, s.id+1)
}

// unregister takes the series out of memory.
func (m *Metrics) unregister(s *series) {
	m.release(&s.head)
	m.release(&s.packing)
	s.deleted, s.next = true, nil
	if m.byKey[s.key] == s {
		delete(m.byKey, s.key)
	}
	rest := slices.DeleteFunc(m.byRecord[s.key.Record], func(o *series) bool { return o == s })
	if len(rest) == 0 {
		delete(m.byRecord, s.key.Record)
	} else {
		m.byRecord[s.key.Record] = rest
	}
}

// release lets go of samples in memory.
func (m *Metrics) release(h *head) {
	samples, bytes := h.size()
	m.buffered, m.bytes = m.buffered-samples, m.bytes-bytes
	*h = head{}
}

// keysOf returns the series of a record.
func (m *Metrics) keysOf(record id.UID) []metric.Key {
	list := m.byRecord[record]
	keys := make([]metric.Key, 0, len(list))
	for _, s := range list {
		keys = append(keys, s.key)
	}
	return keys
}

// replayer reads the log into memory at start.
type replayer struct {
	m       *Metrics
	byID    map[uint32]*series
	unknown int // samples without a series
}

func (r *replayer) define(name uint32, k metric.Key) {
	if s := r.byID[name]; s != nil && s.key == k {
		return
	}
	s := &series{id: name, key: k}
	r.byID[name] = s
	if r.m.byKey[k] == nil {
		r.m.register(s)
		return
	}
	// Another series has the key by now: this one is forgotten further down the log.
	r.m.nextID = max(r.m.nextID, name+1)
}

func (r *replayer) sample(name uint32, at int64, value float64) {
	s := r.byID[name]
	if s == nil || s.deleted {
		r.unknown++
		r.m.nextID = max(r.m.nextID, name+1) // never give its id to another
		return
	}
	r.m.place(placed{s, point{at, value}})
}

func (r *replayer) forget(name uint32) {
	if s := r.byID[name]; s != nil {
		r.m.unregister(s)
		delete(r.byID, name)
	}
	r.m.nextID = max(r.m.nextID, name+1)
	r.m.forgotten = append(r.m.forgotten, name)
}
