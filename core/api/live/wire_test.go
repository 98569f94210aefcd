package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/auth/authtest"
)

// serveWire serves a farm's live data on a port, and returns how to connect: with compression, and the bytes counted.
func serveWire(tb testing.TB, f *farm) (connect func() (*websocket.Conn, *atomic.Int64), hub *Hub) {
	tb.Helper()
	s, err := auth.Open(tb.Context(), authtest.New(), time.Now, hclog.NewNullLogger())
	must(tb, err)
	must(tb, s.Claim(tb.Context(), "admin", "a long enough password", ""))
	token, _, err := s.CreateToken(tb.Context(), auth.Principal{Method: auth.MethodSession, User: "admin", Admin: true}, auth.NewToken{Name: "t", Scopes: []auth.Scope{auth.ScopeMonitoringRead}})
	must(tb, err)
	hub = New(Sources{Document: &document{newest: 1}, Resources: f, News: Coalesced(f.Subscribe)}, time.Now)
	server, err := api.New(tb.Context(), api.Options{
		Areas: []api.Area{{Name: "live", Routes: hub.Routes()}}, Auth: s, Claimed: s.Claimed, Log: hclog.NewNullLogger(), Version: "1", Now: time.Now,
	})
	must(tb, err)
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	must(tb, err)
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 2)
	go func() { done <- server.Serve(l) }()
	go func() { done <- hub.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		stop, end := context.WithTimeout(context.Background(), patience)
		defer end()
		must(tb, server.Shutdown(stop))
		<-done
		<-done
	})
	return func() (*websocket.Conn, *atomic.Int64) {
		var read atomic.Int64
		dialer := websocket.Dialer{EnableCompression: true, HandshakeTimeout: patience, NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return &counted{c, &read}, err
		}}
		c, res, err := dialer.DialContext(tb.Context(), "ws://"+l.Addr().String()+"/ws?protocol=delta", http.Header{"X-API-Token": {token}})
		must(tb, err)
		must(tb, res.Body.Close())
		tb.Cleanup(func() { _ = c.Close() })
		return c, &read
	}, hub
}

// counted counts what is read.
type counted struct {
	net.Conn
	n *atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n.Add(int64(n))
	return n, err
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func tell(tb testing.TB, c *websocket.Conn, message string) {
	tb.Helper()
	must(tb, c.WriteMessage(websocket.TextMessage, []byte(message)))
}

// patience is how long a busy machine may take.
const patience = 3 * time.Minute

// nextFrame reads up to the next frame.
func nextFrame(c *websocket.Conn) ([]byte, error) {
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	for {
		_, message, err := c.ReadMessage()
		if err != nil {
			return nil, err
		}
		var kind struct{ Type string }
		if err := json.Unmarshal(message, &kind); err != nil || kind.Type == "frame" {
			return message, err
		}
	}
}

// TestOverTheWire has good clients beside one that never reads, one that floods and one that sends too much.
func TestOverTheWire(t *testing.T) {
	f := newFarm(t)
	fill(f, 500, 0)
	connect, hub := serveWire(t, f)
	deaf, _ := connect()
	tell(t, deaf, `{"type":"view"}`)
	good := make([]*websocket.Conn, 20)
	pages := make([]page, len(good))
	for n := range good {
		good[n], _ = connect()
		tell(t, good[n], fmt.Sprintf(`{"type":"view","range":["g%05d"]}`, n))
		first, err := nextFrame(good[n])
		must(t, err)
		pages[n].take(t, first)
	}
	flood, _ := connect()
	for range 1000 {
		if flood.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)) != nil {
			break // hung up
		}
	}
	must(t, flood.SetReadDeadline(time.Now().Add(patience)))
	var err error
	for err == nil {
		_, _, err = flood.ReadMessage()
	}
	if slow := net.Error(nil); errors.As(err, &slow) && slow.Timeout() {
		t.Error("a flood is borne")
	}
	big, _ := connect()
	_ = big.WriteMessage(websocket.TextMessage, make([]byte, 100<<10))
	if _, err := nextFrame(big); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
		t.Errorf("a message that was small only while it was compressed: %v", err)
	}
	fill(f, 500, 1)
	for n, c := range good {
		message, err := nextFrame(c)
		must(t, err)
		if got := pages[n].take(t, message); got.Full || len(got.Blocks) == 0 {
			t.Errorf("client %d: %+v", n, got)
		}
	}
	for deadline := time.Now().Add(patience); hub.Clients() != len(good)+1; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d clients are served", hub.Clients())
		}
	}
}

// BenchmarkDeltaThousand changes all of 2,000 guests for a thousand connected pages of 50 each, and measures until the last
// of them has its frame, how much it read, and what the process holds for each.
func BenchmarkDeltaThousand(b *testing.B) {
	const clients = 1000
	f := newFarm(b)
	fill(f, 2000, 0)
	connect, _ := serveWire(b, f)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	view, err := json.Marshal(struct {
		Type string `json:"type"`
		view
	}{"view", visible(50)})
	must(b, err)
	conns, counts := make([]*websocket.Conn, clients), make([]*atomic.Int64, clients)
	for n := range conns {
		conns[n], counts[n] = connect()
		tell(b, conns[n], string(view))
		_, err := nextFrame(conns[n])
		must(b, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	round := 0
	var bytes int64
	for b.Loop() {
		round++
		start := counts[0].Load()
		fill(f, 2000, round)
		for _, c := range conns {
			_, err := nextFrame(c)
			must(b, err)
		}
		bytes += counts[0].Load() - start
	}
	b.ReportMetric(float64(bytes)/float64(round), "wire_B/frame")
	b.ReportMetric(float64(after.HeapAlloc+after.StackInuse-before.HeapAlloc-before.StackInuse)/clients/1024, "KiB/connection_both_ends")
}
