package api

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
)

// Recorder keeps the audit log.
type Recorder interface {
	Add(ctx context.Context, e audit.Event) error
}

// recordPatience is how long an answer waits for its event to be stored.
const recordPatience = 5 * time.Second

// EventOf returns the word under which calls of a row are kept in the audit log, empty for rows that change nothing.
func EventOf(r route.Route) string {
	switch {
	case r.Silent || r.Socket != nil:
		return ""
	case r.Audit != "":
		return r.Audit
	case r.Method == http.MethodGet || r.Limits.Class == "reports":
		return ""
	}
	return snake(r.Name)
}

// snake writes createToken as create_token.
func snake(name string) string {
	var b strings.Builder
	for i, c := range name {
		if unicode.IsUpper(c) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// record adds what a request did to the audit log, before it is answered. Failures of strangers are left out, except at
// the doors that they knock at: those rows have an event of their own.
func (s *Server) record(event string, row route.Route, r *route.Request, p auth.Principal, note *audit.Note, err error) {
	user, details, skip := note.Read()
	if event == "" || s.opt.Audit == nil || skip {
		return
	}
	if err != nil {
		text, worth := audit.FailureOf(err)
		if !worth || !p.Authenticated() && row.Audit == "" {
			return
		}
		if details == "" {
			details = text
		} else {
			details += ": " + text
		}
	}
	if user == "" {
		user = p.User
	}
	s.keep(r, audit.Event{Event: event, User: user, Via: via(p), Method: row.Method, Success: err == nil && !note.Failed(), Details: details})
}

// keep adds an event of a request. What cannot be kept is logged in full: the change has been made.
func (s *Server) keep(r *route.Request, e audit.Event) {
	if s.opt.Audit == nil {
		return
	}
	e.IP, e.Path, e.Request = r.Peer, r.Path, r.ID
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), recordPatience)
	defer cancel()
	if err := s.opt.Audit.Add(ctx, e); err != nil {
		s.opt.Log.Error("an event of the audit log cannot be stored", "event", e.Event, "user", e.User, "address", e.IP, "path", e.Path, "success", e.Success, "details", e.Details, "error", err)
	}
}

// via says how a caller came in.
func via(p auth.Principal) string {
	if p.Token != nil {
		return string(p.Method) + " " + p.Token.Name + " (" + p.Token.Hint + ")"
	}
	return string(p.CameBy())
}
