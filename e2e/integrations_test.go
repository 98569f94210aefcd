package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// members counts the elements of a list of the state document.
func (s *server) members(list string) int {
	s.t.Helper()
	found, _ := s.call("GET", "/api/state", nil).member(list).([]any)
	return len(found)
}

// From making an integration to removing it: what it brings appears, changes with it, and leaves with it.
func TestIntegrations(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	made := s.call("POST", "/api/integrations", map[string]any{"kind": "demo", "name": "lab", "config": map[string]any{"machines": 3, "guests": 5}})
	if made.status != http.StatusCreated || made.member("id") != "demo/lab" || made.member("revision") != 1.0 || made.member("enabled") != true {
		t.Fatalf("make: %v", made)
	}
	eventually(t, "three machines and five guests", func() bool { return s.members("demoMachines") == 3 && s.members("demoGuests") == 5 })
	eventually(t, "it says that it works", func() bool {
		return s.call("GET", "/api/integrations/demo/lab", nil).member("status.state") == "ok"
	})

	saved := s.call("PUT", "/api/integrations/demo/lab", map[string]any{"revision": 1, "config": map[string]any{"machines": 3, "guests": 1}})
	if saved.status != http.StatusOK || saved.member("revision") != 2.0 {
		t.Fatalf("change: %v", saved)
	}
	eventually(t, "one guest is left", func() bool { return s.members("demoMachines") == 3 && s.members("demoGuests") == 1 })

	lost := s.call("PUT", "/api/integrations/demo/lab", map[string]any{"revision": 1, "config": map[string]any{}})
	if lost.status != http.StatusConflict {
		t.Errorf("a lost race: %v", lost)
	}

	// It is there after a crash.
	s.kill()
	s.start()
	eventually(t, "it lives after a crash", func() bool {
		return s.call("GET", "/api/integrations/demo/lab", nil).member("status.state") == "ok" && s.members("demoMachines") == 3
	})

	if gone := s.call("DELETE", "/api/integrations/demo/lab?revision=2", nil); gone.status != http.StatusNoContent {
		t.Fatalf("remove: %v", gone)
	}
	eventually(t, "what it brought is gone", func() bool { return s.members("demoMachines") == 0 && s.members("demoGuests") == 0 })
	if again := s.call("GET", "/api/integrations/demo/lab", nil); again.status != http.StatusNotFound {
		t.Errorf("after removal: %v", again)
	}
}

// What is wrong with an integration is told with the path of the key, before anything is stored.
func TestIntegrationsThatAreWrong(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, reader := s.mint("settings:read")
	for name, c := range map[string]struct {
		token        string
		method, path string
		body         any
		status       int
		says         string
	}{
		"unknown key":       {s.token, "POST", "/api/integrations", map[string]any{"kind": "demo", "name": "x", "config": map[string]any{"machine": 3}}, 400, "machine"},
		"wrong type":        {s.token, "POST", "/api/integrations", map[string]any{"kind": "demo", "name": "x", "config": map[string]any{"machines": "three"}}, 400, "machines"},
		"unknown kind":      {s.token, "POST", "/api/integrations", map[string]any{"kind": "nope", "name": "x"}, 400, "nope"},
		"bad name":          {s.token, "POST", "/api/integrations", map[string]any{"kind": "demo", "name": "../x"}, 400, "name"},
		"no name":           {s.token, "POST", "/api/integrations", map[string]any{"kind": "demo"}, 400, "name"},
		"config is no map":  {s.token, "POST", "/api/integrations", map[string]any{"kind": "demo", "name": "x", "config": 3}, 400, ""},
		"change of nothing": {s.token, "PUT", "/api/integrations/demo/x", map[string]any{"revision": 1, "config": map[string]any{}}, 409, "changed"},
		"no revision":       {s.token, "PUT", "/api/integrations/demo/x", map[string]any{"config": map[string]any{}}, 400, "revision"},
		"remove of nothing": {s.token, "DELETE", "/api/integrations/demo/x?revision=1", nil, 404, "no integration"},
		"may only read":     {reader, "POST", "/api/integrations", map[string]any{"kind": "demo", "name": "x"}, 403, "settings:write"},
		"try a wrong one":   {s.token, "POST", "/api/integrations/test", map[string]any{"kind": "demo", "config": map[string]any{"machine": 3}}, 200, `"path":"machine"`},
		"try a right one":   {s.token, "POST", "/api/integrations/test", map[string]any{"kind": "demo", "config": map[string]any{"machines": 3}}, 200, `"ok":true`},
	} {
		got := s.callAs(c.token, c.method, c.path, c.body)
		if got.status != c.status || !strings.Contains(string(got.body), c.says) {
			t.Errorf("%s: %v, want %d with %q", name, got, c.status, c.says)
		}
	}
	var list struct{ Integrations []json.RawMessage }
	if err := json.Unmarshal(s.call("GET", "/api/integrations", nil).body, &list); err != nil || len(list.Integrations) != 0 {
		t.Errorf("something was stored: %s (%v)", list.Integrations, err)
	}
}

// What config.hcl owns runs, and is read-only here with its file and line.
func TestIntegrationsOfTheFile(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	file := writeFile(t, filepath.Join(t.TempDir(), "config.hcl"), "\nintegration \"demo\" \"lab\" {\n  machines = 4\n  guests   = 1\n}\n\nintegration \"demo\" \"wrong\" {\n  machine = 4\n}\n")
	s := newServer(t, data)
	s.args = []string{"--config", file}
	s.start()
	s.claim()
	eventually(t, "four machines", func() bool { return s.members("demoMachines") == 4 })
	got := s.call("GET", "/api/integrations/demo/lab", nil)
	if origin, _ := got.member("origin").(string); !strings.HasSuffix(origin, "config.hcl:2") {
		t.Errorf("origin: %v", got)
	}
	for _, refused := range []answer{
		s.call("PUT", "/api/integrations/demo/lab", map[string]any{"revision": 1, "config": map[string]any{}}),
		s.call("DELETE", "/api/integrations/demo/lab?revision=1", nil),
	} {
		if refused.status != http.StatusConflict || !strings.Contains(string(refused.body), "config.hcl:2") {
			t.Errorf("a change of what the file owns: %v", refused)
		}
	}
	eventually(t, "the log names the wrong line", func() bool { return strings.Contains(s.output.String(), "config.hcl line 8") })
}

// Before the server runs with it, the file is judged by the plugins themselves; nothing of the check is left behind.
func TestCheckOfTheFilesIntegrations(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	good := writeFile(t, filepath.Join(dir, "good.hcl"), "integration \"demo\" \"lab\" {\n  machines = 4\n}\n")
	wrong := writeFile(t, filepath.Join(dir, "wrong.hcl"), "integration \"teapot\" \"a\" {\n}\n\nintegration \"demo\" \"lab\" {\n  machine = 4\n}\n")
	if code, out := once(t, "pulse", "config", "check", good); code != 0 {
		t.Errorf("a file that is fine: exit code %d\n%s", code, out)
	}
	code, out := once(t, "pulse", "config", "check", wrong)
	if code != 1 || !strings.Contains(out, "wrong.hcl line 5") || !strings.Contains(out, "wrong.hcl:1") || !strings.Contains(out, "teapot") {
		t.Errorf("an unknown plugin in line 1, a wrong key in line 5: exit code %d\n%s", code, out)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("beside the two files: %v (%v)", left, err)
	}
}
