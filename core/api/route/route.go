// Package route says what a route is: one row of data with a typed handler. Areas export rows, core/api
// mounts them and derives routing, authorisation, limits and the OpenAPI document from the same rows.
package route

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
)

// Route is one row of the route table. Build it with [Get], [Post], [Put], [Patch], [Delete] or [Socket].
type Route struct {
	Method string
	Path   string // with {name} for path parameters, {name...} for the rest of the path
	Name   string // unique, camelCase; the operation id of the OpenAPI document
	Area   string // set by core/api from the area that exported the row
	Text   string // the summary
	Access Access
	Limits Limits
	// Audit is the word under which calls are kept in the audit log. [Route.Event] sets it; rows that change something
	// have one by their name, unless [Route.Unaudited] takes it away.
	Audit   string
	Silent  bool
	Hidden  bool // left out of the OpenAPI document
	In, Out reflect.Type

	Handle func(ctx context.Context, in any) (any, error) // in is a pointer to a value of type In
	Socket func(ctx context.Context, c Conn)              // instead of Handle for a WebSocket
}

// Level is who may call a route.
type Level int

// The levels. A row without one is refused at mounting.
const (
	Unset         Level = iota
	Public              // anyone
	Authenticated       // callers who proved who they are and have the permission; tokens need the scope
	Admin               // those who administer what the row is about; tokens need the scope
)

// Access is the access rule of a row.
type Access struct {
	Level Level
	// Need is the permission that the caller's roles must have. It comes from the scope unless [Route.Needs] says another.
	Need auth.Need
	// Own opens the row to every caller whatever their roles, since it acts on what is theirs.
	Own bool
	// Scopes that a token caller needs one of. Empty is allowed for Public only, or with AnyToken.
	Scopes []auth.Scope
	// AnyToken accepts tokens whatever their scopes.
	AnyToken bool
	// Unclaimed serves the route before the server is claimed too.
	Unclaimed bool
	// NoCSRF exempts a state-changing route from the CSRF check, where the contract says so.
	NoCSRF bool
	// Feature is what a licence must open when the server enforces licences, empty for nothing.
	Feature string
	// QueryToken accepts ?token=, for WebSockets only.
	QueryToken bool
}

// Limits of a row. Zero values mean the defaults of core/api.
type Limits struct {
	Body  int64  // bytes, after decompression
	Class string // rate limit class: "auth", "public", "reports", "" for general
}

// Request is what a handler may know about the HTTP request beside its input.
type Request struct {
	ID       string
	Peer     string // client address without port, seen through trusted proxies
	Loopback bool   // the peer itself is loopback and no proxy stands between
	Proxied  bool   // the peer itself is a trusted proxy
	HTTPS    bool
	Host     string // host[:port] as the client wrote it, seen through trusted proxies
	Path     string
	Agent    string // User-Agent
	Received time.Time
	Header   http.Header // a copy
	Cookies  map[string]string
}

