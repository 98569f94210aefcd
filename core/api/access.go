package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// The cookies of the contract.
const (
	sessionCookie = "pulse_session"
	csrfCookie    = "pulse_csrf"
)

// handler makes the Fiber handler of a row: limit, who, may they, read, do, write.
func (s *Server) handler(row route.Route) (fiber.Handler, error) {
	if row.Socket != nil {
		return s.socketHandler(row), nil
	}
	limit := row.Limits.Body
	if limit == 0 {
		limit = defaultBody
	}
	b, err := newBinder(row.In, limit)
	if err != nil {
		return nil, err
	}
	event := EventOf(row)
	return func(c fiber.Ctx) error {
		r := c.Locals(requestLocal{}).(*route.Request)
		base, note := audit.WithNote(s.ctx)
		p, err := s.admit(c, r, row)
		if err != nil {
			s.record(event, row, r, p, note, err)
			return err
		}
		if err := s.checkCSRF(c, r, row, p); err != nil {
			s.record("csrf_failure", row, r, p, note, err)
			return err
		}
		in, err := b.bind(c)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(route.WithRequest(auth.WithPrincipal(base, p), r), requestTimeout)
		defer cancel()
		out, err := row.Handle(ctx, in)
		s.record(event, row, r, p, note, err)
		if err != nil {
			return err
		}
		return s.send(c, out)
	}, nil
}

// admit limits the rate, finds out who calls and whether they may.
func (s *Server) admit(c fiber.Ctx, r *route.Request, row route.Route) (auth.Principal, error) {
	if !r.Loopback {
		if err := s.limits.take(c, r.Peer, row.Limits.Class); err != nil {
			return auth.Principal{}, err
		}
	}
	p, err := s.principal(c, r, row.Access.QueryToken)
	if err != nil && row.Access.Level != route.Public {
		return p, err
	}
	if p.Authenticated() {
		name := p.User
		if p.Token != nil {
			name = "token:" + p.Token.ID
		}
		c.Set("X-Authenticated-User", name)
		c.Set("X-Auth-Method", string(p.CameBy()))
	}
	if p.Extended > 0 { // or the browser would forget a session that is in use
		c.Response().Header.Add(fiber.HeaderSetCookie, route.SessionCookie(r, r.Cookies[sessionCookie], p.Extended).String())
		if token := r.Cookies[csrfCookie]; token != "" {
			if raw, err := url.QueryUnescape(token); err == nil && s.opt.Auth.CheckCSRF(p.SessionID, raw) {
				c.Response().Header.Add(fiber.HeaderSetCookie, route.CSRFCookie(r, raw, p.Extended).String())
			}
		}
	}
	if err := Decide(row.Access, p, s.opt.Claimed()); err != nil || row.Access.Feature == "" || s.opt.Licensed == nil {
		return p, err
	}
	return p, s.opt.Licensed(row.Access.Feature)
}

// principal finds the caller: token before proxy before session before basic. A wrong token is not overridden by a session.
func (s *Server) principal(c fiber.Ctx, r *route.Request, queryToken bool) (auth.Principal, error) {
	raw := r.Header.Get("X-API-Token")
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if raw == "" && strings.EqualFold(scheme, "Bearer") {
		raw = strings.TrimSpace(value)
	}
	if raw == "" && queryToken && isUpgrade(c) {
		raw = strings.Clone(c.Query("token"))
	}
	if raw != "" {
		if p, ok := s.opt.Auth.Token(raw); ok {
			return p, nil
		}
		return auth.Principal{}, errs.New(errs.Unauthenticated, "the API token is not valid: it was revoked, has expired or is mistyped").WithWord("invalid_token")
	}
	if p, err := s.proxied(r); err != nil || p.Authenticated() {
		return p, err
	}
	if cookie := r.Cookies[sessionCookie]; cookie != "" {
		if p, ok := s.opt.Auth.Session(cookie); ok {
			return p, nil
		}
	}
	if scheme == "Basic" {
		user, password, ok := basic(value)
		if !ok {
			return auth.Principal{}, errs.New(errs.Unauthenticated, "the Authorization header cannot be read")
		}
		p, err := s.opt.Auth.Basic(s.ctx, user, password, r.Peer)
		var l *auth.LoginError
		if errors.As(err, &l) {
			s.keep(r, audit.Event{Event: "login", Via: string(auth.MethodBasic), Method: c.Method(), Details: l.Error()})
			return p, errs.New(errs.Unauthenticated, "%s", l.Error()).WithWord("invalid_credentials")
		}
		return p, err
	}
	return auth.Principal{}, nil
}

func basic(value string) (user, password string, ok bool) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(b), ":")
}

// Decide is the access rule: it tells whether a caller may use a row, and why not. It is pure, so that a test can
// try every row with every kind of caller.
func Decide(a route.Access, p auth.Principal, claimed bool) error {
	if a.Level == route.Public && (claimed || a.Unclaimed) {
		return nil
	}
	if !p.Authenticated() {
		if !claimed {
			return errs.New(errs.Unauthenticated, "this server is not set up yet: open its web page and enter the bootstrap token (pulse bootstrap-token prints it)").WithWord("setup_required")
		}
		e := errs.New(errs.Unauthenticated, "Authentication required").WithWord("authentication_required")
		return e
	}
	if a.Level == route.Public {
		return nil
	}
	if !a.Own && !p.Can(a.Need) {
		return auth.MissingPermission(a.Need)
	}
	if p.Token != nil && !a.AnyToken && !slices.ContainsFunc(a.Scopes, p.May) {
		return auth.MissingScope(a.Scopes[0])
	}
	return nil
}

// checkCSRF protects what a browser could be tricked into sending with its cookie.
func (s *Server) checkCSRF(c fiber.Ctx, r *route.Request, row route.Route, p auth.Principal) error {
	safe := c.Method() == http.MethodGet || c.Method() == http.MethodHead
	sent := p.Method == auth.MethodProxy || p.Method == auth.MethodBasic // by browsers without being asked to
	if !safe && p.Token == nil && (s.crossSite(c, r) || sent && !s.sameSite(r.Header.Get(fiber.HeaderOrigin), r.Host)) {
		return errs.New(errs.Forbidden, "the request comes from a page of another site").WithWord("csrf_failed")
	}
	if p.Method != auth.MethodSession {
		return nil
	}
	if safe && r.Cookies[csrfCookie] == "" {
		c.Response().Header.Add(fiber.HeaderSetCookie, route.CSRFCookie(r, s.opt.Auth.NewCSRF(p.SessionID), 24*time.Hour).String())
	}
	if safe || row.Access.NoCSRF || s.opt.Auth.CheckCSRF(p.SessionID, r.Header.Get("X-CSRF-Token")) {
		return nil
	}
	fresh := s.opt.Auth.NewCSRF(p.SessionID)
	c.Response().Header.Add(fiber.HeaderSetCookie, route.CSRFCookie(r, fresh, 24*time.Hour).String())
	c.Set("X-CSRF-Token", fresh)
	return errs.New(errs.Forbidden, "CSRF token validation failed").WithWord("csrf_failed")
}

// encodeJSON writes a value without escaping HTML, as JSON in a body needs none.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
