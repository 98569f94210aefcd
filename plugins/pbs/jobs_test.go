package pbs

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
	"github.com/pulse-platform/pulse/sdk"
)

// withJobs gives the bench's server one job of each kind.
func withJobs(b *bench) {
	at := b.Now().Add(-time.Hour)
	b.world.Change(func(w *pbstest.World) {
		w.Verify = []pbstest.Job{{ID: "v-daily", Store: "main", Schedule: "daily", Run: pbstest.Run{UPID: "UPID:v", Ended: at, State: "OK"}}, {ID: "v-new", Store: "archive", Schedule: "sat 03:00"}}
		w.Prune = []pbstest.Job{{ID: "p-main", Store: "main", Schedule: "daily", Run: pbstest.Run{UPID: "UPID:p", Ended: at, State: "WARNINGS: 1"}}}
		w.Sync = []pbstest.Job{
			{ID: "s-pull", Store: "main", Remote: "offsite", Schedule: "hourly", Run: pbstest.Run{UPID: "UPID:s", Ended: at, State: "TASK ERROR: sync failed with some errors."}},
			{ID: "s-push", Store: "main", Remote: "cloud", Push: true, Schedule: "sun 02:00"},
		}
		w.Stores[0].GC = pbstest.GC{Schedule: "daily", Run: pbstest.Run{UPID: "UPID:g", Ended: at, State: "OK"}, Pending: 5 * gib, Removed: 8123}
		w.Stores[1].GC = pbstest.GC{StillBad: 3}
	})
}

func rowsOf(t *testing.T, doc map[string]any, member string) []map[string]any {
	t.Helper()
	list, ok := doc[member].([]any)
	if !ok {
		t.Fatalf("%s is %v", member, doc[member])
	}
	var out []map[string]any
	for _, one := range list {
		out = append(out, one.(map[string]any))
	}
	return out
}

func TestJobs(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	s := look(t, c, taskJobs)
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	sync := rowsOf(t, s.docs["server#sync"], "syncJobs")
	if len(sync) != 2 || sync[0]["remote"] != "offsite" || sync[0]["status"] != "error" || sync[0]["error"] != "sync failed with some errors." || sync[1]["status"] != "never" {
		t.Errorf("sync %v", sync)
	}
	if sync[1]["lastSync"] != "0001-01-01T00:00:00Z" {
		t.Errorf("a time that is not known: %v", sync[1])
	}
	verify := rowsOf(t, s.docs["server#verify"], "verifyJobs")
	if len(verify) != 2 || verify[0]["status"] != "ok" || verify[0]["lastVerify"] != time.Unix(1_790_196_400, 0).UTC().Format(time.RFC3339) || verify[1]["status"] != "never" {
		t.Errorf("verify %v", verify)
	}
	if prune := rowsOf(t, s.docs["server#prune"], "pruneJobs"); len(prune) != 1 || prune[0]["status"] != "warning" {
		t.Errorf("prune %v", prune)
	}
	if gc := rowsOf(t, s.docs["server#garbage"], "garbageJobs"); len(gc) != 2 || gc[0]["removedBytes"] != 8123.0 || gc[0]["status"] != "ok" {
		t.Errorf("gc %v", gc)
	}
	if s.samples["datastore/archive bad_chunks"] != 3 || s.samples["datastore/main gc_pending"] != 5*gib {
		t.Errorf("samples %v", s.samples)
	}
	failed := s.conditions["datastore/main "+syncFailed+" s-pull"]
	if failed.Severity != sdk.SeverityWarning || !strings.Contains(failed.Message, "Sync job s-pull of datastore main failed: sync failed") || failed.Since.Unix() != 1_790_196_400 {
		t.Errorf("%+v", failed)
	}
	if _, there := s.conditions["datastore/archive "+gcMissing+" archive"]; !there || len(s.conditions) != 2 {
		t.Errorf("conditions %v: warnings are no failure; a datastore without a schedule is told of", s.conditions)
	}
}

