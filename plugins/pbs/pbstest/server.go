// Package pbstest is a backup server that is not one: it speaks the API of Proxmox Backup Server with its manners (rights
// that hide rows, errors in plain text, kebab-case, tickets that expire) about a world that is invented. Tests use it,
// and the plugin's own simulator.
package pbstest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
	s := &Server{Desk: simulate.NewDesk("PBS", w.Now), world: w, mux: http.NewServeMux()}
	s.routes()
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	switch {
	case !s.Greet(w, r):
	case r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<html><title>backup - Proxmox Backup Server</title><script src="proxmox-backup-gui.js?ver=4.2.6"></script></html>`)
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
			s.Deny(r.Context())
			Refuse(w, http.StatusUnauthorized, "authentication failed")
			return
		}
		if text := unknownParameter(pattern, r.URL.Query(), s.world); text != "" {
			Refuse(w, http.StatusBadRequest, text)
			return
		}
		s.world.mu.Lock()
		now := s.world.Now()
		if s.world.live != nil && !s.world.Still {
			s.world.live(now)
		}
		a := f(call{r, s.world, account, now})
		s.world.mu.Unlock()
		if a.status != 0 {
			if a.status == http.StatusForbidden {
				s.Deny(r.Context())
			}
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
	return s.world.Accounts[s.User(r)]
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
	if a == nil || password == "" || a.Secret != password && s.Holder(password) != user || strings.Contains(user, "!") {
		s.Deny(r.Context())
		Refuse(w, http.StatusUnauthorized, "authentication failed")
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"username": user, "ticket": s.Ticket(user), "CSRFPreventionToken": "x"}}) // as above
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
