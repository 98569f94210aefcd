// Package oidc logs users in by OpenID Connect: it sends them to a provider, judges what comes back, and hands who they
// are to core/auth. Nothing that a provider or a browser says is believed before it has been checked.
package oidc

import (
	"crypto/x509"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/errs"
)

// Config says which provider logs users in, and whom it may let in. The json names are those of the API, and those in
// which it is stored.
type Config struct {
	Enabled      bool   `json:"enabled"`
	IssuerURL    string `json:"issuerUrl"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret,omitempty"`
	// RedirectURL is where the provider sends users back; empty to take it from the server's address.
	RedirectURL string   `json:"redirectUrl"`
	LogoutURL   string   `json:"logoutUrl"`
	Scopes      []string `json:"scopes"`
	// The names of the claims that hold who somebody is. Without GroupsClaim nobody is in a group.
	UsernameClaim string `json:"usernameClaim"`
	EmailClaim    string `json:"emailClaim"`
	GroupsClaim   string `json:"groupsClaim"`
	// Whom it lets in: all lists that are not empty must be met.
	AllowedGroups  []string `json:"allowedGroups"`
	AllowedDomains []string `json:"allowedDomains"`
	AllowedEmails  []string `json:"allowedEmails"`
	// GroupRoles gives the members of a group a role. When there are any, they decide all roles of these users.
	GroupRoles map[string]string `json:"groupRoleMappings"`
	// CABundle are certificates in PEM that are trusted beside the system's.
	CABundle string `json:"caBundle"`
	// AllowLoopback lets the server ask a provider on its own machine.
	AllowLoopback bool `json:"allowLoopback"`
}

// Stored is how a configuration that another program wrote in the same words is stored here, before it is sealed. It is
// nothing when none was ever set up.
func Stored(raw []byte) ([]byte, error) {
	var c Config
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, errs.New(errs.Invalid, "it cannot be read")
	}
	if c = c.normal(); !c.Enabled && c.IssuerURL == "" {
		return nil, nil
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

// The bounds of a configuration.
const (
	maxList = 200
	maxText = 4 << 10
	maxPEM  = 64 << 10
)

// normal returns the configuration with defaults and clean lists.
func (c Config) normal() Config {
	for _, text := range []*string{&c.IssuerURL, &c.ClientID, &c.RedirectURL, &c.LogoutURL, &c.UsernameClaim, &c.EmailClaim, &c.GroupsClaim} {
		*text = strings.TrimSpace(*text)
	}
	for _, list := range []*[]string{&c.Scopes, &c.AllowedGroups, &c.AllowedDomains, &c.AllowedEmails} {
		*list = clean(*list)
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"openid", "profile", "email"}
	}
	if c.UsernameClaim == "" {
		c.UsernameClaim = "preferred_username"
	}
	if c.EmailClaim == "" {
		c.EmailClaim = "email"
	}
	if c.GroupRoles == nil {
		c.GroupRoles = map[string]string{}
	}
	return c
}

// clean trims a list and leaves out blanks and what differs in case only.
func clean(list []string) []string {
	out := []string{}
	for _, text := range list {
		text = strings.TrimSpace(text)
		if text != "" && !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, text) }) {
			out = append(out, text)
		}
	}
	return out
}

func bad(field, format string, args ...any) error {
	return errs.New(errs.Invalid, format, args...).WithWord("validation_error").WithField(field)
}

// check refuses what could not work.
func (c Config) check() error {
	for field, list := range map[string][]string{"scopes": c.Scopes, "allowedGroups": c.AllowedGroups, "allowedDomains": c.AllowedDomains, "allowedEmails": c.AllowedEmails} {
		if len(list) > maxList {
			return bad(field, "%s may have at most %d entries", field, maxList)
		}
	}
	if len(c.GroupRoles) > maxList {
		return bad("groupRoleMappings", "at most %d groups may have a role", maxList)
	}
	for field, text := range map[string]string{"issuerUrl": c.IssuerURL, "redirectUrl": c.RedirectURL, "logoutUrl": c.LogoutURL} {
		if u, err := url.Parse(text); text != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(text) > maxText) {
			return bad(field, "%s must be an address that begins with https://", field)
		}
	}
	if len(c.CABundle) > maxPEM || c.CABundle != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(c.CABundle)) {
		return bad("caBundle", "caBundle must hold certificates in PEM, at most %d bytes", maxPEM)
	}
	if len(c.ClientSecret) > maxText || len(c.ClientID) > maxText {
		return bad("clientSecret", "client id and secret may have %d bytes", maxText)
	}
	switch {
	case !c.Enabled:
		return nil
	case c.IssuerURL == "":
		return bad("issuerUrl", "the address of the provider is missing")
	case c.ClientID == "":
		return bad("clientId", "the client id that the provider gave is missing")
	case !slices.Contains(c.Scopes, "openid"):
		return bad("scopes", "scopes must have openid: without it the provider does not say who logs in")
	case c.GroupsClaim == "" && (len(c.AllowedGroups) > 0 || len(c.GroupRoles) > 0):
		return bad("groupsClaim", "name the claim that holds the groups, often groups: without it nobody is in one")
	}
	return nil
}
