package api_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
)

// behindProxy serves with a proxy on loopback that logs users in, and a row that only administrators may call.
func behindProxy(t *testing.T, trusted string) *world {
	t.Helper()
	w := serve(t, func(o *api.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(trusted)}
		o.Proxy = &api.ProxyAuth{Secret: "the secret of the proxy", UserHeader: "X-Remote-User", RoleHeader: "X-Remote-Roles", Separator: "|", AdminRole: "ops"}
		row := func(context.Context, route.None) (map[string]bool, error) { return map[string]bool{"ok": true}, nil }
		o.Areas = append(o.Areas, api.Area{Name: "proxy", Routes: []route.Route{
			route.Post("/api/admins", "admins", "", row).Admin(auth.ScopeSettingsWrite),
		}})
	})
	w.claim()
	return w
}

// Only a trusted proxy with the secret is heard, and nobody administers by an absent or another role.
func TestProxyLogsUsersIn(t *testing.T) {
	w := behindProxy(t, "127.0.0.0/8")
	const secret = "the secret of the proxy"
	for name, c := range map[string]struct {
		header []string
		status int
	}{
		"administrator":        {[]string{"X-Proxy-Secret", secret, "X-Remote-User", "ann", "X-Remote-Roles", "staff| ops "}, 200},
		"another role":         {[]string{"X-Proxy-Secret", secret, "X-Remote-User", "bob", "X-Remote-Roles", "viewer"}, 403},
		"our own word":         {[]string{"X-Proxy-Secret", secret, "X-Remote-User", "cem", "X-Remote-Roles", "admin"}, 403},
		"no role header":       {[]string{"X-Proxy-Secret", secret, "X-Remote-User", "dan"}, 403},
		"empty role header":    {[]string{"X-Proxy-Secret", secret, "X-Remote-User", "eva", "X-Remote-Roles", ""}, 403},
		"no user":              {[]string{"X-Proxy-Secret", secret, "X-Remote-Roles", "ops"}, 401},
		"wrong secret":         {[]string{"X-Proxy-Secret", secret + "!", "X-Remote-User", "ann", "X-Remote-Roles", "ops"}, 401},
		"no secret":            {[]string{"X-Remote-User", "ann", "X-Remote-Roles", "ops"}, 401},
		"name of a local user": {[]string{"X-Proxy-Secret", secret, "X-Remote-User", "admin", "X-Remote-Roles", "ops"}, 403},
		"strange name":         {[]string{"X-Proxy-Secret", secret, "X-Remote-User", "a/../b", "X-Remote-Roles", "ops"}, 400},
		"another site":         {[]string{"X-Proxy-Secret", secret, "X-Remote-User", "ann", "X-Remote-Roles", "ops", "Origin", "https://evil.example.com"}, 403},
		"a form of another":    {[]string{"X-Proxy-Secret", secret, "X-Remote-User", "ann", "X-Remote-Roles", "ops", "Sec-Fetch-Site", "cross-site"}, 403},
	} {
		if res, out := w.do("POST", "/api/admins", "", c.header...); res.StatusCode != c.status {
			t.Errorf("%s: %d %v", name, res.StatusCode, out)
		}
	}
	// A role that is taken away there is gone here with the next request.
	w.do("POST", "/api/admins", "", "X-Proxy-Secret", secret, "X-Remote-User", "ann", "X-Remote-Roles", "ops")
	if res, out := w.do("POST", "/api/admins", "", "X-Proxy-Secret", secret, "X-Remote-User", "ann"); res.StatusCode != 403 {
		t.Errorf("after the role is gone: %d %v", res.StatusCode, out)
	}
}

// The secret from an address that is no trusted proxy opens nothing.
func TestProxyThatIsNotTrusted(t *testing.T) {
	w := behindProxy(t, "192.0.2.0/24")
	res, out := w.do("POST", "/api/admins", "", "X-Proxy-Secret", "the secret of the proxy", "X-Remote-User", "ann", "X-Remote-Roles", "ops", "X-Forwarded-For", "192.0.2.1")
	if res.StatusCode != 401 {
		t.Errorf("got %d %v", res.StatusCode, out)
	}
}
