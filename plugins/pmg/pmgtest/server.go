// Package pmgtest is a mail gateway that is not one: it speaks the API of Proxmox Mail Gateway with its manners (tickets
// only, numbers in quotes, statistics of yesterday unless one asks for today, nodes behind the node that is asked) about a
// world that is invented. Tests use it, and the plugin's own simulator.
package pmgtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
)

// Server answers for a world. It is an http.Handler and safe for concurrent use.
type Server struct {
	*simulate.Desk
	world *World
	mux   *http.ServeMux
}

const prefix = simulate.Prefix

// New returns a server of a world.
func New(w *World) *Server {
	s := &Server{Desk: simulate.NewDesk("PMG", w.Now), world: w, mux: http.NewServeMux()}
	s.routes()
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if !s.Greet(w, r) {
		return
	}
	if r.URL.Path == "/" {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<html><title>mail - Proxmox Mail Gateway</title><script src="/pve2/js/pmgmanagerlib.js?ver=9.0.1"></script></html>`)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Refuse answers with an error as newer releases do: the text is the reason phrase, and again in the body.
func Refuse(w http.ResponseWriter, status int, text string) { refuse(w, status, text, true) }

// refuse answers with an error. Older releases have the text in the reason phrase only, and what is forwarded and fails has no
// body at all.
func refuse(w http.ResponseWriter, status int, text string, newer bool) {
	body := map[string]any{"data": nil}
	if newer {
		body["message"] = text + "\n"
	}
	raw, err := json.Marshal(body)
	if err != nil || status >= 595 {
		raw = nil
	}
	simulate.Raw(w, status, text, string(raw))
}

// refuse answers with an error as the world's release does.
func (s *Server) refuse(w http.ResponseWriter, status int, text string) {
	s.world.mu.Lock()
	newer := s.world.atLeast("9.0")
	s.world.mu.Unlock()
	refuse(w, status, text, newer)
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
			s.Deny(r.Context())
			s.refuse(w, http.StatusUnauthorized, "permission denied - invalid PMG ticket")
			return
		}
		allowed := len(roles) == 0
		for _, role := range roles {
			allowed = allowed || role == user.Role
		}
		if !allowed {
			s.Deny(r.Context())
			s.refuse(w, http.StatusForbidden, fmt.Sprintf("Permission check failed (user != root@pam, role not in '%s')", strings.Join(roles, "','")))
			return
		}
		s.world.mu.Lock()
		now := s.world.Now()
		if s.world.live != nil && !s.world.Still {
			s.world.live(now)
		}
		a := f(call{r, s.world, user.Role, now})
		s.world.mu.Unlock()
		if a.status != 0 {
			s.refuse(w, a.status, a.text)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": a.data}) // as above
	})
}

// user finds who asks. There are no tokens: a header with one is refused whatever it says.
func (s *Server) user(r *http.Request) *User {
	if r.Header.Get("Authorization") != "" {
		return nil
	}
	return s.world.Users[s.Desk.User(r)]
}

// login gives a ticket for a password, or for a ticket that still lives. A user without a realm is one of the quarantine.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	name, password := r.PostFormValue("username"), r.PostFormValue("password")
	u := s.world.Users[name]
	if u == nil || password == "" || u.Password != password && s.Holder(password) != name {
		s.Deny(r.Context())
		s.refuse(w, http.StatusUnauthorized, "authentication failure")
		return
	}
	if u.SecondFactor {
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"username": name, "ticket": "PMG:!tfa!x:1::y", "NeedTFA": 1}}) // as above
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"username": name, "ticket": s.Ticket(name), "role": u.Role, "CSRFPreventionToken": "x"}}) // as above
}
