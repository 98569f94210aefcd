package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"path"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/google/uuid"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
)

// requestLocal is where the first handler leaves the request's facts for the others.
type requestLocal struct{}

var saneID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// first runs before everything: facts, headers, panics, path and CORS.
func (s *Server) first(c fiber.Ctx) (err error) {
	if moved, done := s.below(c); done {
		return moved
	}
	r := s.facts(c)
	c.Locals(requestLocal{}, r)
	c.Set("X-Request-ID", r.ID)
	nonce := s.securityHeaders(c, r)
	c.Locals(nonceLocal{}, nonce)
	defer func() {
		if p := recover(); p != nil {
			s.opt.Log.Error("request panicked", "path", r.Path, "request_id", r.ID, "panic", p, "stack", string(debug.Stack()))
			err = s.fail(c, r, errs.New(errs.Internal, "something went wrong inside the server; its log says what, under this request id").WithWord("internal_error"))
		}
	}()
	if slices.Contains(strings.Split(r.Path, "/"), "..") {
		return s.fail(c, r, errs.New(errs.Invalid, "the path must not contain .."))
	}
	if r.Loopback && s.opt.Recovering != nil && s.opt.Recovering() {
		c.Set("X-Auth-Recovery", "true")
	}
	s.cors(c)
	if c.Method() == http.MethodOptions {
		return c.SendStatus(http.StatusOK)
	}
	if err := c.Next(); err != nil {
		return s.fail(c, r, err)
	}
	return nil
}

// below takes the base path from a request's path, for proxies that hand it on as it is; those that take it away
// themselves are served as well. The base path itself is a folder: without its slash nothing relative works.
func (s *Server) below(c fiber.Ctx) (answer error, done bool) {
	base := s.opt.BasePath
	if base == "" {
		return nil, false
	}
	if c.Path() == base {
		return c.Redirect().Status(http.StatusPermanentRedirect).To(base + "/"), true
	}
	if rest, inside := strings.CutPrefix(c.Path(), base); inside && strings.HasPrefix(rest, "/") {
		c.Path(strings.Clone(rest))
	}
	return nil, false
}

// onError answers what fails before or outside the handlers.
func (s *Server) onError(c fiber.Ctx, err error) error {
	r, ok := c.Locals(requestLocal{}).(*route.Request)
	if !ok {
		r = s.facts(c)
	}
	var f *fiber.Error
	if errors.As(err, &f) && f.Code == http.StatusRequestEntityTooLarge {
		err = s.bodies.tooLarge(&c.Request().Header)
	}
	return s.fail(c, r, err)
}

// rest answers what no row took: the web app's files and pages, else 404.
func (s *Server) rest(c fiber.Ctx) error {
	r := c.Locals(requestLocal{}).(*route.Request)
	if reserved(r.Path) {
		if allow := s.methodsOf(r.Path); len(allow) > 0 {
			c.Set(fiber.HeaderAllow, strings.Join(allow, ", "))
			return errs.New(errs.Invalid, "%s does not take %s, only %s", r.Path, c.Method(), strings.Join(allow, ", ")).WithWord("method_not_allowed")
		}
		return errs.New(errs.NotFound, "there is no endpoint %s", r.Path)
	}
	if c.Method() != http.MethodGet && c.Method() != http.MethodHead {
		return errs.New(errs.NotFound, "there is nothing at %s", r.Path)
	}
	return s.page(c, r)
}

// reserved tells the API's paths from the web app's.
func reserved(p string) bool {
	for _, prefix := range []string{"/api", "/ws", "/socket.io", "/download", "/simple-stats", "/metrics"} {
		if p == prefix || strings.HasPrefix(p, prefix+"/") {
			return true
		}
	}
	return false
}

// methodsOf returns the methods that rows take at a path.
func (s *Server) methodsOf(p string) []string {
	var methods []string
	for _, r := range s.routes {
		if matches(r.Path, p) && !slices.Contains(methods, r.Method) {
			methods = append(methods, r.Method)
		}
	}
	slices.Sort(methods)
	return methods
}

func matches(pattern, p string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(p, "/")
	for i, w := range want {
		if strings.HasSuffix(w, "...}") {
			return true
		}
		if i >= len(got) || !strings.HasPrefix(w, "{") && w != got[i] {
			return false
		}
	}
	return len(want) == len(got)
}

