// Package api turns rows of the route table into the HTTP API: it mounts them, finds out who calls, refuses who
// may not, reads the input, writes the answer or the one error body, and describes itself as OpenAPI. The areas
// below it know their domain and no HTTP; this package knows HTTP and no domain.
package api

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/compress"
	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
)

// Authenticator finds out who calls.
type Authenticator interface {
	// Token returns the caller behind an API token.
	Token(raw string) (auth.Principal, bool)
	// Session returns the caller behind a session cookie, and extends the session.
	Session(raw string) (auth.Principal, bool)
	// SessionExists reports whether a session cookie is one, and leaves the session as it is.
	SessionExists(raw string) bool
	// Basic returns the caller behind user name and password. Its errors are for the caller to read.
	Basic(ctx context.Context, user, password, peer string) (auth.Principal, error)
	// Admit returns the caller for whom another system vouches.
	Admit(ctx context.Context, v auth.Vouched) (auth.Principal, error)
	// CheckCSRF reports whether token is the live one of the session with the hashed id.
	CheckCSRF(sessionID, token string) bool
	// NewCSRF replaces the session's token.
	NewCSRF(sessionID string) string
	// Still returns a caller of before with what they may do now, false when they may not come in any more.
	Still(p auth.Principal) (auth.Principal, bool)
	// News is closed when somebody may do less than before.
	News() <-chan struct{}
}

// Area is a group of rows, named after its package.
type Area struct {
	Name   string
	Routes []route.Route
}

// Options are what a server is made of.
type Options struct {
	// BasePath is the path below which a reverse proxy shows the server, for example "/pulse"; empty for the root.
	BasePath string
	Areas    []Area
	Auth     Authenticator
	// Claimed reports whether the server has been set up. Before, only rows marked Unclaimed answer, and those
	// that a valid token may call.
	Claimed        func() bool
	Log            hclog.Logger
	Version        string
	Assets         fs.FS // the web app, nil when it is not built
	TrustedProxies []netip.Prefix
	// Proxy lets trusted proxies log users in, nil for none.
	Proxy *ProxyAuth
	// Sites are the other sites that browsers may be on, now; nil for none.
	Sites func() Sites
	// Licensed returns why a feature is not open, nil when it is; nil opens all.
	Licensed func(feature string) error
	// Recovering reports whether recovery mode is on, which callers from this machine are told; nil for never.
	Recovering func() bool
	// Patience is how long a request may take to arrive, 0 for 15 s.
	Patience time.Duration
	// Audit keeps who changed what, nil for nobody.
	Audit Recorder
	Now   func() time.Time
}

// Sites are other sites, as origins, or "*" for any.
type Sites struct {
	// Callers are those whose pages may call the API. Any means without cookies.
	Callers []string
	// Frames are those that may show the web app in a frame.
	Frames []string
}

// Limits of every request unless its row says otherwise.
const (
	defaultBody    = 64 << 10
	headerTimeout  = 15 * time.Second // for the whole request to arrive
	writeTimeout   = 5 * time.Minute  // for the whole answer to be taken
	idleTimeout    = 120 * time.Second
	requestTimeout = 60 * time.Second
)

// Server is the HTTP API and the web app.
type Server struct {
	opt     Options
	app     *fiber.App
	routes  []route.Route
	openapi []byte // packed
	limits  *limiter
	bodies  *bodyLimits
	biggest int64 // body that a row takes, in bytes
	site    *site

	ctx     context.Context // ends when the server shuts down; WebSockets live in it
	cancel  context.CancelFunc
	sockets sync.WaitGroup
}

// New mounts the areas. It fails on a duplicate row and on a row without access rule.
func New(ctx context.Context, opt Options) (*Server, error) {
	s := &Server{opt: opt, limits: newLimiter(opt.Now)}
	s.ctx, s.cancel = context.WithCancel(ctx)
	if opt.Assets != nil {
		site, err := newSite(opt.Assets, opt.BasePath)
		if err != nil {
			return nil, err
		}
		s.site = site
	}
	for _, a := range opt.Areas {
		for _, r := range a.Routes {
			r.Area = a.Name
			s.routes = append(s.routes, r)
		}
	}
	s.routes = append(s.routes, s.ownRoutes()...)
	if err := check(s.routes); err != nil {
		return nil, err
	}
	doc, err := describe(s.routes, opt.Version)
	if err != nil {
		return nil, err
	}
	if s.openapi, err = pack(doc); err != nil {
		return nil, err
	}
	return s, s.mount()
}

