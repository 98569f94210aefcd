package api

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"

	"github.com/pulse-platform/pulse/core/api/route"
)

// anySite stands for every site there is.
const anySite = "*"

func (s *Server) sites() Sites {
	if s.opt.Sites == nil {
		return Sites{}
	}
	return s.opt.Sites()
}

// nonceLocal is where the nonce of the response's style rule lies.
type nonceLocal struct{}

// hostPort is a host, with a port perhaps, that may stand in a policy.
var hostPort = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

// own is what a page may connect to: this server alone. For browsers to whom 'self' is no WebSocket, those are named.
func own(host string) string {
	if !hostPort.MatchString(host) {
		return "'self'"
	}
	return "'self' ws://" + host + " wss://" + host
}

// securityHeaders sets what every answer carries and returns the nonce for styles that the page may insert.
func (s *Server) securityHeaders(c fiber.Ctx, r *route.Request) string {
	b := make([]byte, 16)
	rand.Read(b) // never fails since Go 1.24
	nonce := base64.RawStdEncoding.EncodeToString(b)
	ancestors := "'none'"
	switch frames := s.sites().Frames; {
	case len(frames) == 0:
		c.Set("X-Frame-Options", "DENY")
	case slices.Contains(frames, anySite):
		ancestors = anySite
	default:
		ancestors = "'self' " + strings.Join(frames, " ")
	}
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("X-XSS-Protection", "1; mode=block")
	c.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	c.Set("Permissions-Policy", "geolocation=(), microphone=(), camera=()")
	c.Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-"+nonce+
		"'; img-src 'self' data: blob:; font-src 'self' data:; connect-src "+own(r.Host)+"; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors "+ancestors)
	return nonce
}

// cors lets the configured sites call the API from a browser.
func (s *Server) cors(c fiber.Ctx) {
	origin, callers := c.Get(fiber.HeaderOrigin), s.sites().Callers
	if len(callers) > 0 {
		c.Vary(fiber.HeaderOrigin)
	}
	switch {
	case origin == "":
		return
	case slices.Contains(callers, origin):
		c.Set(fiber.HeaderAccessControlAllowOrigin, origin)
		c.Set(fiber.HeaderAccessControlAllowCredentials, "true")
	case slices.Contains(callers, anySite):
		c.Set(fiber.HeaderAccessControlAllowOrigin, anySite)
	default:
		return
	}
	c.Set(fiber.HeaderAccessControlAllowMethods, "GET, POST, PUT, PATCH, DELETE, OPTIONS")
	c.Set(fiber.HeaderAccessControlAllowHeaders, "Content-Type, Authorization, X-API-Token, X-CSRF-Token, X-Setup-Token")
	c.Set(fiber.HeaderAccessControlExposeHeaders, "X-CSRF-Token, X-Authenticated-User, X-Auth-Method")
}

// sameSite reports whether an Origin header names the host that the request was made to, or an allowed site.
func (s *Server) sameSite(origin, host string) bool {
	if origin == "" || slices.Contains(s.sites().Callers, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == host
}
