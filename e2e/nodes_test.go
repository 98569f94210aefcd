package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// simulated runs the simulator of a plugin and returns what it says about reaching it: the body of POST /api/integrations.
func simulated(t *testing.T, kind string, args ...string) (config map[string]any) {
	t.Helper()
	p := launch(t, "plugins/pulse-plugin-"+kind, append([]string{"simulate"}, args...)...)
	var said struct{ Config map[string]any }
	eventually(t, "the simulator serves", func() bool {
		line, _, whole := strings.Cut(p.output.String(), "\n")
		return whole && json.Unmarshal([]byte(line), &said) == nil
	})
	return said.Config
}

// From a form of the reference's clients to nodes and guests in the state, and back.
func TestNodesOfTheReferencesClients(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	lab := simulated(t, "pve", "--nodes", "3", "--guests", "6")
	node := map[string]any{
		"type": "pve", "name": "Lab", "host": lab["host"], "tokenName": lab["token_name"], "tokenValue": lab["token_value"], "verifySSL": true,
	}
	// The certificate is not trusted: the answer names it, and with it the test passes.
	refused := s.call("POST", "/api/config/nodes/test-connection", node)
	if refused.status != http.StatusBadRequest || refused.member("fingerprint") != lab["fingerprint"] {
		t.Fatalf("an unknown certificate: %v", refused)
	}
	node["fingerprint"] = refused.member("fingerprint")
	if got := s.call("POST", "/api/config/nodes/test-connection", node); got.status != http.StatusOK || got.member("status") != "success" || got.member("version") == nil {
		t.Fatalf("test: %v", got)
	}
	wrong := map[string]any{"tokenValue": "wrong"}
	for k, v := range node {
		if wrong[k] == nil {
			wrong[k] = v
		}
	}
	if got := s.call("POST", "/api/config/nodes/test-config", wrong); got.status != http.StatusBadRequest || got.member("status") != "error" || !strings.Contains(string(got.body), "credentials") {
		t.Errorf("a wrong token: %v", got)
	}
	if got := s.call("POST", "/api/config/nodes", node); got.status != http.StatusCreated {
		t.Fatalf("add: %v", got)
	}
	eventually(t, "nodes and guests are there", func() bool { return s.members("nodes") == 3 && s.members("vms")+s.members("containers") == 6 })
	eventually(t, "the list says so", func() bool {
		got := s.call("GET", "/api/config/nodes", nil)
		endpoints, _ := got.member("0.clusterEndpoints").([]any)
		return got.member("0.status") == "connected" && got.member("0.isCluster") == true && len(endpoints) == 3
	})
	if got := s.call("GET", "/api/config/nodes", nil); got.member("0.id") != "pve-lab" || strings.Contains(string(got.body), lab["token_value"].(string)) {
		t.Errorf("list: %v", got)
	}
	if got := s.call("POST", "/api/config/nodes/pve-0/test", nil); got.status != http.StatusOK || got.member("latency") == nil {
		t.Errorf("test of what is stored: %v", got)
	}
	if got := s.call("POST", "/api/config/nodes/pve-lab/refresh-cluster", nil); got.status != http.StatusOK || got.member("newNodeCount") != 3.0 {
		t.Errorf("refresh: %v", got)
	}
	// Packages are read now, and not again at once.
	host := s.call("GET", "/api/state", nil).member("nodes.0.id")
	eventually(t, "packages that wait are there", func() bool {
		at, _ := s.call("GET", "/api/infra-updates", nil).member("updates.0.lastChecked").(float64)
		return at > 1e9
	})
	if got := s.call("POST", "/api/infra-updates/check", map[string]any{"hostId": host}); got.status != http.StatusOK || got.member("hostId") != host || got.member("success") != true {
		t.Errorf("check: %v", got)
	}
	if got := s.call("PUT", "/api/config/nodes/pve-0", map[string]any{"name": "Attic", "fingerprint": lab["fingerprint"], "monitorVMs": false}); got.status != http.StatusOK {
		t.Fatalf("change: %v", got)
	}
	eventually(t, "virtual machines are left out", func() bool { return s.members("nodes") == 3 && s.members("vms") == 0 })
	if got := s.call("GET", "/api/config/nodes", nil); got.member("0.name") != "Attic" || got.member("0.id") != "pve-lab" || got.member("0.hasToken") != true {
		t.Errorf("after the change: %v", got)
	}
	if got := s.call("DELETE", "/api/config/nodes/pve-lab", nil); got.status != http.StatusOK {
		t.Fatalf("remove: %v", got)
	}
	eventually(t, "all of it is gone", func() bool { return s.members("nodes") == 0 && s.members("storage") == 0 })
}

