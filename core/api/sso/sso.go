// Package sso serves single sign-on by OpenID Connect: the way to the provider and back, and its configuration.
package sso

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/oidc"
)

// Service logs users in by a provider.
type Service interface {
	Config() oidc.Config
	Fixed() bool
	Update(ctx context.Context, c oidc.Config) error
	Try(ctx context.Context, c oidc.Config, callback string) ([]oidc.Step, error)
	Begin(ctx context.Context, returnTo, callback string) (page, keep string, err error)
	Finish(ctx context.Context, b oidc.Callback) (oidc.Entry, error)
}

// Area is the area with what it needs.
type Area struct {
	Service Service
	// MayGrant returns why a caller may not hand roles on, nil when they may.
	MayGrant func(p auth.Principal, roles []string) error
	// BaseURL is where people reach the server, empty to take it from each request; BasePath is its path.
	BaseURL, BasePath string
}

const (
	callbackPath = "/api/oidc/callback"
	// flightCookie keeps a login that is under way in the browser that began it.
	flightCookie = "pulse_oidc"
)

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	door := func(x *route.Access) { x.Unclaimed, x.NoCSRF = false, true }
	write := auth.ScopeSettingsWrite
	// Who says which provider is believed says who comes in, and as what.
	setUp := route.About("users", []route.Route{
		route.Get("/api/security/oidc", "getOIDC", "How single sign-on is set up; the client's secret is not shown", a.get).Admin(write),
		route.Put("/api/security/oidc", "updateOIDC", "Set single sign-on up; it holds at once", a.update).Admin(write).Event("oidc_config_change"),
		route.Post("/api/security/oidc", "updateOIDCByPost", "Set single sign-on up, as PUT does", a.update).Admin(write).Event("oidc_config_change"),
		route.Post("/api/security/oidc/test", "testOIDC", "Ask a provider step by step as a login would, without a user and without changing anything", a.test).Admin(write).Unaudited(),
	})
	return append([]route.Route{
		route.Get("/api/oidc/login", "oidcLogin", "Go to the provider of single sign-on to log in", a.login).Public().With(door).Class("auth"),
		route.Post("/api/oidc/login", "oidcLoginAddress", "Where to log in at the provider of single sign-on", a.address).Public().With(door).Unaudited().Class("auth"),
		route.Get(callbackPath, "oidcCallback", "Come back from the provider of single sign-on", a.callback).Public().With(door).Event("oidc_login").Class("auth"),
	}, setUp...)
}

func keep(r *route.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: flightCookie, Value: value, Path: "/", HttpOnly: true, Secure: r.HTTPS, SameSite: http.SameSiteLaxMode, MaxAge: age}
}

type loginIn struct {
	ReturnTo string `query:"returnTo"`
}

func redirect(to string, cookies ...*http.Cookie) route.Reply[route.None] {
	return route.Reply[route.None]{Status: http.StatusFound, Header: http.Header{"Location": {to}, "Cache-Control": {"no-store"}}, Cookies: cookies}
}

func (a Area) login(ctx context.Context, in loginIn) (route.Reply[route.None], error) {
	r := route.RequestFrom(ctx)
	page, kept, err := a.Service.Begin(ctx, in.ReturnTo, r.Base(a.BaseURL)+callbackPath)
	if err != nil {
		return redirect(a.outcome("/", codeOf(err))), nil
	}
	return redirect(page, keep(r, kept, int(oidc.FlightLife.Seconds()))), nil
}

type addressIn struct {
	ReturnTo string `json:"returnTo,omitempty"`
}

// Address is where to log in.
type Address struct {
	AuthorizationURL string `json:"authorizationUrl"`
}

func (a Area) address(ctx context.Context, in addressIn) (route.Reply[Address], error) {
	r := route.RequestFrom(ctx)
	page, kept, err := a.Service.Begin(ctx, in.ReturnTo, r.Base(a.BaseURL)+callbackPath)
	var why *oidc.Refused
	switch {
	case errors.As(err, &why) && why.Code == "oidc_disabled":
		return route.Reply[Address]{}, errs.New(errs.Invalid, "%s", why).WithWord(why.Code)
	case errors.As(err, &why):
		return route.Reply[Address]{}, errs.New(errs.Unavailable, "%s", why).WithWord(why.Code)
	case err != nil:
		return route.Reply[Address]{}, err
	}
	return route.Reply[Address]{Body: Address{AuthorizationURL: page}, Cookies: []*http.Cookie{keep(r, kept, int(oidc.FlightLife.Seconds()))}}, nil
}

type callbackIn struct {
	State  string `query:"state"`
	Code   string `query:"code"`
	Error  string `query:"error"`
	Issuer string `query:"iss"`
}

func (a Area) callback(ctx context.Context, in callbackIn) (route.Reply[route.None], error) {
	if !a.Service.Config().Enabled {
		audit.Skip(ctx)
		return route.Reply[route.None]{}, errs.New(errs.NotFound, "single sign-on is off")
	}
	r := route.RequestFrom(ctx)
	e, err := a.Service.Finish(ctx, oidc.Callback{
		State: in.State, Code: in.Code, Error: in.Error, Issuer: in.Issuer, Keep: r.Cookies[flightCookie], Peer: r.Peer, Agent: r.Agent,
	})
	if e.User != "" {
		audit.Actor(ctx, e.User)
	}
	gone := keep(r, "", -1)
	if err != nil {
		audit.Fail(ctx, "Single sign-on refused: %s: %s", codeOf(err), err)
		return redirect(a.outcome(e.ReturnTo, codeOf(err)), gone), nil
	}
	audit.Detail(ctx, "Successful login by single sign-on")
	return redirect(a.outcome(e.ReturnTo, ""), gone, route.SessionCookie(r, e.Session, e.Life), route.CSRFCookie(r, e.CSRF, e.Life)), nil
}

func codeOf(err error) string {
	var why *oidc.Refused
	if errors.As(err, &why) {
		return why.Code
	}
	return "oidc_state_error"
}

// outcome is where a browser goes on, always on this server: the page it came from, with how the login ended.
func (a Area) outcome(place, code string) string {
	u, err := url.Parse(oidc.OwnPlace(place))
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	q := u.Query()
	if q.Set("oidc", "success"); code != "" {
		q.Set("oidc", "error")
		q.Set("oidc_error", code)
	}
	u.RawQuery = q.Encode()
	return a.BasePath + u.RequestURI()
}
