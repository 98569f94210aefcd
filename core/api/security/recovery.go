package security

import (
	"context"
	"net"
	"net/netip"
	"net/url"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// Recovery is the way back in for whoever is locked out.
type Recovery interface {
	On() bool
	Begin() error
	End() (was bool, err error)
	Generate(minutes int) (valid int, err error)
	Redeem(token string) bool
}

// recoveryRoutes are the rows of recovery and of the restart.
func (a Area) recoveryRoutes() []route.Route {
	own := func(x *route.Access) { x.NoCSRF = true } // the rows judge for themselves who calls, and no cookie counts
	return []route.Route{
		route.Get("/api/security/recovery", "getRecovery", "Whether recovery mode is on; for callers from this machine, or with a recovery token", a.recovery).Public().Class("recovery"),
		route.Post("/api/security/recovery", "recover", "Make a recovery token, or turn recovery mode on or off; for callers from this machine, or with a recovery token", a.recover).Public().Event("recovery").With(own).Class("recovery"),
		route.Post("/api/security/apply-restart", "applyRestart", "Begin anew, in the same process, once this is answered", a.restart).Admin(auth.ScopeSettingsWrite).Event("restart"),
	}
}

// RecoveryState tells whether recovery mode is on.
type RecoveryState struct {
	RecoveryMode bool   `json:"recovery_mode"`
	Message      string `json:"message"`
}

type recoveryIn struct {
	Token string `header:"X-Recovery-Token"`
}

func (a Area) recovery(ctx context.Context, in recoveryIn) (RecoveryState, error) {
	if err := a.mayRecover(ctx, in.Token); err != nil {
		return RecoveryState{}, err
	}
	if a.Recovery.On() {
		return RecoveryState{true, "Recovery mode is on."}, nil
	}
	return RecoveryState{false, "Recovery mode is off."}, nil
}

type recoverIn struct {
	Token string `header:"X-Recovery-Token"`
	Body  struct {
		Action   string `json:"action" help:"generate_token, disable_auth or enable_auth."`
		Duration int    `json:"duration,omitempty" help:"Minutes for which the token works: 1 to 60, else 15."`
	} `body:"json"`
}

// Recovered is the answer of an action of recovery.
type Recovered struct {
	Success bool   `json:"success"`
	Minutes int    `json:"expires_in_minutes,omitempty"`
	Message string `json:"message"`
}

func (a Area) recover(ctx context.Context, in recoverIn) (Recovered, error) {
	if err := a.mayRecover(ctx, in.Token); err != nil {
		return Recovered{}, err
	}
	switch in.Body.Action {
	case "generate_token":
		audit.Detail(ctx, "A recovery token")
		if !local(route.RequestFrom(ctx)) {
			return Recovered{}, errs.New(errs.Forbidden, "recovery tokens are made for callers from the server's own machine only")
		}
		minutes, err := a.Recovery.Generate(in.Body.Duration)
		if err != nil {
			return Recovered{}, err
		}
		return Recovered{Success: true, Minutes: minutes, Message: "The token is in the file .recovery_token of the server's data directory. Send it once as X-Recovery-Token to /api/security/quick-setup, with username, password and force."}, nil
	case "disable_auth":
		audit.Detail(ctx, "Recovery mode on")
		return Recovered{Success: true, Message: "Recovery mode is on. Nobody comes in without a login: generate_token makes the token with which quick setup sets a new password."}, a.Recovery.Begin()
	case "enable_auth":
		audit.Detail(ctx, "Recovery mode off")
		was, err := a.Recovery.End()
		if !was {
			audit.Skip(ctx)
			return Recovered{Message: "Recovery mode is off already."}, err
		}
		return Recovered{Success: true, Message: "Recovery mode is off."}, err
	}
	audit.Skip(ctx)
	return Recovered{Message: "Invalid action: it is generate_token, disable_auth or enable_auth."}, nil
}

// mayRecover lets callers from the server's own machine in, and those with a recovery token, which is used up.
func (a Area) mayRecover(ctx context.Context, token string) error {
	if token != "" && a.Recovery.Redeem(token) || local(route.RequestFrom(ctx)) {
		return nil
	}
	return errs.New(errs.Forbidden, "recovery is for callers from the server's own machine (http://127.0.0.1), or with a recovery token")
}

// between are headers that a reverse proxy adds: with one of them the caller is not the peer.
var between = []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Server", "X-Forwarded-Port", "Via", "CF-Ray", "CF-Connecting-IP"}

// local tells whether somebody on the server's own machine calls, and not a page of another site in their browser, nor one
// whose name was pointed at this machine, nor a reverse proxy that runs here.
func local(r *route.Request) bool {
	if !r.Loopback || r.Proxied || !loopbackHost(r.Host) {
		return false
	}
	for _, h := range between {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	origin := r.Header.Get("Origin")
	u, err := url.Parse(origin)
	return origin == "" || err == nil && u.Host == r.Host
}

// loopbackHost tells whether a Host header names the machine itself.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if len(host) > 2 && host[0] == '[' {
		host = host[1 : len(host)-1]
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

func (a Area) restart(context.Context, route.None) (Done, error) {
	a.Restart()
	return Done{true, "The server begins anew. Logins and agents stay."}, nil
}