// The command that the page shows, run on a machine whose tools are stand-ins: the server asks what it made.
func TestSetupScript(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	lab := simulated(t, "pve", "--nodes", "1", "--guests", "3")
	made := s.call("POST", "/api/setup-script-url", map[string]any{"type": "pve", "host": lab["host"]})
	if made.status != http.StatusOK {
		t.Fatalf("make the command: %v", made)
	}
	link, _ := made.member("url").(string)
	path := strings.TrimPrefix(link, s.url)
	if got := s.callAs("", "GET", path, nil); got.status != http.StatusUnauthorized || bytes.Contains(got.body, []byte("#!")) {
		t.Fatalf("without its token: %v", got)
	}
	work := t.TempDir()
	stand, err := filepath.Abs("../plugins/internal/proxmox/setup/testdata/bin")
	if err != nil {
		t.Fatal(err)
	}
	run := func(command string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
		cmd.Dir = work
		cmd.Env = []string{
			"PATH=" + stand + ":" + os.Getenv("PATH"), "FAKE_STATE=" + work, "FAKE_SECRET=" + lab["token_value"].(string), "PULSE_SETUP_UNATTENDED=1",
		}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	command, _ := made.member("command").(string)
	if out, err := run(command); err != nil || !strings.Contains(out, "Done: Pulse watches "+lab["host"].(string)) {
		t.Fatalf("%s\n%v\n%s", command, err, out)
	}
	got := s.call("GET", "/api/config/nodes", nil)
	if got.member("0.source") != "script" || got.member("0.hasToken") != true || got.member("0.fingerprint") != lab["fingerprint"] {
		t.Errorf("the node: %v", got)
	}
	if out, err := run(command); err == nil {
		t.Errorf("the token worked twice: %s", out)
	}
}

// The other kinds go the same way: what is not trusted is named, accepted, and then read.
func TestNodesOfOtherKinds(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	for _, kind := range []string{"pbs", "pmg"} {
		there := simulated(t, kind)
		node := map[string]any{"type": kind, "name": "One", "host": there["host"], "verifySSL": true}
		for member, key := range map[string]string{"user": "user", "password": "password", "tokenName": "token_name", "tokenValue": "token_value"} {
			if there[key] != nil {
				node[member] = there[key]
			}
		}
		refused := s.call("POST", "/api/config/nodes/test-connection", node)
		print, _ := refused.member("fingerprint").(string)
		if refused.status != http.StatusBadRequest || len(print) != 64 {
			t.Fatalf("%s: an unknown certificate: %v", kind, refused)
		}
		node["fingerprint"] = print
		if got := s.call("POST", "/api/config/nodes", node); got.status != http.StatusCreated {
			t.Fatalf("%s: add: %v", kind, got)
		}
		eventually(t, kind+" is in the state", func() bool { return s.members(kind) == 1 })
		if got := s.call("POST", "/api/config/nodes/"+kind+"-0/test", nil); got.status != http.StatusOK {
			t.Errorf("%s: test: %v", kind, got)
		}
		if got := s.call("POST", "/api/config/nodes/"+kind+"-0/refresh-cluster", nil); got.status != http.StatusBadRequest {
			t.Errorf("%s: refresh: %v", kind, got)
		}
	}
	health := s.call("GET", "/api/monitoring/scheduler/health", nil)
	if health.member("instances.0.key") != "pbs::one" || health.member("instances.1.key") != "pmg::one" || health.member("instances.0.pollStatus.lastSuccess") == nil {
		t.Errorf("health: %v", health)
	}
}