// Each kind of job that fails is told of with its own words, of its own datastore, until it ends well.
func TestEachKindOfJobThatFails(t *testing.T) {
	b := newBench(t)
	run := func(state string) pbstest.Run { return pbstest.Run{UPID: "UPID:x", Ended: b.Now(), State: state} }
	all := func(state string) {
		b.world.Change(func(w *pbstest.World) {
			job := pbstest.Job{ID: "j", Store: "archive", Schedule: "daily", Remote: "", Run: run(state)}
			w.Verify, w.Prune, w.Sync = []pbstest.Job{job}, []pbstest.Job{job}, []pbstest.Job{job}
			w.Stores[0].GC.Schedule, w.Stores[1].GC = "daily", pbstest.GC{Schedule: "daily", Run: run(state)}
		})
	}
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	for _, state := range []string{"OK", "datastore 'archive' is full", "WARNINGS: 2", "TASK ERROR: unable to open chunk", "OK"} {
		all(state)
		s := look(t, c, taskJobs)
		fails := ended(state) == failed
		if s.Err != nil || len(s.conditions) != map[bool]int{true: 4}[fails] {
			t.Errorf("%s: %v %v", state, s.Err, s.conditions)
		}
		for kind, says := range map[string]string{
			verifyFailed + " j": "Verify job j of datastore archive failed: ", pruneFailed + " j": "Prune job j of datastore archive failed: ",
			syncFailed + " j": "Sync job j of datastore archive failed: ", gcFailed + " archive": "Garbage collection of datastore archive failed: ",
		} {
			x := s.conditions["datastore/archive "+kind]
			if fails != (x.Kind != "") || fails && x.Message != says+strings.TrimPrefix(state, "TASK ERROR: ") {
				t.Errorf("%s: %q", state, x.Message)
			}
		}
	}
}

// While a job runs, the server tells nothing of the run before: what failed has not become good.
func TestAFailureLastsWhileTheJobRunsAgain(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	look(t, c, taskJobs)
	b.world.Change(func(w *pbstest.World) { w.Sync[0].Run = pbstest.Run{UPID: "UPID:s2"} })
	s := look(t, c, taskJobs)
	if _, there := s.conditions["datastore/main "+syncFailed+" s-pull"]; !there {
		t.Error("the failure is forgotten while the job runs")
	}
	if sync := rowsOf(t, s.docs["server#sync"], "syncJobs"); sync[0]["status"] != "running" {
		t.Errorf("%v", sync[0])
	}
	b.world.Change(func(w *pbstest.World) {
		w.Sync[0].Run = pbstest.Run{UPID: "UPID:s2", Ended: b.Now(), State: "OK"}
	})
	if s := look(t, c, taskJobs); s.conditions["datastore/main "+syncFailed+" s-pull"].Kind != "" {
		t.Error("it ended well")
	}
}

// What all releases have in common is read of each.
func TestReleases(t *testing.T) {
	for _, release := range []string{"2.0", "2.2", "2.4", "3.0", "3.1", "3.2", "3.3", "4.0", "4.2"} {
		t.Run(release, func(t *testing.T) {
			b := newBench(t)
			withJobs(b)
			withBackups(b, 2, 3)
			b.world.Change(func(w *pbstest.World) {
				w.Release = release
				w.Services = []pbstest.Service{{Name: "proxmox-backup", State: "dead", Unit: "enabled"}}
				w.Disks = []pbstest.Disk{{Name: "sda", Model: "Example", Status: "failed", Left: 91}}
				w.Pools = map[string]string{"tank": "DEGRADED"}
			})
			c := b.collector(t, "monitor@pbs!pulse", "")
			status, jobs, backups, system := look(t, c, taskStatus), look(t, c, taskJobs), look(t, c, taskBackups), look(t, c, taskSystem)
			if err := errors.Join(status.Err, jobs.Err, backups.Err, system.Err); err != nil {
				t.Fatal(err)
			}
			if got := status.docs["server"]["kernelVersion"]; !strings.Contains(fmt.Sprint(got), "6.8.12-2-pve") {
				t.Errorf("kernel %v", got)
			}
			if status.samples["datastore/main usage"] == 0 || backups.samples["datastore/main backups"] != 6 || len(backups.rows) != 6 {
				t.Errorf("%v %v", status.samples, backups.samples)
			}
			failed := map[string]bool{"sync": jobs.conditions["datastore/main "+syncFailed+" s-pull"].Kind != "", "verify": len(rowsOf(t, jobs.docs["server#verify"], "verifyJobs")) == 2}
			for _, kind := range []string{serviceDown + " proxmox-backup", diskFailing + " sda", poolDegraded + " tank"} {
				failed[kind] = system.conditions["server "+kind].Kind != ""
			}
			for what, there := range failed {
				if !there {
					t.Errorf("%s is not told", what)
				}
			}
		})
	}
}