// Base is the server's own address as the browser sees it, without a slash behind: the configured one, if there is one.
func (r *Request) Base(configured string) string {
	if configured != "" {
		return strings.TrimRight(configured, "/")
	}
	scheme := "http"
	if r.HTTPS {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

type requestKey struct{}

// WithRequest returns a context that carries the request's facts.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestFrom returns the request's facts, an empty value outside a request.
func RequestFrom(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return r
	}
	return &Request{Header: http.Header{}}
}

// Reply is an Out with a status, headers or cookies of its own.
type Reply[T any] struct {
	Status  int // 0 means 200
	Header  http.Header
	Cookies []*http.Cookie
	Body    T
}

// Parts returns what core/api sends.
func (r Reply[T]) Parts() (status int, header http.Header, cookies []*http.Cookie, body any) {
	return r.Status, r.Header, r.Cookies, r.Body
}

// CSRFCookie is the cookie that hands a session's CSRF token to the web app.
func CSRFCookie(r *Request, token string, life time.Duration) *http.Cookie {
	return &http.Cookie{Name: "pulse_csrf", Value: url.QueryEscape(token), Path: "/", Secure: r.HTTPS, SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
}

// SessionCookie is the cookie that a browser logs in with.
func SessionCookie(r *Request, session string, life time.Duration) *http.Cookie {
	return &http.Cookie{Name: "pulse_session", Value: session, Path: "/", HttpOnly: true, Secure: r.HTTPS, SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
}

// Raw is an Out that is sent as it is.
type Raw struct {
	Status      int
	ContentType string
	Header      http.Header
	// ETag enables 304 answers when it is not empty (without quotes).
	ETag string
	Body []byte
}

// None is an In or Out without content: 204 as an Out.
type None struct{}

// Conn is an accepted WebSocket. One goroutine reads, one writes.
type Conn interface {
	// Read returns the next text message. Messages over the limit of 64 KiB end the connection.
	Read(ctx context.Context) ([]byte, error)
	// Write sends one text message within 30 s.
	Write(ctx context.Context, message []byte) error
	// Ping sends a protocol ping.
	Ping(ctx context.Context) error
	// Query returns a query parameter of the upgrade request.
	Query(name string) string
	// Close ends the connection with a code of RFC 6455 and a short reason.
	Close(code int, reason string) error
}

// Handler is what an area writes. In is a struct whose fields carry tags: `path:"id"`, `query:"range"`,
// `header:"X-Setup-Token"`, or `body:"json"` / `body:"raw"` on one field ([]byte for raw). An In without a
// tagged field is decoded from a JSON body as a whole. `required:"true"`, `enum:"a,b"`, `min`, `max` and
// `default` are checked by the binder; errors name the field.
type Handler[In, Out any] func(ctx context.Context, in In) (Out, error)

func row[In, Out any](method, path, name, text string, h Handler[In, Out]) Route {
	return Route{
		Method: method, Path: path, Name: name, Text: text,
		In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out](),
		Handle: func(ctx context.Context, in any) (any, error) { return h(ctx, *in.(*In)) },
	}
}

// Get makes a GET row; HEAD is served with it.
func Get[In, Out any](path, name, text string, h Handler[In, Out]) Route {
	return row(http.MethodGet, path, name, text, h)
}

// Post makes a POST row.
func Post[In, Out any](path, name, text string, h Handler[In, Out]) Route {
	return row(http.MethodPost, path, name, text, h)
}

// Put makes a PUT row.
func Put[In, Out any](path, name, text string, h Handler[In, Out]) Route {
	return row(http.MethodPut, path, name, text, h)
}

// Patch makes a PATCH row.
func Patch[In, Out any](path, name, text string, h Handler[In, Out]) Route {
	return row(http.MethodPatch, path, name, text, h)
}

// Delete makes a DELETE row.
func Delete[In, Out any](path, name, text string, h Handler[In, Out]) Route {
	return row(http.MethodDelete, path, name, text, h)
}

// Socket makes a WebSocket row.
func Socket(path, name, text string, serve func(ctx context.Context, c Conn)) Route {
	return Route{Method: http.MethodGet, Path: path, Name: name, Text: text, Socket: serve}
}

// Public opens the row to everyone, before the server is claimed too.
func (r Route) Public() Route {
	r.Access = Access{Level: Public, Unclaimed: true}
	return r
}

// Scope opens the row to callers whose roles have the permission of the first scope, see [auth.ScopeNeed]; tokens need
// one of the scopes.
func (r Route) Scope(scopes ...auth.Scope) Route { return r.open(Authenticated, scopes) }

// Admin opens the row to those who administer what the first scope is about, see [auth.ScopeNeed]; tokens need one of
// the scopes.
func (r Route) Admin(scopes ...auth.Scope) Route { return r.open(Admin, scopes) }

func (r Route) open(level Level, scopes []auth.Scope) Route {
	r.Access = Access{Level: level, Scopes: scopes}
	if len(scopes) > 0 {
		r.Access.Need = auth.ScopeNeed(scopes[0], level == Admin)
	}
	return r
}

// Needs asks for another permission than the scope would.
func (r Route) Needs(action auth.Action, resource string) Route {
	r.Access.Need = auth.Need{Action: action, Resource: resource}
	return r
}

// Own opens the row to every caller who proved who they are, whatever their roles: it acts on what is theirs. Tokens
// need one of the scopes, any token will do when there are none.
func (r Route) Own(scopes ...auth.Scope) Route {
	r.Access = Access{Level: Authenticated, Own: true, Scopes: scopes, AnyToken: len(scopes) == 0}
	return r
}

// About says which resource the permissions of rows are about, where the scopes would say another.
func About(resource string, rows []Route) []Route {
	for i := range rows {
		rows[i].Access.Need.Resource = resource
	}
	return rows
}

// Event names the event of the audit log that calls of the row are, where the row's name would say another, or where a
// row that only reads is worth one.
func (r Route) Event(word string) Route { r.Audit = word; return r }

// Unaudited leaves calls of a row out of the audit log, although its method is one that changes something: it does not.
func (r Route) Unaudited() Route { r.Silent = true; return r }

// Licensed asks for a feature of the licence, where licences are enforced.
func Licensed(feature string, rows []Route) []Route {
	for i := range rows {
		rows[i].Access.Feature = feature
	}
	return rows
}

// Body limits the request body.
func (r Route) Body(limit int64) Route { r.Limits.Body = limit; return r }

// Class puts the row into a rate limit class.
func (r Route) Class(name string) Route { r.Limits.Class = name; return r }

// With changes the access rule where the helpers do not reach.
func (r Route) With(change func(*Access)) Route { change(&r.Access); return r }
