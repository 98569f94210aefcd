package e2e

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// thief listens where secrets should not go, and counts who comes.
func thief(t *testing.T) (address string, came *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	came = &atomic.Int64{}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came.Add(1)
			_ = c.Close()
		}
	}()
	return l.Addr().String(), came
}

// but is a body with one member changed.
func but(body map[string]any, key string, value any) map[string]any {
	out := map[string]any{}
	for k, v := range body {
		out[k] = v
	}
	out[key] = value
	return out
}

// Whoever may only change settings sends no stored secret elsewhere, by whatever route; an administrator does.
func TestStoredSecretsStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	elsewhere, came := thief(t)
	host, port, _ := net.SplitHostPort(elsewhere)
	at, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	_, token := s.mint("settings:read", "settings:write")

	node := map[string]any{"type": "pve", "name": "lab", "host": "https://127.0.0.1:1", "tokenName": "m@pve!p", "tokenValue": "s3cret"}
	mail := map[string]any{"enabled": true, "server": "127.0.0.1", "port": 1, "username": "u", "password": "s3cret", "from": "a@example.com", "to": []string{"b@example.com"}, "startTLS": true}
	hook := map[string]any{"id": "hook", "name": "hook", "enabled": true, "service": "generic", "url": "http://127.0.0.1:1/x", "headers": map[string]string{"Authorization": "s3cret"}}
	relay := map[string]any{"enabled": true, "mode": "http", "serverUrl": "http://127.0.0.1:1", "configKey": "k", "apiKey": "s3cret"}
	for _, one := range []struct {
		method, path string
		body         map[string]any
	}{
		{"POST", "/api/config/nodes", node}, {"PUT", "/api/notifications/email", mail}, {"POST", "/api/notifications/webhooks", hook}, {"PUT", "/api/notifications/apprise", relay},
	} {
		if got := s.call(one.method, one.path, one.body); got.status/100 != 2 {
			t.Fatalf("%s: %v", one.path, got)
		}
	}
	stored := s.call("GET", "/api/integrations/pve/lab", nil)
	config, _ := stored.member("config").(map[string]any)
	moved := map[string]any{"kind": "pve", "name": "lab", "revision": 1, "config": but(config, "host", "https://"+elsewhere), "network": map[string]any{"allowLoopback": true}}
	pinned := map[string]any{"revision": 1, "config": config, "network": map[string]any{"allowLoopback": true, "pins": map[string]any{"127.0.0.1:1": strings.Repeat("a", 64)}}}
	hidden := but(but(hook, "url", "http://"+elsewhere), "headers", map[string]string{"Authorization": "***REDACTED***"})
	moving := []struct {
		method, path string
		body         map[string]any
		field        string
	}{
		{"PUT", "/api/config/nodes/pve-lab", map[string]any{"host": elsewhere}, "tokenValue"},
		{"PUT", "/api/config/nodes/pve-0", map[string]any{"fingerprint": strings.Repeat("a", 64)}, "tokenValue"},
		{"PUT", "/api/integrations/pve/lab", moved, "token_value"},
		{"PUT", "/api/integrations/pve/lab", pinned, "token_value"},
		{"POST", "/api/integrations/test", moved, "token_value"},
		{"PUT", "/api/notifications/email", but(but(but(mail, "password", ""), "server", host), "port", at), "password"},
		{"PUT", "/api/notifications/email", but(but(mail, "password", ""), "startTLS", false), "password"},
		{"POST", "/api/notifications/test", map[string]any{"method": "email", "config": but(but(mail, "password", ""), "port", at)}, "password"},
		{"PUT", "/api/notifications/webhooks/hook", hidden, "headers.Authorization"},
		{"POST", "/api/notifications/webhooks/test", hidden, "headers.Authorization"},
		{"PUT", "/api/notifications/apprise", but(but(relay, "apiKey", "***REDACTED***"), "serverUrl", "http://"+elsewhere), "apiKey"},
	}
	for _, one := range moving {
		got := s.callAs(token, one.method, one.path, one.body)
		if got.status != http.StatusForbidden || got.member("code") != "secret_required" || got.member("details.field") != one.field || !strings.Contains(string(got.body), "enter it again") {
			t.Errorf("%s %s: %v", one.method, one.path, got)
		}
	}
	if got := s.call("GET", "/api/integrations/pve/lab", nil); got.member("revision") != 1.0 || got.member("config.host") != config["host"] {
		t.Errorf("something was stored: %v", got)
	}
	if came.Load() != 0 {
		t.Errorf("the other address was reached %d times", came.Load())
	}
	if got := s.callAs(token, "PUT", "/api/config/nodes/pve-lab", map[string]any{"monitorVMs": false}); got.status != http.StatusOK {
		t.Errorf("what sends nothing elsewhere: %v", got)
	}
	if got := s.callAs(token, "PUT", "/api/config/nodes/pve-lab", map[string]any{"host": "127.0.0.1:2", "tokenValue": "entered"}); got.status != http.StatusOK {
		t.Errorf("entered again: %v", got)
	}
	_, all := s.mint("*")
	if got := s.callAs(all, "PUT", "/api/config/nodes/pve-lab", map[string]any{"host": "127.0.0.1:3"}); got.status != http.StatusOK {
		t.Errorf("a token with all scopes: %v", got)
	}
	if got := s.call("PUT", "/api/config/nodes/pve-lab", map[string]any{"host": "127.0.0.1:4"}); got.status != http.StatusOK {
		t.Errorf("an administrator: %v", got)
	}
	events := string(s.call("GET", "/api/audit?limit=100", nil).body)
	if !strings.Contains(events, "tokenValue: enter it again") || strings.Contains(events, "s3cret") {
		t.Errorf("the refusals are not in the audit log: %.500s", events)
	}
}
