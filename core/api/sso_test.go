package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/sso"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/oidc"
)

// provided is single sign-on whose provider says what a test wants.
type provided struct {
	conf  oidc.Config
	entry oidc.Entry
	err   error
	saved oidc.Config
}

func (p *provided) Config() oidc.Config                           { return p.conf }
func (p *provided) Fixed() bool                                   { return false }
func (p *provided) Update(_ context.Context, c oidc.Config) error { p.saved = c; return nil }
func (p *provided) Try(context.Context, oidc.Config, string) ([]oidc.Step, error) {
	return []oidc.Step{{Name: "one", OK: true}, {Name: "two"}}, nil
}
func (p *provided) Finish(context.Context, oidc.Callback) (oidc.Entry, error) { return p.entry, p.err }
func (p *provided) Begin(context.Context, string, string) (string, string, error) {
	return "https://id.example.com/auth", "sealed", nil
}

type events struct {
	mu  sync.Mutex
	all []audit.Event
}

func (e *events) Add(_ context.Context, x audit.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, x)
	return nil
}

func (e *events) last() audit.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.all) == 0 {
		return audit.Event{}
	}
	return e.all[len(e.all)-1]
}

func TestSingleSignOnOverHTTP(t *testing.T) {
	p, log := &provided{conf: oidc.Config{Enabled: true, IssuerURL: "https://id.example.com", ClientSecret: "hush"}}, &events{}
	w := serve(t, func(o *api.Options) {
		o.Audit = log
		o.Areas = append(o.Areas, api.Area{Name: "sso", Routes: sso.Area{Service: p, MayGrant: o.Auth.(*auth.Service).MayGrant, BasePath: "/pulse"}.Routes()})
	})
	w.claim()
	get := func(path string) *http.Response {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
		req.RequestURI = ""
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}

	res := get("/api/oidc/login?returnTo=/hosts")
	if c := res.Header.Get("Set-Cookie"); res.StatusCode != 302 || res.Header.Get("Location") != "https://id.example.com/auth" ||
		!strings.Contains(c, "pulse_oidc=sealed") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Max-Age=600") {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}

	p.entry = oidc.Entry{User: "ann", Session: "abc", CSRF: "def", Life: time.Hour, ReturnTo: "/hosts?sort=cpu"}
	res = get("/api/oidc/callback?state=s&code=c")
	cookies := strings.Join(res.Header.Values("Set-Cookie"), "\n")
	if res.StatusCode != 302 || res.Header.Get("Location") != "/pulse/hosts?oidc=success&sort=cpu" || !strings.Contains(cookies, "pulse_session=abc") || !strings.Contains(cookies, "pulse_oidc=; Path=/; Max-Age=0") {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	if e := log.last(); e.Event != "oidc_login" || !e.Success || e.User != "ann" {
		t.Errorf("kept as %+v", e)
	}

	p.entry, p.err = oidc.Entry{User: "ann", ReturnTo: "//evil.example.com"}, &oidc.Refused{Code: "group_restricted"}
	res = get("/api/oidc/callback?state=s&code=c")
	if res.StatusCode != 302 || res.Header.Get("Location") != "/pulse/?oidc=error&oidc_error=group_restricted" || strings.Contains(strings.Join(res.Header.Values("Set-Cookie"), ""), "pulse_session") {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	if e := log.last(); e.Event != "oidc_login" || e.Success || e.User != "ann" || !strings.Contains(e.Details, "group_restricted") {
		t.Errorf("kept as %+v", e)
	}

	basic := "Basic YWRtaW46" + "YSBsb25nIGVub3VnaCBwYXNzd29yZA=="
	if _, out := w.do("GET", "/api/security/oidc", "", "Authorization", basic); out["clientSecretSet"] != true || out["clientSecret"] != nil || !strings.HasSuffix(out["defaultRedirect"].(string), "/api/oidc/callback") {
		t.Errorf("shown as %v", out)
	}
	w.do("PUT", "/api/security/oidc", `{"enabled":true,"issuerUrl":"https://id.example.com","clientId":"pulse"}`, "Authorization", basic)
	if p.saved.ClientSecret != "hush" || log.last().Event != "oidc_config_change" {
		t.Errorf("a blank secret: %+v, kept as %+v", p.saved, log.last())
	}
	w.do("PUT", "/api/security/oidc", `{"enabled":true,"issuerUrl":"https://evil.example.com","clientId":"pulse"}`, "Authorization", basic)
	if p.saved.ClientSecret != "" {
		t.Error("the secret goes to another issuer")
	}
	// Whoever could say that a provider of their own makes administrators would be one.
	mapping := `{"enabled":true,"issuerUrl":"https://evil.example.com","clientId":"pulse","groupRoleMappings":{"all":"admin"}}`
	limited := w.token(auth.ScopeSettingsWrite)
	if res, _ := w.do("PUT", "/api/security/oidc", mapping, "X-API-Token", limited); res.StatusCode != 403 || p.saved.GroupRoles != nil {
		t.Errorf("a token that may not hand on roles: %d", res.StatusCode)
	}
	if res, _ := w.do("PUT", "/api/security/oidc", mapping, "Authorization", basic); res.StatusCode != 200 || p.saved.GroupRoles["all"] != "admin" {
		t.Errorf("an administrator: %d, %+v", res.StatusCode, p.saved)
	}
	if _, out := w.do("POST", "/api/security/oidc/test", `{"issuerUrl":"https://id.example.com","clientId":"pulse"}`, "Authorization", basic); out["ok"] != false || len(out["steps"].([]any)) != 2 {
		t.Errorf("tried: %v", out)
	}
	p.conf.Enabled = false
	if res := get("/api/oidc/callback?state=s&code=c"); res.StatusCode != 404 {
		t.Errorf("while it is off: %d", res.StatusCode)
	}
}
