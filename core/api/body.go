package api

import (
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
)

// strangerBody bounds, in bytes, what is read of a body before it is known who sends it: a body is kept in memory while it
// comes, and a stranger may send it as slowly as they like. basicBody is the bound for those who send a password: to check
// it costs too much to be done here.
const (
	strangerBody = defaultBody
	basicBody    = 1 << 20
)

// bodyLimits says how large the body of a request may be when only its head is there.
type bodyLimits struct {
	s      *Server
	static map[string]int64 // by method and path
	rows   []route.Route    // whose path has parameters
}

func newBodyLimits(s *Server) *bodyLimits {
	b := &bodyLimits{s: s, static: map[string]int64{}}
	for _, r := range s.routes {
		switch {
		case r.Limits.Body == 0:
		case strings.Contains(r.Path, "{"):
			b.rows = append(b.rows, r)
		default:
			b.static[r.Method+" "+r.Path] = r.Limits.Body
		}
	}
	return b
}

// headerReceived runs between the head of a request and its body.
func (b *bodyLimits) headerReceived(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if h.ContentLength() == 0 {
		return fasthttp.RequestConfig{}
	}
	u := fasthttp.AcquireURI()
	defer fasthttp.ReleaseURI(u)
	limit := int64(defaultBody)
	if u.Parse(h.Host(), h.RequestURI()) == nil {
		limit = b.row(string(h.Method()), string(u.PathOriginal()))
	}
	if limit > strangerBody {
		limit = min(limit, b.trust(h))
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: int(limit)}
}

// row is the limit of the row that takes a request.
func (b *bodyLimits) row(method, path string) int64 {
	path = strings.TrimPrefix(path, b.s.opt.BasePath)
	if limit, ok := b.static[method+" "+path]; ok {
		return limit
	}
	for _, r := range b.rows {
		if r.Method == method && matches(r.Path, path) {
			return r.Limits.Body
		}
	}
	return defaultBody
}

// trust is how much is read of who says they are somebody.
func (b *bodyLimits) trust(h *fasthttp.RequestHeader) int64 {
	most := b.s.biggest
	raw := string(h.Peek("X-API-Token"))
	scheme, value, _ := strings.Cut(string(h.Peek(fiber.HeaderAuthorization)), " ")
	if raw == "" && strings.EqualFold(scheme, "Bearer") {
		raw = strings.TrimSpace(value)
	}
	if raw != "" {
		if _, ok := b.s.opt.Auth.Token(raw); ok {
			return most
		}
		return strangerBody
	}
	if cookie := string(h.Cookie(sessionCookie)); cookie != "" && b.s.opt.Auth.SessionExists(cookie) {
		return most
	}
	switch given := string(h.Peek(proxySecret)); {
	case given != "" && b.s.opt.Proxy != nil && b.s.opt.Proxy.knows(given):
		return most
	case scheme == "Basic":
		return basicBody
	}
	return strangerBody
}

// tooLarge is the answer to a body that was not read.
func (b *bodyLimits) tooLarge(h *fasthttp.RequestHeader) error {
	limit := int64(b.headerReceived(h).MaxRequestBodySize)
	if limit == b.trust(h) && limit < b.s.biggest {
		return errs.New(errs.TooLarge, "the request body is larger than %d bytes, and more is read only of callers who are known by a token or a login", limit)
	}
	return errs.New(errs.TooLarge, "the request body is larger than %d bytes", limit)
}
