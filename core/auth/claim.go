package auth

import (
	"context"
	"maps"
	"strings"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// BootstrapFile keeps the token that claims the server.
type BootstrapFile interface {
	Read() ([]byte, error)
	Create(content []byte) (bool, error)
	Remove() error
}

// Claimed reports whether the server has a user.
func (s *Service) Claimed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.users) > 0
}

// PrepareBootstrap makes sure that an unclaimed server has a bootstrap token in the file, and that a claimed one
// has none. It reports whether a new token was made.
func (s *Service) PrepareBootstrap(file BootstrapFile) (created bool, err error) {
	if s.Claimed() {
		return false, file.Remove()
	}
	created, err = file.Create([]byte(id.Random(24) + "\n"))
	if err != nil {
		return false, err
	}
	content, err := file.Read()
	if err != nil {
		return false, err
	}
	token := strings.TrimSpace(string(content))
	if token == "" {
		return false, errs.New(errs.Internal, "the bootstrap token file is empty: remove it and start again")
	}
	s.mu.Lock()
	s.bootstrap, s.file = digest(token), file
	s.mu.Unlock()
	return created, nil
}

// CheckBootstrap tells whether token claims the server: errs.Conflict when it is claimed already, errs.Unauthenticated
// when the token is wrong.
func (s *Service) CheckBootstrap(token string) error {
	s.mu.Lock()
	want := s.bootstrap
	s.mu.Unlock()
	switch {
	case want == "":
		return errs.New(errs.Conflict, "the server is set up already: log in")
	case strings.TrimSpace(token) == "":
		return errs.New(errs.Invalid, "the bootstrap token is missing").WithField("token")
	case !same(digest(strings.TrimSpace(token)), want):
		return errs.New(errs.Unauthenticated, "this is not the bootstrap token: pulse bootstrap-token --data DIR prints it")
	}
	return nil
}

// Claim makes the first user, who administers the server. User tokens are replaced by apiToken, if one is given;
// enrolled agents stay.
func (s *Service) Claim(ctx context.Context, user, password, apiToken string) error {
	if err := checkUser(user); err != nil {
		return err
	}
	if err := checkPassword(password, "password"); err != nil {
		return err
	}
	if err := s.checkAPIToken(apiToken); err != nil {
		return err
	}
	var tokens []Token
	if apiToken != "" {
		tokens = append(tokens, s.newToken(apiToken, "Primary token", user, []Scope{ScopeAll}))
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	u := User{Name: user, Source: SourceLocal, Password: hash, Roles: []string{RoleAdmin}, Created: s.now(), Updated: s.now(), Changed: s.now()}
	s.change.Lock()
	defer s.change.Unlock()
	if err := s.store.Claim(ctx, u, tokens); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[user] = u
	s.derive()
	maps.DeleteFunc(s.tokens, func(_ string, t Token) bool { return !t.Enrolled })
	for _, t := range tokens {
		s.tokens[t.Hash] = t
	}
	s.bootstrap = ""
	if s.file != nil {
		if err := s.file.Remove(); err != nil {
			s.log.Warn("the bootstrap token file cannot be removed; it is of no use any more", "error", err)
		}
	}
	return nil
}
