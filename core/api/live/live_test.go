package live

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulse-platform/pulse/core/bus"
)

// document is built at most once a second, as the real one is.
type document struct {
	mu            sync.Mutex
	newest, built uint64
	at            time.Time
	builds        int
}

func (d *document) change() { d.mu.Lock(); d.newest++; d.mu.Unlock() }

func (d *document) Revision() uint64 { d.mu.Lock(); defer d.mu.Unlock(); return d.newest }

func (d *document) JSON() ([]byte, uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.built != d.newest && time.Since(d.at) >= time.Second {
		d.built, d.at = d.newest, time.Now()
		d.builds++
	}
	return []byte(strconv.FormatUint(d.built, 10)), d.built
}

func (d *document) Member(string) json.RawMessage { return nil }

type message struct {
	Type string
	Data json.RawMessage
}

type conn struct {
	in  chan string
	out chan message
}

func (c *conn) Read(ctx context.Context) ([]byte, error) {
	select {
	case m, ok := <-c.in:
		if !ok {
			return nil, errors.New("closed")
		}
		return []byte(m), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *conn) Write(ctx context.Context, b []byte) error {
	var m message
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	select {
	case c.out <- m:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (c *conn) Ping(context.Context) error { return nil }
func (c *conn) Query(string) string        { return "" }
func (c *conn) Close(int, string) error    { return nil }

func (c *conn) drain() []message {
	var all []message
	for {
		select {
		case m := <-c.out:
			all = append(all, m)
		default:
			return all
		}
	}
}

func TestConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		doc, news := &document{newest: 1}, &bus.Bus[int]{}
		h := New(Sources{Document: doc, News: Coalesced(news.Subscribe)}, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = h.Run(ctx) })
		c := &conn{make(chan string), make(chan message, 100)}
		all.Go(func() { h.serve(ctx, c) })
		synctest.Wait()
		if got := c.drain(); len(got) != 2 || got[0].Type != "welcome" || got[1].Type != "initialState" || string(got[1].Data) != "1" {
			t.Fatalf("%+v", got)
		}
		time.Sleep(2 * time.Second) // the clock of the test bubble
		for range 50 {
			doc.change()
			news.Publish(1)
			synctest.Wait()
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		got := c.drain()
		if len(got) == 0 || len(got) > 3 || string(got[len(got)-1].Data) != "51" {
			t.Fatalf("after 50 changes: %+v", got)
		}
		c.in <- `{"type":"ping"}`
		c.in <- `{`
		c.in <- `{"type":"requestData"}`
		synctest.Wait()
		if got := c.drain(); len(got) != 2 || got[0].Type != "pong" || got[1].Type != "rawData" {
			t.Fatalf("%+v", got)
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		ping, raw := 0, 0
		for _, m := range c.drain() {
			switch m.Type {
			case "ping":
				ping++
			case "rawData":
				raw++
			}
		}
		if ping != 1 || raw < 3 || raw > 4 {
			t.Fatalf("%d pings, %d states in 31 s", ping, raw)
		}
		close(c.in)
		synctest.Wait()
		if h.Clients() != 0 {
			t.Fatal("a client that is gone is still served")
		}
		cancel()
		all.Wait()
	})
}

func TestSlowClientIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		doc, news := &document{newest: 1}, &bus.Bus[int]{}
		h := New(Sources{Document: doc, News: Coalesced(news.Subscribe)}, time.Now)
		c := &conn{make(chan string), make(chan message, 2)}
		var all sync.WaitGroup
		all.Go(func() { h.serve(t.Context(), c) })
		synctest.Wait()
		for range queued + 2 {
			h.Broadcast("alert", json.RawMessage(`{}`))
		}
		all.Wait()
		if h.Clients() != 0 {
			t.Fatal("still there")
		}
	})
}
