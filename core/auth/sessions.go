package auth

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// SessionInfo is what others may know about a session.
type SessionInfo struct {
	ID       string // not what the browser holds
	User     string
	Created  time.Time
	LastSeen time.Time // to the minute
	Expires  time.Time
	Peer     string
	Agent    string
}

// sessionID names a session to people. The hash itself would do; a part of it is enough.
func sessionID(hash string) string { return hash[:min(len(hash), 16)] }

// ListSessions returns the live sessions of a user, or of all for an empty name, the last seen first.
func (s *Service) ListSessions(user string) []SessionInfo {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []SessionInfo{}
	for _, x := range s.sessions {
		if (user == "" || x.User == user) && x.Expires.After(now) {
			out = append(out, SessionInfo{ID: sessionID(x.Hash), User: x.User, Created: x.Created, LastSeen: x.lastSeen(), Expires: x.Expires, Peer: x.Peer, Agent: x.Agent})
		}
	}
	slices.SortFunc(out, func(a, b SessionInfo) int { return cmp.Or(b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.ID, b.ID)) })
	return out
}

func (x Session) lastSeen() time.Time {
	switch {
	case x.Method == MethodNone:
		return x.Expires.Add(-x.Lifetime)
	case x.seen.IsZero():
		return x.Created
	}
	return x.seen
}

// SessionHash names the session behind an id that a browser holds.
func SessionHash(raw string) string { return digest(raw) }

// SessionOf is how [Service.ListSessions] calls the session of a caller, empty when there is none.
func SessionOf(p Principal) string { return sessionID(p.SessionID) }

// EndSession ends a session of a user, of anybody for an empty name.
func (s *Service) EndSession(ctx context.Context, user, name string) error {
	found := false
	err := s.endSessions(ctx, func(x Session) bool {
		match := sessionID(x.Hash) == name && (user == "" || x.User == user)
		found = found || match
		return match
	})
	if err == nil && !found {
		return errs.New(errs.NotFound, "there is no such session: it has ended already")
	}
	return err
}

// EndOtherSessions ends all sessions of the caller's user but the caller's own.
func (s *Service) EndOtherSessions(ctx context.Context, p Principal) error {
	return s.endSessions(ctx, func(x Session) bool { return x.User == p.User && x.Hash != p.SessionID })
}

// NewSession is a session to open.
type NewSession struct {
	User        string
	Life        time.Duration
	Method      Method // of who vouched for the user, empty for a login here
	Peer, Agent string
}

// OpenSession logs in a user who has been identified, by a password or by another system. It returns the session's id
// and CSRF token, shown once.
func (s *Service) OpenSession(ctx context.Context, n NewSession) (session, csrf string, err error) {
	session, csrf = id.Random(32), newCSRF()
	now := s.now()
	if err := s.came(ctx, n.User, now); err != nil {
		return "", "", err
	}
	x := Session{
		Hash: digest(session), User: n.User, CSRF: digest(csrf), Created: now, Expires: now.Add(n.Life), Lifetime: n.Life, Method: n.Method,
		Peer: n.Peer, Agent: n.Agent[:min(len(n.Agent), 200)],
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

// Logout ends a session, named by its hashed id.
func (s *Service) Logout(ctx context.Context, hash string) error {
	return s.endSessions(ctx, func(x Session) bool { return x.Hash == hash })
}

// Seen is when a session was last used, zero when it was not since the server started. It is false when there is no such
// session any more.
func (s *Service) Seen(hash string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.sessions[hash]
	return x.seen, ok && x.Expires.After(s.now())
}

// Renew lets a session live on for life from now, because whoever vouched for its user does so again.
func (s *Service) Renew(ctx context.Context, hash string, life time.Duration) error {
	s.mu.Lock()
	x, ok := s.sessions[hash]
	x.Expires, x.Lifetime, x.renewed = s.now().Add(life), life, true
	if ok {
		s.sessions[hash] = x
	}
	s.mu.Unlock()
	if !ok {
		return nil // it has ended in this moment
	}
	return s.store.TouchSession(ctx, x)
}

// Session returns the caller behind a session id and extends the session, unless another system vouches for it.
func (s *Service) Session(raw string) (Principal, bool) {
	now := s.now()
	s.mu.Lock()
	x, ok := s.sessions[digest(raw)]
	p, known := s.callerLocked(Principal{Method: MethodSession, User: x.User, SessionID: x.Hash, Vouched: x.Method})
	touch := false
	switch live := ok && x.Expires.After(now); {
	case live && x.Method != MethodNone:
		if x.renewed {
			p.Extended = x.Expires.Sub(now)
		}
		x.seen, x.renewed = now, false
		s.sessions[x.Hash] = x
	case live:
		if extended := now.Add(x.Lifetime); extended.Sub(x.Expires) > touchEvery {
			x.Expires, touch = extended, true
			p.Extended = x.Lifetime
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

// SessionExists reports whether a session id is one that is in use, and leaves the session as it is.
func (s *Service) SessionExists(raw string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.sessions[digest(raw)]
	return ok && x.Expires.After(s.now())
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
