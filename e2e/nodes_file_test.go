package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// A node that config.hcl owns, with its secret from a file, is listed and tried like others; who changes it is told file and
// line.
func TestNodesOfTheFile(t *testing.T) {
	t.Parallel()
	lab := simulated(t, "pve", "--nodes", "2", "--guests", "3")
	dir := t.TempDir()
	secret := lab["token_value"].(string)
	file := writeFile(t, filepath.Join(dir, "config.hcl"), fmt.Sprintf(
		"integration \"pve\" \"lab\" {\n  host        = %q\n  token_name  = %q\n  token_value = file(%q)\n  fingerprint = %q\n  network { allow_loopback = true }\n}\n",
		lab["host"], lab["token_name"], writeFile(t, filepath.Join(dir, "token"), secret+"\n"), lab["fingerprint"]))
	s := newServer(t, t.TempDir())
	s.args = []string{"--config", file}
	s.start()
	s.claim()
	eventually(t, "the nodes are there", func() bool { return s.members("nodes") == 2 })
	list := s.call("GET", "/api/config/nodes", nil)
	if origin, _ := list.member("0.origin").(string); list.member("0.id") != "pve-lab" || !strings.HasSuffix(origin, "config.hcl:1") ||
		list.member("0.hasToken") != true || list.member("0.status") != "connected" || strings.Contains(string(list.body), secret) {
		t.Fatalf("list: %v", list)
	}
	for _, id := range []string{"pve-lab", "pve-0"} {
		if got := s.call("POST", "/api/config/nodes/"+id+"/test", nil); got.status != http.StatusOK || got.member("status") != "success" {
			t.Errorf("test of %s: %v", id, got)
		}
	}
	if got := s.call("POST", "/api/config/nodes/pve-0/refresh-cluster", nil); got.status != http.StatusOK || got.member("newNodeCount") != 2.0 {
		t.Errorf("refresh: %v", got)
	}
	fromScript := map[string]any{
		"type": "pve", "host": lab["host"], "tokenId": "pulse-monitor@pam!pulse-x-1", "tokenValue": "v", "authToken": s.token, "source": "script",
	}
	for what, got := range map[string]answer{
		"a change":           s.call("PUT", "/api/config/nodes/pve-lab", map[string]any{"name": "Attic"}),
		"a change by place":  s.call("PUT", "/api/config/nodes/pve-0", map[string]any{"monitorVMs": false}),
		"a removal":          s.call("DELETE", "/api/config/nodes/pve-lab", nil),
		"an introduction":    s.call("POST", "/api/auto-register", fromScript),
		"another of its own": s.call("POST", "/api/config/nodes", map[string]any{"type": "pve", "name": "x", "host": lab["host"], "user": "u", "password": "p"}),
	} {
		if got.status != http.StatusConflict || what != "another of its own" && !strings.Contains(string(got.body), "config.hcl:1") {
			t.Errorf("%s: %v", what, got)
		}
	}
	if got := s.call("GET", "/api/config/nodes", nil); got.member("0.name") != "lab" || got.member("0.monitorVMs") != true || got.member("1") != nil {
		t.Errorf("something was changed: %v", got)
	}
}

// What is wrong in the file is told with its line and how to mend it, before the server runs with it.
func TestCheckOfTheFilesNodes(t *testing.T) {
	t.Setenv("LAB_TOKEN", "")
	for what, c := range map[string]struct {
		block string
		says  []string
	}{
		"a key that is none":  {"  host = \"https://pve\"\n  token_nam = \"u@pam!t\"\n", []string{"config.hcl line 3", "token_nam", "token_name"}},
		"no host":             {"  token_name = \"u@pam!t\"\n  token_value = \"v\"\n", []string{"config.hcl", "host"}},
		"no login":            {"  host = \"https://pve\"\n", []string{"config.hcl", "token"}},
		"no such file":        {"  host = \"https://pve\"\n  token_name = \"u@pam!t\"\n  token_value = file(\"/none\")\n", []string{"config.hcl line 4", "/none"}},
		"an unset variable":   {"  host = \"https://pve\"\n  token_name = \"u@pam!t\"\n  token_value = env(\"LAB_TOKEN_NONE\")\n", []string{"config.hcl line 4", "LAB_TOKEN_NONE"}},
		"an odd fingerprint":  {"  host = \"https://pve\"\n  token_name = \"u@pam!t\"\n  token_value = \"v\"\n  fingerprint = \"12\"\n", []string{"config.hcl line 5", "fingerprint"}},
		"a word for a switch": {"  host = \"https://pve\"\n  token_name = \"u@pam!t\"\n  token_value = \"v\"\n  monitor_vms = \"maybe\"\n", []string{"config.hcl line 5", "monitor_vms"}},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			file := writeFile(t, filepath.Join(dir, "config.hcl"), "integration \"pve\" \"lab\" {\n"+c.block+"}\n")
			code, out := once(t, "pulse", "config", "check", file)
			if code == 0 {
				t.Errorf("it passes: %s", out)
			}
			for _, says := range c.says {
				if !strings.Contains(out, says) {
					t.Errorf("%q is not told: %s", says, out)
				}
			}
		})
	}
}
