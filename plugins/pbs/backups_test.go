package pbs

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
	"github.com/pulse-platform/pulse/sdk"
)

// withBackups puts backups of guests into the first datastore, one a day.
func withBackups(b *bench, guests, days int) {
	night := b.Now().Truncate(24 * time.Hour)
	b.world.Change(func(w *pbstest.World) {
		for g := range guests {
			for d := range days {
				w.Stores[0].Backups = append(w.Stores[0].Backups, pbstest.Backup{
					Type: "vm", ID: fmt.Sprint(100 + g), Time: night.Add(-time.Duration(d) * 24 * time.Hour), Size: 32 * gib, Owner: "backup@pbs!pve",
					Comment: fmt.Sprintf("guest-%d\nnotes of a page", g), Verification: "ok",
				})
			}
		}
	})
}

func TestBackups(t *testing.T) {
	b := newBench(t)
	withBackups(b, 2, 3)
	night := b.Now().Truncate(24 * time.Hour)
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Backups = append(w.Stores[0].Backups,
			pbstest.Backup{Namespace: "site-a/lab", Type: "ct", ID: "100", Time: night, Size: gib, Protected: true},
			pbstest.Backup{Type: "host", ID: "mail1", Time: night.Add(-72 * time.Hour), Size: gib},
			pbstest.Backup{Type: "vm", ID: "100", Time: b.Now()},
			pbstest.Backup{Type: "vm", ID: "101", Time: night.Add(-96 * time.Hour), Size: gib, Verification: "failed"})
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	s := look(t, c, taskBackups)
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	if len(s.rows) != 10 {
		t.Fatalf("%d rows", len(s.rows))
	}
	id := fmt.Sprintf("pbs-lab-main--vm-100-%d", night.Unix())
	doc := decode(t, s.rows[id].Doc)
	for member, want := range map[string]any{
		"id": id, "instance": "lab", "datastore": "main", "namespace": "", "backupType": "vm", "vmid": "100", "backupTime": night.UTC().Format(time.RFC3339),
		"size": 32.0 * gib, "protected": false, "verified": true, "comment": "guest-0", "owner": "backup@pbs!pve",
	} {
		if doc[member] != want {
			t.Errorf("%s is %v, want %v", member, doc[member], want)
		}
	}
	if files := doc["files"].([]any); !slices.Contains(files, any("index.json.blob")) {
		t.Errorf("files %v", files)
	}
	ct := s.rows[fmt.Sprintf("pbs-lab-main-site-a/lab-ct-100-%d", night.Unix())]
	if want := proxmox.BackupGroup(b.pin(), "main", "site-a/lab", "ct", "100"); len(ct.Subject) != 1 || ct.Subject[0] != want {
		t.Errorf("the subject is %v, want %v", ct.Subject, want)
	}
	unfinished := s.rows[fmt.Sprintf("pbs-lab-main--vm-100-%d", b.Now().Unix())]
	if unfinished.Subject != nil || decode(t, unfinished.Doc)["unfinished"] != true {
		t.Errorf("a backup that runs is somebody's: %v", unfinished)
	}
	for sample, want := range map[string]float64{
		"datastore/main groups": 4, "datastore/main backups": 10, "datastore/main unverified": 1,
		"datastore/main backup_agesite-a/lab:ct/100": b.Now().Sub(night).Seconds(), "datastore/main backup_agevm/101": b.Now().Sub(night).Seconds(),
		"datastore/main backup_agevm/100": b.Now().Sub(night).Seconds(), // the one before the one that runs
	} {
		if got, there := s.samples[sample]; !there || got != want {
			t.Errorf("%s is %v, want %v", sample, got, want)
		}
	}
	damaged := s.conditions["datastore/main "+backupDamaged+" vm/101"]
	if damaged.Severity != sdk.SeverityCritical || !strings.Contains(damaged.Message, "vm/101") {
		t.Errorf("%+v", damaged)
	}
	names := rowsOf(t, s.docs["datastore/main#namespaces"], "namespaces")
	if fmt.Sprint(names) != "[map[depth:0 path:] map[depth:1 path:site-a] map[depth:2 parent:site-a path:site-a/lab]]" {
		t.Errorf("namespaces %v", names)
	}
}

