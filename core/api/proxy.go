package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// ProxyAuth lets a reverse proxy that has logged somebody in say who it is. Only trusted proxies are heard.
type ProxyAuth struct {
	// Secret is what the proxy sends along, to show that a request went through it.
	Secret string
	// UserHeader names the header with the user.
	UserHeader string
	// RoleHeader names the header that lists the user's roles; empty when they are given here.
	RoleHeader, Separator string
	// AdminRole is the role there that administers here.
	AdminRole string
}

// proxySecret is the header of the contract.
const proxySecret = "X-Proxy-Secret"

// proxied returns the caller for whom a proxy vouches, nobody when none does.
func (s *Server) proxied(r *route.Request) (auth.Principal, error) {
	x := s.opt.Proxy
	given := r.Header.Get(proxySecret)
	if x == nil || given == "" {
		return auth.Principal{}, nil
	}
	if !r.Proxied || !x.knows(given) {
		s.opt.Log.Warn("somebody claims to be the proxy that logs users in", "address", r.Peer, "trusted", r.Proxied)
		return auth.Principal{}, errs.New(errs.Unauthenticated, "the request does not come from a proxy that may log users in")
	}
	names := r.Header.Values(x.UserHeader)
	if len(names) == 0 || strings.TrimSpace(names[0]) == "" {
		return auth.Principal{}, nil
	}
	if len(names) > 1 {
		return auth.Principal{}, errs.New(errs.Unauthenticated, "the proxy names more than one user: let it set the header %s instead of adding it", x.UserHeader)
	}
	return s.opt.Auth.Admit(s.ctx, auth.Vouched{Method: auth.MethodProxy, Name: strings.TrimSpace(names[0]), Roles: x.roles(r.Header)})
}

// knows tells whether a text is the secret.
func (x *ProxyAuth) knows(given string) bool {
	// Hashes have one length, so that the comparison tells nothing about the secret's.
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(x.Secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// roles are those that the proxy gives: none when it says nothing, so that nobody administers by an absent header. Nil
// means that the proxy gives no roles at all.
func (x *ProxyAuth) roles(h http.Header) []string {
	if x.RoleHeader == "" {
		return nil
	}
	out := []string{}
	for _, line := range h.Values(x.RoleHeader) {
		for name := range strings.SplitSeq(line, x.Separator) {
			switch name = strings.TrimSpace(name); {
			case name == "":
			case name == x.AdminRole:
				out = append(out, auth.RoleAdmin)
			case name != auth.RoleAdmin: // that word counts only when it is the configured one
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// crossSite tells whether a browser says that a page of another site sent the request. It does so over HTTPS only, and then
// whatever stands between.
func (s *Server) crossSite(c fiber.Ctx, r *route.Request) bool {
	return c.Get("Sec-Fetch-Site") == "cross-site" && !slices.Contains(s.sites().Callers, r.Header.Get(fiber.HeaderOrigin))
}
