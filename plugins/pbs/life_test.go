package pbs

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// again is the collector of a plugin that was ended and started anew: it knows what the host kept, and nothing else.
func (b *bench) again(t *testing.T, c *Collector) *Collector {
	t.Helper()
	again := b.collector(t, "monitor@pbs!pulse", "")
	again.deps.Host = c.deps.Host
	return again
}

// A job that failed runs again while the plugin is started anew: the failure is not over, and is about what it was about.
func TestAFailureOutlivesThePlugin(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	before := look(t, c, taskJobs).conditions["datastore/main "+syncFailed+" s-pull"]
	b.world.Change(func(w *pbstest.World) { w.Sync[0].Run = pbstest.Run{UPID: "UPID:s2"} })
	again := b.again(t, c)
	if s := look(t, again, taskJobs); s.conditions["datastore/main "+syncFailed+" s-pull"].Message != before.Message || before.Message == "" {
		t.Errorf("after a restart: %v", s.conditions)
	}
	b.world.Change(func(w *pbstest.World) { w.Sync[0].Run = pbstest.Run{UPID: "UPID:s2", Ended: b.Now(), State: "OK"} })
	look(t, again, taskJobs)
	b.world.Change(func(w *pbstest.World) { w.Sync[0].Run = pbstest.Run{UPID: "UPID:s3"} })
	if s := look(t, b.again(t, c), taskJobs); s.conditions["datastore/main "+syncFailed+" s-pull"].Kind != "" {
		t.Error("what ended well meanwhile is told as failed")
	}
}

// killer ends a process as soon as it has told a part of a cycle.
type killer struct {
	*sdktest.Cycle
	at   string
	kill func()
}

func (k *killer) Partition(name string) sdk.Partition {
	p := k.Cycle.Partition(name)
	if name != k.at {
		return p
	}
	return told{p, k.kill}
}

type told struct {
	sdk.Partition
	then func()
}

func (p told) Done(err error) error {
	defer p.then()
	return p.Partition.Done(err)
}

// Who hears of a failure hears of it from the next process too, also when this one is killed at that moment.
func TestAFailureIsKeptBeforeThePluginIsKilled(t *testing.T) {
	for part, failure := range map[string]string{"sync": "datastore/main " + syncFailed + " s-pull", "tape": "datastore/main " + tapeFailed + " t-main"} {
		t.Run(part, func(t *testing.T) {
			b := newBench(t)
			wrong(b)
			b.world.Change(func(w *pbstest.World) {
				w.Sync[0].Run = pbstest.Run{UPID: "UPID:s1", Ended: b.Now(), State: "TASK ERROR: connection refused"}
			})
			const tape = `,"monitor_tape":true`
			c := b.collector(t, "monitor@pbs!pulse", tape)
			look(t, c, taskStatus)
			ctx, kill := context.WithCancel(t.Context())
			task := map[string]string{"sync": taskJobs, "tape": taskTape}[part]
			_ = c.Collect(ctx, task, &killer{sdktest.NewCycle(), part, kill})
			again := pbstest.Run{UPID: "UPID:again"}
			b.world.Change(func(w *pbstest.World) { w.Sync[0].Run, w.Tape.Jobs[0].Run = again, again })
			next := b.collector(t, "monitor@pbs!pulse", tape)
			next.deps.Host = c.deps.Host
			if s := look(t, next, task); s.conditions[failure].Message == "" {
				t.Errorf("%s is not told any more: %v", failure, s.conditions)
			}
		})
	}
}

// A plugin that is killed in the middle of a sweep takes it up again: groups that it had not come to are not gone, those
// that went meanwhile are, and the server is asked no more than after any start.
func TestAPluginThatIsKilledInASweep(t *testing.T) {
	b := newBench(t)
	withBackups(b, 3, 2)
	b.world.Change(func(w *pbstest.World) {
		for g := range 3 {
			w.Stores[0].Backups = append(w.Stores[0].Backups, pbstest.Backup{Namespace: "site", Type: "vm", ID: []string{"7", "8", "9"}[g], Time: b.Now(), Size: gib})
		}
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	look(t, c, taskBackups)
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Backups = append(w.Stores[0].Backups[1:], pbstest.Backup{Type: "vm", ID: "101", Time: b.Now(), Size: gib})
		w.Stores[0].Backups = w.Stores[0].Backups[:len(w.Stores[0].Backups)-2] // the last of the namespace is gone
	})
	killed := b.again(t, c)
	b.server.Fail("/admin/datastore/main/groups", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("ns") != "" {
			panic(http.ErrAbortHandler) // here it is killed: the root was read, the namespace not
		}
		answering(`{"data":[{"backup-type":"vm","backup-id":"101","last-backup":1,"backup-count":1,"files":["index.json.blob"]}]}`)(w, r)
	})
	look(t, killed, taskStatus)
	if s := look(t, killed, taskBackups); s.Part("backups/main/site/vm/7").Ended || s.Part("backups/main//vm/102").Ended || s.Part("datastore/main").Err == nil {
		t.Error("what was not read is told of")
	}
	b.server.Fail("/admin/datastore/main/groups", nil)
	after := b.again(t, killed)
	b.Move(time.Minute) // the server is asked again after one that closed the connection
	b.server.Total()
	look(t, after, taskStatus)
	s := look(t, after, taskBackups)
	if s.Err != nil || !s.Part("backups/main/site/vm/9").Ended || len(s.Part("backups/main/site/vm/9").Observations) != 1 || !s.Part("backups/main/site/vm/7").Ended {
		t.Errorf("%v: %v", s.Err, s.Part("backups/main/site/vm/9"))
	}
	if n := b.server.Total(); n > 15 {
		t.Errorf("%d calls after a restart", n)
	}
}