// facts gathers what handlers may know. Everything in it is a copy.
func (s *Server) facts(c fiber.Ctx) *route.Request {
	peer, err := netip.ParseAddrPort(c.RequestCtx().RemoteAddr().String())
	addr := peer.Addr().Unmap()
	if err != nil {
		addr = netip.IPv4Unspecified()
	}
	r := &route.Request{
		ID: strings.Clone(c.Get("X-Request-ID")), Path: strings.Clone(c.Path()), Agent: strings.Clone(c.Get(fiber.HeaderUserAgent)),
		Host: strings.Clone(string(c.Request().Host())), HTTPS: c.RequestCtx().IsTLS(), Received: s.opt.Now(),
		Header: http.Header{}, Cookies: map[string]string{},
	}
	if !saneID.MatchString(r.ID) {
		r.ID = uuid.NewString()
	}
	for k, v := range c.Request().Header.All() {
		r.Header.Add(string(k), string(v))
	}
	for k, v := range c.Request().Header.Cookies() {
		r.Cookies[string(k)] = string(v)
	}
	forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("X-Real-IP") != ""
	r.Loopback = addr.IsLoopback() && !forwarded
	if r.Proxied = s.trusted(addr); r.Proxied {
		addr = s.forwardedFor(r.Header, addr)
		if p := r.Header.Get("X-Forwarded-Proto"); p != "" {
			r.HTTPS = strings.EqualFold(p, "https")
		}
		if h := r.Header.Get("X-Forwarded-Host"); h != "" {
			r.Host = h
		}
	}
	r.Peer = addr.String()
	return r
}

func (s *Server) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(s.opt.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// forwardedFor is the client that trusted proxies name, the proxy itself when they name none. Each proxy appends whom
// it was called by, so the client is the last address that is no trusted proxy: what stands before it is the client's
// own claim, by which it could dodge the lockout.
func (s *Server) forwardedFor(h http.Header, peer netip.Addr) netip.Addr {
	chain := strings.Split(strings.Join(h.Values("X-Forwarded-For"), ","), ",")
	client, named := peer, false
	for _, text := range slices.Backward(chain) {
		a, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			break
		}
		client, named = a.Unmap(), true
		if !s.trusted(client) {
			return client
		}
	}
	if a, err := netip.ParseAddr(strings.TrimSpace(h.Get("X-Real-IP"))); err == nil && !named {
		return a.Unmap()
	}
	return client
}

// fiberPath writes a row's path the way Fiber wants it.
func fiberPath(p string) string {
	parts := strings.Split(p, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			if parts[i] = ":" + name; strings.HasSuffix(name, "...") {
				parts[i] = "*"
			}
		}
	}
	return path.Join(append([]string{"/"}, parts...)...)
}

func isUpgrade(c fiber.Ctx) bool { return strings.EqualFold(c.Get(fiber.HeaderUpgrade), "websocket") }

// send writes what a handler returned.
func (s *Server) send(c fiber.Ctx, out any) error {
	switch x := out.(type) {
	case route.None:
		return c.SendStatus(http.StatusNoContent)
	case route.Raw:
		return sendRaw(c, x)
	case replier:
		return s.sendReply(c, x)
	}
	return sendJSON(c, http.StatusOK, out)
}

// replier is implemented by route.Reply of any body.
type replier interface {
	Parts() (status int, header http.Header, cookies []*http.Cookie, body any)
}

func (s *Server) sendReply(c fiber.Ctx, x replier) error {
	status, header, cookies, body := x.Parts()
	for k, vs := range header {
		for _, v := range vs {
			c.Response().Header.Add(k, v)
		}
	}
	for _, cookie := range cookies {
		c.Response().Header.Add(fiber.HeaderSetCookie, cookie.String())
	}
	if _, empty := body.(route.None); empty {
		if status == 0 {
			status = http.StatusNoContent
		}
		return c.SendStatus(status)
	}
	if status == 0 {
		status = http.StatusOK
	}
	return sendJSON(c, status, body)
}

func sendRaw(c fiber.Ctx, x route.Raw) error {
	for k, vs := range x.Header {
		for _, v := range vs {
			c.Response().Header.Add(k, v)
		}
	}
	if x.ETag != "" {
		tag := fmt.Sprintf("%q", x.ETag)
		c.Set(fiber.HeaderETag, tag)
		c.Set(fiber.HeaderCacheControl, "no-cache")
		if noneMatch(c.Get(fiber.HeaderIfNoneMatch), tag) {
			return c.SendStatus(http.StatusNotModified)
		}
	} else if len(c.Response().Header.Peek(fiber.HeaderCacheControl)) == 0 {
		c.Set(fiber.HeaderCacheControl, "no-store")
	}
	if x.ContentType != "" {
		c.Set(fiber.HeaderContentType, x.ContentType)
	}
	if x.Status == 0 {
		x.Status = http.StatusOK
	}
	c.Status(x.Status)
	c.Response().SetBodyRaw(x.Body) // as it is: to copy a large document takes longer than all else
	return nil
}

// noneMatch compares weakly, as RFC 9110 section 13.1.2 says.
func noneMatch(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimPrefix(strings.TrimSpace(part), "W/"); part == tag || part == "*" {
			return true
		}
	}
	return false
}

func sendJSON(c fiber.Ctx, status int, body any) error {
	b, err := encodeJSON(body)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	if len(c.Response().Header.Peek(fiber.HeaderCacheControl)) == 0 {
		c.Set(fiber.HeaderCacheControl, "no-store")
	}
	return c.Status(status).Send(b)
}