// What did not change is not read again: backups that run need the disks.
func TestASweepReadsWhatChanged(t *testing.T) {
	b := newBench(t)
	withBackups(b, 10, 3)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	look(t, c, taskBackups)
	read := func() int { return b.server.Calls("/admin/datastore/main/snapshots") }
	before := read()
	b.Move(10 * time.Minute)
	if s := look(t, c, taskBackups); read() != before || len(s.rows) != 0 || s.samples["datastore/main backups"] != 30 {
		t.Errorf("%d calls for backups that are as they were; %v", read()-before, s.samples["datastore/main backups"])
	}
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Backups = append(w.Stores[0].Backups, pbstest.Backup{Type: "vm", ID: "105", Time: b.Now(), Size: gib})
	})
	if s := look(t, c, taskBackups); read()-before != 1 || len(s.rows) != 4 || s.samples["datastore/main backups"] != 31 {
		t.Errorf("one new backup: %d calls, %d rows", read()-before, len(s.rows))
	}
	// Verifying changes no group; the task log tells of it.
	before = read()
	b.Move(10 * time.Minute)
	b.world.Change(func(w *pbstest.World) {
		w.Tasks = append(w.Tasks, pbstest.Task{Type: "verificationjob", ID: "main:v-daily", Started: b.Now().Add(-time.Minute), Ended: b.Now(), Status: "OK"})
		w.Stores[0].Backups[0].Verification = "failed"
	})
	look(t, c, taskJobs)
	if s := look(t, c, taskBackups); read() == before || s.conditions["datastore/main "+backupDamaged+" vm/100"].Kind == "" {
		t.Error("a backup that was found damaged is not told of")
	}
	// Notes and protection leave no trace: all is read now and then.
	before = read()
	b.Move(rereadEvery)
	if look(t, c, taskBackups); read() == before {
		t.Error("nothing was read again within half a day")
	}
}

// What a quiet hour of two datastores with 1,000 groups costs the server.
func TestAQuietHour(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	withBackups(b, 1000, 2)
	c := b.collector(t, "monitor@pbs!pulse", "")
	for _, task := range []string{taskStatus, taskJobs, taskBackups, taskSystem} {
		look(t, c, task)
	}
	b.server.Total()
	for half := range 120 {
		b.Move(30 * time.Second)
		look(t, c, taskStatus)
		if half%4 == 3 {
			look(t, c, taskJobs)
		}
		if half%20 == 19 {
			look(t, c, taskBackups)
		}
	}
	if n := b.server.Total(); n > 430 {
		t.Errorf("%d calls, want at most 430", n)
	} else {
		t.Logf("%d calls an hour", n)
	}
}

// A namespace of which much changed is read in one call.
func TestMuchIsReadAtOnce(t *testing.T) {
	b := newBench(t)
	withBackups(b, 200, 2)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	if s := look(t, c, taskBackups); len(s.rows) != 400 || b.server.Calls("/admin/datastore/main/snapshots") != 1 {
		t.Errorf("%d rows by %d calls", len(s.rows), b.server.Calls("/admin/datastore/main/snapshots"))
	}
}

// Groups that are gone are forgotten, also those that went while the plugin was away; hidden ones are not.
func TestGroupsThatGo(t *testing.T) {
	b := newBench(t)
	withBackups(b, 3, 1)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	look(t, c, taskBackups)
	b.world.Change(func(w *pbstest.World) {
		w.Accounts["monitor@pbs!pulse"].Roles = map[string]string{"/": "Audit", "/datastore": "DatastoreBackup"}
		w.Stores[0].Backups[0].Owner = ""
	})
	s := look(t, c, taskBackups)
	if sdk.KindOf(s.Part("datastore/main").Err) != sdk.KindPermission || s.Part("backups/main//vm/100").Ended {
		t.Errorf("hidden: %v", s.Part("datastore/main").Err)
	}
	b.world.Change(func(w *pbstest.World) {
		w.Accounts["monitor@pbs!pulse"].Roles = map[string]string{"/": "Audit"}
		w.Stores[0].Backups = w.Stores[0].Backups[1:]
	})
	again := b.collector(t, "monitor@pbs!pulse", "")
	again.deps.Host = c.deps.Host
	look(t, again, taskStatus)
	s = look(t, again, taskBackups)
	gone := s.Part("backups/main//vm/100")
	if !gone.Ended || gone.Err != nil || len(gone.Observations) != 1 || s.Part("datastore/main").Err != nil || len(s.rows) != 2 {
		t.Errorf("gone: %+v %v", gone, s.Part("datastore/main").Err)
	}
}

