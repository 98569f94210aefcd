package auth_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/pquerna/otp/totp"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/auth/authtest"
	"github.com/pulse-platform/pulse/core/errs"
)

func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// enrolled is a server whose admin has one-time codes, with their secret and the recovery codes.
func enrolled(t *testing.T) (s *auth.Service, c *clock, p auth.Principal, secret string, recovery []string) {
	t.Helper()
	s, c, _ = claimed(t)
	p = login(t, s, "admin")
	e, err := s.BeginSecondStep(p)
	if err != nil || !strings.HasPrefix(e.URL, "otpauth://totp/Pulse:admin?") || len(e.QR) < 100 {
		t.Fatalf("%+v, %v", e, err)
	}
	if _, err := s.EnableSecondStep(t.Context(), p, "000000"); !errs.Is(err, errs.Invalid) {
		t.Errorf("enabled without the right code: %v", err)
	}
	if recovery, err = s.EnableSecondStep(t.Context(), p, code(t, e.Secret, c.t)); err != nil || len(recovery) != 10 {
		t.Fatal(recovery, err)
	}
	return s, c, p, e.Secret, recovery
}

func attempt(code string) auth.Attempt {
	return auth.Attempt{User: "admin", Password: good, Code: code, Peer: "192.0.2.1"}
}

func TestSecondStepIsAskedForAndNoCodeWorksTwice(t *testing.T) {
	s, c, p, secret, _ := enrolled(t)
	var l *auth.LoginError
	if _, _, _, err := s.Login(t.Context(), attempt("")); !errors.As(err, &l) || !l.NeedCode {
		t.Errorf("without a code: %v", err)
	}
	wrong := attempt("")
	wrong.Password = "not the password"
	if _, _, _, err := s.Login(t.Context(), wrong); !errors.As(err, &l) || l.NeedCode {
		t.Errorf("a wrong password is told apart from a right one before the code: %v", err)
	}
	if _, _, _, err := s.Login(t.Context(), attempt(code(t, secret, c.t))); !errors.As(err, &l) || !l.WrongCode {
		t.Errorf("the code that enabled it, once more: %v", err)
	}
	if _, err := s.Basic(t.Context(), "admin", good, "192.0.2.1"); !errors.As(err, &l) || !l.NeedCode {
		t.Errorf("basic authentication is a way around: %v", err)
	}
	c.t = c.t.Add(30 * time.Second)
	now := code(t, secret, c.t)
	if _, _, _, err := s.Login(t.Context(), attempt(now[:3]+" "+now[3:])); err != nil {
		t.Errorf("the present code: %v", err)
	}
	if _, _, _, err := s.Login(t.Context(), attempt(now)); !errors.As(err, &l) || !l.WrongCode {
		t.Errorf("a replay: %v", err)
	}
	c.t = c.t.Add(5 * time.Minute)
	if _, _, _, err := s.Login(t.Context(), attempt(now)); !errors.As(err, &l) || !l.WrongCode {
		t.Errorf("an old code: %v", err)
	}
	if _, _, _, err := s.Login(t.Context(), attempt(code(t, secret, c.t.Add(-30*time.Second)))); err != nil {
		t.Errorf("the code of a phone that is 30 s late: %v", err)
	}
	if err := s.ChangePassword(t.Context(), p, good, "another long password", "192.0.2.1"); err != nil {
		t.Errorf("a session changes its password without a code: %v", err)
	}
}

func TestRecoveryCodesWorkOnce(t *testing.T) {
	s, _, p, _, recovery := enrolled(t)
	if _, _, _, err := s.Login(t.Context(), attempt(strings.ToUpper(recovery[3]))); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
	if _, _, _, err := s.Login(t.Context(), attempt(recovery[3])); err == nil {
		t.Error("a recovery code twice")
	}
	if left, on := s.RecoveryCodesLeft("admin"); left != 9 || !on {
		t.Error(left, on)
	}
	var l *auth.LoginError
	if err := s.DisableSecondStep(t.Context(), p, "", "192.0.2.1"); !errors.As(err, &l) {
		t.Errorf("turned off without a code: %v", err)
	}
	if err := s.DisableSecondStep(t.Context(), p, recovery[0], "192.0.2.1"); err != nil {
		t.Error(err)
	}
	if _, _, _, err := s.Login(t.Context(), attempt("")); err != nil {
		t.Errorf("after it was turned off: %v", err)
	}
}

func TestCodesCannotBeGuessedFromManyAddresses(t *testing.T) {
	s, c, _, secret, _ := enrolled(t)
	c.t = c.t.Add(time.Minute)
	for i := range 40 {
		a := attempt("123456")
		a.Peer = fmt.Sprintf("203.0.113.%d", i)
		if _, _, _, err := s.Login(t.Context(), a); err == nil {
			t.Skip("the guess was right")
		}
	}
	var l *auth.LoginError
	if _, _, _, err := s.Login(t.Context(), attempt(code(t, secret, c.t))); !errors.As(err, &l) || !l.Locked {
		t.Errorf("after 40 wrong codes from 40 addresses, by somebody who knows the password: %v", err)
	}
	if !s.ResetLockout("admin") {
		t.Error("there was nothing to reset")
	}
	if _, _, _, err := s.Login(t.Context(), attempt(code(t, secret, c.t))); err != nil {
		t.Errorf("after the reset: %v", err)
	}
}