// Releases that know less are asked for less, and once only.
func TestOlderReleases(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	b.world.Change(func(w *pbstest.World) { w.Release = "3.1"; w.Sync[1].Push = false })
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	s := look(t, c, taskJobs)
	if s.Err != nil || len(rowsOf(t, s.docs["server#sync"], "syncJobs")) != 2 || len(rowsOf(t, s.docs["server#garbage"], "garbageJobs")) != 2 {
		t.Fatalf("3.1: %v %v", s.Err, s.docs)
	}
	if _, there := s.conditions["datastore/archive "+gcMissing+" archive"]; there {
		t.Error("a release that tells no schedules has none missing")
	}
	before, collections := b.server.Calls("/admin/sync"), b.server.Calls("/admin/gc")
	look(t, c, taskJobs)
	if n := b.server.Calls("/admin/gc"); n != collections {
		t.Error("a call that the release does not have was made again")
	}
	if n := b.server.Calls("/admin/sync") - before; n != 1 {
		t.Errorf("the parameter that is refused was sent again: %d calls", n)
	}
	b.world.Change(func(w *pbstest.World) { w.Release = "2.1" })
	c = b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	if s := look(t, c, taskJobs); s.Err != nil || s.docs["server#prune"]["pruneJobs"] != nil {
		t.Errorf("2.1: %v %v", s.Err, s.docs["server#prune"])
	}
}

// Jobs that an account does not see any more are not gone.
func TestJobsThatAreHidden(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	look(t, c, taskJobs)
	b.world.Change(func(w *pbstest.World) {
		w.Accounts["monitor@pbs!pulse"].Roles = map[string]string{"/": "Audit", "/remote": "none"}
	})
	s := look(t, c, taskJobs)
	if sdk.KindOf(s.Part("sync").Err) != sdk.KindPermission || !strings.Contains(s.Part("sync").Err.Error(), "RemoteAudit") || s.Part("verify").Err != nil || s.Err != nil {
		t.Errorf("sync %v, verify %v, all %v", s.Part("sync").Err, s.Part("verify").Err, s.Err)
	}
	b.world.Change(func(w *pbstest.World) {
		w.Accounts["monitor@pbs!pulse"].Roles = map[string]string{"/": "Audit", "/remote": "RemoteAudit"}
		w.Sync = nil
	})
	if s := look(t, c, taskJobs); s.Part("sync").Err != nil || len(rowsOf(t, s.docs["server#sync"], "syncJobs")) != 0 {
		t.Errorf("removed: %v", s.Part("sync").Err)
	}
}

func TestJobsThatAreNotWanted(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	c := b.collector(t, "monitor@pbs!pulse", `,"monitor_sync_jobs":false,"monitor_verify_jobs":false,"monitor_prune_jobs":false,"monitor_garbage_jobs":false`)
	s := look(t, c, taskJobs)
	if b.server.Calls("/admin/sync")+b.server.Calls("/admin/verify")+b.server.Calls("/admin/prune")+b.server.Calls("/admin/gc") != 0 {
		t.Error("they are asked for all the same")
	}
	for part, member := range map[string]string{"sync": "syncJobs", "verify": "verifyJobs", "prune": "pruneJobs", "garbage": "garbageJobs"} {
		if v, there := s.docs["server#"+part][member]; !there || v != nil {
			t.Errorf("%s is %v", member, v)
		}
	}
}

