package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// The lives of sessions and of what is written lazily.
const (
	SessionLife  = 24 * time.Hour
	RememberLife = 30 * 24 * time.Hour
	touchEvery   = time.Minute
	maxSessions  = 1000
)

// BootstrapFile keeps the token that claims the server.
type BootstrapFile interface {
	Read() ([]byte, error)
	Create(content []byte) (bool, error)
	Remove() error
}

// Service knows who may come in. It keeps everything in memory and writes changes through to its store, so that a
// report costs no query.
type Service struct {
	base   context.Context // what is written late outlives the request that caused it
	store  Store
	hasher *hasher
	locks  *lockout
	now    func() time.Time
	log    hclog.Logger

	mu        sync.Mutex
	users     map[string]User
	sessions  map[string]Session // by hash
	tokens    map[string]Token   // by hash
	bootstrap string             // SHA-256 of the token, empty once claimed
	file      BootstrapFile
}

// Open loads users, sessions and tokens.
func Open(ctx context.Context, store Store, now func() time.Time, log hclog.Logger) (*Service, error) {
	s := &Service{
		base: context.WithoutCancel(ctx), store: store, hasher: newHasher(), locks: newLockout(now), now: now, log: log,
		users: map[string]User{}, sessions: map[string]Session{}, tokens: map[string]Token{},
	}
	users, err := store.Users(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		s.users[u.Name] = u
	}
	sessions, err := store.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range sessions {
		s.sessions[x.Hash] = x
	}
	tokens, err := store.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range tokens {
		s.tokens[t.Hash] = t
	}
	return s, nil
}

