package nodes

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"sync"
	"time"
)

const (
	ticketLife = 5 * time.Minute
	// maxTickets is how many are valid at once; the one that ends first makes room.
	maxTickets = 100
	// ticketsName is where they lie.
	ticketsName = "setup_tokens"
)

// TicketStore keeps values by name.
type TicketStore interface {
	Get(ctx context.Context, name string, into any) (bool, error)
	Set(ctx context.Context, name string, value any) error
}

// Tickets are the one-time tokens of setup scripts. Only their hashes are kept, over restarts too: a script that was begun
// may end. They are safe for concurrent use.
type Tickets struct {
	now   func() time.Time
	store TicketStore

	mu  sync.Mutex
	all map[string]ticket // by the hash of the token; nil until they are loaded
}

// ticket lets a machine of a kind introduce itself once.
type ticket struct {
	Kind    string    `json:"kind"`
	Host    string    `json:"host,omitempty"`
	Perms   bool      `json:"perms,omitempty"`
	Expires time.Time `json:"expires"`
}

// NewTickets returns tickets that live by the clock now. Nothing is read before it is needed.
func NewTickets(store TicketStore, now func() time.Time) *Tickets {
	return &Tickets{store: store, now: now}
}

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// load reads what is stored, once. The lock is held.
func (t *Tickets) load(ctx context.Context) error {
	if t.all != nil {
		return nil
	}
	all := map[string]ticket{}
	if _, err := t.store.Get(ctx, ticketsName, &all); err != nil {
		return err
	}
	t.all = all
	return nil
}

// change stores what edit makes of the tickets. When that fails, they are as they were. The lock is held.
func (t *Tickets) change(ctx context.Context, edit func(all map[string]ticket)) error {
	next := maps.Clone(t.all)
	edit(next)
	if err := t.store.Set(ctx, ticketsName, next); err != nil {
		return err
	}
	t.all = next
	return nil
}

// issue makes a token.
func (t *Tickets) issue(ctx context.Context, of ticket) (token string, expires time.Time, err error) {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	token = hex.EncodeToString(raw)
	of.Expires = t.now().Add(ticketLife)
	return token, of.Expires, t.put(ctx, token, of)
}

// put makes a token valid, again after it was taken up for nothing.
func (t *Tickets) put(ctx context.Context, token string, of ticket) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(ctx); err != nil {
		return err
	}
	return t.change(ctx, func(all map[string]ticket) {
		maps.DeleteFunc(all, func(_ string, one ticket) bool { return !t.now().Before(one.Expires) })
		if len(all) >= maxTickets {
			dropFirst(all)
		}
		all[hashed(token)] = of
	})
}

func dropFirst(all map[string]ticket) {
	first, ends := "", time.Time{}
	for key, one := range all {
		if ends.IsZero() || one.Expires.Before(ends) {
			first, ends = key, one.Expires
		}
	}
	delete(all, first)
}

// see returns what a token is for, as long as it is valid for the kind.
func (t *Tickets) see(ctx context.Context, token, kind string) (one ticket, valid bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.find(ctx, token, kind)
}

// find is see with the lock held.
func (t *Tickets) find(ctx context.Context, token, kind string) (one ticket, valid bool, err error) {
	if err := t.load(ctx); err != nil {
		return ticket{}, false, err
	}
	one, there := t.all[hashed(token)]
	return one, there && one.Kind == kind && t.now().Before(one.Expires), nil
}

// take uses a token up, and returns what it was for. Of several who try at once, one is let in.
func (t *Tickets) take(ctx context.Context, token, kind string) (one ticket, valid bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one, valid, err = t.find(ctx, token, kind); err != nil || !valid {
		return one, valid, err
	}
	err = t.change(ctx, func(all map[string]ticket) { delete(all, hashed(token)) })
	return one, err == nil, err
}
