package auth

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// The life of a recovery token, in minutes.
const (
	recoveryMinutes    = 15
	maxRecoveryMinutes = 60
)

// Recovery is the way back in for whoever is locked out: a token that works once, known by its SHA-256 only and gone when
// the server restarts, and a mode whose mark is a file that a person may make or remove by hand.
type Recovery struct {
	file  BootstrapFile
	shown BootstrapFile
	now   func() time.Time

	mu      sync.Mutex
	token   string // SHA-256 of the live one, empty for none
	expires time.Time
}

// NewRecovery keeps the mode's mark in file, and shows tokens in another: who reads it is on the server's machine and may
// read its data, which a request through a careless reverse proxy does not prove.
func NewRecovery(file, shown BootstrapFile, now func() time.Time) *Recovery {
	return &Recovery{file: file, shown: shown, now: now}
}

// On reports whether the mode is on. The mark's content does not matter.
func (r *Recovery) On() bool {
	_, err := r.file.Read()
	return err == nil
}

// Begin turns the mode on.
func (r *Recovery) Begin() error {
	_, err := r.file.Create([]byte("Recovery mode is on. Remove this file to turn it off.\n"))
	return err
}

// End turns the mode off, and reports whether it was on.
func (r *Recovery) End() (was bool, err error) {
	was = r.On()
	return was, r.file.Remove()
}

// Generate writes a token into the file in place of the one before, and tells for how many minutes it works: as many as are
// asked for, fifteen when that is none or more than an hour.
func (r *Recovery) Generate(minutes int) (valid int, err error) {
	if minutes < 1 || minutes > maxRecoveryMinutes {
		minutes = recoveryMinutes
	}
	token := id.Random(32)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token = ""
	if err := r.shown.Remove(); err != nil {
		return 0, err
	}
	if _, err := r.shown.Create([]byte(token + "\n")); err != nil {
		return 0, err
	}
	r.token, r.expires = digest(token), r.now().Add(time.Duration(minutes)*time.Minute)
	return minutes, nil
}

// Redeem reports whether a token works, and uses it up.
func (r *Recovery) Redeem(token string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.token == "" || !same(digest(strings.TrimSpace(token)), r.token) {
		return false
	}
	r.token = ""
	_ = r.shown.Remove() // what it holds works no more
	return r.now().Before(r.expires)
}

// Regain makes a user administer the server with a new password, whatever kept them out: no one-time code is asked for,
// the user is enabled, the lockouts of user and peer are lifted, older logins end. The user is made when there is none.
// Everything else stays; apiToken, if given, is one more token.
func (s *Service) Regain(ctx context.Context, user, password, apiToken, peer string) error {
	if err := checkPassword(password, "password"); err != nil {
		return err
	}
	if err := s.checkAPIToken(apiToken); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = s.alter(ctx, System, user, func(u *User, _ bool) error {
		if u.Source != SourceLocal && u.Source != "" {
			return errs.New(errs.Invalid, "%s logs in elsewhere (%s): name another user", user, u.Source).WithField("username")
		}
		u.Source, u.Password, u.Roles, u.Disabled, u.Changed = SourceLocal, hash, []string{RoleAdmin}, false, s.now()
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.setSecondStep(ctx, user, nil); err != nil {
		return err
	}
	s.locks.reset(user)
	s.locks.reset(peer)
	if err := s.endSessions(ctx, func(x Session) bool { return x.User == user }); err != nil || apiToken == "" {
		return err
	}
	t := s.newToken(apiToken, "Primary token", user, []Scope{ScopeAll})
	if err := s.store.SaveToken(ctx, t); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[t.Hash] = t
	return nil
}

// checkAPIToken refuses a token of the client's choice that could be guessed, or that is somebody's already.
func (s *Service) checkAPIToken(raw string) error {
	if raw == "" {
		return nil
	}
	if len(raw) < 32 || len(raw) > 256 || strings.TrimSpace(raw) != raw {
		return errs.New(errs.Invalid, "apiToken must have 32 to 256 characters; leave it out to have none").WithField("apiToken")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.tokens[digest(raw)]; taken {
		return errs.New(errs.Conflict, "there is a token of this value already: choose another").WithField("apiToken")
	}
	return nil
}