// Ages of what the server wrote are told by its own clock.
func TestTheServersClock(t *testing.T) {
	b := newBench(t)
	b.server.Ahead = 3 * time.Hour
	there := b.Now().Add(b.server.Ahead)
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Backups = []pbstest.Backup{{Type: "vm", ID: "100", Time: there.Add(-time.Hour), Size: gib}}
		w.Stores[0].Full = there.Add(day * time.Second)
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	if s := look(t, c, taskStatus); s.samples["datastore/main full_in"] != day {
		t.Errorf("full in %v", s.samples["datastore/main full_in"])
	}
	if s := look(t, c, taskBackups); s.samples["datastore/main backup_agevm/100"] != 3600 {
		t.Errorf("an hour old by the server's clock: %v", s.samples["datastore/main backup_agevm/100"])
	}
}

// Each refusal takes the server three seconds: an account without the right is refused once, and sees all when it is given.
func TestARefusalIsNotAskedForAgain(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "half@pbs!main", "")
	for range 5 {
		look(t, c, taskStatus)
		b.Move(30 * time.Second)
	}
	if n := b.server.Calls("/nodes/localhost/status"); n != 1 {
		t.Errorf("%d calls that are refused", n)
	}
	b.world.Change(func(w *pbstest.World) { w.Accounts["half@pbs!main"].Roles["/"] = "Audit" })
	b.Move(lackingEvery)
	look(t, c, taskJobs) // which is where the rights are looked at
	if s := look(t, c, taskStatus); s.samples["server cpu"] != 0.25 {
		t.Errorf("the right was given: %v", s.samples)
	}
}

// Who gives a right and tests the connection sees all at once. What is tested is a collector of its own.
func TestATestEndsRefusals(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "half@pbs!main", "")
	look(t, c, taskStatus)
	b.world.Change(func(w *pbstest.World) { w.Accounts["half@pbs!main"].Roles["/"] = "Audit" })
	if s := look(t, c, taskStatus); len(s.samples) == 0 || s.samples["server cpu"] != 0 {
		t.Fatalf("before the test: %v", s.samples)
	}
	if _, err := b.collector(t, "half@pbs!main", "").Check(t.Context(), func(sdk.CheckStep) {}); err != nil {
		t.Fatal(err)
	}
	if s := look(t, c, taskStatus); s.samples["server cpu"] != 0.25 {
		t.Errorf("after the test: %v", s.samples)
	}
}

// Before 3.2 the server tells of garbage collections in the task log only.
func TestGarbageOfOlderReleases(t *testing.T) {
	b := newBench(t)
	now := b.Now()
	b.world.Change(func(w *pbstest.World) {
		w.Release = "3.1"
		w.Tasks = []pbstest.Task{
			{Type: "garbage_collection", ID: "main", Started: now.Add(-3 * time.Hour), Ended: now.Add(-2 * time.Hour), Status: "OK"},
			{Type: "garbage_collection", ID: "main", Started: now.Add(-time.Hour), Ended: now.Add(-time.Minute), Status: "unable to open chunk"},
		}
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	s := look(t, c, taskJobs)
	if x := s.conditions["datastore/main "+gcFailed+" main"]; x.Since != now.Add(-time.Minute).UTC() {
		t.Errorf("%+v", s.conditions)
	}
	if gc := rowsOf(t, s.docs["server#garbage"], "garbageJobs"); gc[1]["status"] != "error" || gc[0]["status"] != "never" {
		t.Errorf("%v", gc)
	}
	b.world.Change(func(w *pbstest.World) { w.Tasks = nil })
	if s := look(t, b.again(t, c), taskJobs); s.conditions["datastore/main "+gcFailed+" main"].Kind == "" {
		t.Error("it is forgotten when the log is")
	}
}

func TestEncryptedBackups(t *testing.T) {
	b := newBench(t)
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Backups = []pbstest.Backup{{Type: "vm", ID: "1", Time: b.Now(), Size: gib, Encrypted: true}, {Type: "vm", ID: "2", Time: b.Now(), Size: gib}}
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	s := look(t, c, taskBackups)
	for _, r := range s.rows {
		doc := decode(t, r.Doc)
		if doc["encrypted"] == true != (doc["vmid"] == "1") {
			t.Errorf("%v", doc)
		}
	}
	if len(s.rows) != 2 {
		t.Errorf("%d rows", len(s.rows))
	}
}

// A server that hangs or cuts connections fails what it fails and no more: what was known stays.
func TestAServerWithBadManners(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	b.server.Cut = 1
	s := look(t, c, taskJobs)
	if sdk.KindOf(s.Err) != sdk.KindUnreachable || s.Part("sync").Ended {
		t.Errorf("%v", s.Err)
	}
	b.server.Cut = 0
	b.Move(time.Minute)
	if s := look(t, c, taskJobs); s.Err != nil || s.conditions["datastore/main "+syncFailed+" s-pull"].Kind == "" {
		t.Errorf("%v %v", s.Err, s.conditions)
	}
}
