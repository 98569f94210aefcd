package pve

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
)

func TestSnapshots(t *testing.T) {
	made := time.Unix(1_800_000_000, 0).Add(-48 * time.Hour)
	l := newLab(t, 2, 4, func(w *pvetest.World) {
		w.Guest(100).Snapshots = []pvetest.Snapshot{{Name: "a", Made: made, WithMemory: true, Description: "before"}, {Name: "b", Parent: "a", Made: made.Add(time.Hour)}}
		w.Guest(102).Snapshots = []pvetest.Snapshot{{Name: "c", Made: made}}
	})
	if s := l.must(taskSnapshots); len(s.All()) != 0 {
		t.Errorf("before the server knows the guests: %v", s.All())
	}
	l.must(taskResources)
	s := l.must(taskSnapshots)
	rows := s.rows(rowsSnapshots)
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for path, want := range map[string]any{"id": "home-pve1-100-a", "name": "a", "type": "qemu", "vmid": 100.0, "vmstate": true, "time": made.UTC().Format(time.RFC3339), "description": "before"} {
		if got := at(t, rows["100/a"].Doc, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if rows["102/c"].OwnerKey != "guest/102" || rows["102/c"].OwnerType != typeLXC || at(t, rows["102/c"].Doc, "vmstate") != false {
		t.Errorf("%+v", rows["102/c"])
	}
	if age, _ := s.sample("guest/100", "snapshot_age"); age != (48 * time.Hour).Seconds() {
		t.Errorf("age %v", age)
	}
	if age, ok := s.sample("guest/101", "snapshot_age"); !ok || age != 0 {
		t.Errorf("a guest without snapshots: %v, %v", age, ok)
	}
}

func TestSnapshotsAreSweptSlowly(t *testing.T) {
	l := newLab(t, 2, 50, nil)
	l.must(taskResources)
	l.Forget()
	for range 3 {
		l.must(taskSnapshots)
		l.clock.Move(time.Minute)
	}
	if n := l.Count("/snapshot"); n != 50 {
		t.Errorf("%d guests asked in three minutes", n)
	}
	l.Forget()
	l.world.Edit(func(w *pvetest.World) {
		now := l.clock.Now()
		w.AddTask(&pvetest.Task{Node: "pve2", Type: "qmsnapshot", ID: "103", Began: now, Ended: now.Add(time.Second), Status: "OK"})
	})
	l.must(taskSnapshots)
	if got := strings.Join(l.Calls(), " "); got != "/cluster/tasks /nodes/pve2/qemu/103/snapshot" {
		t.Errorf("after a snapshot was made: %s", got)
	}
}

// Guests that cannot be asked hold up nobody else.
func TestGuestsWhoseSnapshotsCannotBeRead(t *testing.T) {
	l := newLab(t, 1, 12, func(w *pvetest.World) {
		for id := range 4 {
			w.Faults = append(w.Faults, &pvetest.Fault{Path: "/10" + itoa(id) + "/snapshot", Status: 500, Reason: "unable to read it"})
		}
	}, map[string]any{"snapshot_calls_per_minute": 4})
	l.must(taskResources)
	asked := map[string]bool{}
	for range 3 {
		s := l.must(taskSnapshots)
		for id := 100; id < 112; id++ {
			p := s.Part("guest/" + itoa(id))
			asked[itoa(id)] = asked[itoa(id)] || p.Ended && p.Err == nil
		}
		l.clock.Move(time.Minute)
	}
	if !asked["104"] || !asked["111"] || asked["100"] {
		t.Errorf("%v", asked)
	}
}

func TestReplication(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	l := newLab(t, 3, 4, func(w *pvetest.World) {
		w.Copies = []*pvetest.Replication{
			{ID: "100-0", Guest: 100, Target: "pve2", LastSync: now.Add(-7 * time.Minute)},
			{ID: "101-1", Guest: 101, Target: "pve1", Schedule: "*/5", LastSync: now.Add(-time.Hour), Failed: 3, Error: "command 'set -o pipefail' failed: exit code 1"},
			{ID: "102-0", Guest: 102, Target: "pve1", Disabled: true},
		}
	})
	s := l.must(taskReplication)
	rows := s.rows(rowsReplication)
	for path, want := range map[string]any{
		"id": "home-100-0", "jobId": "100-0", "guestId": 100.0, "guest": "100", "guestName": "vm100", "guestType": "qemu", "sourceNode": "pve1", "targetNode": "pve2",
		"enabled": true, "state": "ok", "lastSyncUnix": float64(now.Add(-7 * time.Minute).Unix()), "lastSyncDurationSeconds": 4.2, "type": "local",
	} {
		if got := at(t, rows["100-0"].Doc, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if at(t, rows["102-0"].Doc, "state") != "disabled" || at(t, rows["102-0"].Doc, "lastSyncUnix") != nil {
		t.Errorf("%s", rows["102-0"].Doc)
	}
	if c := s.conditions("guest/101")[kindReplication]; c.Severity != sdk.SeverityCritical || c.Instance != "101-1" || !strings.Contains(c.Message, "to pve1 fails") {
		t.Errorf("%+v", c)
	}
	if late, ok := s.sample("guest/101", "replication_overdue"); !ok || late != (55*time.Minute).Seconds() {
		t.Errorf("overdue by %v, %v", late, ok)
	}
	if late, ok := s.sample("guest/100", "replication_overdue"); !ok || late != 0 {
		t.Errorf("overdue by %v, %v", late, ok)
	}
	if l.Count("/nodes/") != 3 {
		t.Errorf("%v", l.Calls())
	}

	// A node that runs no guest with a job is not asked; a guest that moves takes its job along.
	l.Forget()
	l.world.Edit(func(w *pvetest.World) { w.Guest(101).Node, w.Guest(102).Node = "pve1", "pve1" })
	l.must(taskResources)
	s = l.must(taskReplication)
	if at(t, s.rows(rowsReplication)["101-1"].Doc, "sourceNode") != "pve1" || l.Count("/nodes/") != 1 {
		t.Errorf("%v", l.Calls())
	}
}
