// Package security serves the way in: first run, login and logout, tokens and passwords.
package security

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/oidc"
)

// Claims is how a new server is taken over.
type Claims interface {
	Claimed() bool
	CheckBootstrap(token string) error
	Claim(ctx context.Context, user, password, apiToken string) error
	Regain(ctx context.Context, user, password, apiToken, peer string) error
}

// Logins opens and ends sessions and changes passwords.
type Logins interface {
	Login(ctx context.Context, a auth.Attempt) (session, csrf string, life time.Duration, err error)
	Logout(ctx context.Context, session string) error
	ChangePassword(ctx context.Context, caller auth.Principal, current, next, peer string) error
	Changed(user string) time.Time
	Session(raw string) (auth.Principal, bool)
	Known(user string) bool
	HasPassword(user string) bool
}

// SignOn is a provider that logs users in.
type SignOn interface {
	Config() oidc.Config
	// LogoutPage is where a browser goes on after a session has ended, empty for nowhere. It is asked before.
	LogoutPage(ctx context.Context, session, back string) string
}

// Tokens keeps API tokens.
type Tokens interface {
	ListTokens() []auth.Token
	CreateToken(ctx context.Context, maker auth.Principal, t auth.NewToken) (string, auth.Token, error)
	RevokeToken(ctx context.Context, id string) error
	RotateToken(ctx context.Context, id string) (string, auth.Token, error)
	Token(raw string) (auth.Principal, bool)
}

// Area is the area with what it needs.
type Area struct {
	Claims Claims
	Logins Logins
	Tokens Tokens
	// Sessions and Steps are the caller's logins and one-time codes, Locks who is locked out.
	Sessions Sessions
	Steps    Steps
	Locks    Locks
	// Recovery is the way back in for whoever is locked out.
	Recovery Recovery
	// Posture tells how the server is protected.
	Posture func(ctx context.Context) (Posture, error)
	// Restart ends the run of the server once what is asked is answered, and begins another.
	Restart func()
	Now     func() time.Time
	// BaseURL is where agents reach the server, empty to take it from each request.
	BaseURL string
	// TokenPath is where the bootstrap token lies while the server waits to be claimed.
	TokenPath string
	// Proxy tells that a reverse proxy logs users in; ProxyLogout is where they log out.
	Proxy       bool
	ProxyLogout string
	// SSO is single sign-on, nil for none.
	SSO SignOn
	// Container tells that the server runs in one; Deployment is the contract's word for how it was started.
	Container  bool
	Deployment string
}

// Routes returns the area's rows.
func (a Area) Routes() []route.Route {
	own := func(x *route.Access) { x.NoCSRF = true } // they carry a secret of their own
	return slices.Concat(a.sessionRoutes(), a.stepRoutes(), a.tokenRoutes(), a.recoveryRoutes(), a.postureRoutes(), []route.Route{
		route.Get("/api/security/status", "getSecurityStatus", "How the server is protected, and as whom the caller is known", a.status).Public().Class("public"),
		route.Post("/api/security/validate-bootstrap-token", "validateBootstrapToken", "Whether a bootstrap token claims the server; it is not used up", a.validateBootstrap).Public().Event("bootstrap_token_checked").With(own).Class("auth"),
		route.Post("/api/security/quick-setup", "quickSetup", "Claim a new server: make its first user", a.quickSetup).Public().Event("quick_setup").With(own).Class("auth"),
		route.Post("/api/login", "login", "Log in with user name and password", a.login).Public().Event("login").With(func(x *route.Access) { x.Unclaimed, x.NoCSRF = false, true }).Class("auth"),
		route.Post("/api/logout", "logout", "Log out", a.logout).Own().Class("auth"),
		route.Post("/api/security/change-password", "changePassword", "Change the caller's password; all other logins of the user end", a.changePassword).Own(auth.ScopeSettingsWrite).Event("password_change").Class("auth"),
	})
}

// tokenRoutes are the rows of API tokens.
func (a Area) tokenRoutes() []route.Route {
	return []route.Route{
		route.Post("/api/security/tokens/{id}/regenerate", "rotateToken", "Give one of the caller's tokens a new value, shown once; name, scopes and end stay", a.rotateToken).Own(auth.ScopeSettingsWrite).Event("token_regenerated").Class("auth"),
		route.Post("/api/security/regenerate-token", "regenerateToken", "Give the caller's primary token a new value, shown once; other tokens stay", a.regenerate).Admin(auth.ScopeSettingsWrite).Event("token_regenerated").Class("auth"),
		route.Post("/api/security/validate-token", "validateToken", "Whether a token is valid", a.validate).Admin(auth.ScopeSettingsWrite).Unaudited().Class("auth"),
		route.Get("/api/security/tokens", "listTokens", "API tokens, newest first: the caller's, and all for those who administer users", a.listTokens).Own(auth.ScopeSettingsRead),
		route.Post("/api/security/tokens", "createToken", "Make an API token; its value is shown once", a.createToken).Own(auth.ScopeSettingsWrite).Event("token_created"),
		route.Delete("/api/security/tokens/{id}", "revokeToken", "Revoke an API token at once", a.revokeToken).Own(auth.ScopeSettingsWrite).Event("token_revoked"),
	}
}

