package api

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"slices"

	"github.com/gofiber/fiber/v3"
)

// nonceLocal is where the nonce of the response's style rule lies.
type nonceLocal struct{}

// securityHeaders sets what every answer carries and returns the nonce for styles that the page may insert.
func (s *Server) securityHeaders(c fiber.Ctx) string {
	b := make([]byte, 16)
	rand.Read(b) // never fails since Go 1.24
	nonce := base64.RawStdEncoding.EncodeToString(b)
	ancestors := "'none'"
	if s.opt.AllowEmbedding {
		ancestors = "*"
	} else {
		c.Set("X-Frame-Options", "DENY")
	}
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("X-XSS-Protection", "1; mode=block")
	c.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	c.Set("Permissions-Policy", "geolocation=(), microphone=(), camera=()")
	c.Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-"+nonce+
		"'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors "+ancestors)
	return nonce
}

// cors lets the configured sites call the API from a browser.
func (s *Server) cors(c fiber.Ctx) {
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" || !slices.Contains(s.opt.AllowedOrigins, origin) {
		return
	}
	c.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	c.Set(fiber.HeaderAccessControlAllowCredentials, "true")
	c.Vary(fiber.HeaderOrigin)
	c.Set(fiber.HeaderAccessControlAllowMethods, "GET, POST, PUT, PATCH, DELETE, OPTIONS")
	c.Set(fiber.HeaderAccessControlAllowHeaders, "Content-Type, Authorization, X-API-Token, X-CSRF-Token, X-Setup-Token")
	c.Set(fiber.HeaderAccessControlExposeHeaders, "X-CSRF-Token, X-Authenticated-User, X-Auth-Method")
}

// sameSite reports whether an Origin header names the host that the request was made to, or an allowed site.
func (s *Server) sameSite(origin, host string) bool {
	if origin == "" || slices.Contains(s.opt.AllowedOrigins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == host
}
