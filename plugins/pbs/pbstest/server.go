// Package pbstest is a backup server that is not one: it speaks the API of Proxmox Backup Server with its manners (rights
// that hide rows, errors in plain text, kebab-case, tickets that expire) about a world that is invented. Tests use it,
// and the plugin's own simulator.
package pbstest

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

const prefix = "/api2/json"

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, prefix)
	s.mu.Lock()
	s.calls[path]++
	fault := s.faults[path]
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	switch {
	case fault != nil:
		fault(w, r)
	case !strings.HasPrefix(r.URL.Path, prefix+"/"):
		Refuse(w, http.StatusNotFound, fmt.Sprintf("Path '%s' not found.", r.URL.Path))
	default:
		s.mux.ServeHTTP(w, r)
	}
}

// Refuse answers with an error as the product does: plain text under the content type of JSON.
func Refuse(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

// answer is what a call gives: the data, or a refusal.
type answer struct {
	data   any
	total  int // beside the data, when it is not 0
	status int
	text   string
}

func data(v any) answer { return answer{data: v} }

var denied = answer{status: http.StatusForbidden, text: "permission check failed"}

// call is one request of an account.
type call struct {
	*http.Request
	world   *World
	account *Account
	now     time.Time
}

func (c call) may(on string, privileges ...string) bool { return c.account.may(on, privileges...) }

// on routes a path to what answers it for an account.
func (s *Server) on(pattern string, f func(call) answer) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		account := s.account(r)
		if account == nil {
			Refuse(w, http.StatusUnauthorized, "authentication failed")
			return
		}
		if text := unknownParameter(pattern, r.URL.Query(), s.world); text != "" {
			Refuse(w, http.StatusBadRequest, text)
			return
		}
		s.world.mu.Lock()
		now := s.world.Now()
		if s.world.live != nil {
			s.world.live(now)
		}
		a := f(call{r, s.world, account, now})
		s.world.mu.Unlock()
		if a.status != 0 {
			Refuse(w, a.status, a.text)
			return
		}
		out := map[string]any{"data": a.data}
		if a.total > 0 {
			out["total"] = a.total
		}
		_ = json.NewEncoder(w).Encode(out) // the client may be gone
	})
}

// account finds who asks.
func (s *Server) account(r *http.Request) *Account {
	if header := r.Header.Get("Authorization"); header != "" {
		login, ok := strings.CutPrefix(header, "PBSAPIToken=")
		if !ok {
			return nil
		}
		id, secret, _ := cutLast(login, ":")
		if a := s.world.Accounts[id]; a != nil && a.Secret == secret && strings.Contains(id, "!") {
			return a
		}
		return nil
	}
	cookie, err := r.Cookie("PBSAuthCookie")
	if err != nil {
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
	return s.world.Accounts[t.user]
}

func cutLast(text, separator string) (before, after string, ok bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// login gives a ticket for a password, or for a ticket that still lives.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	user, password := r.PostFormValue("username"), r.PostFormValue("password")
	a := s.world.Accounts[user]
	now := s.world.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	old, renewing := s.tickets[password]
	if a == nil || a.Secret != password && (!renewing || old.user != user || now.After(old.expires)) || password == "" || strings.Contains(user, "!") {
		Refuse(w, http.StatusUnauthorized, "authentication failed")
		return
	}
	value := fmt.Sprintf("PBS:%s:%X::%d", user, now.Unix(), len(s.tickets))
	s.tickets[value] = ticket{user, now.Add(ticketLife)}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"username": user, "ticket": value, "CSRFPreventionToken": "x"}}) // as above
}

// unknownParameter is what the product says about a parameter that a call does not take.
func unknownParameter(pattern string, given url.Values, w *World) string {
	known := parameters[pattern]
	for name := range given {
		if name == "sync-direction" && !w.atLeast("3.3") || !strings.Contains(" "+known+" ", " "+name+" ") {
			return fmt.Sprintf("parameter verification failed - '%s': schema does not allow additional properties.", name)
		}
	}
	return ""
}
