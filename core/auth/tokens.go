package auth

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// Scopes are all scopes that a token may carry, beside [ScopeAll].
var Scopes = []Scope{
	ScopeMonitoringRead, ScopeMonitoringWrite, ScopeDockerReport, ScopeDockerManage, ScopeKubernetesReport,
	ScopeKubernetesManage, ScopeHostReport, ScopeHostConfigRead, ScopeHostManage, ScopeSettingsRead,
	ScopeSettingsWrite, ScopeAIChat, ScopeAIExecute, ScopeAgentExec,
}

func (s *Service) newToken(raw, name, owner string, scopes []Scope) Token {
	return Token{
		ID: uuid.NewString(), Hash: digest(raw), Name: name, Prefix: raw[:6], Suffix: raw[len(raw)-4:],
		Scopes: scopes, Owner: owner, Created: s.now(),
	}
}

// Token returns the caller behind a token.
func (s *Service) Token(raw string) (Principal, bool) {
	now := s.now()
	s.mu.Lock()
	t, ok := s.tokens[digest(raw)]
	touch := ok && now.Sub(t.LastUsed) > touchEvery
	if touch {
		t.LastUsed = now
		s.tokens[t.Hash] = t
	}
	s.mu.Unlock()
	if !ok {
		return Principal{}, false
	}
	if touch {
		s.save(func(ctx context.Context) error { return s.store.TouchToken(ctx, t) })
	}
	info := t.Info()
	return Principal{Method: MethodToken, User: t.Owner, Admin: !t.Enrolled, Token: &info}, true
}

// TokenExists reports whether a token with the id is valid.
func (s *Service) TokenExists(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		if t.ID == name {
			return true
		}
	}
	return false
}

// ListTokens returns the tokens, newest first.
func (s *Service) ListTokens() []Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Token, 0, len(s.tokens))
	for _, t := range s.tokens {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Token) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID)) })
	return all
}

// CreateToken makes a token and returns its value, which is never shown again. No token may do more than the one
// who makes it: maker is that caller.
func (s *Service) CreateToken(ctx context.Context, maker Principal, name string, scopes []Scope) (string, Token, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		name = "API token"
	}
	if len(name) > 100 {
		return "", Token{}, errs.New(errs.Invalid, "the name must have at most 100 bytes").WithField("name")
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return "", Token{}, errs.New(errs.Invalid, "the name must have no control characters").WithField("name")
	}
	scopes, err := checkScopes(scopes)
	if err != nil {
		return "", Token{}, err
	}
	for _, scope := range scopes {
		if !maker.May(scope) {
			return "", Token{}, errs.New(errs.Forbidden, "your token lacks the scope %s, so it cannot hand it on", scope).WithWord("missing_scope")
		}
	}
	raw := id.Random(32)
	t := s.newToken(raw, name, maker.User, scopes)
	return raw, t, s.addToken(ctx, t)
}

func (s *Service) addToken(ctx context.Context, t Token) error {
	if err := s.store.SaveToken(ctx, t); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[t.Hash] = t
	return nil
}

// reportScope is what a plugin may name as the scope of its reports. It opens nothing but these.
var reportScope = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}:report$`)

func checkScopes(scopes []Scope) ([]Scope, error) {
	if scopes == nil {
		return []Scope{ScopeAll}, nil
	}
	if len(scopes) == 0 {
		return nil, errs.New(errs.Invalid, "name at least one scope, or leave scopes out for all of them").WithField("scopes")
	}
	scopes = slices.Clone(scopes)
	slices.Sort(scopes)
	scopes = slices.Compact(scopes)
	for _, x := range scopes {
		if x == ScopeAll && len(scopes) > 1 {
			return nil, errs.New(errs.Invalid, `the scope "*" cannot be combined with others`).WithField("scopes")
		}
		if x != ScopeAll && !slices.Contains(Scopes, x) && !reportScope.MatchString(string(x)) {
			return nil, errs.New(errs.Invalid, "unknown scope %q", string(x)).WithField("scopes")
		}
	}
	return scopes, nil
}

// RevokeToken makes a token invalid at once.
func (s *Service) RevokeToken(ctx context.Context, name string) error {
	s.mu.Lock()
	hash := ""
	for h, t := range s.tokens {
		if t.ID == name {
			hash = h
		}
	}
	s.mu.Unlock()
	if hash == "" {
		return errs.New(errs.NotFound, "Token not found")
	}
	if err := s.store.DeleteToken(ctx, name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, hash)
	return nil
}

var rawToken = regexp.MustCompile(`^[0-9a-f]{64}$`)

// EnsureEnrolled makes sure that the token in the file is valid for reports of the one local agent. A missing file,
// or one with a token that was revoked, gets a new token.
func (s *Service) EnsureEnrolled(ctx context.Context, name string, file interface {
	Read() ([]byte, error)
	Write(content []byte) error
}) error {
	content, err := file.Read()
	raw := strings.TrimSpace(string(content))
	if err == nil && rawToken.MatchString(raw) {
		s.mu.Lock()
		_, ok := s.tokens[digest(raw)]
		s.mu.Unlock()
		if ok {
			return nil
		}
	}
	raw = id.Random(32)
	t := s.newToken(raw, name, "", []Scope{ScopeHostReport, ScopeHostConfigRead})
	t.Enrolled = true
	if err := s.addToken(ctx, t); err != nil {
		return err
	}
	return file.Write([]byte(raw + "\n"))
}
