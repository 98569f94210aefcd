package sso

import (
	"context"
	"maps"
	"slices"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/oidc"
)

// Config is how single sign-on is set up.
type Config struct {
	Enabled           bool              `json:"enabled"`
	IssuerURL         string            `json:"issuerUrl"`
	ClientID          string            `json:"clientId"`
	ClientSecretSet   bool              `json:"clientSecretSet"`
	RedirectURL       string            `json:"redirectUrl" help:"Empty to take it from the server's address."`
	DefaultRedirect   string            `json:"defaultRedirect" help:"What redirectUrl is when it is empty; the provider must know it."`
	LogoutURL         string            `json:"logoutUrl"`
	Scopes            []string          `json:"scopes"`
	UsernameClaim     string            `json:"usernameClaim"`
	EmailClaim        string            `json:"emailClaim"`
	GroupsClaim       string            `json:"groupsClaim"`
	AllowedGroups     []string          `json:"allowedGroups"`
	AllowedDomains    []string          `json:"allowedDomains"`
	AllowedEmails     []string          `json:"allowedEmails"`
	GroupRoleMappings map[string]string `json:"groupRoleMappings" help:"Roles by the names of groups. When there are any, they decide all roles of users of single sign-on."`
	CABundle          string            `json:"caBundle" help:"Certificates in PEM that are trusted beside the system's."`
	AllowLoopback     bool              `json:"allowLoopback" help:"The provider may run on the server's own machine."`
	EnvOverrides      map[string]bool   `json:"envOverrides,omitempty" help:"Fields that the configuration file decides; present when it does."`
}

func (a Area) get(ctx context.Context, _ route.None) (Config, error) {
	c := a.Service.Config()
	out := Config{
		Enabled: c.Enabled, IssuerURL: c.IssuerURL, ClientID: c.ClientID, ClientSecretSet: c.ClientSecret != "", RedirectURL: c.RedirectURL,
		DefaultRedirect: route.RequestFrom(ctx).Base(a.BaseURL) + callbackPath, LogoutURL: c.LogoutURL, Scopes: c.Scopes, UsernameClaim: c.UsernameClaim,
		EmailClaim: c.EmailClaim, GroupsClaim: c.GroupsClaim, AllowedGroups: c.AllowedGroups, AllowedDomains: c.AllowedDomains,
		AllowedEmails: c.AllowedEmails, GroupRoleMappings: c.GroupRoles, CABundle: c.CABundle, AllowLoopback: c.AllowLoopback,
	}
	if a.Service.Fixed() {
		out.EnvOverrides = map[string]bool{}
		for _, key := range oidc.Keys() {
			out.EnvOverrides[key] = true
		}
	}
	return out, nil
}

type updateIn struct {
	Enabled           bool              `json:"enabled"`
	IssuerURL         string            `json:"issuerUrl"`
	ClientID          string            `json:"clientId"`
	ClientSecret      string            `json:"clientSecret,omitempty" help:"The stored one stays when it is empty, unless the issuer is another."`
	ClearClientSecret bool              `json:"clearClientSecret,omitempty"`
	RedirectURL       string            `json:"redirectUrl,omitempty"`
	LogoutURL         string            `json:"logoutUrl,omitempty"`
	Scopes            []string          `json:"scopes,omitempty"`
	UsernameClaim     string            `json:"usernameClaim,omitempty"`
	EmailClaim        string            `json:"emailClaim,omitempty"`
	GroupsClaim       string            `json:"groupsClaim,omitempty"`
	AllowedGroups     []string          `json:"allowedGroups,omitempty"`
	AllowedDomains    []string          `json:"allowedDomains,omitempty"`
	AllowedEmails     []string          `json:"allowedEmails,omitempty"`
	GroupRoleMappings map[string]string `json:"groupRoleMappings,omitempty"`
	CABundle          *string           `json:"caBundle,omitempty" help:"The stored ones stay when it is left out."`
	AllowLoopback     bool              `json:"allowLoopback,omitempty"`
}

// over lays what a client sends over the configuration of before. A secret is not kept for another issuer: it would be
// sent to whoever is named there.
func (in updateIn) over(before oidc.Config) oidc.Config {
	c := oidc.Config{
		Enabled: in.Enabled, IssuerURL: in.IssuerURL, ClientID: in.ClientID, ClientSecret: in.ClientSecret, RedirectURL: in.RedirectURL,
		LogoutURL: in.LogoutURL, Scopes: in.Scopes, UsernameClaim: in.UsernameClaim, EmailClaim: in.EmailClaim, GroupsClaim: in.GroupsClaim,
		AllowedGroups: in.AllowedGroups, AllowedDomains: in.AllowedDomains, AllowedEmails: in.AllowedEmails, GroupRoles: in.GroupRoleMappings,
		CABundle: before.CABundle, AllowLoopback: in.AllowLoopback,
	}
	if c.ClientSecret == "" && !in.ClearClientSecret && c.IssuerURL == before.IssuerURL {
		c.ClientSecret = before.ClientSecret
	}
	if in.CABundle != nil {
		c.CABundle = *in.CABundle
	}
	return c
}

func (a Area) update(ctx context.Context, in updateIn) (Config, error) {
	next := in.over(a.Service.Config())
	audit.Detail(ctx, "enabled %t, issuer %s", next.Enabled, next.IssuerURL)
	if err := a.MayGrant(auth.PrincipalFrom(ctx), slices.Sorted(maps.Values(next.GroupRoles))); err != nil {
		return Config{}, err
	}
	if err := a.Service.Update(ctx, next); err != nil {
		return Config{}, err
	}
	return a.get(ctx, route.None{})
}

// Tried is what a provider did when it was tried, up to the first step that failed.
type Tried struct {
	OK    bool   `json:"ok"`
	Steps []Step `json:"steps"`
}

// Step is one thing that was tried.
type Step struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail" help:"What was found, or what is wrong."`
}

func (a Area) test(ctx context.Context, in updateIn) (Tried, error) {
	steps, err := a.Service.Try(ctx, in.over(a.Service.Config()), route.RequestFrom(ctx).Base(a.BaseURL)+callbackPath)
	out := Tried{OK: err == nil, Steps: []Step{}}
	for _, s := range steps {
		out.OK = out.OK && s.OK
		out.Steps = append(out.Steps, Step(s))
	}
	return out, err
}
