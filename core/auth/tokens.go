package auth

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// Scopes are all scopes that a token may carry, beside [ScopeAll].
var Scopes = []Scope{
	ScopeMonitoringRead, ScopeMonitoringWrite, ScopeDockerReport, ScopeDockerManage, ScopeKubernetesReport,
	ScopeKubernetesManage, ScopeHostReport, ScopeHostConfigRead, ScopeHostManage, ScopeSettingsRead,
	ScopeSettingsWrite, ScopeAIChat, ScopeAIExecute, ScopeAgentExec, ScopeMetricsRead, ScopeMetricsWrite,
}

// maxTokens bounds the memory for tokens.
const maxTokens = 50_000

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
	t, ok := s.known(raw)
	var p Principal
	if ok {
		p, ok = s.holder(t, now)
	}
	touch := ok && now.Sub(t.LastUsed) > touchEvery
	if touch {
		t.LastUsed = now
		s.tokens[t.Hash] = t
	}
	s.mu.Unlock()
	if touch {
		s.save(func(ctx context.Context) error { return s.store.TouchToken(ctx, t) })
	}
	return p, ok
}

// holder is who comes in with a token: its owner, as far as the scopes go. A token of nobody has no rights, unless the
// server gave it to an agent. The lock is held.
func (s *Service) holder(t Token, now time.Time) (Principal, bool) {
	if t.expired(now) {
		return Principal{}, false
	}
	info := t.Info()
	p := Principal{Method: MethodToken, User: t.Owner, Token: &info}
	if t.Enrolled {
		p.Rights = ofAgents
		return p, true
	}
	return s.callerLocked(p)
}

func (t Token) expired(now time.Time) bool { return !t.Expires.IsZero() && !t.Expires.After(now) }

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

// NewToken is what a token is made of.
type NewToken struct {
	Name    string    // "API token" when empty
	Scopes  []Scope   // all when nil
	Expires time.Time // zero for never
}

// CreateToken makes a token and returns its value, which is never shown again. No token may do more, or lives longer,
// than what the one who makes it came in with: maker is that caller.
func (s *Service) CreateToken(ctx context.Context, maker Principal, x NewToken) (string, Token, error) {
	name := strings.TrimSpace(x.Name)
	if name == "" {
		name = "API token"
	}
	if len(name) > 100 {
		return "", Token{}, errs.New(errs.Invalid, "the name must have at most 100 bytes").WithField("name")
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return "", Token{}, errs.New(errs.Invalid, "the name must have no control characters").WithField("name")
	}
	scopes, err := checkScopes(x.Scopes)
	if err != nil {
		return "", Token{}, err
	}
	for _, scope := range scopes {
		if !maker.May(scope) {
			return "", Token{}, errs.New(errs.Forbidden, "your token lacks the scope %s, so it cannot hand it on", scope).WithWord("missing_scope")
		}
	}
	if maker.User == "" {
		return "", Token{}, errs.New(errs.Forbidden, "a token belongs to a user: log in, or use a token of yours").WithWord("forbidden")
	}
	ends, err := s.checkEnd(maker, x.Expires)
	if err != nil {
		return "", Token{}, err
	}
	raw := id.Random(32)
	t := s.newToken(raw, name, maker.User, scopes)
	t.Expires = ends
	return raw, t, s.addToken(ctx, t)
}

// checkEnd returns when a new token ends: as asked for, and not after the token it is made with.
func (s *Service) checkEnd(maker Principal, ends time.Time) (time.Time, error) {
	if !ends.IsZero() && !ends.After(s.now()) {
		return ends, errs.New(errs.Invalid, "the end of the token must lie in the future").WithField("expiresAt")
	}
	if maker.Token != nil && !maker.Token.Expires.IsZero() && (ends.IsZero() || ends.After(maker.Token.Expires)) {
		return maker.Token.Expires, nil
	}
	return ends, nil
}

func (s *Service) addToken(ctx context.Context, t Token) error {
	s.mu.Lock()
	full := len(s.tokens) >= maxTokens
	s.mu.Unlock()
	if full {
		return errs.New(errs.Unavailable, "there are %d tokens already, and no more can be made: revoke some", maxTokens)
	}
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
	s.tell()
	return nil
}

// RotateToken gives a token a new value, which is never shown again. The old one is refused at once, and what was opened
// with it ends.
func (s *Service) RotateToken(ctx context.Context, name string) (string, Token, error) {
	raw := id.Random(32)
	s.mu.Lock()
	var t Token
	for _, x := range s.tokens {
		if x.ID == name {
			t = x
		}
	}
	s.mu.Unlock()
	if t.ID == "" {
		return "", Token{}, errs.New(errs.NotFound, "Token not found")
	}
	old := t.Hash
	t.Hash, t.Prefix, t.Suffix, t.Created, t.LastUsed = digest(raw), raw[:6], raw[len(raw)-4:], s.now(), time.Time{}
	if err := s.store.RotateToken(ctx, t); err != nil {
		return "", Token{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !has(s.tokens, old) { // revoked in this moment
		return "", Token{}, errs.New(errs.NotFound, "Token not found")
	}
	delete(s.tokens, old)
	s.tokens[t.Hash] = t
	s.tell()
	return raw, t, nil
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
