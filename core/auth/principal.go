// Package auth is about who someone is and what they may do: users, sessions, tokens, scopes, lockout. It
// does not know HTTP.
package auth

import (
	"context"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// Scope is a right that a token may carry.
type Scope string

// The scopes of the contract. [ScopeAll] may not be combined with others.
const (
	ScopeAll              Scope = "*"
	ScopeMonitoringRead   Scope = "monitoring:read"
	ScopeMonitoringWrite  Scope = "monitoring:write"
	ScopeDockerReport     Scope = "docker:report"
	ScopeDockerManage     Scope = "docker:manage"
	ScopeKubernetesReport Scope = "kubernetes:report"
	ScopeKubernetesManage Scope = "kubernetes:manage"
	ScopeHostReport       Scope = "host-agent:report"
	ScopeHostConfigRead   Scope = "host-agent:config:read"
	ScopeHostManage       Scope = "host-agent:manage"
	ScopeSettingsRead     Scope = "settings:read"
	ScopeSettingsWrite    Scope = "settings:write"
	ScopeAIChat           Scope = "ai:chat"
	ScopeAIExecute        Scope = "ai:execute"
	ScopeAgentExec        Scope = "agent:exec"
	ScopeMetricsRead      Scope = "metrics:read"
	ScopeMetricsWrite     Scope = "metrics:write"
)

// Method is how a caller proved who it is.
type Method string

// The methods.
const (
	MethodNone    Method = ""
	MethodSession Method = "session"
	MethodToken   Method = "api_token"
	MethodBasic   Method = "basic"
	// MethodProxy is a reverse proxy that has logged the user in.
	MethodProxy Method = "proxy"
	// MethodOIDC is a provider of single sign-on that has logged the user in.
	MethodOIDC Method = "oidc"
	// MethodSystem is the server itself, and whoever may read its data directory.
	MethodSystem Method = "system"
)

// Principal is the caller of a request. The zero Principal is anonymous.
type Principal struct {
	Method Method
	// User is the user behind a session, credentials or another system's word, or the owner of a token.
	User string
	// Rights are what the user may do.
	Rights Rights
	// Admin is set when that is everything. Tokens of administrators count as such within their scopes.
	Admin bool
	// SessionID is the hashed id of the session, to revoke or keep it.
	SessionID string
	// Vouched is who vouched for the user when the session was opened, empty for a login here.
	Vouched Method
	// Extended is the new life of a session that this request has extended, 0 when it has not: the browser is told then.
	Extended time.Duration
	// Token is set when a token was presented; its scopes limit the caller.
	Token *TokenInfo
}

// TokenInfo is what others may know about a token.
type TokenInfo struct {
	ID     string
	Name   string
	Hint   string // prefix, an ellipsis, suffix
	Scopes []Scope
	// Enrolled marks the token of an agent that the server enrolled itself; quick setup leaves it alone.
	Enrolled bool
	// LastUsed in Unix seconds, 0 when never.
	LastUsed int64
	// Expires is when the token ends, zero for never.
	Expires time.Time

	hash string // of the value that was presented: a token that has another since is not what was
}

// CameBy is how the caller came in, in the contract's words: a session that another system vouches for counts as that.
func (p Principal) CameBy() Method {
	if p.Vouched != MethodNone {
		return p.Vouched
	}
	return p.Method
}

// Authenticated reports whether the caller proved who it is.
func (p Principal) Authenticated() bool { return p.Method != MethodNone }

// May reports whether the caller has the scope: sessions and basic credentials have all of them.
func (p Principal) May(s Scope) bool {
	if !p.Authenticated() {
		return false
	}
	return p.Token == nil || slices.Contains(p.Token.Scopes, s) || slices.Contains(p.Token.Scopes, ScopeAll)
}

// Whole reports whether the caller may do all there is: an administrator, with a token only if it has all scopes.
func (p Principal) Whole() bool { return p.Admin && p.May(ScopeAll) }

// System is the server itself.
var System = Principal{Method: MethodSystem, Admin: true}

type principalKey struct{}

// WithPrincipal returns a context that carries the caller.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// PrincipalFrom returns the caller of the request, anonymous if there is none.
func PrincipalFrom(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}

// MissingScope is the error for a token that lacks a scope, as the contract has it.
func MissingScope(need Scope) error {
	e := errs.New(errs.Forbidden, "the token lacks the scope %s", need).WithWord("missing_scope")
	e.Extra = map[string]any{"error": "missing_scope", "requiredScope": string(need)}
	return e
}
