package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// A cluster is tried, added, and seen: with the certificate pinned, and this machine allowed.
func TestProxmoxCluster(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	request, _ := simulate(t, "pve", "--nodes", "3", "--guests", "30", "--nights", "1", "--ceph")
	if tried := s.call("POST", "/api/integrations/test", request); tried.status != http.StatusOK || tried.member("ok") != true {
		t.Fatalf("try: %v", tried)
	}
	if made := s.call("POST", "/api/integrations", request); made.status != http.StatusCreated {
		t.Fatalf("make: %v", made)
	}
	eventually(t, "the cluster is seen", func() bool {
		return s.members("nodes") == 3 && s.members("vms") == 20 && s.members("containers") == 10 && s.members("storage") == 9 && s.members("cephClusters") == 1
	})
	eventually(t, "so are its disks, backups and jobs", func() bool {
		state := s.call("GET", "/api/state", nil)
		backups, _ := state.member("pveBackups.storageBackups").([]any)
		last, _ := state.member("vms.0.lastBackup").(float64)
		return s.members("physicalDisks") == 6 && s.members("replicationJobs") == 1 && len(backups) == 30 && last > 0
	})
	state := s.call("GET", "/api/state", nil)
	for path, want := range map[string]any{
		"nodes.0.id": "lab-pve1", "nodes.0.status": "online", "nodes.0.connectionHealth": "healthy", "nodes.0.clusterName": "lab",
		"vms.0.id": "lab:pve1:100", "vms.0.status": "running", "vms.0.type": "qemu", "vms.0.tags": "prod,web",
		"containers.0.type": "lxc", "connectionHealth.lab": true, "replicationJobs.0.id": "lab-100-0", "physicalDisks.0.health": "PASSED",
	} {
		if got := state.member(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if strings.Contains(string(state.body), "7c1e9a52-5d0b") {
		t.Error("the secret is in the state")
	}
}