// Done is the answer of what worked.
type Done struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

type loginRequest struct {
	Username   string `json:"username"`
	Password   string `json:"password"`
	RememberMe bool   `json:"rememberMe,omitempty"`
	Code       string `json:"code,omitempty" help:"The one-time or recovery code, for users who have them; without it the answer is second_step_required."`
}

func (a Area) login(ctx context.Context, in loginRequest) (route.Reply[Done], error) {
	r := route.RequestFrom(ctx)
	session, csrf, life, err := a.Logins.Login(ctx, auth.Attempt{User: in.Username, Password: in.Password, Code: in.Code, Remember: in.RememberMe, Peer: r.Peer, Agent: r.Agent})
	if a.Logins.Known(in.Username) { // any other name may be a password in the wrong field
		audit.Actor(ctx, in.Username)
	}
	if err != nil {
		return route.Reply[Done]{}, a.refused(ctx, err)
	}
	audit.Detail(ctx, "Successful login")
	return route.Reply[Done]{
		Cookies: []*http.Cookie{route.SessionCookie(r, session, life), route.CSRFCookie(r, csrf, life)},
		Body:    Done{Success: true, Message: "Successfully logged in"},
	}, nil
}

// refused puts the contract's words and members on a refused login.
func (a Area) refused(ctx context.Context, err error) error {
	var l *auth.LoginError
	if !errors.As(err, &l) {
		return err
	}
	audit.Detail(ctx, "Invalid credentials")
	if l.Locked {
		audit.Detail(ctx, "Account locked")
	}
	if l.Locked {
		e := errs.New(errs.Forbidden, "%s", l.Error()).WithWord("account_locked")
		e.Extra = map[string]any{
			"error": "account_locked", "lockedUntil": l.Until.UTC().Format(time.RFC3339),
			"remainingMinutes": max(1, int(math.Ceil(l.Until.Sub(a.Now()).Minutes()))),
		}
		return e
	}
	if l.NeedCode {
		audit.Detail(ctx, "The password is right, and a code is asked for")
		e := errs.New(errs.Unauthenticated, "%s", l.Error()).WithWord("second_step_required")
		e.Extra = map[string]any{"error": "second_step_required"}
		return e
	}
	if l.WrongCode {
		audit.Detail(ctx, "Invalid one-time code")
	}
	e := errs.New(errs.Unauthenticated, "%s", l.Error()).WithWord("invalid_credentials")
	e.Extra = map[string]any{"error": "invalid_credentials", "attempts": l.Attempts, "remaining": max(0, auth.MaxAttempts-l.Attempts), "maxAttempts": auth.MaxAttempts}
	if l.LockedNow {
		e.Extra = map[string]any{"error": "invalid_credentials", "locked": true, "lockoutDuration": "15 minutes"}
	}
	return e
}

// LoggedOut is the answer of a logout.
type LoggedOut struct {
	Done
	LogoutURL string `json:"logoutUrl,omitempty" help:"Where the browser goes on to log out at the provider of single sign-on too."`
}

func (a Area) logout(ctx context.Context, _ route.None) (route.Reply[LoggedOut], error) {
	p, r := auth.PrincipalFrom(ctx), route.RequestFrom(ctx)
	out := LoggedOut{Done: Done{Success: true, Message: "Successfully logged out"}}
	if p.Method == auth.MethodSession {
		if p.Vouched == auth.MethodOIDC && a.SSO != nil {
			out.LogoutURL = a.SSO.LogoutPage(ctx, p.SessionID, r.Base(a.BaseURL)+"/login")
		}
		if err := a.Logins.Logout(ctx, p.SessionID); err != nil {
			return route.Reply[LoggedOut]{}, err
		}
	}
	gone := func(name string, httpOnly bool) *http.Cookie {
		return &http.Cookie{Name: name, Path: "/", MaxAge: -1, HttpOnly: httpOnly, Secure: r.HTTPS, SameSite: http.SameSiteLaxMode}
	}
	return route.Reply[LoggedOut]{Cookies: []*http.Cookie{gone("pulse_session", true), gone("pulse_csrf", false)}, Body: out}, nil
}

type passwordRequest struct {
	CurrentPassword string `json:"currentPassword"`
	NewPassword     string `json:"newPassword"`
}

// PasswordChanged is the answer of a changed password. The new one is valid at once.
type PasswordChanged struct {
	Success         bool   `json:"success"`
	Message         string `json:"message"`
	RequiresRestart bool   `json:"requiresRestart"`
}

