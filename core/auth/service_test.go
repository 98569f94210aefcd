package auth_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/auth/authtest"
	"github.com/pulse-platform/pulse/core/errs"
)

const good = "a long enough password"

// clock is a time that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func open(t *testing.T, store *authtest.Memory) (*auth.Service, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	s, err := auth.Open(t.Context(), store, c.now, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func claimed(t *testing.T) (*auth.Service, *clock, *authtest.Memory) {
	t.Helper()
	store := authtest.New()
	s, c := open(t, store)
	if err := s.Claim(t.Context(), "admin", good, ""); err != nil {
		t.Fatal(err)
	}
	return s, c, store
}

// file is a small file in memory.
type file struct{ content []byte }

func (f *file) Read() ([]byte, error) {
	if f.content == nil {
		return nil, fs.ErrNotExist
	}
	return f.content, nil
}

func (f *file) Create(content []byte) (bool, error) {
	if f.content != nil {
		return false, nil
	}
	f.content = content
	return true, nil
}

func (f *file) Write(content []byte) error { f.content = content; return nil }
func (f *file) Remove() error              { f.content = nil; return nil }

func TestBootstrapTokenClaimsOnceAndIsGoneThen(t *testing.T) {
	s, _ := open(t, authtest.New())
	f := &file{}
	if created, err := s.PrepareBootstrap(f); err != nil || !created {
		t.Fatalf("prepare: %v, %v", created, err)
	}
	token := strings.TrimSpace(string(f.content))
	if len(token) != 48 {
		t.Errorf("the token has %d characters, want 48", len(token))
	}
	for name, c := range map[string]struct {
		token string
		code  errs.Code
	}{"missing": {"", errs.Invalid}, "wrong": {strings.Repeat("0", 48), errs.Unauthenticated}} {
		if err := s.CheckBootstrap(c.token); !errs.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.CheckBootstrap(token); err != nil {
		t.Fatal(err)
	}
	if err := s.Claim(t.Context(), "admin", good, ""); err != nil {
		t.Fatal(err)
	}
	if f.content != nil || !s.Claimed() {
		t.Error("after the claim the token's file is still there")
	}
	if err := s.CheckBootstrap(token); !errs.Is(err, errs.Conflict) {
		t.Errorf("the token after the claim: %v", err)
	}
	if err := s.Claim(t.Context(), "other", good, ""); !errs.Is(err, errs.Conflict) {
		t.Errorf("a second claim: %v", err)
	}
}

func TestClaimReplacesUserTokensAndKeepsEnrolledOnes(t *testing.T) {
	s, _ := open(t, authtest.New())
	f := &file{}
	if err := s.EnsureEnrolled(t.Context(), "Local agent", f); err != nil {
		t.Fatal(err)
	}
	raw := strings.TrimSpace(string(f.content))
	if err := s.Claim(t.Context(), "admin", good, strings.Repeat("ab", 24)); err != nil {
		t.Fatal(err)
	}
	p, ok := s.Token(raw)
	if !ok || !p.May(auth.ScopeHostReport) || p.May(auth.ScopeMonitoringRead) || p.Admin {
		t.Errorf("the enrolled token after the claim: %+v, %v", p, ok)
	}
	if _, ok := s.Token(strings.Repeat("ab", 24)); !ok {
		t.Error("the claim's own token is not valid")
	}
	if err := s.EnsureEnrolled(t.Context(), "Local agent", f); err != nil || strings.TrimSpace(string(f.content)) != raw {
		t.Errorf("a valid enrolled token was replaced: %v", err)
	}
}

func TestBadNamesAndPasswordsAreRefusedByField(t *testing.T) {
	s, _ := open(t, authtest.New())
	for name, c := range map[string]struct{ user, password, token, field string }{
		"short password": {"admin", "short", "", "password"},
		"quote in name":  {`ad"min`, good, "", "username"},
		"line in name":   {"ad\nmin", good, "", "username"},
		"short token":    {"admin", good, "abc", "apiToken"},
	} {
		var e *errs.Error
		if err := s.Claim(t.Context(), c.user, c.password, c.token); !errors.As(err, &e) || e.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSessionsSlideExpireAndSurviveARestart(t *testing.T) {
	s, c, store := claimed(t)
	session, csrf, life, err := s.Login(t.Context(), auth.Attempt{User: "admin", Password: good, Peer: "192.0.2.1", Agent: "test"})
	if err != nil || life != auth.SessionLife {
		t.Fatalf("login: %v, %v", life, err)
	}
	c.t = c.t.Add(20 * time.Hour)
	p, ok := s.Session(session)
	if !ok || p.User != "admin" || !p.Admin || !s.CheckCSRF(p.SessionID, csrf) || s.CheckCSRF(p.SessionID, "x") {
		t.Fatalf("after 20 h: %+v, %v", p, ok)
	}
	c.t = c.t.Add(20 * time.Hour)
	again, later := open(t, store)
	later.t = c.t
	if _, ok := again.Session(session); !ok {
		t.Error("a session in use ended after 40 h, or did not survive the restart")
	}
	later.t = later.t.Add(25 * time.Hour)
	if _, ok := again.Session(session); ok {
		t.Error("an unused session outlived its 24 h")
	}
	if _, ok := s.Session("nonsense"); ok {
		t.Error("any id is a session")
	}
}

func TestLogoutAndPasswordChangeEndSessionsForGood(t *testing.T) {
	s, _, store := claimed(t)
	login := func() string {
		t.Helper()
		session, _, _, err := s.Login(t.Context(), auth.Attempt{User: "admin", Password: good, Remember: true, Peer: "192.0.2.1"})
		if err != nil {
			t.Fatal(err)
		}
		return session
	}
	first, second, third := login(), login(), login()
	p, _ := s.Session(first)
	if err := s.Logout(t.Context(), p.SessionID); err != nil {
		t.Fatal(err)
	}
	s.NewCSRF(p.SessionID) // must not bring it back
	if _, ok := s.Session(first); ok {
		t.Error("a session outlived its logout")
	}
	p, _ = s.Session(third)
	if err := s.ChangePassword(t.Context(), p, good, "another long password", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Session(second); ok {
		t.Error("another session outlived the password")
	}
	if _, ok := s.Session(third); !ok {
		t.Error("the session that changed the password has ended")
	}
	if err := s.ResetPassword(t.Context(), "admin", "a third long password"); err != nil {
		t.Fatal(err)
	}
	again, _ := open(t, store)
	for _, session := range []string{first, second, third} {
		if _, ok := again.Session(session); ok {
			t.Error("an ended session came back with a restart")
		}
	}
	if _, _, _, err := again.Login(t.Context(), auth.Attempt{User: "admin", Password: good, Peer: "192.0.2.1"}); err == nil {
		t.Error("the old password still works")
	}
}

func TestLockoutHitsTheGuesserNotTheAdmin(t *testing.T) {
	s, c, _ := claimed(t)
	var l *auth.LoginError
	for i := range auth.MaxAttempts {
		_, _, _, err := s.Login(t.Context(), auth.Attempt{User: "admin", Password: "wrong", Peer: "203.0.113.9"})
		if !errors.As(err, &l) || l.Attempts != i+1 || l.LockedNow != (i == auth.MaxAttempts-1) {
			t.Fatalf("attempt %d: %v", i+1, err)
		}
	}
	if _, _, _, err := s.Login(t.Context(), auth.Attempt{User: "admin", Password: good, Peer: "203.0.113.9"}); !errors.As(err, &l) || !l.Locked {
		t.Errorf("the right password during a lock: %v", err)
	}
	if _, _, _, err := s.Login(t.Context(), auth.Attempt{User: "admin", Password: good, Peer: "192.0.2.1"}); err != nil {
		t.Errorf("the admin from another address: %v", err)
	}
	c.t = c.t.Add(auth.LockDuration + time.Second)
	if _, _, _, err := s.Login(t.Context(), auth.Attempt{User: "admin", Password: "wrong", Peer: "203.0.113.9"}); !errors.As(err, &l) || l.Attempts != 1 {
		t.Errorf("failures did not age: %+v", l)
	}
}

func TestFailedLoginsAreLogged(t *testing.T) {
	store := authtest.New()
	first, c := open(t, store)
	if err := first.Claim(t.Context(), "admin", good, ""); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s, err := auth.Open(t.Context(), store, c.now, hclog.New(&hclog.LoggerOptions{Output: &log}))
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"admin", "my secret phrase"} {
		if _, _, _, err := s.Login(t.Context(), auth.Attempt{User: user, Password: "not this one, surely", Peer: "192.0.2.9", Agent: "curl"}); err == nil {
			t.Errorf("%q got in", user)
		}
	}
	got := log.String()
	if !strings.Contains(got, "user=admin address=192.0.2.9") || strings.Count(got, "192.0.2.9") != 2 {
		t.Errorf("the log does not tell who failed from where:\n%s", got)
	}
	if strings.Contains(got, "secret phrase") || strings.Contains(got, "surely") {
		t.Errorf("the log tells what may be a password:\n%s", got)
	}
}

func TestTokenNamesAreOneLine(t *testing.T) {
	s, _, _ := claimed(t)
	for _, name := range []string{"a\x00b", "a\nb", "\x1b[31mred"} {
		if _, _, err := s.CreateToken(t.Context(), auth.Principal{Method: auth.MethodSession}, auth.NewToken{Name: name}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTokensAreBoundedByTheirMaker(t *testing.T) {
	s, _, store := claimed(t)
	session := auth.Principal{Method: auth.MethodSession, User: "admin", Admin: true}
	raw, tok, err := s.CreateToken(t.Context(), session, auth.NewToken{Name: " reader ", Scopes: []auth.Scope{auth.ScopeMonitoringRead, auth.ScopeMonitoringRead}})
	if err != nil || tok.Name != "reader" || len(tok.Scopes) != 1 || len(raw) != 64 {
		t.Fatalf("create: %+v, %v", tok, err)
	}
	reader, ok := s.Token(raw)
	if !ok || !reader.May(auth.ScopeMonitoringRead) || reader.May(auth.ScopeSettingsWrite) {
		t.Fatalf("the token's caller: %+v", reader)
	}
	for name, c := range map[string]struct {
		maker  auth.Principal
		scopes []auth.Scope
		code   errs.Code
	}{
		"more than its maker":  {reader, []auth.Scope{auth.ScopeSettingsWrite}, errs.Forbidden},
		"everything by reader": {reader, nil, errs.Forbidden},
		"no scope":             {session, []auth.Scope{}, errs.Invalid},
		"unknown scope":        {session, []auth.Scope{"root"}, errs.Invalid},
		"star with others":     {session, []auth.Scope{"*", auth.ScopeMonitoringRead}, errs.Invalid},
	} {
		if _, _, err := s.CreateToken(t.Context(), c.maker, auth.NewToken{Name: "x", Scopes: c.scopes}); !errs.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.RevokeToken(t.Context(), tok.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Token(raw); ok || s.TokenExists(tok.ID) {
		t.Error("a revoked token is valid")
	}
	again, _ := open(t, store)
	if _, ok := again.Token(raw); ok {
		t.Error("a revoked token came back with a restart")
	}
	if err := s.RevokeToken(t.Context(), tok.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("revoke twice: %v", err)
	}
}

func BenchmarkToken(b *testing.B) {
	s, err := auth.Open(b.Context(), authtest.New(), time.Now, hclog.NewNullLogger())
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Claim(b.Context(), "admin", good, ""); err != nil {
		b.Fatal(err)
	}
	raw, _, err := s.CreateToken(b.Context(), auth.Principal{Method: auth.MethodSession, User: "admin", Admin: true}, auth.NewToken{Name: "x", Scopes: nil})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, ok := s.Token(raw); !ok {
			b.Fatal("refused")
		}
	}
}
