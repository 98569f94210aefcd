package pbs

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
	"github.com/pulse-platform/pulse/sdk"
)

// roles changes what the account may do.
func (b *bench) roles(roles map[string]string) {
	b.world.Change(func(w *pbstest.World) { w.Accounts["monitor@pbs!pulse"].Roles = roles })
}

// A right may be taken away for one datastore only: the list of rights does not show that, and neither the datastore, nor its
// jobs or backups are gone.
func TestOneDatastoreThatIsHidden(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	withBackups(b, 2, 1)
	b.world.Change(func(w *pbstest.World) { w.Stores[1].Backups = w.Stores[0].Backups })
	c := b.collector(t, "monitor@pbs!pulse", "")
	for _, task := range []string{taskStatus, taskJobs, taskBackups} {
		look(t, c, task)
	}
	b.roles(map[string]string{"/": "Audit", "/remote": "RemoteAudit", "/datastore/archive": "NoAccess"})
	if p := look(t, c, taskStatus).Part("datastores"); sdk.KindOf(p.Err) != sdk.KindPermission {
		t.Errorf("datastores: %v", p.Err)
	}
	s := look(t, c, taskJobs)
	for _, part := range []string{"garbage", "verify"} {
		if sdk.KindOf(s.Part(part).Err) != sdk.KindPermission {
			t.Errorf("%s: %v", part, s.Part(part).Err)
		}
	}
	if p := s.Part("prune"); p.Err != nil {
		t.Errorf("jobs of the other one: %v", p.Err)
	}
	if s := look(t, c, taskBackups); s.Part("backups/archive//vm/100").Ended || s.Part("datastore/archive").Err == nil || s.Part("datastore/main").Err != nil {
		t.Errorf("backups: %v, %v", s.Part("datastore/archive").Err, s.Part("datastore/main").Err)
	}
	b.roles(map[string]string{"/": "Audit", "/remote": "RemoteAudit"})
	b.world.Change(func(w *pbstest.World) {
		w.Stores, w.Verify = w.Stores[:1], w.Verify[:1]
	})
	for _, task := range []string{taskStatus, taskJobs, taskBackups} {
		if s := look(t, c, task); s.Err != nil {
			t.Errorf("when it is removed: %s: %v", task, s.Err)
		}
	}
}

// All jobs of a kind that are not seen any more are not gone, nor are those of an account that never saw any.
func TestAllJobsThatAreHidden(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	look(t, c, taskJobs)
	b.roles(map[string]string{"/": "Audit", "/datastore": "NoAccess", "/remote": "RemoteAudit"})
	for name, c := range map[string]*Collector{"one that saw them": c, "one that did not": b.collector(t, "monitor@pbs!pulse", "")} {
		s := look(t, c, taskJobs)
		for _, part := range []string{"garbage", "verify", "prune", "sync"} {
			if sdk.KindOf(s.Part(part).Err) != sdk.KindPermission {
				t.Errorf("%s: %s: %v", name, part, s.Part(part).Err)
			}
		}
	}
}

// One datastore that may be seen is enough for a list that is empty to be believed.
func TestRightsOnOneDatastore(t *testing.T) {
	b := newBench(t)
	b.roles(map[string]string{"/": "Audit", "/datastore": "NoAccess", "/datastore/main": "DatastoreAudit"})
	c := b.collector(t, "monitor@pbs!pulse", "")
	if s := look(t, c, taskStatus); s.Part("datastores").Err != nil || len(s.records) != 2 {
		t.Errorf("%v %v", s.Part("datastores").Err, s.records)
	}
	if s := look(t, c, taskJobs); s.Err != nil || s.Part("verify").Err != nil {
		t.Errorf("%v %v", s.Err, s.Part("verify").Err)
	}
}

// A role that does not hold below says nothing of what lies there.
func TestRightsThatAreNotHandedDown(t *testing.T) {
	p := permissions{"/": {"Sys.Audit": true, "Datastore.Audit": true}, "/datastore": {"Datastore.Audit": false}}
	if p.have("/datastore/main", "Datastore.Audit") || !p.have("/datastore", "Datastore.Audit") || !p.have("/system/tasks", "Sys.Audit") || p.have("/system/tasks", "Datastore.Backup") {
		t.Error("a right counts where it does not hold, or does not where it does")
	}
	if p.below("/remote", "Remote.Audit") || !(permissions{"/remote/far": {"Remote.Audit": true}}).below("/remote", "Remote.Audit") {
		t.Error("what is below")
	}
}