// Claimed reports whether the server has a user.
func (s *Service) Claimed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.users) > 0
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

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
	var tokens []Token
	if apiToken != "" {
		if len(apiToken) < 32 || len(apiToken) > 256 || strings.TrimSpace(apiToken) != apiToken {
			return errs.New(errs.Invalid, "apiToken must have 32 to 256 characters; leave it out to have none").WithField("apiToken")
		}
		tokens = append(tokens, s.newToken(apiToken, "Primary token", user, []Scope{ScopeAll}))
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	u := User{Name: user, Password: hash, Admin: true, Changed: s.now()}
	if err := s.store.Claim(ctx, u, tokens); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[user] = u
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

// Login checks a password and opens a session. It returns the session's id and CSRF token, shown once. Errors are
// *LoginError.
func (s *Service) Login(ctx context.Context, user, password string, remember bool, peer, agent string) (session, csrf string, life time.Duration, err error) {
	if err := s.check(ctx, user, password, peer); err != nil {
		return "", "", 0, err
	}
	session, csrf = id.Random(32), newCSRF()
	life = SessionLife
	if remember {
		life = RememberLife
	}
	now := s.now()
	x := Session{
		Hash: digest(session), User: user, CSRF: digest(csrf), Created: now, Expires: now.Add(life), Lifetime: life,
		Peer: peer, Agent: agent[:min(len(agent), 200)],
	}
	if err := s.store.SaveSession(ctx, x); err != nil {
		return "", "", 0, err
	}
	s.mu.Lock()
	s.sessions[x.Hash] = x
	gone := s.surplus(now)
	s.mu.Unlock()
	return session, csrf, life, s.forget(ctx, gone)
}

// surplus takes the expired sessions and, beyond the limit, the oldest out of memory. The lock is held.
func (s *Service) surplus(now time.Time) (gone []string) {
	left := make([]Session, 0, len(s.sessions))
	for hash, x := range s.sessions {
		if x.Expires.Before(now) {
			gone = append(gone, hash)
		} else {
			left = append(left, x)
		}
	}
	if len(left) > maxSessions {
		slices.SortFunc(left, func(a, b Session) int { return a.Created.Compare(b.Created) })
		for _, x := range left[:len(left)-maxSessions] {
			gone = append(gone, x.Hash)
		}
	}
	for _, hash := range gone {
		delete(s.sessions, hash)
	}
	return gone
}

func (s *Service) forget(ctx context.Context, hashes []string) error {
	if len(hashes) == 0 {
		return nil
	}
	return s.store.DeleteSessions(ctx, hashes)
}

// check compares a password, under the lockout.
func (s *Service) check(ctx context.Context, user, password, peer string) error {
	if until, locked := s.locks.locked(user, peer); locked {
		return &LoginError{Locked: true, Until: until}
	}
	s.mu.Lock()
	u, known := s.users[user]
	s.mu.Unlock()
	hash := nobody
	if known {
		hash = u.Password
	}
	ok, err := s.hasher.verify(ctx, password, hash)
	if err != nil {
		return err
	}
	if !ok || !known {
		attempts, lockedNow := s.locks.failed(user, peer)
		s.logFailure(user, peer, known, lockedNow)
		return &LoginError{Attempts: attempts, LockedNow: lockedNow}
	}
	s.locks.succeeded(user, peer)
	return nil
}

// logFailure tells the operator who tries to get in. A name that nobody has may be a password typed into the wrong
// field and is left out.
func (s *Service) logFailure(user, peer string, known, locked bool) {
	if !known {
		user = "unknown"
	}
	s.log.Warn("a login failed", "user", user, "address", peer, "locked_out", locked)
}

// Logout ends a session, named by its hashed id.
func (s *Service) Logout(ctx context.Context, hash string) error {
	s.mu.Lock()
	delete(s.sessions, hash)
	s.mu.Unlock()
	return s.store.DeleteSessions(ctx, []string{hash})
}

// Session returns the caller behind a session id and extends the session.
func (s *Service) Session(raw string) (Principal, bool) {
	now := s.now()
	s.mu.Lock()
	x, ok := s.sessions[digest(raw)]
	u, known := s.users[x.User]
	touch := false
	if ok && x.Expires.After(now) {
		if extended := now.Add(x.Lifetime); extended.Sub(x.Expires) > touchEvery {
			x.Expires, touch = extended, true
			s.sessions[x.Hash] = x
		}
	}
	s.mu.Unlock()
	if !ok || !known || !x.Expires.After(now) {
		return Principal{}, false
	}
	if touch {
		s.save(func(ctx context.Context) error { return s.store.TouchSession(ctx, x) })
	}
	return Principal{Method: MethodSession, User: x.User, Admin: u.Admin, SessionID: x.Hash}, true
}

// save writes what may be late. A failure costs freshness, not correctness.
func (s *Service) save(write func(context.Context) error) {
	ctx, cancel := context.WithTimeout(s.base, 5*time.Second)
	defer cancel()
	if err := write(ctx); err != nil {
		s.log.Warn("the last use of a login cannot be stored", "error", err)
	}
}

// Basic returns the caller behind user name and password; it opens no session.
func (s *Service) Basic(ctx context.Context, user, password, peer string) (Principal, error) {
	if err := s.check(ctx, user, password, peer); err != nil {
		return Principal{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return Principal{Method: MethodBasic, User: user, Admin: s.users[user].Admin}, nil
}

func newCSRF() string {
	b, _ := hex.DecodeString(id.Random(32))
	return base64.URLEncoding.EncodeToString(b)
}

// CheckCSRF reports whether token is the live one of the session.
func (s *Service) CheckCSRF(session, token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.sessions[session]
	return ok && token != "" && same(digest(token), x.CSRF)
}

// NewCSRF replaces the session's token and returns the new one.
func (s *Service) NewCSRF(session string) string {
	token := newCSRF()
	s.mu.Lock()
	x, ok := s.sessions[session]
	if ok {
		x.CSRF = digest(token)
		s.sessions[session] = x
	}
	s.mu.Unlock()
	if ok {
		s.save(func(ctx context.Context) error { return s.store.TouchSession(ctx, x) })
	}
	return token
}

// ChangePassword sets a new password after checking the old one, and ends all sessions of the user.
func (s *Service) ChangePassword(ctx context.Context, user, current, next, peer string) error {
	if err := checkPassword(next, "newPassword"); err != nil {
		return err
	}
	if err := s.check(ctx, user, current, peer); err != nil {
		return err
	}
	return s.ResetPassword(ctx, user, next)
}

// ResetPassword sets a new password and ends all sessions of the user.
func (s *Service) ResetPassword(ctx context.Context, user, password string) error {
	if err := checkPassword(password, "newPassword"); err != nil {
		return err
	}
	s.mu.Lock()
	u, ok := s.users[user]
	names := slices.Sorted(maps.Keys(s.users))
	s.mu.Unlock()
	if len(names) == 0 {
		return errs.New(errs.NotFound, "there is no user yet: set the server up with its bootstrap token first")
	}
	if !ok {
		return errs.New(errs.NotFound, "there is no user %q; the users are: %s", user, strings.Join(names, ", "))
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	u.Password, u.Changed = hash, s.now()
	if err := s.store.SaveUser(ctx, u); err != nil {
		return err
	}
	s.mu.Lock()
	s.users[user] = u
	var gone []string
	for h, x := range s.sessions {
		if x.User == user {
			gone = append(gone, h)
			delete(s.sessions, h)
		}
	}
	s.mu.Unlock()
	return s.forget(ctx, gone)
}

// Changed is when the user's password was last set.
func (s *Service) Changed(user string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[user].Changed
}
