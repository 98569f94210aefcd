package sqlite

import (
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// What a provider gave goes with the session, and is not kept for one that has gone.
func TestGrantsGoWithTheirSessions(t *testing.T) {
	a := openAuth(t)
	g := NewGrants(a.db)
	if err := g.SaveGrant(t.Context(), "none", []byte("x")); err == nil {
		t.Error("kept for no session")
	}
	if err := a.SaveUser(t.Context(), auth.User{Name: "ann", Source: "oidc", Subject: "https://id.example.com 1"}); err != nil {
		t.Fatal(err)
	}
	if err := a.SaveUser(t.Context(), auth.User{Name: "bob", Source: "oidc", Subject: "https://id.example.com 1"}); !errs.Is(err, errs.Conflict) {
		t.Errorf("two users with one identity: %v", err)
	}
	x := auth.Session{Hash: "h", User: "ann", Method: auth.MethodOIDC, Expires: time.UnixMilli(1_760_000_000_000)}
	if err := a.SaveSession(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"first", "second"} {
		if err := g.SaveGrant(t.Context(), "h", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := g.Grants(t.Context())
	body, err2 := g.Grant(t.Context(), "h")
	if !slices.Equal(all, []string{"h"}) || string(body) != "second" || err != nil || err2 != nil {
		t.Errorf("%v %s %v %v", all, body, err, err2)
	}
	if got, err := a.Sessions(t.Context()); err != nil || got[0].Method != auth.MethodOIDC {
		t.Errorf("%+v %v", got, err)
	}
	if err := a.DeleteSessions(t.Context(), []string{"h"}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Grant(t.Context(), "h"); err == nil {
		t.Error("kept after the session")
	}
}
