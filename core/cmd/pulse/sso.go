package main

import (
	"context"
	"time"

	"github.com/pulse-platform/pulse/core/api/passkeys"
	"github.com/pulse-platform/pulse/core/api/security"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/oidc"
	"github.com/pulse-platform/pulse/core/passkey"
	"github.com/pulse-platform/pulse/core/sqlite"
)

// openSSO loads how users log in by single sign-on.
func (s *server) openSSO(ctx context.Context) (err error) {
	s.sso, err = oidc.Open(ctx, oidc.Options{
		Store: sqlite.NewSettings(s.base.state), Sealer: s.base.sealer, Doors: s.auth, Grants: sqlite.NewGrants(s.base.state),
		Ended: s.ssoEnded, File: oidcFile(s.cfg.OIDC), Now: time.Now,
	})
	return err
}

// ssoEnded keeps in the audit log that the provider ended somebody's session.
func (s *server) ssoEnded(ctx context.Context, user, why string) {
	if err := s.audit.Add(ctx, audit.Event{Event: "oidc_token_refresh", User: user, Via: string(auth.MethodOIDC), Details: "The login ended: " + why}); err != nil {
		s.log.Error("the end of a login is not in the audit log", "user", user, "reason", why, "error", err)
	}
}

// refreshSSO asks the provider about its sessions from time to time.
func (s *server) refreshSSO(ctx context.Context) {
	tick := time.NewTicker(oidc.RefreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.sso.Refresh(ctx)
		}
	}
}

// oidcFile is what the configuration file says about single sign-on, nil when it says nothing.
func oidcFile(o config.OIDC) *oidc.Config {
	if o.IssuerURL == "" {
		return nil
	}
	return &oidc.Config{
		Enabled: o.Enabled, IssuerURL: o.IssuerURL, ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal(), RedirectURL: o.RedirectURL, LogoutURL: o.LogoutURL,
		Scopes: o.Scopes, UsernameClaim: o.UsernameClaim, EmailClaim: o.EmailClaim, GroupsClaim: o.GroupsClaim, AllowedGroups: o.AllowedGroups,
		AllowedDomains: o.AllowedDomains, AllowedEmails: o.AllowedEmails, GroupRoles: o.GroupRoles, CABundle: o.CABundle, AllowLoopback: o.AllowLoopback,
	}
}

// passkeys are those of all users, nothing while only the API is described.
func (s *server) passkeys() passkeys.Service {
	if s.base == nil {
		return nil
	}
	return passkey.New(sqlite.NewPasskeys(s.base.state), time.Now)
}

// signOn is single sign-on for the area of security, nothing while only the API is described.
func (s *server) signOn() security.SignOn {
	if s.sso == nil {
		return nil
	}
	return s.sso
}

func (s *server) basePath() string {
	if s.cfg == nil {
		return ""
	}
	return s.cfg.Server.BasePath()
}
