package live

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
)

const (
	closePolicy = 1008 // RFC 6455: a client that does what it must not
	answerEvery = 100 * time.Millisecond
	burst       = 60 // messages of a client at once
	perSecond   = 20
)

// watcher is a connection that speaks the delta protocol. Two goroutines share it: one reads what the client asks, the
// other one writes.
type watcher struct {
	hub  *Hub
	conn route.Conn
	mail chan []byte
	told chan struct{} // there is a new view

	mu      sync.Mutex
	began   bool // something was asked
	viewing bool
	waiting bool // for the answer to a view
	want    view
	have    held
}

// serveDelta is one connection that speaks the delta protocol.
func (h *Hub) serveDelta(ctx context.Context, cancel context.CancelFunc, conn route.Conn) {
	c := &client{fresh: make(chan struct{}, 1), mail: make(chan []byte, queued), drop: cancel, delta: true}
	w := &watcher{hub: h, conn: conn, mail: c.mail, told: make(chan struct{}, 1)}
	if conn.Write(ctx, envelope("welcome", []byte(`{"message":"Connected to Pulse","orgId":"default","protocol":"delta"}`), h.now())) != nil {
		return
	}
	h.join(c)
	defer h.leave(c)
	go func() {
		defer cancel()
		w.read(ctx)
	}()
	w.write(ctx, c.fresh)
	_ = conn.Close(closeTryAgain, "connect again and resume")
}

// read takes in what the client asks until it is gone or asks too much.
func (w *watcher) read(ctx context.Context) {
	allowed, at := float64(burst), w.hub.now()
	for {
		message, err := w.conn.Read(ctx)
		if err != nil {
			return
		}
		now := w.hub.now()
		allowed = min(allowed+max(now.Sub(at).Seconds(), 0)*perSecond, burst) - 1
		if at = now; allowed < 0 {
			_ = w.conn.Close(closePolicy, "too many messages")
			return
		}
		a, err := decodeAsked(message)
		switch {
		case err != nil:
			w.post(refusal(err))
		case a.Type == "ping":
			w.post(w.hub.clock("pong"))
		default:
			w.heed(a)
		}
	}
}

// post puts a message into the mail; who does not read its mail gets none.
func (w *watcher) post(message []byte) {
	select {
	case w.mail <- message:
	default:
	}
}

func refusal(err error) []byte {
	b, failed := json.Marshal(struct {
		Type    string `json:"type"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}{"error", "invalid_view", err.Error()})
	if failed != nil {
		return []byte(`{"type":"error","code":"invalid_view"}`) // cannot be: text always has a JSON form
	}
	return b
}

func (w *watcher) heed(a asked) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := !w.began
	w.began = true
	switch {
	case a.Type == "resume" && first:
		w.have = held{epoch: a.Epoch, seq: a.Seq, view: a.Held}
	case a.Type == "view":
		w.want, w.viewing, w.waiting = a.view, true, true
		select {
		case w.told <- struct{}{}:
		default:
		}
	}
}

// write sends frames and mail. A frame is made when the one before has been taken, never earlier.
func (w *watcher) write(ctx context.Context, fresh <-chan struct{}) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	pace := time.NewTimer(0)
	defer pace.Stop()
	<-pace.C
	var answered time.Time
	for {
		var message []byte
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if w.conn.Ping(ctx) != nil {
				return
			}
			message = w.hub.clock("ping")
		case message = <-w.mail:
		case <-fresh:
			message = w.frame()
		case <-w.told:
			if left := answerEvery - w.hub.now().Sub(answered); left > 0 && left <= answerEvery {
				pace.Reset(left)
				continue
			}
			answered = w.hub.now()
			message = w.frame()
		case <-pace.C:
			answered = w.hub.now()
			message = w.frame()
		}
		if message != nil && w.conn.Write(ctx, message) != nil {
			return
		}
	}
}

// frame returns what is new for the client, nil when that is nothing.
func (w *watcher) frame() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.viewing {
		return nil
	}
	message, have := w.hub.cells.current().frame(w.have, w.want, w.waiting)
	w.have, w.waiting = have, false
	return message
}
