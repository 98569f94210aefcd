package sqlite

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

func openAuth(t *testing.T) *Auth {
	t.Helper()
	db, err := OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return NewAuth(db)
}

func TestAuthRoundTrip(t *testing.T) {
	a := openAuth(t)
	at := time.UnixMilli(1_760_000_000_123)
	u := auth.User{Name: "admin", Password: "phc", Source: auth.SourceLocal, Roles: []string{"admin", "viewer"}, Created: at, Updated: at, Changed: at, LastLogin: at}
	enrolled := auth.Token{ID: "e", Hash: "h1", Name: "Local agent", Prefix: "aaaaaa", Suffix: "bbbb", Scopes: []auth.Scope{auth.ScopeHostReport, auth.ScopeHostConfigRead}, Enrolled: true, Created: at}
	old := auth.Token{ID: "o", Hash: "h2", Name: "old", Scopes: []auth.Scope{auth.ScopeAll}, Owner: "admin", Created: at}
	next := auth.Token{ID: "n", Hash: "h3", Name: "next", Scopes: []auth.Scope{auth.ScopeAll}, Owner: "admin", Created: at, Expires: at.Add(time.Hour), LastUsed: at}
	for _, tok := range []auth.Token{enrolled, old} {
		if err := a.SaveToken(t.Context(), tok); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Claim(t.Context(), u, []auth.Token{next}); err != nil {
		t.Fatal(err)
	}
	if err := a.Claim(t.Context(), u, nil); !errs.Is(err, errs.Conflict) {
		t.Errorf("a second claim: %v", err)
	}
	if users, err := a.Users(t.Context()); err != nil || !reflect.DeepEqual(users, []auth.User{u}) {
		t.Errorf("users: %+v, %v", users, err)
	}
	tokens, err := a.Tokens(t.Context())
	if err != nil || len(tokens) != 2 {
		t.Fatalf("tokens after the claim: %+v, %v", tokens, err)
	}
	for _, got := range tokens {
		if want := map[string]auth.Token{"e": enrolled, "n": next}[got.ID]; !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestTouchRevivesNothing(t *testing.T) {
	a := openAuth(t)
	at := time.UnixMilli(1_760_000_000_000)
	if err := a.SaveUser(t.Context(), auth.User{Name: "admin", Changed: at}); err != nil {
		t.Fatal(err)
	}
	s := auth.Session{Hash: "s", User: "admin", CSRF: "c", Created: at, Expires: at.Add(time.Hour), Lifetime: time.Hour, Peer: "192.0.2.1"}
	if err := a.SaveSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	s.CSRF, s.Expires = "d", at.Add(2*time.Hour)
	if err := a.TouchSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Sessions(t.Context()); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], s) {
		t.Errorf("touched: %+v, %v", got, err)
	}
	if err := a.DeleteSessions(t.Context(), []string{"s", "none"}); err != nil {
		t.Fatal(err)
	}
	tok := auth.Token{ID: "t", Hash: "h", Created: at}
	if err := a.SaveToken(t.Context(), tok); err != nil {
		t.Fatal(err)
	}
	if err := a.DeleteToken(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
	if err := a.TouchSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := a.TouchToken(t.Context(), tok); err != nil {
		t.Fatal(err)
	}
	sessions, err1 := a.Sessions(t.Context())
	tokens, err2 := a.Tokens(t.Context())
	if len(sessions) != 0 || len(tokens) != 0 || err1 != nil || err2 != nil {
		t.Errorf("revived: %v, %v (%v, %v)", sessions, tokens, err1, err2)
	}
}

// An older version does not touch what a newer one has changed; the message says what to do.
func TestTheDatabaseOfANewerVersionIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pulse.db")
	db, err := OpenState(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write.ExecContext(t.Context(), `INSERT INTO migrations (name) VALUES ('9999_later.sql')`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = OpenState(t.Context(), path)
	if !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), "newer version") || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}
