package main

import (
	"context"
	"time"

	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/oidc"
	"github.com/pulse-platform/pulse/core/sqlite"
)

// openSSO loads how users log in by single sign-on.
func (s *server) openSSO(ctx context.Context) (err error) {
	s.sso, err = oidc.Open(ctx, oidc.Options{
		Store: sqlite.NewSettings(s.base.state), Sealer: s.base.sealer, Doors: s.auth, File: oidcFile(s.cfg.OIDC), Now: time.Now,
	})
	return err
}

// oidcFile is what the configuration file says about single sign-on, nil when it says nothing.
func oidcFile(o config.OIDC) *oidc.Config {
	if o.IssuerURL == "" {
		return nil
	}
	return &oidc.Config{
		Enabled: true, IssuerURL: o.IssuerURL, ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal(), RedirectURL: o.RedirectURL, LogoutURL: o.LogoutURL,
		Scopes: o.Scopes, UsernameClaim: o.UsernameClaim, EmailClaim: o.EmailClaim, GroupsClaim: o.GroupsClaim, AllowedGroups: o.AllowedGroups,
		AllowedDomains: o.AllowedDomains, AllowedEmails: o.AllowedEmails, GroupRoles: o.GroupRoles, CABundle: o.CABundle, AllowLoopback: o.AllowLoopback,
	}
}

// ssoConfig is how single sign-on is set up, nothing while only the API is described.
func (s *server) ssoConfig() oidc.Config {
	if s.sso == nil {
		return oidc.Config{}
	}
	return s.sso.Config()
}

func (s *server) basePath() string {
	if s.cfg == nil {
		return ""
	}
	return s.cfg.Server.BasePath()
}
