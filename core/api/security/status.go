package security

import (
	"context"
	"net/netip"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/oidc"
)

// Status tells how the server is protected. Anonymous callers learn only what a client needs to get in.
type Status struct {
	HasAuthentication           bool          `json:"hasAuthentication"`
	RequiresAuth                bool          `json:"requiresAuth"`
	APITokenConfigured          bool          `json:"apiTokenConfigured"`
	APITokenHint                string        `json:"apiTokenHint"`
	ExportProtected             bool          `json:"exportProtected"`
	UnprotectedExportAllowed    bool          `json:"unprotectedExportAllowed"`
	ConfiguredButPendingRestart bool          `json:"configuredButPendingRestart"`
	HasAuditLogging             bool          `json:"hasAuditLogging"`
	CredentialsEncrypted        bool          `json:"credentialsEncrypted"`
	HasHTTPS                    bool          `json:"hasHTTPS"`
	ClientIP                    string        `json:"clientIP"`
	IsPrivateNetwork            bool          `json:"isPrivateNetwork"`
	IsTrustedNetwork            bool          `json:"isTrustedNetwork"`
	PublicAccess                bool          `json:"publicAccess"`
	HasProxyAuth                bool          `json:"hasProxyAuth"`
	ProxyAuthLogoutURL          string        `json:"proxyAuthLogoutURL"`
	ProxyAuthUsername           string        `json:"proxyAuthUsername"`
	ProxyAuthIsAdmin            bool          `json:"proxyAuthIsAdmin"`
	AuthUsername                string        `json:"authUsername"`
	AuthLastModified            string        `json:"authLastModified"`
	OIDCEnabled                 bool          `json:"oidcEnabled"`
	OIDCUsername                string        `json:"oidcUsername"`
	HideLocalLogin              bool          `json:"hideLocalLogin"`
	AgentURL                    string        `json:"agentUrl"`
	SSOProviders                []SSOProvider `json:"ssoProviders"`
	OIDCLogoutURL               string        `json:"oidcLogoutURL,omitempty" help:"Where users of single sign-on log out there; for those only."`
	TokenScopes                 *[]string     `json:"tokenScopes,omitempty"`
	Can                         []string      `json:"can" help:"The permissions that the caller has, as action:resource."`
	HasPassword                 bool          `json:"hasPassword" help:"The caller logs in here with a password, and so may have one-time codes and passkeys."`
	SecondStep                  bool          `json:"secondStep" help:"The caller's logins ask for a one-time code."`
	RecoveryCodesLeft           int           `json:"recoveryCodesLeft"`
	BootstrapTokenPath          string        `json:"bootstrapTokenPath,omitempty" help:"Present while the server waits to be set up, like the next two."`
	IsDocker                    *bool         `json:"isDocker,omitempty"`
	InContainer                 *bool         `json:"inContainer,omitempty"`
}

// SSOProvider is another way to log in. Strangers learn no more about it than that it is there.
type SSOProvider struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	LoginURL string `json:"loginUrl"`
}

func (a Area) status(ctx context.Context, _ route.None) (Status, error) {
	r, p := route.RequestFrom(ctx), auth.PrincipalFrom(ctx)
	claimed := a.Claims.Claimed()
	addr, _ := netip.ParseAddr(r.Peer)
	private := addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast()
	s := Status{
		// The server never serves without authentication; the members tell whether there is a user to log in as.
		HasAuthentication: claimed, RequiresAuth: claimed, ExportProtected: true, CredentialsEncrypted: true, HasAuditLogging: true,
		HasHTTPS: r.HTTPS, ClientIP: r.Peer, IsPrivateNetwork: private, IsTrustedNetwork: private, PublicAccess: !private,
		AgentURL: a.agentURL(r), SSOProviders: []SSOProvider{}, Can: []string{},
	}
	for _, t := range a.Tokens.ListTokens() {
		s.APITokenConfigured = s.APITokenConfigured || !t.Enrolled
	}
	if !claimed {
		s.BootstrapTokenPath, s.IsDocker, s.InContainer = a.TokenPath, &a.Container, &a.Container
	}
	s.HasProxyAuth, s.ProxyAuthLogoutURL = a.Proxy, a.ProxyLogout
	var sso oidc.Config
	if a.SSO != nil {
		sso = a.SSO.Config()
	}
	if s.OIDCEnabled = sso.Enabled; sso.Enabled {
		s.SSOProviders = append(s.SSOProviders, SSOProvider{ID: "oidc", Name: "Single sign-on", Type: "oidc", LoginURL: "/api/oidc/login"})
	}
	if !p.Authenticated() {
		return s, nil
	}
	if p.Vouched == auth.MethodOIDC {
		s.OIDCUsername, s.OIDCLogoutURL = p.User, sso.LogoutURL
	}
	s.AuthUsername, s.Can = p.User, p.List()
	if p.Method == auth.MethodProxy {
		s.ProxyAuthUsername, s.ProxyAuthIsAdmin = p.User, p.Admin
	}
	if p.Method == auth.MethodSession {
		s.RecoveryCodesLeft, s.SecondStep = a.Steps.RecoveryCodesLeft(p.User)
	}
	s.HasPassword = a.Logins.HasPassword(p.User)
	if changed := a.Logins.Changed(p.User); !changed.IsZero() {
		s.AuthLastModified = changed.UTC().Format(time.RFC3339)
	}
	for _, t := range a.Tokens.ListTokens() {
		if !t.Enrolled {
			s.APITokenHint = t.Prefix + "..." + t.Suffix
			break
		}
	}
	if p.Token != nil {
		scopes := []string{}
		for _, x := range p.Token.Scopes {
			scopes = append(scopes, string(x))
		}
		s.TokenScopes = &scopes
	}
	return s, nil
}

func (a Area) agentURL(r *route.Request) string {
	if a.BaseURL != "" {
		return a.BaseURL
	}
	return r.Base("")
}
