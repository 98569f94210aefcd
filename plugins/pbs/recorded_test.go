package pbs

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// recordings is where real answers lie beside the project, when they are there.
const recordings = "../../../shared/proxmox/fixtures/pbs"

// replay answers a path with a recorded file.
func (b *bench) replay(t *testing.T, path, file string) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(recordings, file))
	if err != nil {
		t.Fatal(err)
	}
	b.server.Fail(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
}

// What real servers answered is read as it was meant.
func TestRecordedAnswers(t *testing.T) {
	if _, err := os.Stat(recordings); err != nil {
		t.Skip("the recorded answers are not beside the project")
	}
	b := newBench(t)
	for path, file := range map[string]string{
		"/nodes/localhost/status": "3.2/nodes_localhost_status.edited-excerpt.json", "/status/datastore-usage": "4.2/status_datastore-usage.edited-excerpt.json",
		"/admin/gc": "4.2/admin_gc.edited-excerpt.json", "/nodes/localhost/tasks": "4.2/nodes_localhost_tasks.edited-excerpt.json",
		"/nodes/localhost/services": "4.2/nodes_localhost_services.edited-excerpt.json", "/admin/datastore/main/groups": "4.x-synthetic/admin_datastore_main_groups.synthetic.json",
		"/admin/datastore/main/namespace": "4.x-synthetic/admin_datastore_main_namespace.synthetic.json", "/admin/datastore/main/snapshots": "4.x-synthetic/admin_datastore_main_snapshots.synthetic.json",
		"/admin/prune": "4.x-synthetic/admin_prune.synthetic.json", "/admin/sync": "4.x-synthetic/admin_sync_all.synthetic.json", "/admin/verify": "4.x-synthetic/admin_verify.synthetic.json",
	} {
		b.replay(t, path, file)
	}
	c := b.collector(t, "monitor@pbs!pulse", "")
	s := look(t, c, taskStatus)
	if s.Err != nil || s.samples["server cpu"] != 0.0134 || s.samples["datastore/main total"] != 247212277760 || s.docs["server"]["kernelVersion"] != "Linux 6.8.12-2-pve #1 SMP PREEMPT_DYNAMIC PMX 6.8.12-2" {
		t.Errorf("status: %v %v %v", s.Err, s.samples, s.docs["server"])
	}
	s = look(t, c, taskJobs)
	if s.Err != nil || s.samples["datastore/main bad_chunks"] != 3 || len(rowsOf(t, s.docs["server#sync"], "syncJobs")) != 2 || s.conditions["datastore/main "+syncFailed+" s-pull"].Kind == "" || s.samples["server tasks_running"] != 1 {
		t.Errorf("jobs: %v %v %v", s.Err, s.samples, s.conditions)
	}
	s = look(t, c, taskBackups)
	if s.Part("datastore/main").Err != nil || s.conditions["datastore/main "+backupDamaged+" vm/101"].Kind == "" || s.rows["pbs-lab-main--vm-101-1790186409"].Key == "" {
		t.Errorf("backups: %v %v", s.Part("datastore/main").Err, s.conditions)
	}
	if s := look(t, c, taskSystem); len(s.conditions) != 1 || s.conditions["server "+serviceDown+" proxmox-backup-proxy"].Kind == "" {
		t.Errorf("system: %v", s.conditions)
	}
	b.replay(t, "/status/datastore-usage", "4.x-synthetic/status_datastore-usage_error.synthetic.json")
	if s := look(t, c, taskStatus); s.docs["datastore/usb1"]["active"] != false || s.docs["datastore/archive"]["enabled"] != false || len(s.records) != 3 {
		t.Errorf("errors: %v", s.docs)
	}
}