func (a Area) changePassword(ctx context.Context, in passwordRequest) (PasswordChanged, error) {
	p := auth.PrincipalFrom(ctx)
	if p.User == "" {
		return PasswordChanged{}, errs.New(errs.Forbidden, "this token belongs to no user: log in to change a password").WithWord("forbidden")
	}
	err := a.Logins.ChangePassword(ctx, p, in.CurrentPassword, in.NewPassword, route.RequestFrom(ctx).Peer)
	var l *auth.LoginError
	switch {
	case errors.As(err, &l) && l.Locked:
		return PasswordChanged{}, errs.New(errs.Forbidden, "%s", l.Error()).WithWord("locked_out")
	case errors.As(err, &l):
		return PasswordChanged{}, errs.New(errs.Unauthenticated, "the current password is wrong").WithWord("unauthorized").WithField("currentPassword")
	case err != nil:
		return PasswordChanged{}, err
	}
	return PasswordChanged{Success: true, Message: "The password is changed. Other logins have ended."}, nil
}

// TokenRecord is a token as the API shows it.
type TokenRecord struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Prefix     string     `json:"prefix"`
	Suffix     string     `json:"suffix"`
	CreatedAt  time.Time  `json:"createdAt"`
	LastUsedAt *time.Time `json:"lastUsedAt,omitempty"`
	ExpiresAt  *time.Time `json:"expiresAt,omitempty" help:"When the token ends, or has ended; never when it is absent."`
	Owner      string     `json:"owner,omitempty" help:"The user whose token it is: it may do no more than they."`
	Scopes     []string   `json:"scopes"`
	Enrolled   bool       `json:"enrolled,omitempty" help:"The token of an agent that the server enrolled itself."`
}

func record(t auth.Token) TokenRecord {
	r := TokenRecord{ID: t.ID, Name: t.Name, Prefix: t.Prefix, Suffix: t.Suffix, CreatedAt: t.Created.UTC(), Scopes: []string{}, Enrolled: t.Enrolled, Owner: t.Owner}
	for _, s := range t.Scopes {
		r.Scopes = append(r.Scopes, string(s))
	}
	if !t.LastUsed.IsZero() {
		used := t.LastUsed.UTC()
		r.LastUsedAt = &used
	}
	if !t.Expires.IsZero() {
		ends := t.Expires.UTC()
		r.ExpiresAt = &ends
	}
	return r
}

// TokenList is all tokens.
type TokenList struct {
	Tokens []TokenRecord `json:"tokens"`
}

// theirs reports whether a caller may see and revoke a token: it is theirs, or they administer users.
func theirs(p auth.Principal, t auth.Token) bool {
	return t.Owner != "" && t.Owner == p.User || p.Can(auth.Need{Action: auth.ActAdmin, Resource: "users"})
}

func (a Area) listTokens(ctx context.Context, _ route.None) (TokenList, error) {
	p := auth.PrincipalFrom(ctx)
	out := TokenList{Tokens: []TokenRecord{}}
	for _, t := range a.Tokens.ListTokens() {
		if theirs(p, t) {
			out.Tokens = append(out.Tokens, record(t))
		}
	}
	return out, nil
}

type tokenRequest struct {
	Name      string       `json:"name,omitempty"`
	Scopes    []auth.Scope `json:"scopes,omitempty" help:"All scopes when it is left out."`
	ExpiresAt *time.Time   `json:"expiresAt,omitempty" help:"When the token ends; never when it is left out."`
}

// TokenCreated holds the value of a new token, which is never shown again.
type TokenCreated struct {
	Token  string      `json:"token"`
	Record TokenRecord `json:"record"`
}

func (a Area) createToken(ctx context.Context, in tokenRequest) (TokenCreated, error) {
	var ends time.Time
	if in.ExpiresAt != nil {
		ends = *in.ExpiresAt
	}
	raw, t, err := a.Tokens.CreateToken(ctx, auth.PrincipalFrom(ctx), auth.NewToken{Name: in.Name, Scopes: in.Scopes, Expires: ends})
	if err != nil {
		return TokenCreated{}, err
	}
	audit.Detail(ctx, "%s (%s…%s): %v", t.Name, t.Prefix, t.Suffix, t.Scopes)
	return TokenCreated{Token: raw, Record: record(t)}, nil
}

type tokenID struct {
	ID string `path:"id"`
}

func (a Area) revokeToken(ctx context.Context, in tokenID) (route.None, error) {
	t, err := a.token(ctx, in.ID)
	if err != nil {
		return route.None{}, err
	}
	audit.Detail(ctx, "%s (%s…%s) of %s", t.Name, t.Prefix, t.Suffix, cmp.Or(t.Owner, "an agent"))
	return route.None{}, a.Tokens.RevokeToken(ctx, in.ID)
}

// token returns a token that the caller may see. Others' tokens are not there for them.
func (a Area) token(ctx context.Context, id string) (auth.Token, error) {
	for _, t := range a.Tokens.ListTokens() {
		if t.ID == id && theirs(auth.PrincipalFrom(ctx), t) {
			return t, nil
		}
	}
	return auth.Token{}, errs.New(errs.NotFound, "Token not found")
}