// Equal ids on two clusters, in two namespaces, datastores or servers, never mix.
func TestEqualIdsDoNotMix(t *testing.T) {
	seen := map[sdk.Evidence]bool{}
	for _, server := range []string{strings.Repeat("ab", 32), strings.Repeat("cd", 32), "pbs.example.com"} {
		for _, store := range []string{"main", "archive"} {
			for _, ns := range []string{"", "a", "b"} {
				for _, kind := range []string{"vm", "ct"} {
					seen[proxmox.BackupGroup(server, store, ns, kind, "100")] = true
				}
			}
		}
	}
	if len(seen) != 36 {
		t.Errorf("%d of 36 are told apart", len(seen))
	}
	if proxmox.BackupGroup(strings.Repeat("ab", 32), "m", "", "vm", "1") != proxmox.BackupGroup(strings.Repeat("AB:", 31)+"AB", "m", "", "vm", "1") {
		t.Error("two spellings of a fingerprint are two servers")
	}
}

// Two clusters that write to namespaces of their own have a guest of the same id each: nothing of the one is taken for the other.
func TestEqualIdsInTwoNamespaces(t *testing.T) {
	b := newBench(t)
	at := b.Now().Add(-time.Hour)
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Backups = []pbstest.Backup{
			{Namespace: "a", Type: "vm", ID: "100", Time: at, Size: gib, Verification: "failed"},
			{Namespace: "b", Type: "vm", ID: "100", Time: at, Size: gib, Verification: "ok"},
			{Namespace: "b", Type: "vm", ID: "100", Time: at.Add(-day * time.Second), Size: gib, Verification: "ok"},
		}
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	s := look(t, c, taskBackups)
	if len(s.rows) != 3 || s.conditions["datastore/main "+backupDamaged+" a:vm/100"].Kind == "" || len(s.conditions) != 1 {
		t.Fatalf("%v %v", s.rows, s.conditions)
	}
	for ns, rows := range map[string]int{"a": 1, "b": 2} {
		found := 0
		for _, o := range s.Part("backups/main/" + ns + "/vm/100").Observations {
			if r, ok := o.(sdk.Row); ok {
				found++
				if decode(t, r.Doc)["namespace"] != ns || r.Subject[0] != proxmox.BackupGroup(b.pin(), "main", ns, "vm", "100") {
					t.Errorf("%s has %s of %v", ns, r.Doc, r.Subject)
				}
			}
		}
		if found != rows {
			t.Errorf("%s has %d rows", ns, found)
		}
	}
	// The one is removed, a new backup of the other is made: each changes what it is about.
	b.Move(time.Hour)
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Backups = append(w.Stores[0].Backups[1:], pbstest.Backup{Namespace: "b", Type: "vm", ID: "100", Time: b.Now(), Size: gib})
	})
	s = look(t, c, taskBackups)
	if len(s.Part("backups/main/a/vm/100").Observations) != 1 || len(s.Part("backups/main/b/vm/100").Observations) != 4 || s.samples["datastore/main backup_ageb:vm/100"] != 0 {
		t.Errorf("%v %v", s.Part("backups/main/a/vm/100").Observations, s.samples)
	}
	if _, there := s.samples["datastore/main backup_agea:vm/100"]; there {
		t.Error("what is gone has an age")
	}
}