func TestAnAdministratorResetsTheSecondStep(t *testing.T) {
	s, _, p, _, _ := enrolled(t)
	jane := operator(t, s, "operator")
	if err := s.ResetSecondStep(t.Context(), jane, "admin"); !errs.Is(err, errs.Forbidden) {
		t.Errorf("by an operator: %v", err)
	}
	if err := s.ResetSecondStep(t.Context(), p, "admin"); err != nil {
		t.Fatal(err)
	}
	if u, _ := s.UserInfo("admin"); u.SecondStep {
		t.Error("it is still there")
	}
}

func TestResetLockoutByUserAndByAddress(t *testing.T) {
	s, _, _ := claimed(t)
	fail := func(user, peer string) (locked bool) {
		var l *auth.LoginError
		for range auth.MaxAttempts + 1 {
			_, _, _, err := s.Login(t.Context(), auth.Attempt{User: user, Password: "wrong", Peer: peer})
			locked = errors.As(err, &l) && l.Locked
		}
		return locked
	}
	if !fail("admin", "203.0.113.9") || !fail("admin", "2001:db8:1:2::1") {
		t.Fatal("not locked")
	}
	if _, _, _, err := s.Login(t.Context(), auth.Attempt{User: "admin", Password: good, Peer: "2001:db8:1:2:ffff::9"}); err == nil {
		t.Error("another address of the same IPv6 network dodges the lock")
	}
	if len(s.Locks()) != 2 {
		t.Errorf("%+v", s.Locks())
	}
	if !s.ResetLockout("203.0.113.9") || len(s.Locks()) != 1 || !s.ResetLockout("2001:db8:1:2::77") || len(s.Locks()) != 0 {
		t.Errorf("by address: %+v", s.Locks())
	}
	fail("admin", "203.0.113.9")
	if !s.ResetLockout("admin") || s.ResetLockout("nobody") {
		t.Error("by user")
	}
	if _, _, _, err := s.Login(t.Context(), auth.Attempt{User: "admin", Password: good, Peer: "203.0.113.9"}); err != nil {
		t.Error(err)
	}
}

func TestTokensEndAndAreRotated(t *testing.T) {
	s, c, store := claimed(t)
	p := login(t, s, "admin")
	if _, _, err := s.CreateToken(t.Context(), p, auth.NewToken{Expires: c.t.Add(-time.Second)}); !errs.Is(err, errs.Invalid) {
		t.Errorf("an end in the past: %v", err)
	}
	raw, tok, err := s.CreateToken(t.Context(), p, auth.NewToken{Expires: c.t.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	maker, _ := s.Token(raw)
	_, child, err := s.CreateToken(t.Context(), maker, auth.NewToken{})
	if err != nil || !child.Expires.Equal(tok.Expires) {
		t.Errorf("a token made with one that ends must not outlive it: %v, %v", child.Expires, err)
	}
	if _, ok := s.Still(maker); !ok {
		t.Error("a connection made with it would end")
	}
	news := s.News()
	next, rotated, err := s.RotateToken(t.Context(), tok.ID)
	if _, ok := s.Still(maker); ok {
		t.Error("a connection made with the old value would stay")
	}
	select {
	case <-news:
	default:
		t.Error("connections are not told")
	}
	maker, _ = s.Token(next)
	if err != nil || rotated.ID != tok.ID || !rotated.Expires.Equal(tok.Expires) {
		t.Fatal(rotated, err)
	}
	for what, s := range map[string]*auth.Service{"now": s, "after a restart": reopened(t, store, c)} {
		if _, ok := s.Token(raw); ok {
			t.Errorf("%s: the old value is valid", what)
		}
		if _, ok := s.Token(next); !ok {
			t.Errorf("%s: the new value is not", what)
		}
	}
	c.t = c.t.Add(time.Hour)
	if _, ok := s.Token(next); ok {
		t.Error("it outlived its end")
	}
	if _, ok := s.Still(maker); ok {
		t.Error("a connection made with it would outlive its end")
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	s, _, _ := claimed(t)
	jane := operator(t, s, "viewer")
	admin := login(t, s, "admin")
	other := login(t, s, "admin")
	if n := len(s.ListSessions("")); n != 3 {
		t.Errorf("%d sessions, want 3", n)
	}
	if err := s.EndSession(t.Context(), "jane", auth.SessionOf(admin)); !errs.Is(err, errs.NotFound) {
		t.Errorf("another's session: %v", err)
	}
	if err := s.EndOtherSessions(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]bool{auth.SessionOf(admin): true, auth.SessionOf(other): false, auth.SessionOf(jane): true} {
		found := false
		for _, x := range s.ListSessions("") {
			found = found || x.ID == p
		}
		if found != want {
			t.Errorf("%s: %v", p, found)
		}
	}
	if err := s.EndSession(t.Context(), "", auth.SessionOf(jane)); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Still(jane); ok {
		t.Error("it is still open")
	}
}

func reopened(t *testing.T, store *authtest.Memory, c *clock) *auth.Service {
	t.Helper()
	s, later := open(t, store)
	later.t = c.t
	return s
}

// What comes as a token, a session or a CSRF token never gets anybody in by accident.
func FuzzCredentials(f *testing.F) {
	f.Add("0000")
	f.Add(strings.Repeat("a", 64))
	s, err := auth.Open(f.Context(), authtest.New(), time.Now, hclog.NewNullLogger())
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Claim(f.Context(), "admin", good, ""); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, ok := s.Token(text); ok {
			t.Error("a token")
		}
		if _, ok := s.Session(text); ok {
			t.Error("a session")
		}
		if s.CheckCSRF(text, text) {
			t.Error("a CSRF token")
		}
		if auth.Network(text) == "" && text != "" {
			t.Error("an address became nobody's")
		}
	})
}
