package pve

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
)

// A guest is known by the names under which its backups lie on backup servers, so that these find it.
func TestGuestsAreKnownToBackupServers(t *testing.T) {
	print := strings.Repeat("ab:", 31) + "ab"
	l := newLab(t, 1, 3, func(w *pvetest.World) {
		w.Storages = append(w.Storages,
			&pvetest.Storage{Name: "pbs", Type: "pbs", Content: "backup", Shared: true, Server: "PBS.example.com", Datastore: "main", Namespace: "site-a", Fingerprint: print},
			&pvetest.Storage{Name: "far", Type: "pbs", Content: "backup", Shared: true, Server: "192.0.2.9", Datastore: "vault"})
	})
	l.must(taskResources)
	l.must(taskBackups)
	l.clock.Move(10 * time.Second)
	s := l.must(taskResources)
	for key, want := range map[string][]string{"guest/100": {"vm", "100"}, "guest/102": {"ct", "102"}} {
		evidence := s.record(key).Evidence
		for _, e := range []struct{ server, store, ns string }{{print, "main", "site-a"}, {"pbs.example.com", "main", "site-a"}, {"192.0.2.9", "vault", ""}} {
			if wanted := proxmox.BackupGroup(e.server, e.store, e.ns, want[0], want[1]); !slices.Contains(evidence, wanted) {
				t.Errorf("%s is not known as %v: %v", key, wanted, evidence)
			}
		}
		if len(evidence) != 4 {
			t.Errorf("%s: %v", key, evidence)
		}
	}
	l.must(taskBackups)
	asked := slices.DeleteFunc(l.Calls(), func(call string) bool { return !strings.HasPrefix(call, "/storage") })
	if len(asked) != 1 {
		t.Errorf("the configuration of storages is asked for %d times", len(asked))
	}
}
