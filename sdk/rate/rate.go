// Package rate turns counters into rates, once, so that state and series show the same number. Time comes with the
// values; the package has no clock, no goroutine, and a bounded memory.
//
// When there is no honest rate there is none: for the first value of a counter, after a reset, after a gap, and for a
// value that arrives late. A counter that has not moved yet has no rate either, since many counters are refreshed less
// often than they are read; after [StandsStill] without a move the rate is 0. The next rate then covers the whole
// time since the last move, so no traffic is lost and no old rate repeated.
package rate

import (
	"container/list"
	"math"
	"sync"
	"time"
)

// StandsStill is how long a counter has to stay the same before its rate is 0.
const StandsStill = 30 * time.Second

// shortest is the least time between two values that gives a rate: less, and jitter is all one would see.
const shortest = 500 * time.Millisecond

// Options of a [Tracker]; zero values mean the defaults.
type Options struct {
	// MaxKeys is how many counters are remembered, 65,536 by default; those not seen for longest are forgotten first.
	MaxKeys int
	// MaxGap is the longest time that one rate may cover, 10 minutes by default.
	MaxGap time.Duration
}

// Tracker remembers the last values of counters. It is safe for concurrent use.
type Tracker[K comparable] struct {
	mu      sync.Mutex
	maxKeys int
	maxGap  time.Duration
	byKey   map[K]*list.Element
	recent  *list.List // of *counter[K], the latest seen in front
}

// counter follows one key on two tracks: the newest values, and late ones, for example from a spool that is replayed
// while fresh values arrive. Each track is compared with itself only.
type counter[K comparable] struct {
	key  K
	head point
	late point
}

// point is what the next rate is measured from. Since Seen the value has not changed.
type point struct {
	set   bool
	value uint64
	from  time.Time // what the next rate covers starts here
	seen  time.Time // the latest time of this value
	idle  bool      // a rate of 0 was given
}

// New returns an empty tracker.
func New[K comparable](o Options) *Tracker[K] {
	if o.MaxKeys <= 0 {
		o.MaxKeys = 1 << 16
	}
	if o.MaxGap <= 0 {
		o.MaxGap = 10 * time.Minute
	}
	return &Tracker[K]{maxKeys: o.MaxKeys, maxGap: o.MaxGap, byKey: map[K]*list.Element{}, recent: list.New()}
}

// Rate returns the growth per second of a 64-bit counter; ok is false when there is no honest one.
func (t *Tracker[K]) Rate(key K, value uint64, at time.Time) (perSecond float64, ok bool) {
	return t.rate(key, value, at, 64)
}

// Rate32 is [Tracker.Rate] for a counter that wraps at 2^32.
func (t *Tracker[K]) Rate32(key K, value uint32, at time.Time) (perSecond float64, ok bool) {
	return t.rate(key, uint64(value), at, 32)
}

func (t *Tracker[K]) rate(key K, value uint64, at time.Time, bits int) (float64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counter(key)
	if c.head.set && !at.After(c.head.seen) {
		if at.Equal(c.head.seen) {
			return 0, false // the same value again, or a contradiction
		}
		return c.late.next(value, at, bits, t.maxGap)
	}
	// A late track that overtakes the newest goes on there.
	if c.late.set && c.late.seen.After(c.head.seen) {
		c.head, c.late = c.late, point{}
	}
	return c.head.next(value, at, bits, t.maxGap)
}

// counter finds or makes the entry of a key and marks it as seen.
func (t *Tracker[K]) counter(key K) *counter[K] {
	if e, ok := t.byKey[key]; ok {
		t.recent.MoveToFront(e)
		return e.Value.(*counter[K])
	}
	for t.recent.Len() >= t.maxKeys {
		t.drop(t.recent.Back())
	}
	c := &counter[K]{key: key}
	t.byKey[key] = t.recent.PushFront(c)
	return c
}

func (t *Tracker[K]) drop(e *list.Element) {
	c := t.recent.Remove(e).(*counter[K])
	delete(t.byKey, c.key)
}

// next moves the point on to a value and returns the rate in between.
func (p *point) next(value uint64, at time.Time, bits int, maxGap time.Duration) (float64, bool) {
	elapsed := at.Sub(p.from)
	switch {
	case !p.set, elapsed > maxGap, at.Sub(p.seen) > maxGap:
		p.restart(value, at)
		return 0, false
	case !at.After(p.seen):
		// Earlier than the track itself: it goes back, the track with it.
		p.restart(value, at)
		return 0, false
	case value == p.value:
		p.seen = at
		if !p.idle && elapsed < StandsStill {
			return 0, false
		}
		p.from, p.idle = at, true
		return 0, true
	}
	grown, ok := growth(p.value, value, bits)
	if !ok {
		p.restart(value, at)
		return 0, false
	}
	if elapsed < shortest {
		return 0, false // keep measuring from the earlier value
	}
	p.restart(value, at)
	return float64(grown) / elapsed.Seconds(), true
}

func (p *point) restart(value uint64, at time.Time) {
	*p = point{set: true, value: value, from: at, seen: at}
}

// growth returns how far a counter went, over a wrap if need be; false when it was reset. A fall counts as a wrap
// only from the top quarter of the range and over less than a quarter of it: a reset of a busy counter from
// there is rare, one of a young counter is not.
func growth(from, to uint64, bits int) (uint64, bool) {
	if to >= from {
		return to - from, true
	}
	limit := uint64(math.MaxUint64)
	if bits == 32 {
		limit = math.MaxUint32
	}
	grown := (to - from) & limit
	return grown, from > limit-limit/4 && grown < limit/4
}

// Forget drops the counters that match, for example those of a host that restarted or was removed.
func (t *Tracker[K]) Forget(match func(K) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for e := t.recent.Front(); e != nil; {
		next := e.Next()
		if match(e.Value.(*counter[K]).key) {
			t.drop(e)
		}
		e = next
	}
}

// Expire drops the counters whose newest value is older than the time given, and returns how many are left. The caller
// passes a time of its own clock: values with times in the future must not expire those of others.
func (t *Tracker[K]) Expire(before time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	for e := t.recent.Front(); e != nil; {
		next := e.Next()
		if e.Value.(*counter[K]).head.seen.Before(before) {
			t.drop(e)
		}
		e = next
	}
	return t.recent.Len()
}