// A datastore that fails leaves the others as they are.
func TestOneDatastoreThatFails(t *testing.T) {
	b := newBench(t)
	withBackups(b, 2, 1)
	b.server.Fail("/admin/datastore/archive/groups", func(w http.ResponseWriter, _ *http.Request) {
		pbstest.Refuse(w, 400, "Input/output error (os error 5)")
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	s := look(t, c, taskBackups)
	if s.Err == nil || !strings.Contains(s.Part("datastore/archive").Err.Error(), "Input/output error") || s.Part("datastore/main").Err != nil || len(s.rows) != 2 {
		t.Errorf("%v %v", s.Err, s.rows)
	}
}

// Backups that nobody ever verified and no job will are told of; a job makes that good.
func TestNeverVerified(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	withBackups(b, 1, 5)
	b.world.Change(func(w *pbstest.World) {
		w.Verify = nil
		for i := range w.Stores[0].Backups {
			w.Stores[0].Backups[i].Verification = ""
		}
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	verdict := "datastore/main " + backupUnverified + " "
	if s := look(t, c, taskBackups); s.conditions[verdict].Severity != sdk.SeverityInfo {
		t.Errorf("%v", s.conditions)
	}
	look(t, c, taskJobs)
	if s := look(t, c, taskBackups); s.conditions[verdict].Kind == "" {
		t.Error("the verdict goes when nothing has changed")
	}
	for name, job := range map[string]pbstest.Job{"turned off": {ID: "v", Store: "main", Schedule: "daily", Disabled: true}, "without a schedule": {ID: "v", Store: "main"}, "of another": {ID: "v", Store: "archive", Schedule: "daily"}} {
		b.world.Change(func(w *pbstest.World) { w.Verify = []pbstest.Job{job} })
		look(t, c, taskJobs)
		if s := look(t, c, taskBackups); s.conditions[verdict].Kind == "" {
			t.Errorf("a job %s looks at nothing", name)
		}
	}
	b.world.Change(func(w *pbstest.World) { w.Verify = []pbstest.Job{{ID: "v", Store: "main", Schedule: "daily"}} })
	look(t, c, taskJobs)
	if s := look(t, c, taskBackups); s.conditions[verdict].Kind != "" {
		t.Error("a job looks at them")
	}
	// Who backs up there may see its own backups, and no jobs.
	b.world.Change(func(w *pbstest.World) {
		w.Accounts["half@pbs!main"].Roles = map[string]string{"/datastore/main": "DatastoreBackup"}
	})
	c = b.collector(t, "half@pbs!main", "")
	if s := look(t, c, taskBackups); s.Part("datastore/main").Err != nil || s.conditions[verdict].Kind != "" {
		t.Errorf("jobs that cannot be seen are missed: %v", s.conditions)
	}
}

// A backup that is broken off each night hides no age: that of the newest whole one counts.
func TestAgeOfTheNewestWholeBackup(t *testing.T) {
	b := newBench(t)
	withBackups(b, 1, 2)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	look(t, c, taskBackups)
	whole := b.Now().Truncate(24 * time.Hour)
	for range 3 {
		b.Move(24 * time.Hour)
		b.world.Change(func(w *pbstest.World) {
			w.Stores[0].Backups = append(w.Stores[0].Backups, pbstest.Backup{Type: "vm", ID: "100", Time: b.Now()})
		})
		if s := look(t, c, taskBackups); s.samples["datastore/main backup_agevm/100"] != b.Now().Sub(whole).Seconds() {
			t.Errorf("%v, want %v", s.samples["datastore/main backup_agevm/100"], b.Now().Sub(whole).Seconds())
		}
	}
}

// The same guest on two servers is two backups, each with an id and an owner of its own.
func TestTwoServers(t *testing.T) {
	a, b := newBench(t), newBench(t)
	subjects := map[sdk.Evidence]bool{}
	ids := map[string]bool{}
	for i, x := range []*bench{a, b} {
		withBackups(x, 1, 1)
		x.world.Change(func(w *pbstest.World) { w.Node.Fingerprint = strings.Repeat([]string{"ab", "cd"}[i], 32) })
		c := x.collector(t, "monitor@pbs!pulse", "")
		c.name = []string{"one", "two"}[i]
		look(t, c, taskStatus)
		for _, r := range look(t, c, taskBackups).rows {
			subjects[r.Subject[0]], ids[r.Key] = true, true
		}
	}
	if len(subjects) != 2 || len(ids) != 2 {
		t.Errorf("%v %v", subjects, ids)
	}
}

func TestNamesOfFiles(t *testing.T) {
	b := newBench(t)
	b.server.Fail("/admin/datastore/main/groups", answering(`{"data":[{"backup-type":"vm","backup-id":7,"last-backup":1790000000,"backup-count":"1","files":["index.json.blob"]}]}`))
	b.server.Fail("/admin/datastore/main/snapshots", answering(`{"data":[
		{"backup-type":"vm","backup-id":"7","backup-time":1790000000,"size":5,"files":["a.blob",null,{"filename":"b.fidx"},7]},
		{"backup-type":"vm"}, null, 3, {"backup-type":"vm","backup-id":"7","backup-time":"1790000001","size":null,"files":null,"verification":null,"comment":null}]}`))
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	s := look(t, c, taskBackups)
	if s.Part("datastore/main").Err != nil || len(s.rows) != 2 {
		t.Fatalf("%v %v", s.Part("datastore/main").Err, s.rows)
	}
	if doc := decode(t, s.rows["pbs-lab-main--vm-7-1790000000"].Doc); fmt.Sprint(doc["files"]) != "[a.blob  b.fidx 7]" {
		t.Errorf("files %v", doc["files"])
	}
}
