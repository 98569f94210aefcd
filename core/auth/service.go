package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/errs"
)

// The lives of sessions and of what is written lazily.
const (
	SessionLife  = 24 * time.Hour
	RememberLife = 30 * 24 * time.Hour
	touchEvery   = time.Minute
	maxSessions  = 100 // of one user, so that nobody pushes others out
)

// Service knows who may come in. It keeps everything in memory and writes changes through to its store, so that a
// report costs no query.
type Service struct {
	base   context.Context // what is written late outlives the request that caused it
	store  Store
	hasher *hasher
	locks  *lockout
	now    func() time.Time
	log    hclog.Logger

	change sync.Mutex // one change of users and roles at a time, from judging to storing

	mu        sync.Mutex
	users     map[string]User
	roles     map[string]Role
	rights    map[string]grant // by user, derived from users and roles
	seconds   map[string]SecondStep
	pending   map[string]pending
	news      chan struct{}      // closed when somebody may do less than before
	sessions  map[string]Session // by hash
	tokens    map[string]Token   // by hash
	bootstrap string             // SHA-256 of the token, empty once claimed
	file      BootstrapFile
}

// Open loads users, sessions and tokens.
func Open(ctx context.Context, store Store, now func() time.Time, log hclog.Logger) (*Service, error) {
	s := &Service{
		base: context.WithoutCancel(ctx), store: store, hasher: newHasher(), locks: newLockout(now), now: now, log: log,
		users: map[string]User{}, sessions: map[string]Session{}, tokens: map[string]Token{}, roles: builtIn(), news: make(chan struct{}), pending: map[string]pending{},
	}
	users, err := store.Users(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		s.users[u.Name] = u
	}
	if s.seconds, err = store.SecondSteps(ctx); err != nil {
		return nil, err
	}
	roles, err := store.Roles(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range roles {
		if !s.roles[r.ID].BuiltIn {
			s.roles[r.ID] = r
		}
	}
	s.derive()
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

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Attempt is what somebody who logs in gives.
type Attempt struct {
	User, Password string
	Code           string // of the second step, for users who have one
	Remember       bool
	Peer, Agent    string
}

// Login checks a password, and the second step of users who have one, and opens a session. It returns the session's id
// and CSRF token, shown once. Errors are *LoginError.
func (s *Service) Login(ctx context.Context, a Attempt) (session, csrf string, life time.Duration, err error) {
	if err := s.check(ctx, a.User, a.Password, a.Peer); err != nil {
		return "", "", 0, err
	}
	if err := s.checkCode(ctx, a.User, a.Code, a.Peer); err != nil {
		return "", "", 0, err
	}
	s.locks.succeeded(a.User, a.Peer)
	life = SessionLife
	if a.Remember {
		life = RememberLife
	}
	session, csrf, err = s.OpenSession(ctx, NewSession{User: a.User, Life: life, Peer: a.Peer, Agent: a.Agent})
	return session, csrf, life, err
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
	if known = known && u.Password != "" && !u.Disabled; known {
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
	if ForeignPassword(hash) {
		s.renew(ctx, user, password)
	}
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
	if err := s.checkCode(ctx, user, "", peer); err != nil {
		return Principal{}, err // or the second step would have a way around
	}
	s.locks.succeeded(user, peer)
	p, ok := s.caller(Principal{Method: MethodBasic, User: user})
	if !ok {
		return Principal{}, &LoginError{} // disabled in this moment
	}
	return p, nil
}

// ChangePassword sets a new password of the caller after checking the old one, and ends all other sessions of the
// user.
func (s *Service) ChangePassword(ctx context.Context, caller Principal, current, next, peer string) error {
	if err := checkPassword(next, "newPassword"); err != nil {
		return err
	}
	if err := s.check(ctx, caller.User, current, peer); err != nil {
		return err
	}
	s.locks.succeeded(caller.User, peer)
	return s.setPassword(ctx, caller.User, next, caller.SessionID)
}

// ResetPassword sets a new password and ends all sessions of the user.
func (s *Service) ResetPassword(ctx context.Context, user, password string) error {
	if err := checkPassword(password, "newPassword"); err != nil {
		return err
	}
	return s.setPassword(ctx, user, password, "")
}

// setPassword ends all sessions but the one to keep.
func (s *Service) setPassword(ctx context.Context, user, password, keep string) error {
	s.mu.Lock()
	_, ok := s.users[user]
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
	_, err = s.alter(ctx, System, user, func(u *User, known bool) error {
		if !known {
			return noUser(user)
		}
		if u.Source != SourceLocal {
			return errs.New(errs.Invalid, "%s logs in elsewhere (%s) and has no password here", user, u.Source)
		}
		u.Password, u.Changed = hash, s.now()
		return nil
	})
	if err != nil {
		return err
	}
	return s.endSessions(ctx, func(x Session) bool { return x.User == user && x.Hash != keep })
}

// Changed is when the user's password was last set.
func (s *Service) Changed(user string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[user].Changed
}
