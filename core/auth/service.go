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
	rights    map[string]grant   // by user, derived from users and roles
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
		users: map[string]User{}, sessions: map[string]Session{}, tokens: map[string]Token{}, roles: builtIn(), news: make(chan struct{}),
	}
	users, err := store.Users(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		s.users[u.Name] = u
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

// Login checks a password and opens a session. It returns the session's id and CSRF token, shown once. Errors are
// *LoginError.
func (s *Service) Login(ctx context.Context, user, password string, remember bool, peer, agent string) (session, csrf string, life time.Duration, err error) {
	if err := s.check(ctx, user, password, peer); err != nil {
		return "", "", 0, err
	}
	life = SessionLife
	if remember {
		life = RememberLife
	}
	session, csrf, err = s.OpenSession(ctx, user, life, peer, agent)
	return session, csrf, life, err
}

// OpenSession logs in a user who has been identified, by a password or by another system. It returns the session's id
// and CSRF token, shown once.
func (s *Service) OpenSession(ctx context.Context, user string, life time.Duration, peer, agent string) (session, csrf string, err error) {
	session, csrf = id.Random(32), newCSRF()
	now := s.now()
	if err := s.came(ctx, user, now); err != nil {
		return "", "", err
	}
	x := Session{
		Hash: digest(session), User: user, CSRF: digest(csrf), Created: now, Expires: now.Add(life), Lifetime: life,
		Peer: peer, Agent: agent[:min(len(agent), 200)],
	}
	if err := s.store.SaveSession(ctx, x); err != nil {
		return "", "", err
	}
	s.mu.Lock()
	s.sessions[x.Hash] = x
	gone := s.surplus(now)
	s.mu.Unlock()
	return session, csrf, s.forget(ctx, gone)
}

// came keeps when a user was here last.
func (s *Service) came(ctx context.Context, user string, now time.Time) error {
	s.change.Lock()
	defer s.change.Unlock()
	s.mu.Lock()
	u, ok := s.users[user]
	s.mu.Unlock()
	if !ok || u.Disabled {
		return &LoginError{} // in this moment
	}
	u.LastLogin = now
	if err := s.store.SaveUser(ctx, u); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[user] = u
	return nil
}

// surplus takes the expired sessions and, beyond what one user may have, the user's oldest out of memory. The lock is
// held.
func (s *Service) surplus(now time.Time) (gone []string) {
	of := map[string][]Session{}
	for hash, x := range s.sessions {
		if x.Expires.Before(now) {
			gone = append(gone, hash)
		} else {
			of[x.User] = append(of[x.User], x)
		}
	}
	for _, left := range of {
		if len(left) > maxSessions {
			slices.SortFunc(left, func(a, b Session) int { return a.Created.Compare(b.Created) })
			for _, x := range left[:len(left)-maxSessions] {
				gone = append(gone, x.Hash)
			}
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
	s.locks.succeeded(user, peer)
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

// Logout ends a session, named by its hashed id.
func (s *Service) Logout(ctx context.Context, hash string) error {
	return s.endSessions(ctx, func(x Session) bool { return x.Hash == hash })
}

// Session returns the caller behind a session id and extends the session.
func (s *Service) Session(raw string) (Principal, bool) {
	now := s.now()
	s.mu.Lock()
	x, ok := s.sessions[digest(raw)]
	p, known := s.callerLocked(Principal{Method: MethodSession, User: x.User, SessionID: x.Hash})
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
	return p, true
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
	p, ok := s.caller(Principal{Method: MethodBasic, User: user})
	if !ok {
		return Principal{}, &LoginError{} // disabled in this moment
	}
	return p, nil
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

// ChangePassword sets a new password of the caller after checking the old one, and ends all other sessions of the
// user.
func (s *Service) ChangePassword(ctx context.Context, caller Principal, current, next, peer string) error {
	if err := checkPassword(next, "newPassword"); err != nil {
		return err
	}
	if err := s.check(ctx, caller.User, current, peer); err != nil {
		return err
	}
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

// News returns a channel that is closed when somebody may do less than before: log connections that last out, then
// ask [Service.Still] and for the next channel.
func (s *Service) News() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.news
}

// tell closes the channel of [Service.News]. The lock is held.
func (s *Service) tell() {
	close(s.news)
	s.news = make(chan struct{})
}

// Still returns a caller with what they may do now. It is false when what they came in with is not valid any more.
func (s *Service) Still(p Principal) (Principal, bool) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case p.Token != nil:
		for _, t := range s.tokens {
			if t.ID == p.Token.ID {
				return s.holder(t, now)
			}
		}
		return Principal{}, false
	case p.Method == MethodSession:
		if x, ok := s.sessions[p.SessionID]; !ok || !x.Expires.After(now) {
			return Principal{}, false
		}
	}
	return s.callerLocked(p)
}