func TestTasks(t *testing.T) {
	b := newBench(t)
	now := b.Now()
	b.world.Change(func(w *pbstest.World) {
		w.Tasks = []pbstest.Task{
			{Type: "backup", ID: "main:vm/101", Started: now.Add(-2 * time.Hour), Ended: now.Add(-time.Hour), Status: "OK"},
			{Type: "backup", ID: "main:vm/102", Started: now.Add(-90 * time.Minute), Ended: now.Add(-time.Hour), Status: "connection error: broken pipe"},
			{Type: "garbage_collection", ID: "archive", Started: now.Add(-20 * time.Hour)},
			{Type: "termproxy", Started: now.Add(-time.Hour), Ended: now, Status: "closed"},
			{Type: "mount-device", ID: "archive", Started: now.Add(-time.Hour), Ended: now, Status: "no such device"},
			{Type: "create-datastore", ID: "x", Started: now.Add(-time.Hour), Ended: now, Status: "no space"},
			{Type: "prune", ID: "main", Started: now.Add(-48 * time.Hour), Ended: now.Add(-48 * time.Hour), Status: "OK"},
		}
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	s := look(t, c, taskJobs)
	if s.Err != nil || len(s.rows) != 5 || s.samples["server tasks_running"] != 1 {
		t.Fatalf("%v %v %v", s.Err, s.rows, s.samples)
	}
	var events []sdk.Event
	for _, o := range s.All() {
		if e, ok := o.(sdk.Event); ok {
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(x, y sdk.Event) int { return strings.Compare(y.Key, x.Key) })
	if len(events) != 2 || events[0].Key != "datastore/main" || !strings.Contains(events[0].Text, "broken pipe") || events[1].Key != "datastore/archive" || !strings.Contains(events[1].Text, "no such device") {
		t.Errorf("events %v", events)
	}
	for _, r := range s.rows {
		if strings.Contains(string(r.Doc), "root@pam") && !strings.Contains(r.Key, "root@pam") {
			t.Errorf("who started a task is kept: %s", r.Doc)
		}
	}
	// The collection that runs for a day is found when it ends, although it began long before the last look.
	b.Move(30 * time.Hour)
	look(t, c, taskJobs)
	b.world.Change(func(w *pbstest.World) { w.Tasks[2].Ended, w.Tasks[2].Status = b.Now(), "TASK ERROR: aborted" })
	s = look(t, c, taskJobs)
	if s.samples["server tasks_running"] != 0 {
		t.Errorf("%v run", s.samples["server tasks_running"])
	}
	found := false
	for _, r := range s.rows {
		if doc := decode(t, r.Doc); doc["type"] == "garbage_collection" {
			found = doc["status"] == "error" && doc["error"] == "aborted" && doc["datastore"] == "archive"
		}
	}
	if !found {
		t.Errorf("its end is not told: %v", s.rows)
	}
	b.Move(2 * time.Minute)
	if s := look(t, c, taskJobs); len(s.rows) != 0 {
		t.Errorf("%d tasks in a quiet look", len(s.rows))
	}
}

func TestWhichDatastoreATaskIsAbout(t *testing.T) {
	for text, want := range map[string]string{
		`{"worker_type":"backup","worker_id":"main:vm/101"}`: "main", `{"worker_type":"verificationjob","worker_id":"main:v-daily"}`: "main",
		`{"worker_type":"syncjob","worker_id":"offsite:theirs:main::s-pull"}`: "main", `{"worker_type":"garbage_collection","worker_id":"main"}`: "main",
		`{"worker_type":"aptupdate","worker_id":null}`: "", `{"worker_type":"syncjob","worker_id":"-"}`: "-",
	} {
		var one task
		if err := json.Unmarshal([]byte(text), &one); err != nil || one.store() != want {
			t.Errorf("%s: %q, want %q (%v)", text, one.store(), want, err)
		}
	}
}

func TestOneListThatFailsLeavesTheOthers(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	b.server.Fail("/admin/verify", func(w http.ResponseWriter, _ *http.Request) { pbstest.Refuse(w, 400, "unable to read config") })
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	s := look(t, c, taskJobs)
	if s.Err == nil || !strings.Contains(s.Part("verify").Err.Error(), "unable to read config") || s.Part("prune").Err != nil || s.Part("tasks").Err != nil {
		t.Errorf("%v, %v", s.Err, s.Part("verify").Err)
	}
}

func TestDatastoresThatAreLeftOut(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	c := b.collector(t, "monitor@pbs!pulse", `,"exclude_datastores":["arch*","["]`)
	if s := look(t, c, taskStatus); s.Part("datastores").Err != nil || len(s.records) != 2 || s.records["datastore/main"].Key == "" {
		t.Errorf("%v", s.records)
	}
	s := look(t, c, taskJobs)
	if len(rowsOf(t, s.docs["server#garbage"], "garbageJobs")) != 1 || len(rowsOf(t, s.docs["server#verify"], "verifyJobs")) != 1 || s.conditions["server "+gcMissing+" archive"].Kind != "" {
		t.Errorf("%v %v", s.docs, s.conditions)
	}
	look(t, c, taskBackups)
	if b.server.Calls("/admin/datastore/archive/groups") != 0 {
		t.Error("it is asked all the same")
	}
}
