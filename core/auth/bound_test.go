package auth_test

import (
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// At many providers users choose their name. Who they are here is bound to what they cannot choose.
func TestAnIdentityIsNotItsName(t *testing.T) {
	s, _, store := claimed(t)
	admit := func(s *auth.Service, subject, name string, roles ...string) (auth.Principal, error) {
		return s.Admit(t.Context(), auth.Vouched{Method: auth.MethodOIDC, Subject: "https://id.example.com " + subject, Name: name, Roles: roles})
	}
	if _, err := admit(s, "1", "admin"); !errs.Is(err, errs.Forbidden) {
		t.Errorf("the name of a local administrator: %v", err)
	}
	if p, err := admit(s, "1", "ann", "viewer"); err != nil || p.User != "ann" || p.Admin {
		t.Fatalf("%+v %v", p, err)
	}
	if _, err := admit(s, "2", "ann", auth.RoleAdmin); !errs.Is(err, errs.Forbidden) {
		t.Errorf("another identity under the same name: %v", err)
	}
	if err := s.SetRoles(t.Context(), auth.System, "bob", []string{auth.RoleAdmin}); err != nil {
		t.Fatal(err)
	}
	if _, err := admit(s, "2", "bob"); !errs.Is(err, errs.Forbidden) {
		t.Errorf("a name that was given roles before its user came: %v", err)
	}
	again, _ := open(t, store)
	for _, name := range []string{"annabel", "admin", "bob"} {
		if p, err := admit(again, "1", name, "operator"); err != nil || p.User != "ann" || p.Admin {
			t.Errorf("ann calls herself %s: %+v %v", name, p, err)
		}
	}
	if p, err := admit(again, "1", "ann"); err != nil || len(p.Rights) == 0 {
		t.Errorf("without mappings the roles stay: %+v %v", p, err)
	}
	if p, err := again.Admit(t.Context(), auth.Vouched{Method: auth.MethodOIDC, Subject: "https://id.example.com 1", Name: "ann", Roles: []string{}}); err != nil || len(p.Rights) != 0 {
		t.Errorf("no mapped group, and yet %+v %v", p, err)
	}
	off := true
	if _, err := again.ChangeUser(t.Context(), auth.System, "ann", auth.UserChange{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	if _, err := admit(again, "1", "ann"); !errs.Is(err, errs.Forbidden) {
		t.Errorf("a disabled user: %v", err)
	}
}

// An administrator may allow once, for some days, that who comes under a name becomes the user who is there.
func TestLinking(t *testing.T) {
	s, clock, _ := claimed(t)
	yes, no := true, false
	allow := func(allow *bool) {
		t.Helper()
		if _, err := s.ChangeUser(t.Context(), auth.System, "admin", auth.UserChange{Link: allow}); err != nil {
			t.Fatal(err)
		}
	}
	come := func(subject string) (auth.Principal, error) {
		return s.Admit(t.Context(), auth.Vouched{Method: auth.MethodOIDC, Subject: subject, Name: "admin", Roles: []string{}})
	}
	allow(&yes)
	clock.t = clock.t.Add(auth.LinkLife + time.Second)
	if _, err := come("a"); err == nil {
		t.Error("the permission was too old")
	}
	allow(&yes)
	if p, err := come("a"); err != nil || !p.Admin {
		t.Errorf("who logs in with a password keeps the roles that were given here: %+v %v", p, err)
	}
	if u, _ := s.UserInfo("admin"); !u.Linked || !u.LinkUntil.IsZero() || u.Source != auth.SourceLocal || !u.HasPassword {
		t.Errorf("%+v", u)
	}
	if _, err := come("b"); err == nil {
		t.Error("the permission was used twice")
	}
	allow(&no)
	if _, err := come("a"); err == nil {
		t.Error("parted, and yet let in")
	}
}

// A session that another system vouches for lives as long as that says so, however much it is used.
func TestVouchedSessionsDoNotSlide(t *testing.T) {
	s, clock, store := claimed(t)
	raw, _, err := s.OpenSession(t.Context(), auth.NewSession{User: "admin", Life: time.Hour, Method: auth.MethodOIDC, Peer: "192.0.2.1", Agent: "x"})
	if err != nil {
		t.Fatal(err)
	}
	hash := auth.SessionHash(raw)
	if at, live := s.Seen(hash); !live || !at.IsZero() {
		t.Errorf("seen %v, %t", at, live)
	}
	clock.t = clock.t.Add(50 * time.Minute)
	if p, ok := s.Session(raw); !ok || p.Extended != 0 || p.CameBy() != auth.MethodOIDC || p.Method != auth.MethodSession {
		t.Errorf("%+v %t", p, ok)
	}
	if at, _ := s.Seen(hash); !at.Equal(clock.t) {
		t.Errorf("seen %v", at)
	}
	if err := s.Renew(t.Context(), hash, time.Hour); err != nil {
		t.Fatal(err)
	}
	clock.t = clock.t.Add(30 * time.Minute)
	if p, ok := s.Session(raw); !ok || p.Extended != 30*time.Minute {
		t.Errorf("the browser is not told: %+v %t", p, ok)
	}
	if p, _ := s.Session(raw); p.Extended != 0 {
		t.Error("and told again")
	}
	again, late := open(t, store)
	late.t = clock.t.Add(31 * time.Minute)
	if _, ok := again.Session(raw); ok {
		t.Error("it lives on without anybody's word")
	}
	if _, live := again.Seen(hash); live {
		t.Error("seen as live")
	}
	if err := again.Renew(t.Context(), "none", time.Hour); err != nil {
		t.Error(err)
	}
}
