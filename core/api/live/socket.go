package live

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
)

// closeTryAgain is the code of RFC 6455 for a client that cannot keep up.
const closeTryAgain = 1013

// maxPoll is the size of two messages of a client, in bytes.
const maxPoll = 128 << 10

// Routes returns the rows.
func (h *Hub) Routes() []route.Route {
	row := route.Socket("/ws", "liveState", "What changes, as it changes", h.serve).Scope(auth.ScopeMonitoringRead)
	return []route.Route{
		row.With(func(a *route.Access) { a.QueryToken = true }),
		route.Post("/api/v2/live", "pollLive", "What changed since the last answer, where no WebSocket gets through", h.answer).
			Scope(auth.ScopeMonitoringRead).Body(maxPoll).Unaudited(),
	}
}

// serve is one connection: this goroutine writes, another one reads.
func (h *Hub) serve(ctx context.Context, conn route.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if conn.Query("protocol") == "delta" {
		h.serveDelta(ctx, cancel, conn)
		return
	}
	c := &client{fresh: make(chan struct{}, 1), mail: make(chan []byte, queued), drop: cancel}
	if conn.Write(ctx, envelope("welcome", []byte(`{"message":"Connected to Pulse","orgId":"default"}`), h.now())) != nil {
		return
	}
	h.join(c)
	defer h.leave(c)
	if conn.Write(ctx, h.state().initial) != nil {
		return
	}
	asked := make(chan string, 8)
	go func() {
		defer cancel()
		read(ctx, conn, asked)
	}()
	h.write(ctx, conn, c, asked)
	_ = conn.Close(closeTryAgain, "connect again")
}

func (h *Hub) join(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients[c] = struct{}{}
}

func (h *Hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, c)
}

// read hands on what a client asks for. What it asks while too much is waiting is not answered.
func read(ctx context.Context, conn route.Conn, asked chan<- string) {
	for {
		message, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var m struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(message, &m) != nil || m.Type != "ping" && m.Type != "requestData" {
			continue
		}
		select {
		case asked <- m.Type:
		default:
		}
	}
}

func (h *Hub) write(ctx context.Context, conn route.Conn, c *client, asked <-chan string) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var message []byte
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if conn.Ping(ctx) != nil {
				return
			}
			message = h.clock("ping")
		case <-c.fresh:
			message = h.state().raw
		case message = <-c.mail:
		case what := <-asked:
			message = h.state().raw
			if what == "ping" {
				message = h.clock("pong")
			}
		}
		if conn.Write(ctx, message) != nil {
			return
		}
	}
}

func (h *Hub) clock(kind string) []byte {
	now := h.now()
	return envelope(kind, fmt.Appendf(nil, `{"timestamp":%d}`, now.Unix()), now)
}
