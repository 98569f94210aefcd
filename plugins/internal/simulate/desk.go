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

// Desk is what simulated APIs have in common: it counts what is asked for, answers with the faults that a test wants, and
// gives tickets to those who log in. It is safe for concurrent use.
type Desk struct {
	Manners

	// name begins a ticket, and the name of the cookie that holds it.
	name string
	now  func() time.Time

	mu      sync.Mutex
	asked   int // requests in all
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
	return &Desk{Manners: Manners{TicketLife: 2 * time.Hour}, name: product, now: now, calls: map[string]int{}, faults: map[string]http.HandlerFunc{}, tickets: map[string]ticket{}}
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

// Greet begins the answer to a request: it is counted, takes its time, and says what the clock shows. False means that the
// request has got all the answer that it gets.
func (d *Desk) Greet(w http.ResponseWriter, r *http.Request) bool {
	path := strings.TrimPrefix(r.URL.Path, Prefix)
	d.mu.Lock()
	d.calls[path]++
	d.asked++
	asked, fault := d.asked, d.faults[path]
	d.mu.Unlock()
	if !d.begin(r.Context(), asked) {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Date", d.now().Add(d.Ahead).UTC().Format(http.TimeFormat))
	if fault != nil {
		fault(w, r)
	}
	return fault == nil
}

// Ticket gives a user one.
func (d *Desk) Ticket(user string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	value := fmt.Sprintf("%s:%s:%X::%d", d.name, user, d.now().Unix(), len(d.tickets))
	d.tickets[value] = ticket{user, d.now().Add(d.TicketLife)}
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

// Raw writes an answer with a reason phrase of its own and closes the connection, as the real servers do with errors.
func Raw(w http.ResponseWriter, status int, reason, body string) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, reason, status) // such connections have no phrases
		return
	}
	defer conn.Close()
	fmt.Fprintf(buf, "HTTP/1.1 %d %s\r\nContent-Type: application/json;charset=UTF-8\r\nDate: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, reason, w.Header().Get("Date"), len(body), body)
	if err := buf.Flush(); err != nil {
		return // the client has gone
	}
}
