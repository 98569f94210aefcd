package pmg

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pmg/pmgtest"
	"github.com/pulse-platform/pulse/sdk"
)

// withRemote has the first node write to a backup server.
func withRemote(b *bench, ages ...time.Duration) {
	b.world.Change(func(w *pmgtest.World) {
		r := &pmgtest.Remote{Name: "vault", Server: "backup.example.com", Datastore: "gateways", Others: []time.Time{b.Now()}}
		for _, age := range ages {
			r.Backups = append(r.Backups, b.Now().Add(-age))
		}
		w.Nodes[0].Remotes = append(w.Nodes[0].Remotes, r)
	})
}

// What a node wrote to a backup server counts as much as what lies on itself; what others wrote there does not.
func TestBackupsOnABackupServer(t *testing.T) {
	b := newBench(t, 2)
	withRemote(b, time.Hour, 25*time.Hour)
	c := b.collector(t, "monitor@pmg", "")
	s := look(t, c, taskBackups)
	if s.Err != nil || len(s.rows) != 6 {
		t.Fatalf("%v %v", s.Err, s.rows)
	}
	at := b.Now().Add(-25 * time.Hour).UTC().Format(time.RFC3339)
	doc := decode(t, s.rows["node/mail1 vault:host/mail1/"+at].Doc)
	for member, want := range map[string]any{
		"instance": "lab", "node": "mail1", "filename": "vault:host/mail1/" + at, "backupTime": at, "size": 210_001.0, "remote": "vault", "server": "backup.example.com", "datastore": "gateways",
	} {
		if doc[member] != want {
			t.Errorf("%s is %v, want %v", member, doc[member], want)
		}
	}
	newest := decode(t, s.rows["node/mail1 vault:host/mail1/"+b.Now().Add(-time.Hour).UTC().Format(time.RFC3339)].Doc)
	if newest["size"] != 0.0 {
		t.Errorf("a size that is not known is %v", newest["size"])
	}
	s.want(t, map[string]float64{"node/mail1 backup_age": 3600, "node/mail2 backup_age": day})
}

// While a backup server cannot be asked, what is known of it stays and its newest backup becomes older; what was never asked may
// hold a newer one than all others.
func TestABackupServerThatCannotBeAsked(t *testing.T) {
	b := newBench(t, 1)
	withRemote(b, time.Hour)
	c := b.collector(t, "monitor@pmg", "")
	look(t, c, taskBackups)
	b.world.Change(func(w *pmgtest.World) {
		w.Nodes[0].Remotes[0].Error = "proxmox-backup-client failed: error trying to connect"
	})
	b.Move(time.Hour)
	s := look(t, c, taskBackups)
	if s.Err != nil || s.Part("backups/mail1").Err != nil || sdk.KindOf(s.Part("backups/mail1/vault").Err) != sdk.KindUpstream || len(s.rows) != 2 {
		t.Errorf("%v, %v, %v", s.Err, s.Part("backups/mail1/vault").Err, s.rows)
	}
	s.want(t, map[string]float64{"node/mail1 backup_age": 7200})
	fresh := look(t, b.collector(t, "monitor@pmg", ""), taskBackups)
	if age, told := fresh.samples["node/mail1 backup_age"]; told || len(fresh.rows) != 2 {
		t.Errorf("a server that was never asked holds nothing newer than %v", age)
	}
	b.world.Change(func(w *pmgtest.World) { w.Nodes[0].Remotes[0].Error = "" })
	look(t, c, taskBackups).want(t, map[string]float64{"node/mail1 backup_age": 7200})
}

// A remote that is turned off has nothing, and a release without such backups has what lies on its nodes.
func TestNoBackupsOnABackupServer(t *testing.T) {
	b := newBench(t, 1)
	withRemote(b, time.Hour)
	b.world.Change(func(w *pmgtest.World) { w.Nodes[0].Remotes[0].Off = true })
	c := b.collector(t, "monitor@pmg", "")
	look(t, c, taskBackups).want(t, map[string]float64{"node/mail1 backup_age": day})
	b.server.Fail("/nodes/mail1/pbs", func(w http.ResponseWriter, _ *http.Request) {
		pmgtest.Refuse(w, 501, "Method 'GET /nodes/mail1/pbs' not implemented")
	})
	look(t, b.collector(t, "monitor@pmg", ""), taskBackups).want(t, map[string]float64{"node/mail1 backup_age": day})
}

// The newest backup has a limit without anybody setting one, and a failed run is told of: a timer makes them.
func TestBackupsThatStop(t *testing.T) {
	i := slices.IndexFunc(nodeType().Thresholds, func(th sdk.Threshold) bool { return th.Metric == "backup_age" })
	if i < 0 || nodeType().Thresholds[i].Trigger != 35*day {
		t.Errorf("%+v", nodeType().Thresholds)
	}
	b := newBench(t, 1)
	b.world.Change(func(w *pmgtest.World) {
		w.Nodes[0].Tasks = []pmgtest.Task{{Type: "pbs_backup", Status: "backup failed: permission check failed", Started: b.Now().Add(-time.Hour), Ended: b.Now()}}
	})
	told := slices.ContainsFunc(look(t, b.collector(t, "monitor@pmg", ""), taskTasks).All(), func(o sdk.Observation) bool {
		e, ok := o.(sdk.Event)
		return ok && e.Key == "node/mail1" && e.Kind == kindTaskFailed
	})
	if !told {
		t.Error("a backup that failed is not told of")
	}
}
