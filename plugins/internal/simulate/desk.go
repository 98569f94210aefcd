package simulate

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Prefix is where the APIs begin.
const Prefix = "/api2/json"

// ticketLife is how long the products accept a ticket.
const ticketLife = 2 * time.Hour

// Desk is what simulated APIs have in common: it counts what is asked for, answers with the faults that a test wants, and
// gives tickets to those who log in. It is safe for concurrent use.
type Desk struct {
	// name begins a ticket, and the name of the cookie that holds it.
	name string
	now  func() time.Time

	mu      sync.Mutex
	calls   map[string]int
	faults  map[string]http.HandlerFunc
	tickets map[string]ticket
}

type ticket struct {
	user    string
	expires time.Time
}

// NewDesk returns the desk of a product, by the three letters of its tickets.
func NewDesk(product string, now func() time.Time) *Desk {
	return &Desk{name: product, now: now, calls: map[string]int{}, faults: map[string]http.HandlerFunc{}, tickets: map[string]ticket{}}
}

// Fail answers a path with f instead, until f is nil.
func (d *Desk) Fail(path string, f http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f == nil {
		delete(d.faults, path)
		return
	}
	d.faults[path] = f
}

// Calls returns how often a path was asked for.
func (d *Desk) Calls(path string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[path]
}

// Total returns how many requests came in all, and forgets them.
func (d *Desk) Total() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, of := range d.calls {
		n += of
	}
	clear(d.calls)
	return n
}

// Fault counts a request and returns what a test wants it answered with, nil for nothing.
func (d *Desk) Fault(r *http.Request) http.HandlerFunc {
	path := strings.TrimPrefix(r.URL.Path, Prefix)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls[path]++
	return d.faults[path]
}

// Ticket gives a user one.
func (d *Desk) Ticket(user string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	value := fmt.Sprintf("%s:%s:%X::%d", d.name, user, d.now().Unix(), len(d.tickets))
	d.tickets[value] = ticket{user, d.now().Add(ticketLife)}
	return value
}

// Holder returns whose ticket it is, empty for one that is too old or none.
func (d *Desk) Holder(value string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t, ok := d.tickets[value]; ok && !d.now().After(t.expires) {
		return t.user
	}
	return ""
}

// User returns who a request is from by its cookie, empty for nobody.
func (d *Desk) User(r *http.Request) string {
	cookie, err := r.Cookie(d.name + "AuthCookie")
	if err != nil {
		return ""
	}
	value, err := url.QueryUnescape(cookie.Value)
	if err != nil {
		return ""
	}
	return d.Holder(value)
}
