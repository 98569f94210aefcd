package api_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
)

// book keeps events in memory.
type book struct {
	mu     sync.Mutex
	events []audit.Event
}

func (b *book) Add(_ context.Context, e audit.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
	return nil
}

// lines writes events as "event user success", and forgets them.
func (b *book) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, e := range b.events {
		word := "refused"
		if e.Success {
			word = "done"
		}
		out = append(out, e.Event+" by "+e.User+" "+word)
	}
	b.events = nil
	return out
}

func TestEveryChangeAndEveryLoginIsKept(t *testing.T) {
	b := &book{}
	w := serve(t, func(o *api.Options) { o.Audit = b })
	w.claim()
	expect := func(what string, want ...string) {
		t.Helper()
		if got := b.lines(); strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	all, reader := w.token(auth.ScopeAll), w.token(auth.ScopeMonitoringRead)

	w.do("GET", "/api/tagged", "", "X-API-Token", all)
	expect("reading")
	w.do("POST", "/api/raw", "x", "X-API-Token", all)
	expect("a change", "raw by admin done")
	w.do("POST", "/api/raw", "x", "X-API-Token", reader)
	expect("a refused change", "raw by admin refused")
	w.do("POST", "/api/raw", "x")
	expect("a stranger, who could fill the log")
	w.do("POST", "/api/echo/x", "{", "X-API-Token", all)
	expect("a change that cannot be read")
	w.do("POST", "/api/login", `{"username":"admin","password":"wrong"}`)
	expect("a wrong password", "login by admin refused")
	w.do("POST", "/api/login", `{"username":"hunter2 is my password","password":"wrong"}`)
	expect("a wrong name, which may be a password", "login by  refused")
	res, _ := w.do("POST", "/api/login", `{"username":"admin","password":"`+password+`"}`)
	expect("a login", "login by admin done")
	cookie := res.Cookies()[0].Name + "=" + res.Cookies()[0].Value
	w.do("POST", "/api/raw", "x", "Cookie", cookie)
	expect("a request that another site sends", "csrf_failure by admin refused")
	w.do("GET", "/api/tagged", "", "Authorization", "Basic YWRtaW46d3Jvbmc=")
	expect("wrong basic credentials", "login by  refused")
	w.do("POST", "/api/security/tokens", `{"name":"ci","scopes":["monitoring:read"]}`, "X-API-Token", all)
	b.mu.Lock()
	e := b.events[len(b.events)-1]
	b.mu.Unlock()
	if e.Event != "token_created" || !strings.Contains(e.Details, "ci") || !strings.Contains(e.Via, "api_token t (") || e.IP != "127.0.0.1" || e.Path != "/api/security/tokens" || e.Request == "" {
		t.Errorf("what is kept: %+v", e)
	}
	for _, secret := range []string{all, reader, password} {
		if strings.Contains(e.Details+e.Via+e.Path, secret) {
			t.Errorf("a secret is kept: %+v", e)
		}
	}
}
