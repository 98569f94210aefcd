package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Why a node cannot be asked is said so that somebody can mend it: by kind, what is wrong with what was typed or with what
// answers, and what the test has to say about it.
func TestWhyANodeCannotBeAsked(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	portal := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<html><body>Welcome to our network, please log in</body></html>")
	}))
	t.Cleanup(portal.Close)
	nodes := map[string]map[string]any{}
	for _, kind := range []string{"pve", "pbs", "pmg"} {
		there := simulated(t, kind)
		nodes[kind] = map[string]any{"type": kind, "name": "One", "host": there["host"], "verifySSL": true}
		for member, key := range map[string]string{"user": "user", "password": "password", "tokenName": "token_name", "tokenValue": "token_value"} {
			if there[key] != nil {
				nodes[kind][member] = there[key]
			}
		}
		refused := s.call("POST", "/api/config/nodes/test-connection", nodes[kind])
		if print, _ := refused.member("fingerprint").(string); len(print) != 64 {
			t.Fatalf("%s: no fingerprint: %v", kind, refused)
		}
		nodes[kind]["fingerprint"] = refused.member("fingerprint")
	}
	next := map[string]string{"pve": "pbs", "pbs": "pmg", "pmg": "pve"}
	for kind, node := range nodes {
		secret := "tokenValue"
		if kind == "pmg" {
			secret = "password"
		}
		other := nodes[next[kind]]
		for what, c := range map[string]struct {
			change map[string]any
			says   []string
		}{
			"a name that is none":  {map[string]any{"host": "nowhere.invalid"}, []string{"nowhere.invalid has no address"}},
			"a closed port":        {map[string]any{"host": "https://" + freeAddress(t)}, []string{"127.0.0.1", "refused"}},
			"an unknown authority": {map[string]any{"fingerprint": ""}, []string{"is not trusted", node["fingerprint"].(string)}},
			"another certificate":  {map[string]any{"fingerprint": strings.Repeat("ab", 32)}, []string{"was accepted", "If it was renewed"}},
			"a wrong secret":       {map[string]any{secret: "wrong"}, []string{"refuses the credentials", "realm"}},
			"another product":      {map[string]any{"host": other["host"], "fingerprint": other["fingerprint"]}, []string{"choose the type " + next[kind]}},
			"a captive portal":     {map[string]any{"host": portal.URL, "verifySSL": false, "fingerprint": ""}, []string{"login page"}},
		} {
			body := maps.Clone(node)
			maps.Copy(body, c.change)
			got := s.call("POST", "/api/config/nodes/test-connection", body)
			message, _ := got.member("message").(string)
			for _, says := range c.says {
				if got.status != http.StatusBadRequest || !strings.Contains(message, says) {
					t.Errorf("%s: %s: %q is not told: %v", kind, what, says, got)
				}
			}
			if strings.Contains(string(got.body), "wrong\"") {
				t.Errorf("%s: %s: the secret is told", kind, what)
			}
		}
	}
}
