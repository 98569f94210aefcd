// Package pmgtest is a mail gateway that is not one: it speaks the API of Proxmox Mail Gateway with its manners (tickets
// only, numbers in quotes, statistics of yesterday unless one asks for today, nodes behind the node that is asked) about a
// world that is invented. Tests use it, and the plugin's own simulator.
package pmgtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Server answers for a world. It is an http.Handler and safe for concurrent use.
type Server struct {
	world *World
	mux   *http.ServeMux

	mu      sync.Mutex
	calls   map[string]int
	faults  map[string]http.HandlerFunc
	tickets map[string]ticket
}

type ticket struct {
	user    string
	expires time.Time
}

// ticketLife is how long the product accepts a ticket.
const ticketLife = 2 * time.Hour

const prefix = "/api2/json"

// New returns a server of a world.
func New(w *World) *Server {
	s := &Server{world: w, mux: http.NewServeMux(), calls: map[string]int{}, faults: map[string]http.HandlerFunc{}, tickets: map[string]ticket{}}
	s.routes()
	return s
}

// Fail answers a path with f instead, until f is nil.
func (s *Server) Fail(path string, f http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == nil {
		delete(s.faults, path)
		return
	}
	s.faults[path] = f
}

// Calls returns how often a path was asked for.
func (s *Server) Calls(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[path]
}

// Total returns how many requests came in all, and forgets them.
func (s *Server) Total() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, of := range s.calls {
		n += of
	}
	clear(s.calls)
	return n
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, prefix)
	s.mu.Lock()
	s.calls[path]++
	fault := s.faults[path]
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if fault != nil {
		fault(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Refuse answers with an error as the product does in newer releases: JSON that repeats the reason.
func Refuse(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	if status >= 595 {
		return // what is forwarded and fails has no body
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": nil, "message": text + "\n"}) // the client may be gone
}

// call is one request of a user.
type call struct {
	*http.Request
	world *World
	role  string
	now   time.Time
}

// answer is what a call gives: the data, or a refusal.
type answer struct {
	data   any
	status int
	text   string
}

func data(v any) answer { return answer{data: v} }

// on routes a path to what answers it for users that have one of the roles; no roles are all.
func (s *Server) on(pattern string, f func(call) answer, roles ...string) {
	s.mux.HandleFunc("GET "+prefix+pattern, func(w http.ResponseWriter, r *http.Request) {
		user := s.user(r)
		if user == nil {
			Refuse(w, http.StatusUnauthorized, "permission denied - invalid PMG ticket")
			return
		}
		allowed := len(roles) == 0
		for _, role := range roles {
			allowed = allowed || role == user.Role
		}
		if !allowed {
			Refuse(w, http.StatusForbidden, fmt.Sprintf("Permission check failed (user != root@pam, role not in '%s')", strings.Join(roles, "','")))
			return
		}
		s.world.mu.Lock()
		now := s.world.Now()
		if s.world.live != nil {
			s.world.live(now)
		}
		a := f(call{r, s.world, user.Role, now})
		s.world.mu.Unlock()
		if a.status != 0 {
			Refuse(w, a.status, a.text)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": a.data}) // as above
	})
}

// user finds who asks. There are no tokens: a header with one is refused whatever it says.
func (s *Server) user(r *http.Request) *User {
	cookie, err := r.Cookie("PMGAuthCookie")
	if err != nil || r.Header.Get("Authorization") != "" {
		return nil
	}
	value, err := url.QueryUnescape(cookie.Value)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tickets[value]
	if !ok || s.world.Now().After(t.expires) {
		return nil
	}
	return s.world.Users[t.user]
}

// login gives a ticket for a password, or for a ticket that still lives. A user without a realm is one of the quarantine.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	name, password := r.PostFormValue("username"), r.PostFormValue("password")
	u := s.world.Users[name]
	now := s.world.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	old, renewing := s.tickets[password]
	if u == nil || password == "" || u.Password != password && (!renewing || old.user != name || now.After(old.expires)) {
		Refuse(w, http.StatusUnauthorized, "authentication failure")
		return
	}
	if u.SecondFactor {
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"username": name, "ticket": "PMG:!tfa!x:1::y", "NeedTFA": 1}}) // as above
		return
	}
	value := fmt.Sprintf("PMG:%s:%X::%d", name, now.Unix(), len(s.tickets))
	s.tickets[value] = ticket{name, now.Add(ticketLife)}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"username": name, "ticket": value, "role": u.Role, "CSRFPreventionToken": "x"}}) // as above
}
