package api_test

import (
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/auth"
)

// A request with a password costs one hash, however often the caller is asked for on its way: a hash takes 19 MiB, so that
// they can be counted by what is allocated.
func TestOneHashForARequest(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if res, _ := w.do("GET", "/api/tagged", "", "Authorization", "Basic YWRtaW46YSBsb25nIGVub3VnaCBwYXNzd29yZA=="); res.StatusCode != 200 {
		t.Fatal(res.StatusCode)
	}
	runtime.ReadMemStats(&after)
	if hashes := float64(after.TotalAlloc-before.TotalAlloc) / (19 << 20); hashes < 0.9 || hashes > 1.5 {
		t.Errorf("%.1f hashes", hashes)
	}
}

// The weaknesses of the reference that are about who may come in, by the numbers of the contract's list. Each test fails on
// the reference's behaviour.
func TestWeaknessesOfTheReference(t *testing.T) {
	basic := "Basic YWRtaW46" + "YSBsb25nIGVub3VnaCBwYXNzd29yZA==" // admin:password

	t.Run("1: an unclaimed server is open, and again after the last credential is gone", func(t *testing.T) {
		w := serve(t, nil)
		for _, c := range [][2]string{{"GET", "/api/tagged"}, {"POST", "/api/security/tokens"}, {"GET", "/api/security/sessions"}} {
			if res, _ := w.do(c[0], c[1], ""); res.StatusCode != 401 {
				t.Errorf("%s %s: %d", c[0], c[1], res.StatusCode)
			}
		}
		w.claim()
		if err := w.auth.DeleteUser(t.Context(), auth.System, "admin"); err == nil {
			t.Error("the last administrator is gone")
		}
	})
	t.Run("2: every session is an administrator", func(t *testing.T) {
		w := serve(t, nil)
		w.claim()
		if _, err := w.auth.CreateUser(t.Context(), auth.System, "jane", password, []string{"viewer"}); err != nil {
			t.Fatal(err)
		}
		session, _, _, err := w.auth.Login(t.Context(), auth.Attempt{User: "jane", Password: password, Peer: "192.0.2.1"})
		w.must(err)
		res, out := w.do("GET", "/api/security/lockouts", "", "Cookie", "pulse_session="+session)
		if res.StatusCode != 403 || out["error"] != "forbidden" || out["action"] != "admin" || out["resource"] != "users" {
			t.Errorf("%d %v", res.StatusCode, out)
		}
		if res, _ := w.do("GET", "/api/tagged", "", "Cookie", "pulse_session="+session); res.StatusCode != 200 {
			t.Errorf("a viewer cannot view: %d", res.StatusCode)
		}
	})
	t.Run("6: a path that ends like a script is public", func(t *testing.T) {
		w := serve(t, nil)
		w.claim()
		for _, path := range []string{"/api/security/tokens.js", "/api/security/sessions/x.css", "/api/tagged/.map"} {
			if res, _ := w.do("GET", path, ""); res.StatusCode == 200 {
				t.Errorf("%s: %d", path, res.StatusCode)
			}
		}
	})
	t.Run("7: basic authentication opens sessions", func(t *testing.T) {
		w := serve(t, nil)
		w.claim()
		for range 3 {
			res, _ := w.do("GET", "/api/tagged", "", "Authorization", basic)
			if res.StatusCode == 200 && len(res.Cookies()) > 0 {
				t.Errorf("it sets %v", res.Cookies())
			}
		}
		if n := len(w.auth.ListSessions("")); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
	t.Run("9: any Authorization header turns the CSRF check off", func(t *testing.T) {
		w := serve(t, nil)
		w.claim()
		session, _, _, err := w.auth.Login(t.Context(), auth.Attempt{User: "admin", Password: password, Peer: "192.0.2.1"})
		w.must(err)
		for _, header := range []string{"Nonsense", "Bearer", "Bearer ", "Digest x"} {
			res, _ := w.do("POST", "/api/security/tokens", `{"name":"x"}`, "Cookie", "pulse_session="+session, "Authorization", header)
			if res.StatusCode == 200 {
				t.Errorf("%q: %d", header, res.StatusCode)
			}
		}
	})
	t.Run("5: X-Forwarded-Proto from anybody makes cookies insecure or secure", func(t *testing.T) {
		for trusted, secure := range map[bool]bool{false: false, true: true} {
			w := serve(t, func(o *api.Options) {
				if trusted {
					o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
				}
			})
			w.claim()
			res, _ := w.do("POST", "/api/login", `{"username":"admin","password":"`+password+`"}`, "X-Forwarded-Proto", "https")
			if res.StatusCode != 200 || res.Cookies()[0].Secure != secure {
				t.Errorf("trusted %v: %d %v", trusted, res.StatusCode, res.Cookies())
			}
		}
	})
	t.Run("15: any token changes the password and who may do what", func(t *testing.T) {
		w := serve(t, nil)
		w.claim()
		reader := w.token(auth.ScopeMonitoringRead)
		for _, path := range []string{"/api/security/change-password", "/api/security/tokens", "/api/security/reset-lockout", "/api/security/second-step", "/api/security/regenerate-token", "/api/security/validate-token"} {
			if res, out := w.do("POST", path, `{}`, "X-API-Token", reader); res.StatusCode != 403 || out["requiredScope"] != "settings:write" {
				t.Errorf("%s: %d %v", path, res.StatusCode, out)
			}
		}
	})
	t.Run("an expired token", func(t *testing.T) {
		now := time.Now()
		w := serveAt(t, func() time.Time { return now }, nil)
		w.claim()
		end := now.Add(time.Hour)
		raw, _, err := w.auth.CreateToken(t.Context(), auth.Principal{Method: auth.MethodSession, User: "admin", Admin: true}, auth.NewToken{Name: "t", Scopes: []auth.Scope{auth.ScopeAll}, Expires: end})
		w.must(err)
		for _, step := range []struct{ after, status time.Duration }{{59 * time.Minute, 200}, {61 * time.Minute, 401}} {
			now = end.Add(step.after - time.Hour)
			for _, header := range [][2]string{{"X-API-Token", raw}, {"Authorization", "Bearer " + raw}} {
				if res, out := w.do("GET", "/api/tagged", "", header[:]...); res.StatusCode != int(step.status) || step.status == 401 && out["code"] != "invalid_token" {
					t.Errorf("after %s: %d %v", step.after, res.StatusCode, out)
				}
			}
		}
	})
	t.Run("20: the status tells strangers about the server", func(t *testing.T) {
		w := serve(t, nil)
		w.claim()
		w.token(auth.ScopeAll)
		_, out := w.do("GET", "/api/security/status", "")
		for _, key := range []string{"apiTokenHint", "authUsername", "authLastModified"} {
			if out[key] != "" {
				t.Errorf("%s: %v", key, out[key])
			}
		}
		if can, _ := out["can"].([]any); len(can) > 0 || out["bootstrapTokenPath"] != nil || out["isDocker"] != nil {
			t.Errorf("%v", out)
		}
	})
	t.Run("tokens: regenerating one kills all", func(t *testing.T) {
		w := serve(t, nil)
		w.claim()
		other, all := w.token(auth.ScopeHostReport), w.token(auth.ScopeAll)
		res, out := w.do("POST", "/api/security/regenerate-token", "", "X-API-Token", all)
		first, _ := out["token"].(string)
		if res.StatusCode != 200 || len(first) != 64 {
			t.Fatalf("%d %v", res.StatusCode, out)
		}
		_, out = w.do("POST", "/api/security/regenerate-token", "", "X-API-Token", all)
		for raw, want := range map[string]bool{other: true, all: true, first: false, out["token"].(string): true} {
			if _, out := w.do("POST", "/api/security/validate-token", `{"token":"`+raw+`"}`, "X-API-Token", all); out["valid"] != want {
				t.Errorf("%s…: %v, want %v", raw[:6], out, want)
			}
		}
	})
	t.Run("tokens: one user's token in another's hands", func(t *testing.T) {
		w := serve(t, nil)
		w.claim()
		_, err := w.auth.CreateUser(t.Context(), auth.System, "jane", password, []string{"operator"})
		w.must(err)
		raw, mine, err := w.auth.CreateToken(t.Context(), auth.Principal{Method: auth.MethodSession, User: "jane"}, auth.NewToken{Name: "mine"})
		w.must(err)
		w.token(auth.ScopeAll)
		_, out := w.do("GET", "/api/security/tokens", "", "X-API-Token", raw)
		if list := out["tokens"].([]any); len(list) != 1 || list[0].(map[string]any)["owner"] != "jane" {
			t.Errorf("an operator sees %v", list)
		}
		theirs := w.auth.ListTokens()[0].ID
		if theirs == mine.ID {
			theirs = w.auth.ListTokens()[1].ID
		}
		if res, _ := w.do("DELETE", "/api/security/tokens/"+theirs, "", "X-API-Token", raw); res.StatusCode != 404 {
			t.Errorf("revoked another's: %d", res.StatusCode)
		}
		if res, _ := w.do("POST", "/api/security/tokens/"+mine.ID+"/regenerate", "", "X-API-Token", w.token(auth.ScopeAll)); res.StatusCode != 403 {
			t.Errorf("an administrator got the value of another's token: %d", res.StatusCode)
		}
	})
	t.Run("logout ends the session for good", func(t *testing.T) {
		w := serve(t, nil)
		w.claim()
		session, csrf, _, err := w.auth.Login(t.Context(), auth.Attempt{User: "admin", Password: password, Peer: "192.0.2.1"})
		w.must(err)
		res, _ := w.do("POST", "/api/logout", "", "Cookie", "pulse_session="+session, "X-CSRF-Token", csrf)
		if res.StatusCode != 200 || !strings.Contains(strings.Join(res.Header.Values("Set-Cookie"), " "), "pulse_csrf=;") {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
		if res, _ := w.do("GET", "/api/tagged", "", "Cookie", "pulse_session="+session); res.StatusCode != 401 {
			t.Errorf("after the logout: %d", res.StatusCode)
		}
	})
}
