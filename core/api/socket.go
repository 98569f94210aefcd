package api

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// The patience and limits of WebSockets.
const (
	socketInbound = 64 << 10
	socketWrite   = 30 * time.Second
	socketSilence = 75 * time.Second // without a pong or a message
)

// socketHandler admits the caller before the upgrade and then hands the connection to the row.
func (s *Server) socketHandler(row route.Route) fiber.Handler {
	upgrader := websocket.FastHTTPUpgrader{
		ReadBufferSize: 4 << 10, WriteBufferSize: 16 << 10, EnableCompression: true,
		CheckOrigin: func(*fasthttp.RequestCtx) bool { return true }, // checked below, with the proxy's host
	}
	return func(c fiber.Ctx) error {
		r := c.Locals(requestLocal{}).(*route.Request)
		p, err := s.admit(c, r, row)
		if err != nil {
			return err
		}
		if !isUpgrade(c) {
			c.Set(fiber.HeaderUpgrade, "websocket")
			return errs.New(errs.Invalid, "%s is a WebSocket: connect with an upgrade request", r.Path).WithWord("upgrade_required")
		}
		if !s.sameSite(r.Header.Get(fiber.HeaderOrigin), r.Host) {
			return errs.New(errs.Forbidden, "pages of %s may not connect: add the site to allowed_origins", r.Header.Get(fiber.HeaderOrigin)).WithWord("origin_refused")
		}
		query := map[string]string{}
		for k, v := range c.Queries() {
			if k != "token" {
				query[strings.Clone(k)] = strings.Clone(v)
			}
		}
		ctx := route.WithRequest(auth.WithPrincipal(s.ctx, p), r)
		s.sockets.Add(1)
		err = upgrader.Upgrade(c.RequestCtx(), func(ws *websocket.Conn) {
			defer s.sockets.Done()
			s.runSocket(ctx, row, ws, query, p)
		})
		if err != nil {
			s.sockets.Done()
			return errs.Wrap(errs.Invalid, err, "the upgrade request cannot be read")
		}
		return nil
	}
}

func (s *Server) runSocket(ctx context.Context, row route.Route, ws *websocket.Conn, query map[string]string, p auth.Principal) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go s.guard(ctx, cancel, row, p)
	defer ws.Close() //nolint:errcheck // the peer may be gone
	defer func() {
		if p := recover(); p != nil {
			s.opt.Log.Error("connection panicked", "path", row.Path, "panic", p)
		}
	}()
	stop := context.AfterFunc(ctx, func() {
		_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, "the server stops"), time.Now().Add(time.Second))
		_ = ws.Close()
	})
	defer stop()
	ws.SetReadLimit(socketInbound)
	alive := func() { _ = ws.SetReadDeadline(time.Now().Add(socketSilence)) }
	alive()
	ws.SetPongHandler(func(string) error { alive(); return nil })
	row.Socket(ctx, &socket{ws: ws, query: query, alive: alive})
}

// guard ends a connection when its caller may not use it any more: a connection must not outlive the session, token or
// role that opened it.
func (s *Server) guard(ctx context.Context, end func(), row route.Route, p auth.Principal) {
	if row.Access.Level == route.Public {
		return
	}
	for {
		news := s.opt.Auth.News()
		if now, ok := s.opt.Auth.Still(p); !ok || Decide(row.Access, now, true) != nil {
			end()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-news:
		case <-time.After(guardEvery): // what ends by itself
		}
	}
}

// guardEvery is how soon a connection ends after its session or token has run out.
const guardEvery = time.Minute

// socket is a route.Conn on a WebSocket.
type socket struct {
	ws    *websocket.Conn
	query map[string]string
	alive func()
}

func (k *socket) Read(context.Context) ([]byte, error) {
	for {
		kind, r, err := k.ws.NextReader()
		if err != nil {
			return nil, err
		}
		// The connection's own limit counts what is on the wire, and a small compressed message may be huge.
		message, err := io.ReadAll(io.LimitReader(r, socketInbound+1))
		if err != nil {
			return nil, err
		}
		if len(message) > socketInbound {
			_ = k.Close(websocket.CloseMessageTooBig, "too large")
			return nil, websocket.ErrReadLimit
		}
		k.alive()
		if kind == websocket.TextMessage {
			return message, nil
		}
	}
}

func (k *socket) Write(_ context.Context, message []byte) error {
	if err := k.ws.SetWriteDeadline(time.Now().Add(socketWrite)); err != nil {
		return err
	}
	return k.ws.WriteMessage(websocket.TextMessage, message)
}

func (k *socket) Ping(context.Context) error {
	return k.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(socketWrite))
}

func (k *socket) Query(name string) string { return k.query[name] }

func (k *socket) Close(code int, reason string) error {
	err := k.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
	return errors.Join(err, k.ws.Close())
}
