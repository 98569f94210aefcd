package oidc_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/oidc"
	"github.com/pulse-platform/pulse/core/secret"
)

// logged is a world in which ann has logged in with a refresh token, and the name of her session.
func logged(t *testing.T) (w *world, session string) {
	t.Helper()
	w = begin(t, func(c *oidc.Config) { c.GroupRoles = map[string]string{"staff": "viewer", "ops": "operator"} })
	w.idp.refresh = "again"
	e, err := w.Finish(t.Context(), w.arrive(""))
	if err != nil {
		t.Fatal(err)
	}
	return w, auth.SessionHash(e.Session)
}

// pass lets time go by, with the browser at work at its end, and the service do its round.
func (w *world) pass(session string, d time.Duration) {
	w.now = w.now.Add(d)
	if _, live := w.doors.seen[session]; live {
		w.doors.seen[session] = w.now
	}
	w.Refresh(w.t.Context())
}

// The access token of the provider holds for five minutes.
func TestSessionsAreRenewed(t *testing.T) {
	w, session := logged(t)
	if text := string(w.kept[session]); text == "" || strings.Contains(text, "again") {
		t.Errorf("stored as %q", text)
	}
	w.pass(session, 3*time.Minute)
	if w.idp.refresh != "again" {
		t.Error("asked too early")
	}
	w.idp.claims = map[string]any{"groups": []string{"ops"}}
	w.pass(session, 2*time.Minute)
	if got := w.doors.in[len(w.doors.in)-1]; w.idp.refresh != "again+" || w.doors.life[session] != 24*time.Hour || !slices.Equal(got.Roles, []string{"operator"}) || got.Subject != w.idp.URL+" 0001" {
		t.Errorf("%q, %v, %+v", w.idp.refresh, w.doors.life, got)
	}
	w.now = w.now.Add(30 * time.Minute)
	w.Refresh(t.Context())
	if w.idp.refresh != "again+" {
		t.Error("asked although nobody was here")
	}
	sealer, err := secret.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	w.Service = w.open(sealer)
	w.pass(session, time.Second)
	if w.idp.refresh != "again++" || len(w.ended) != 0 {
		t.Errorf("after a restart: %q %v", w.idp.refresh, w.ended)
	}
}

func TestSessionsThatEnd(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		why    string
	}{
		"the provider says so": {func(w *world) { w.idp.word = "invalid_grant" }, "the provider has ended the login"},
		"the group is gone":    {func(w *world) { w.idp.claims = map[string]any{"groups": []string{}} }, "none of the allowed groups"},
		"another's token":      {func(w *world) { w.idp.claims = map[string]any{"sub": "0002"} }, "another"},
		"not for us":           {func(w *world) { w.idp.claims = map[string]any{"aud": "wiki"} }, "not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			w, session := logged(t)
			conf := w.Config()
			conf.AllowedGroups = []string{"staff"}
			if err := w.Update(t.Context(), conf); err != nil {
				t.Fatal(err)
			}
			c.change(w)
			w.pass(session, 5*time.Minute)
			if _, live := w.doors.seen[session]; live || len(w.ended) != 1 || !strings.HasPrefix(w.ended[0], "ann: ") || !strings.Contains(w.ended[0], c.why) {
				t.Errorf("live %t, ended %v", live, w.ended)
			}
		})
	}
}

// A provider that does not answer logs nobody out at once: what it runs on may be what people look after.
func TestAProviderThatIsDown(t *testing.T) {
	w, session := logged(t)
	for _, word := range []string{"down", "invalid_client"} {
		w.idp.word = word
		w.pass(session, 5*time.Minute)
		if len(w.ended) != 0 {
			t.Fatal(word, w.ended)
		}
	}
	w.pass(session, 9*time.Hour)
	if len(w.ended) != 1 {
		t.Error("it holds without the provider for ever")
	}
}

// Sessions of a provider that is not in use any more end at once.
func TestAnotherProviderEndsSessions(t *testing.T) {
	w, session := logged(t)
	c := w.Config()
	c.ClientSecret = "other"
	if err := w.Update(t.Context(), c); err != nil || len(w.ended) != 0 {
		t.Errorf("a new secret: %v %v", err, w.ended)
	}
	c.Enabled = false
	if err := w.Update(t.Context(), c); err != nil || len(w.ended) != 1 {
		t.Errorf("turned off: %v %v", err, w.ended)
	}
	if _, live := w.doors.seen[session]; live {
		t.Error("the session lives on")
	}
}

func TestLogoutPage(t *testing.T) {
	w, session := logged(t)
	page, err := url.Parse(w.LogoutPage(t.Context(), session, "https://pulse.example.com/login"))
	if q := page.Query(); err != nil || !strings.HasPrefix(page.String(), w.idp.URL+"/out?") || strings.Count(q.Get("id_token_hint"), ".") != 2 ||
		q.Get("client_id") != "pulse" || q.Get("post_logout_redirect_uri") != "https://pulse.example.com/login" {
		t.Errorf("%s %v", page, err)
	}
	if page := w.LogoutPage(t.Context(), "another", "https://pulse.example.com/login"); page != "" {
		t.Error(page)
	}
	c := w.Config()
	c.LogoutURL = "https://id.example.com/bye"
	if err := w.Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if page := w.LogoutPage(t.Context(), session, ""); page != c.LogoutURL {
		t.Error(page)
	}
}