// An account without the right sees its own tasks only, which is not that nothing runs.
func TestTasksOfOthersThatAreHidden(t *testing.T) {
	b := newBench(t)
	s := look(t, b.collector(t, "half@pbs!main", ""), taskJobs)
	if _, told := s.samples["server tasks_running"]; told || sdk.KindOf(s.Part("tasks").Err) != sdk.KindPermission {
		t.Errorf("%v %v", s.samples, s.Part("tasks").Err)
	}
}

// A datastore is not gone because the row that may be it cannot be read.
func TestADatastoreInARowThatCannotBeRead(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	b.server.Fail("/status/datastore-usage", answering(`{"data":[{"store":"main","total":9,"used":1}, "archive"]}`))
	if p := look(t, c, taskStatus).Part("datastores"); sdk.KindOf(p.Err) != sdk.KindUpstream {
		t.Errorf("%v", p.Err)
	}
	b.server.Fail("/status/datastore-usage", answering(`{"data":[{"store":"main","total":9,"used":1}]}`))
	if p := look(t, c, taskStatus).Part("datastores"); p.Err != nil {
		t.Errorf("when it is gone: %v", p.Err)
	}
}

// Another release has other calls: those that were missing are made again.
func TestAnUpgrade(t *testing.T) {
	b := newBench(t)
	withJobs(b)
	b.world.Change(func(w *pbstest.World) { w.Release = "3.1" })
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	look(t, c, taskJobs)
	b.world.Change(func(w *pbstest.World) { w.Release = "4.2" })
	b.Move(versionEvery)
	look(t, c, taskStatus)
	if s := look(t, c, taskJobs); s.samples["datastore/archive bad_chunks"] != 3 || s.conditions["datastore/archive "+gcMissing+" archive"].Kind == "" || len(rowsOf(t, s.docs["server#sync"], "syncJobs")) != 2 {
		t.Errorf("%v %v", s.conditions, s.docs["server#sync"])
	}
}

// What a server does not tell makes no number: it has just started, or was never collected.
func TestNumbersThatAreNotTold(t *testing.T) {
	b := newBench(t)
	b.server.Fail("/nodes/localhost/status", answering(`{"data":{"cpu":0,"wait":0,"uptime":0,"memory":{"total":0,"used":0}}}`))
	b.server.Fail("/admin/gc", answering(`{"data":[{"store":"main","pending-bytes":null,"still-bad":-1,"schedule":"daily"}]}`))
	c := b.collector(t, "monitor@pbs!pulse", "")
	status, jobs := look(t, c, taskStatus), look(t, c, taskJobs)
	if status.Err != nil || jobs.Part("garbage").Err != nil {
		t.Fatal(status.Err, jobs.Part("garbage").Err)
	}
	for _, sample := range []string{"server cpu", "server iowait", "server uptime", "server memory", "datastore/main gc_pending", "datastore/main bad_chunks"} {
		for _, s := range []seen{status, jobs} {
			if v, told := s.samples[sample]; told {
				t.Errorf("%s is %v", sample, v)
			}
		}
	}
}

// A server whose certificate speaks for itself is known by its name, any other by its certificate.
func TestWhoAServerIs(t *testing.T) {
	for print, trusted := range map[string]bool{strings.Repeat("AB:", 31) + "AB": false, "pbs.example.com": true} {
		c := &Collector{fingerprint: strings.Repeat("AB:", 31) + "AB", conn: &connection{host: "pbs.example.com", trusted: trusted}}
		if c.identity() != print {
			t.Errorf("%v: %s", trusted, c.identity())
		}
	}
}

// Many tasks are read at once, and one that never ends does not have all be read since it began.
func TestManyTasks(t *testing.T) {
	b := newBench(t)
	b.world.Change(func(w *pbstest.World) {
		w.Tasks = []pbstest.Task{{Type: "garbage_collection", ID: "main", Started: b.Now().Add(-20 * time.Hour)}}
		for i := range 80 {
			at := b.Now().Add(-time.Duration(i) * time.Minute)
			w.Tasks = append(w.Tasks, pbstest.Task{Type: "backup", ID: "main:vm/1", Started: at, Ended: at, Status: "OK"})
		}
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	if s := look(t, c, taskJobs); len(s.rows) != 81 {
		t.Errorf("%d rows", len(s.rows))
	}
	b.Move(longest)
	look(t, c, taskJobs)
	b.Move(2 * time.Minute)
	if s := look(t, c, taskJobs); len(s.rows) != 0 {
		t.Errorf("%d rows are read again", len(s.rows))
	}
}
