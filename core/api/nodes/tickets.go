package nodes

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

const (
	ticketLife = 5 * time.Minute
	// maxTickets is how many are valid at once; the one that ends first makes room.
	maxTickets = 100
)

// Tickets are the one-time tokens of setup scripts. Only their hashes are kept, in memory. They are safe for concurrent
// use.
type Tickets struct {
	now func() time.Time

	mu  sync.Mutex
	all map[[sha256.Size]byte]ticket
}

// ticket lets a machine of a kind introduce itself once.
type ticket struct {
	kind, host string
	perms      bool
	expires    time.Time
}

// NewTickets returns tickets that live by the clock now.
func NewTickets(now func() time.Time) *Tickets {
	return &Tickets{now: now, all: map[[sha256.Size]byte]ticket{}}
}

// issue makes a token.
func (t *Tickets) issue(of ticket) (token string, expires time.Time) {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	token = hex.EncodeToString(raw)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep()
	if len(t.all) >= maxTickets {
		t.dropFirst()
	}
	of.expires = t.now().Add(ticketLife)
	t.all[sha256.Sum256([]byte(token))] = of
	return token, of.expires
}

func (t *Tickets) sweep() {
	for key, one := range t.all {
		if !t.now().Before(one.expires) {
			delete(t.all, key)
		}
	}
}

func (t *Tickets) dropFirst() {
	var first [sha256.Size]byte
	var ends time.Time
	for key, one := range t.all {
		if ends.IsZero() || one.expires.Before(ends) {
			first, ends = key, one.expires
		}
	}
	delete(t.all, first)
}

// see returns what a token is for, as long as it is valid for the kind.
func (t *Tickets) see(token, kind string) (ticket, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	one, there := t.all[sha256.Sum256([]byte(token))]
	return one, there && one.kind == kind && t.now().Before(one.expires)
}

// take uses a token up. Of several who try at once, one is let in.
func (t *Tickets) take(token, kind string) bool {
	if _, valid := t.see(token, kind); !valid {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := sha256.Sum256([]byte(token))
	_, there := t.all[key]
	delete(t.all, key)
	return there
}