// ownRoutes are the rows of the API itself.
func (s *Server) ownRoutes() []route.Route {
	get := route.Get("/api/openapi.json", "getOpenAPI", "The description of this API, OpenAPI 3.1",
		func(context.Context, route.None) (route.Raw, error) {
			doc, err := s.OpenAPI()
			return route.Raw{ContentType: "application/json; charset=utf-8", Body: doc}, err
		}).Public()
	get.Area = "api"
	return []route.Route{get}
}

func check(routes []route.Route) error {
	seen := map[string]bool{}
	for _, r := range routes {
		if r.Access.Level == route.Unset {
			return fmt.Errorf("route %s %s does not say who may call it", r.Method, r.Path)
		}
		if r.Access.Level != route.Public && len(r.Access.Scopes) == 0 && !r.Access.AnyToken {
			return fmt.Errorf("route %s %s does not say which tokens may call it", r.Method, r.Path)
		}
		if r.Access.Level != route.Public && r.Access.Need == (auth.Need{}) && !r.Access.Own {
			return fmt.Errorf("route %s %s does not say which permission it asks for", r.Method, r.Path)
		}
		for _, key := range []string{r.Method + " " + r.Path, "name " + r.Name} {
			if seen[key] {
				return fmt.Errorf("route %s %s: %s is mounted twice", r.Method, r.Path, key)
			}
			seen[key] = true
		}
	}
	return nil
}

func (s *Server) mount() error {
	s.biggest = defaultBody
	for _, r := range s.routes {
		s.biggest = max(s.biggest, r.Limits.Body)
	}
	s.bodies = newBodyLimits(s)
	patience := s.opt.Patience
	if patience == 0 {
		patience = headerTimeout
	}
	s.app = fiber.New(fiber.Config{
		AppName: "Pulse", ServerHeader: "", CaseSensitive: true, StrictRouting: true,
		BodyLimit: int(s.biggest), ReadBufferSize: 16 << 10, WriteBufferSize: 4 << 10,
		ReadTimeout: patience, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, Concurrency: 4096,
		ReduceMemoryUsage: false, DisableDefaultContentType: true, DisablePreParseMultipartForm: true,
		ErrorHandler: s.onError,
	})
	s.app.Server().HeaderReceived = s.bodies.headerReceived
	s.app.Server().ErrorHandler = silent(s.app.Server().ErrorHandler)
	s.app.Use(s.first)
	s.app.Use(compress.New(compress.Config{Level: compress.LevelBestSpeed, Next: func(c fiber.Ctx) bool {
		return isUpgrade(c) || c.Response().Header.Peek("Content-Encoding") != nil
	}}))
	for _, r := range s.routes {
		h, err := s.handler(r)
		if err != nil {
			return fmt.Errorf("route %s %s: %w", r.Method, r.Path, err)
		}
		methods := []string{r.Method}
		if r.Method == http.MethodGet && r.Socket == nil {
			methods = append(methods, http.MethodHead)
		}
		s.app.Add(methods, fiberPath(r.Path), h)
	}
	s.app.Use(s.rest)
	return nil
}

// Routes returns the mounted rows.
func (s *Server) Routes() []route.Route { return slices.Clone(s.routes) }

// OpenAPI returns the description of the API, OpenAPI 3.1 as JSON.
func (s *Server) OpenAPI() ([]byte, error) {
	return unpack(s.openapi)
}

// Serve answers on the listener until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	return s.app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true})
}

// Shutdown ends WebSockets, lets running requests end while ctx allows, and closes the listener.
func (s *Server) Shutdown(ctx context.Context) error {
	s.cancel()
	err := s.app.ShutdownWithContext(ctx)
	done := make(chan struct{})
	go func() { s.sockets.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	return err
}
