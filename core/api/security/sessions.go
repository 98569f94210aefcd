package security

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// Sessions lists and ends logins.
type Sessions interface {
	ListSessions(user string) []auth.SessionInfo
	EndSession(ctx context.Context, user, id string) error
	EndOtherSessions(ctx context.Context, p auth.Principal) error
}

// Locks is who is locked out.
type Locks interface {
	Locks() []auth.Lock
	ResetLockout(identifier string) bool
}

func (a Area) sessionRoutes() []route.Route {
	return []route.Route{
		route.Get("/api/security/sessions", "listSessions", "Logins that are open: the caller's, and all for those who administer users", a.sessions).Own(auth.ScopeSettingsRead),
		route.Delete("/api/security/sessions/{id}", "endSession", "End a login at once", a.endSession).Own(auth.ScopeSettingsWrite).Event("session_ended"),
		route.Delete("/api/security/sessions", "endOtherSessions", "End all other logins of the caller", a.endOthers).Own(auth.ScopeSettingsWrite).Event("sessions_ended"),
		route.Get("/api/security/lockouts", "listLockouts", "Who is locked out after failed logins", a.lockouts).Admin(auth.ScopeSettingsRead).Needs(auth.ActAdmin, "users"),
		route.Post("/api/security/reset-lockout", "resetLockout", "Forget the failed logins of a user or an address", a.resetLockout).Admin(auth.ScopeSettingsWrite).Needs(auth.ActAdmin, "users").Event("lockout_reset"),
	}
}

// Session is a login that is open.
type Session struct {
	ID         string    `json:"id"`
	Username   string    `json:"username"`
	CreatedAt  time.Time `json:"createdAt"`
	LastSeenAt time.Time `json:"lastSeenAt" help:"To the minute."`
	ExpiresAt  time.Time `json:"expiresAt"`
	IP         string    `json:"ip" help:"Where the login came from."`
	UserAgent  string    `json:"userAgent,omitempty"`
	Current    bool      `json:"current" help:"It is the one that asks."`
}

// SessionList is the logins that are open.
type SessionList struct {
	Sessions []Session `json:"sessions"`
}

// whose is the name of the user whose logins a caller may see and end, empty for everybody's.
func whose(p auth.Principal) (string, error) {
	if p.Can(auth.Need{Action: auth.ActAdmin, Resource: "users"}) {
		return "", nil
	}
	if p.User == "" {
		return "", errs.New(errs.Forbidden, "this token belongs to no user, and so has no logins").WithWord("forbidden")
	}
	return p.User, nil
}

func (a Area) sessions(ctx context.Context, _ route.None) (SessionList, error) {
	p := auth.PrincipalFrom(ctx)
	user, err := whose(p)
	if err != nil {
		return SessionList{}, err
	}
	out := SessionList{Sessions: []Session{}}
	for _, x := range a.Sessions.ListSessions(user) {
		out.Sessions = append(out.Sessions, Session{
			ID: x.ID, Username: x.User, CreatedAt: x.Created.UTC(), LastSeenAt: x.LastSeen.UTC(), ExpiresAt: x.Expires.UTC(), IP: x.Peer, UserAgent: x.Agent,
			Current: p.Method == auth.MethodSession && x.ID == auth.SessionOf(p),
		})
	}
	return out, nil
}

type sessionPath struct {
	ID string `path:"id"`
}

func (a Area) endSession(ctx context.Context, in sessionPath) (route.None, error) {
	user, err := whose(auth.PrincipalFrom(ctx))
	if err != nil {
		return route.None{}, err
	}
	for _, x := range a.Sessions.ListSessions(user) {
		if x.ID == in.ID {
			audit.Detail(ctx, "a login of %s from %s", x.User, x.Peer)
		}
	}
	return route.None{}, a.Sessions.EndSession(ctx, user, in.ID)
}

func (a Area) endOthers(ctx context.Context, _ route.None) (route.None, error) {
	p := auth.PrincipalFrom(ctx)
	if p.User == "" {
		return route.None{}, errs.New(errs.Forbidden, "this token belongs to no user, and so has no logins").WithWord("forbidden")
	}
	return route.None{}, a.Sessions.EndOtherSessions(ctx, p)
}

// Lockout is somebody who has to wait.
type Lockout struct {
	Username    string    `json:"username,omitempty" help:"Absent when the whole address is locked out."`
	IP          string    `json:"ip,omitempty" help:"An address, or a network of IPv6."`
	LockedUntil time.Time `json:"lockedUntil"`
}

// LockoutList is who has to wait.
type LockoutList struct {
	Lockouts []Lockout `json:"lockouts"`
}

func (a Area) lockouts(context.Context, route.None) (LockoutList, error) {
	out := LockoutList{Lockouts: []Lockout{}}
	for _, x := range a.Locks.Locks() {
		out.Lockouts = append(out.Lockouts, Lockout{Username: x.User, IP: x.Peer, LockedUntil: x.Until.UTC()})
	}
	return out, nil
}

type lockoutIn struct {
	Identifier string `json:"identifier" help:"A user name or an address."`
}

func (a Area) resetLockout(ctx context.Context, in lockoutIn) (Done, error) {
	if in.Identifier == "" || len(in.Identifier) > 128 {
		return Done{}, errs.New(errs.Invalid, "name a user or an address as identifier").WithWord("missing_identifier").WithField("identifier")
	}
	audit.Detail(ctx, "%s", in.Identifier)
	a.Locks.ResetLockout(in.Identifier)
	return Done{Success: true, Message: fmt.Sprintf("Lockout reset for %s", in.Identifier)}, nil
}
