package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// simulate starts the invented upstream of a plugin and returns the integration that monitors it.
func simulate(t testing.TB, kind string, args ...string) (in map[string]any, upstream *process) {
	t.Helper()
	upstream = launch(t, "plugins/pulse-plugin-"+kind, append([]string{"simulate"}, args...)...)
	eventually(t, kind+" says where it listens", func() bool {
		line, _, whole := strings.Cut(upstream.output.String(), "\n")
		return whole && json.Unmarshal([]byte(line), &in) == nil
	})
	return in, upstream
}

// connectionHealth tells whether the last contact under a key of the health map was good.
func (s *server) connectionHealth(key string) any {
	health, _ := s.call("GET", "/api/state", nil).member("connectionHealth").(map[string]any)
	return health[key]
}

// A backup server from the form to the page: tried, added, seen with its datastores, and shown as away when it is.
func TestBackupServer(t *testing.T) {
	t.Parallel()
	in, upstream := simulate(t, "pbs", "--name", "lab", "--guests", "12", "--days", "3")
	s := startServer(t)
	s.claim()

	if got := s.call("POST", "/api/integrations", in); got.status != http.StatusCreated {
		t.Fatalf("make: %v", got)
	}
	var state answer
	eventually(t, "server and datastores are shown", func() bool {
		state = s.call("GET", "/api/state", nil)
		return state.member("pbs.0.datastores.1") != nil
	})
	for path, want := range map[string]any{
		"pbs.0.id": "pbs-lab", "pbs.0.name": "lab", "pbs.0.status": "online", "pbs.0.connectionHealth": "healthy", "pbs.0.version": "4.2.6",
		"pbs.0.datastores.0.name": "archive", "pbs.0.datastores.1.name": "main", "pbs.0.datastores.1.status": "available",
		"storage.0.id": "pbs-lab-archive", "storage.1.instance": "pbs-lab", "storage.1.type": "pbs", "storage.1.content": "backup", "storage.1.node": "lab",
	} {
		if got := state.member(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if used, _ := state.member("pbs.0.datastores.1.usage").(float64); used <= 0 || used > 100 {
		t.Errorf("usage: %v", used)
	}
	if seen, _ := state.member("pbs.0.lastSeen").(string); !strings.HasSuffix(seen, "Z") {
		t.Errorf("lastSeen: %q", seen)
	}
	if s.connectionHealth("pbs-lab") != true {
		t.Errorf("health: %v", s.connectionHealth("pbs-lab"))
	}
	if got := s.call("GET", "/api/v2/resources?type=pbs", nil); got.member("data.0.name") != "lab" || got.member("data.0.status") != "online" {
		t.Errorf("resource: %v", got)
	}
	eventually(t, "jobs and backups are shown", func() bool {
		state = s.call("GET", "/api/state", nil)
		return state.member("pbs.0.syncJobs.1") != nil && state.member("pbsBackups.20") != nil && state.member("pbs.0.datastores.1.namespaces.0") != nil
	})
	for path, want := range map[string]any{
		"pbs.0.syncJobs.0.id": "s-offsite", "pbs.0.syncJobs.1.status": "error", "pbs.0.verifyJobs.0.status": "ok", "pbs.0.garbageJobs.0.error": nil, "pbs.0.backupJobs": nil,
		"pbsBackups.5.instance": "lab", "pbsBackups.5.namespace": "", "pbsBackups.5.owner": "backup@pbs!pve", "backups.pbs.5.instance": "lab",
	} {
		if got := state.member(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	eventually(t, "what failed is told of", func() bool {
		found := string(s.call("GET", "/api/v2/conditions", nil).body)
		return strings.Contains(found, "pbs_sync_failed") && strings.Contains(found, "pbs_backup_damaged")
	})
	tried := s.call("POST", "/api/integrations/test", map[string]any{"kind": "pbs", "config": in["config"], "network": in["network"]})
	if tried.member("ok") != true || !strings.Contains(string(tried.body), "4.2.6") {
		t.Errorf("the test of a connection: %v", tried)
	}
	unpinned := s.call("POST", "/api/integrations/test", map[string]any{"kind": "pbs", "config": in["config"], "network": map[string]any{"allowLoopback": true}})
	if unpinned.member("ok") != false || unpinned.member("untrustedCertificate.sha256") == nil {
		t.Errorf("a certificate that nobody accepted: %v", unpinned)
	}
	upstream.kill()
	eventually(t, "it is away", func() bool {
		state := s.call("GET", "/api/state", nil)
		return s.connectionHealth("pbs-lab") == false && state.member("pbs.0.status") == "offline" && state.member("storage.0.status") == "inactive"
	})
}

// A cluster of mail gateways: nodes within it, what waits, what came, and what lies in quarantine.
func TestMailGateway(t *testing.T) {
	t.Parallel()
	in, upstream := simulate(t, "pmg", "--name", "post", "--nodes", "2")
	s := startServer(t)
	s.claim()
	if got := s.call("POST", "/api/integrations", in); got.status != http.StatusCreated {
		t.Fatalf("make: %v", got)
	}
	var state answer
	eventually(t, "gateway, nodes, queues and mail are shown", func() bool {
		state = s.call("GET", "/api/state", nil)
		for _, path := range []string{"pmg.0.nodes.1.queueStatus", "pmg.0.quarantine", "pmg.0.mailStats", "pmg.0.mailCount.20", "pmg.0.spamDistribution.10", "pmg.0.domainStats.0", "pmgBackups.10"} {
			if state.member(path) == nil {
				return false
			}
		}
		return true
	})
	for path, want := range map[string]any{
		"pmg.0.id": "pmg-post", "pmg.0.name": "post", "pmg.0.status": "online", "pmg.0.connectionHealth": "healthy", "pmg.0.version": "9.1.2", "pmg.0.mailStats.timeframe": "day",
		"pmg.0.nodes.0.name": "mail1", "pmg.0.nodes.0.status": "online", "pmg.0.nodes.0.role": "master", "pmg.0.nodes.1.role": "node", "pmg.0.mailCount.0.timeframe": "hour",
		"pmgBackups.0.instance": "post", "backups.pmg.0.instance": "post",
	} {
		if got := state.member(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if s.connectionHealth("pmg-post") != true {
		t.Errorf("health: %v", s.connectionHealth("pmg-post"))
	}
	if tried := s.call("POST", "/api/integrations/test", map[string]any{"kind": "pmg", "config": in["config"], "network": in["network"]}); tried.member("ok") != true {
		t.Errorf("the test of a connection: %v", tried)
	}
	upstream.kill()
	eventually(t, "it is away", func() bool {
		return s.connectionHealth("pmg-post") == false && s.call("GET", "/api/state", nil).member("pmg.0.status") == "offline"
	})
}

// A guest of a cluster and its backups on a backup server, which two plugins tell of, find each other.
func TestGuestsFindTheirBackups(t *testing.T) {
	t.Parallel()
	backups, _ := simulate(t, "pbs", "--name", "vault", "--guests", "6", "--days", "3")
	cluster, _ := simulate(t, "pve", "--name", "home", "--guests", "6")
	s := startServer(t)
	s.claim()
	for _, in := range []map[string]any{backups, cluster} {
		if got := s.call("POST", "/api/integrations", in); got.status != http.StatusCreated {
			t.Fatalf("make: %v", got)
		}
	}
	eventually(t, "each guest knows of its backups on the server", func() bool {
		found := s.call("GET", "/api/v2/resources?type=vm,lxc", nil)
		for i := range 6 {
			id, _ := found.member(fmt.Sprintf("data.%d.id", i)).(string)
			lists := string(s.call("GET", "/api/v2/resources/"+id+"/rows", nil).body)
			if id == "" || !strings.Contains(lists, `"pbs_backups"`) {
				return false
			}
			rows := s.call("GET", "/api/v2/resources/"+id+"/rows/pbs_backups", nil)
			if n, _ := rows.member("total").(float64); n < 3 || rows.member("rows.0.data.instance") != "vault" {
				return false
			}
		}
		return true
	})
	newest := map[string]float64{}
	state := s.call("GET", "/api/state", nil)
	all, _ := state.member("pbsBackups").([]any)
	for _, b := range all {
		one := b.(map[string]any)
		at, err := time.Parse(time.RFC3339, one["backupTime"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if id := one["vmid"].(string); one["unfinished"] == nil && one["datastore"] == "main" {
			newest[id] = max(newest[id], float64(at.UnixMilli()))
		}
	}
	for _, section := range []string{"vms", "containers"} {
		guests, _ := state.member(section).([]any)
		for _, g := range guests {
			guest := g.(map[string]any)
			id := fmt.Sprint(guest["vmid"])
			if last, _ := guest["lastBackup"].(float64); last < newest[id] || newest[id] == 0 {
				t.Errorf("guest %s: the last backup is of %v, the server has one of %v", id, guest["lastBackup"], newest[id])
			}
		}
	}
}

// Backup servers and mail gateways are added as the reference's clients add them.
func TestNodesOfOtherProducts(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	for kind, login := range map[string]func(config map[string]any) map[string]any{
		"pbs": func(c map[string]any) map[string]any {
			return map[string]any{"tokenName": c["token_name"], "tokenValue": c["token_value"], "monitorBackups": true, "monitorDatastores": true, "excludeDatastores": []string{"archive"}}
		},
		"pmg": func(c map[string]any) map[string]any {
			return map[string]any{"user": c["user"], "password": c["password"], "monitorMailStats": true, "monitorQueues": true}
		},
	} {
		in, _ := simulate(t, kind, "--name", "lab")
		config, network := in["config"].(map[string]any), in["network"].(map[string]any)
		body := login(config)
		body["type"], body["name"], body["host"], body["verifySSL"] = kind, "lab", config["host"], true
		for _, pin := range network["pins"].(map[string]any) {
			body["fingerprint"] = pin
		}
		if got := s.call("POST", "/api/config/nodes/test-connection", body); got.status != http.StatusOK || got.member("status") != "success" {
			t.Errorf("%s: try: %v", kind, got)
		}
		if got := s.call("POST", "/api/config/nodes", body); got.status != http.StatusCreated && got.status != http.StatusOK {
			t.Fatalf("%s: add: %v", kind, got)
		}
		eventually(t, kind+" is shown", func() bool { return s.call("GET", "/api/state", nil).member(kind+".0.id") == kind+"-lab" })
	}
	eventually(t, "one of two datastores is shown", func() bool {
		return s.call("GET", "/api/state", nil).member("pbs.0.datastores.0.name") == "main" && s.call("GET", "/api/state", nil).member("pbs.0.datastores.1") == nil
	})
}
