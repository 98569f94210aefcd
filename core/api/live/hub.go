// Package live holds the socket that tells pages and other clients what changed. Plain clients get the whole state, put
// together once for all who listen. Clients of the delta protocol (docs/protocol-delta.md) say what they show and get the
// cells of it that changed. Who is slow gets the newest, not all.
package live

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"time"
)

// The rhythm of a connection.
const (
	coalesce  = time.Second      // between two frames of state at least
	tick      = 10 * time.Second // between two at most
	heartbeat = 30 * time.Second
	queued    = 128 // messages that wait for one client before it is dropped
)

// Document is the state document; it is an inventory.State.
type Document interface {
	// JSON returns the document and its revision.
	JSON() ([]byte, uint64)
	// Revision is the number of the newest state, ahead of JSON's while that is not built.
	Revision() uint64
	// Member returns what is set in a member of the document, nil when nothing is.
	Member(name string) json.RawMessage
}

// Sources are where what is told comes from.
type Sources struct {
	Document  Document
	Resources Resources
	// Conditions returns a number that is another one whenever what plugins find wrong has changed; nil means that it never
	// does.
	Conditions func() uint64
	// News opens a channel that says that something changed.
	News func() (changed <-chan struct{}, stop func())
}

// Hub serves everybody who listens.
type Hub struct {
	document Document
	news     func() (changed <-chan struct{}, stop func())
	now      func() time.Time
	cells    shared

	mu      sync.Mutex
	clients map[*client]struct{}
	frame   frame
}

// frame is the state in the two envelopes.
type frame struct {
	revision     uint64
	at           time.Time
	initial, raw []byte
}

// client is one connection's mail.
type client struct {
	fresh chan struct{} // there is a newer state
	mail  chan []byte   // everything else, in order
	drop  context.CancelFunc
	delta bool // it speaks the delta protocol
}

// New returns a hub.
func New(from Sources, now func() time.Time) *Hub {
	return &Hub{
		document: from.Document, news: from.News, now: now, clients: map[*client]struct{}{},
		cells: shared{from: from, now: now},
	}
}

// Coalesced adapts a subscription of any news to the one of [Sources]: it keeps only that there was some.
func Coalesced[T any](subscribe func(n int) (<-chan T, func())) func() (<-chan struct{}, func()) {
	return func() (<-chan struct{}, func()) {
		in, stop := subscribe(1)
		out, done := make(chan struct{}, 1), make(chan struct{})
		go func() {
			for {
				select {
				case <-done:
					return
				case <-in:
					select {
					case out <- struct{}{}:
					default:
					}
				}
			}
		}()
		return out, func() { stop(); close(done) }
	}
}

// Run tells the clients about changes until ctx ends: at most once a second, and every ten seconds in any case.
func (h *Hub) Run(ctx context.Context) error {
	changed, stop := h.news()
	defer stop()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	wait := time.NewTimer(0)
	<-wait.C
	var last time.Time
	pending := false
	tell := func() {
		last, pending = h.now(), false
		h.tell()
	}
	request := func() {
		if since := h.now().Sub(last); since >= coalesce || since < 0 {
			tell()
		} else if !pending {
			pending = true
			wait.Reset(coalesce - since)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wait.C:
			tell()
		case <-ticker.C:
			request()
		case <-changed:
			request()
		}
		if !pending && h.behind() {
			pending = true
			wait.Reset(coalesce)
		}
	}
}

// behind reports whether the document that clients were shown is not the newest. It is false while nobody wants that.
func (h *Hub) behind() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if plain, _ := h.count(); plain == 0 {
		return false
	}
	_, revision := h.document.JSON()
	return revision < h.document.Revision()
}

// count is how many clients of either kind there are. The caller holds mu.
func (h *Hub) count() (plain, delta int) {
	for c := range h.clients {
		if c.delta {
			delta++
		} else {
			plain++
		}
	}
	return plain, delta
}

// tell finds out what changed, once for all, and wakes the clients.
func (h *Hub) tell() {
	h.mu.Lock()
	_, delta := h.count()
	h.mu.Unlock()
	h.cells.look(delta > 0)
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		select {
		case c.fresh <- struct{}{}:
		default:
		}
	}
}

// Broadcast sends a message to all who listen, for example that an alert fired. Data must be JSON. Who has too much
// waiting is disconnected.
func (h *Hub) Broadcast(kind string, data json.RawMessage) {
	message := envelope(kind, data, h.now())
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		select {
		case c.mail <- message:
		default:
			c.drop()
		}
	}
}

// Clients is how many listen.
func (h *Hub) Clients() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}

// state returns the newest frame, put together once per revision and second.
func (h *Hub) state() frame {
	h.mu.Lock()
	defer h.mu.Unlock()
	doc, revision := h.document.JSON()
	if now := h.now(); h.frame.raw == nil || h.frame.revision != revision || now.Sub(h.frame.at) >= coalesce {
		h.frame = frame{revision, now, envelope("initialState", doc, now), envelope("rawData", doc, now)}
	}
	return h.frame
}

func envelope(kind string, data []byte, at time.Time) []byte {
	out := make([]byte, 0, len(data)+96)
	out = append(out, `{"type":`...)
	out = strconv.AppendQuote(out, kind)
	out = append(append(out, `,"data":`...), data...)
	out = append(out, `,"timestamp":"`...)
	out = at.UTC().AppendFormat(out, time.RFC3339)
	return append(out, `"}`...)
}
