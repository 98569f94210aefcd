package auth

import (
	"context"
	"time"
)

// SourceLocal is the source of users who log in here. Others are named after the method by which they come in.
const SourceLocal = "local"

// User is somebody who may come in.
type User struct {
	Name string
	// Source is where the user logs in: here, elsewhere, or empty for a name that has got roles and has never come.
	Source    string
	Password  string // PHC string, empty for users who log in elsewhere
	Roles     []string
	Disabled  bool
	Created   time.Time
	Updated   time.Time // of the roles
	Changed   time.Time // of the password
	LastLogin time.Time // zero when never
	// Subject is who the user is at the provider of single sign-on, empty when no identity is bound to them. No two users
	// have the same.
	Subject   string
	LinkUntil time.Time // until when the next login of single sign-on under this name is bound to the user, zero for not
}

// Session is a login. The id that the browser holds is known by its SHA-256 only.
type Session struct {
	Hash     string // hex
	User     string
	CSRF     string // SHA-256 of the live token, hex
	Created  time.Time
	Expires  time.Time
	Lifetime time.Duration
	Peer     string
	Agent    string
	// Method is how the user came in when another system vouched for them, else empty. Such a session lives on only when
	// that system says so again; see [Service.Renew].
	Method Method

	seen    time.Time // the last use, known of such sessions only
	renewed bool      // and the browser has not been told
}

// Token is an API token. Its value is known by its SHA-256 only.
type Token struct {
	ID       string
	Hash     string // hex
	Name     string
	Prefix   string
	Suffix   string
	Scopes   []Scope
	Owner    string // the user who made it, empty for enrolled agents
	Enrolled bool
	Created  time.Time
	Expires  time.Time // zero for never
	LastUsed time.Time // zero when never
}

// Info is what others may know about the token.
func (t Token) Info() TokenInfo {
	i := TokenInfo{ID: t.ID, Name: t.Name, Hint: t.Prefix + "…" + t.Suffix, Scopes: t.Scopes, Enrolled: t.Enrolled, Expires: t.Expires, hash: t.Hash}
	if !t.LastUsed.IsZero() {
		i.LastUsed = t.LastUsed.Unix()
	}
	return i
}

// UserStore keeps users.
type UserStore interface {
	Users(ctx context.Context) ([]User, error)
	SaveUser(ctx context.Context, u User) error
	// DeleteUser removes a user with their sessions and tokens.
	DeleteUser(ctx context.Context, name string) error
	// Claim stores the first user, drops all tokens that are not enrolled and adds the given ones, all or nothing.
	Claim(ctx context.Context, u User, tokens []Token) error
}

// RoleStore keeps the roles that are not built in.
type RoleStore interface {
	Roles(ctx context.Context) ([]Role, error)
	SaveRole(ctx context.Context, r Role) error
	// DeleteRole removes a role and stores those who had it, all or nothing.
	DeleteRole(ctx context.Context, id string, holders []User) error
}

// SessionStore keeps sessions.
type SessionStore interface {
	Sessions(ctx context.Context) ([]Session, error)
	SaveSession(ctx context.Context, s Session) error
	// TouchSession stores expiry and CSRF token of a session that is still there; it revives none.
	TouchSession(ctx context.Context, s Session) error
	DeleteSessions(ctx context.Context, hashes []string) error
}

// TokenStore keeps tokens.
type TokenStore interface {
	Tokens(ctx context.Context) ([]Token, error)
	SaveToken(ctx context.Context, t Token) error
	// TouchToken stores the last use of a token that is still there; it revives none.
	TouchToken(ctx context.Context, t Token) error
	// RotateToken stores the new value of a token that is still there; it revives none.
	RotateToken(ctx context.Context, t Token) error
	DeleteToken(ctx context.Context, id string) error
}

// Store keeps all of it.
type Store interface {
	UserStore
	RoleStore
	SecondStepStore
	SessionStore
	TokenStore
}
