package main

import (
	"errors"
	"os"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/config"
)

// proxyAuth is how a reverse proxy logs users in, nil when none does.
func proxyAuth(cfg *config.Config) (*api.ProxyAuth, error) {
	p := cfg.ProxyAuth
	switch {
	case p.Secret.Reveal() == "":
		return nil, nil
	case len(cfg.Server.TrustedProxies) == 0:
		return nil, errors.New("proxy_auth needs the addresses of the proxy in server.trusted_proxies: anybody else could name a user too")
	}
	return &api.ProxyAuth{Secret: p.Secret.Reveal(), UserHeader: p.UserHeader, RoleHeader: p.RoleHeader, Separator: p.RoleSeparator, AdminRole: p.AdminRole}, nil
}

// inContainer tells whether the server runs in a container: engines leave one of these files in it.
func inContainer() bool {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	return false
}

// deployment is the contract's word for how the server was started. A service manager names each start.
func deployment() string {
	switch {
	case inContainer():
		return compat.DeploymentContainer
	case os.Getenv("INVOCATION_ID") != "":
		return compat.DeploymentService
	}
	return compat.DeploymentByHand
}

// proxied tells whether a reverse proxy logs users in.
func (s *server) proxied() bool { return s.cfg != nil && s.cfg.ProxyAuth.Secret.Reveal() != "" }

// proxyLogout is where those users log out.
func (s *server) proxyLogout() string {
	if !s.proxied() {
		return ""
	}
	return s.cfg.ProxyAuth.LogoutURL
}
