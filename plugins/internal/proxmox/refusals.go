package proxmox

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// deniedFor is how long a call is not made again that the account may not make, deniedBriefly where the product has no list
	// of rights to look at, and absentFor is for one that this release does not have. [Client.TryAgain] and [Tested] end them.
	deniedFor     = time.Hour
	deniedBriefly = 10 * time.Minute
	absentFor     = 24 * time.Hour
	// maxRefusals is how many calls are remembered.
	maxRefusals = 4096
)

// refusals are calls that a server refused and will refuse again: each costs it a connection.
type refusals struct {
	deniedFor time.Duration

	mu   sync.Mutex
	of   map[string]refusal
	asOf int64 // the tests that had been made
}

// tests counts the tests of connections in this process.
var tests atomic.Int64

// Tested has all clients of this process make the calls again that were refused: who tests a connection has often given an
// account its rights, and what is tested has a client of its own.
func Tested() { tests.Add(1) }

// current drops what was refused before the last test. The caller holds mu.
func (r *refusals) current() {
	if now := tests.Load(); now != r.asOf {
		r.of, r.asOf = nil, now
	}
}

type refusal struct {
	err   *Error
	until time.Time
}

func (c Call) key() string { return c.path() + "?" + c.Query.Encode() }

// find returns why a call is not made, nil when it is.
func (r *refusals) find(call Call, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current()
	if len(r.of) == 0 {
		return nil
	}
	known, refused := r.of[call.key()]
	if !refused || !now.Before(known.until) {
		return nil
	}
	again := *known.err
	return &again
}

// note remembers a refusal.
func (r *refusals) note(call Call, err error, now time.Time) {
	var e *Error
	if !errors.As(err, &e) {
		return
	}
	var lasts time.Duration
	switch {
	case e.Kind == KindForbidden:
		lasts = r.deniedFor
	case e.Status == http.StatusNotImplemented, e.Status == http.StatusNotFound && strings.HasPrefix(e.Message, "Path "):
		lasts = absentFor
	default:
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current()
	if len(r.of) >= maxRefusals {
		maps.DeleteFunc(r.of, func(_ string, known refusal) bool { return !now.Before(known.until) })
	}
	if r.of == nil || len(r.of) >= maxRefusals {
		r.of = map[string]refusal{}
	}
	r.of[call.key()] = refusal{e, now.Add(lasts)}
}

// TryAgain forgets which calls were refused: the account's rights, or the release, are others than before.
func (c *Client) TryAgain() {
	c.refusals.mu.Lock()
	defer c.refusals.mu.Unlock()
	c.refusals.of = nil
}
