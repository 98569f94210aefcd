package pve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox/lifetest"
	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// wrong is a cluster in which all goes wrong that this plugin judges.
func wrong(w *pvetest.World) {
	now := w.Now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const day = 24 * time.Hour
	all := map[string]bool{"pve1": true, "pve2": true, "pve3": true}
	w.Storages = append(w.Storages,
		&pvetest.Storage{Name: "tapes", Type: "nfs", Content: "images", Shared: true, Size: 100 << 30, Used: 10 << 30, Inactive: all},
		&pvetest.Storage{Name: "share", Type: "nfs", Content: "images", Shared: true, Size: 100 << 30, Used: 10 << 30, Inactive: map[string]bool{"pve2": true}},
		&pvetest.Storage{Name: "attic", Type: "nfs", Content: "images", Shared: true, Size: 100 << 30, Used: 97 << 30},
		&pvetest.Storage{Name: "rbd", Type: "rbd", Content: "images", Shared: true, Size: 100 << 30, Used: 10 << 30})
	guest := func(id int, node string, age time.Duration) {
		w.Guests = append(w.Guests, &pvetest.Guest{ID: id, Kind: "qemu", Name: fmt.Sprint("extra", id), Node: node, Status: "running", CPUs: 1, Memory: 1 << 30, Disk: 1 << 30, Since: ago(age)})
	}
	guest(900, "pve3", 3*day)
	guest(901, "pve3", 9*day)
	w.Backups = append(w.Backups, &pvetest.Backup{Storage: "nas", Guest: 901, Kind: "qemu", Made: ago(3 * day), Size: 1 << 30})
	w.Backups = append(w.Backups, &pvetest.Backup{Storage: "nas", Guest: 101, Kind: "qemu", Made: ago(2 * time.Hour), Size: 1 << 30})
	// One for a guest, and one for several: its log says which ones.
	w.AddTask(&pvetest.Task{Node: "pve3", Type: "vzdump", ID: "102", Began: ago(time.Hour), Ended: ago(50 * time.Minute), Status: "no space left on device"})
	w.AddTask(&pvetest.Task{Node: "pve3", Type: "vzdump", Began: ago(2 * time.Hour), Ended: ago(110 * time.Minute), Status: "job errors",
		Log: []string{"ERROR: Backup of VM 104 failed - no space left", "INFO: Finished Backup of VM 101 (00:01:23)"}})
	for i := range 30 { // which push them out of the list of the whole cluster
		w.AddTask(&pvetest.Task{Node: "pve3", Type: "vncproxy", ID: "102", Began: ago(time.Duration(i) * time.Minute), Ended: ago(time.Duration(i) * time.Minute), Status: "OK"})
	}
	w.Copies = append(w.Copies, &pvetest.Replication{ID: "101-0", Guest: 101, Target: "pve1", LastSync: ago(5 * time.Hour)},
		&pvetest.Replication{ID: "102-0", Guest: 102, Target: "pve1", LastSync: ago(time.Hour), Failed: 3, Error: "command 'zfs send' failed"})
	w.Ceph = pvetest.Healthy()
	w.Ceph.Only, w.Ceph.Health, w.Ceph.Checks = "pve3", "HEALTH_WARN", map[string]string{"OSD_DOWN": "1 osds down"}
	for _, n := range w.Nodes {
		n.Pools[0].Health, n.Pools[0].Bad = "DEGRADED", map[string]string{"nvme1n1p3": "FAULTED"}
		n.Disks[1].Health = "FAILED"
		n.Lapsed, n.CertificateEnds = "expired", ago(-7*day)
		n.Thin["pve/data"] = 0.97
	}
	w.Node("pve2").HA, w.Node("pve3").Silent = "fence", 5*time.Minute
	w.Guest(102).HA, w.Guest(103).Status = "error", "io-error"
	w.Guest(105).Lock = "snapshot"
	w.Guest(104).Snapshots = []pvetest.Snapshot{{Name: "old", Made: ago(40 * day)}}
	w.Guest(105).Snapshots = []pvetest.Snapshot{{Name: "old", Made: ago(50 * day)}}
	w.Armed, w.Master = "disarmed", "pve1"
	w.TokenEnds = ago(-5 * day)
}

// moving are numbers of the moment, and of the plugin itself.
var moving = []string{"api_calls", "netin", "netout", "diskread", "diskwrite", "disk", "fs_used"}

// settle runs all tasks until nothing changes by itself any more.
func (l *lives) settle(known *lifetest.Known) {
	l.t.Helper()
	for range 3 {
		l.clock.Move(aside)
		for _, task := range lifetest.Orders(Plugin(), 0)[0] {
			known.Hear(task, l.collect(task).Cycle)
		}
	}
}

var plenty = map[string]any{"calls_per_minute": 6000, "node_calls_per_minute": 6000, "snapshot_calls_per_minute": 600, "agent_calls_per_minute": 600}

// Nothing that was told is taken back, and nothing else is told, because another process begins: in whatever order its tasks
// run, and whatever is away by then.
func TestNothingEndsWithARestart(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *pvetest.World){
		"all answer":          nil,
		"a node is off":       func(w *pvetest.World) { w.Node("pve3").Online, w.Node("pve3").Lost = false, w.Now() },
		"a node is unreached": func(w *pvetest.World) { w.Faults = []*pvetest.Fault{{Path: "/nodes/pve3/", Status: 595}} },
		"nodes are busy":      func(w *pvetest.World) { w.Faults = silent("/nodes/") },
		"tasks are unknown":   func(w *pvetest.World) { w.Faults = silent("/tasks") },
		"the cluster is busy": func(w *pvetest.World) {
			w.Faults = silent("/cluster/backup", "/cluster/ceph", "/cluster/ha", "/cluster/replication", "/access/users", "/storage", "/log")
		},
		"a storage is away": func(w *pvetest.World) {
			w.Storages[2].Inactive = map[string]bool{"pve1": true, "pve2": true, "pve3": true}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := aLife(t, 3, 6, wrong, plenty)
			known := lifetest.New(moving...)
			l.must(taskResources)
			l.clock.Move(3 * time.Hour)
			l.settle(known)
			if change != nil {
				before := known.Conditions()
				l.world.Edit(change)
				l.settle(known)
				after := known.Conditions()
				for _, c := range before {
					if !slices.Contains(after, c) && c != "ha_silent node/pve3" { // of a node that is off it says nothing
						t.Errorf("it is over that %s", c)
					}
				}
			} else if missing := missingKinds(known); strings.Join(missing, " ") != "quorum_lost node_status_unknown node_unreachable clock_differs" {
				t.Errorf("not told at all: %v", missing) // but for what one answer says by itself, and a member that is silent
			}
			kept := l.host.copy()
			for _, order := range lifetest.Orders(Plugin(), 2) {
				l.host.values = kept.copy().values
				l.again()
				for _, task := range order {
					known.Check(t, task, l.collect(task).Cycle)
				}
				if t.Failed() {
					t.Logf("in the order %v", order)
				}
			}
		})
	}
}

// hurried is collect for somebody who does not wait until more calls may be made: the clock of the calls stands still meanwhile.
func (l *lives) hurried(task string) *sdktest.Cycle {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 50*time.Second)
	defer cancel()
	c := sdktest.NewCycle()
	c.Err = l.live.Collect(ctx, task, c)
	return c
}

// Nor because the calls of a minute are used up before the next process has asked for all: whichever those are that it can
// make, and while it asks for the rest in the minutes that follow.
func TestNothingEndsWhileCallsAreUsedUp(t *testing.T) {
	t.Parallel()
	for _, budget := range [][2]int{{30, 10}, {31, 60}, {33, 12}, {36, 60}, {42, 14}, {50, 60}} {
		t.Run(fmt.Sprint(budget), func(t *testing.T) {
			t.Parallel()
			l := aLife(t, 3, 6, wrong, plenty)
			known := lifetest.New(append([]string{"cpu", "memory", "iowait", "load1", "load5", "load15"}, moving...)...) // as time goes on
			l.must(taskResources)
			l.clock.Move(3 * time.Hour)
			l.settle(known)
			kept := l.host.copy()
			l.config = configFor(l.Server, map[string]any{"calls_per_minute": budget[0], "node_calls_per_minute": budget[1], "agent_calls_per_minute": 1, "snapshot_calls_per_minute": 1})
			ran := 0
			for _, order := range lifetest.Orders(Plugin(), 1) {
				l.host.values = kept.copy().values
				l.again()
				for minute := range 4 {
					for _, task := range order {
						c := l.hurried(task)
						known.Check(t, task, c)
						if usedUp(c) {
							ran++
						}
					}
					if t.Failed() {
						t.Fatalf("in minute %d, in the order %v", minute, order)
					}
					l.clock.Move(time.Minute)
				}
			}
			if ran == 0 {
				t.Error("there were calls enough")
			}
		})
	}
}

// Rows that are odd, in every list, cost themselves and nothing else.
func TestOddRowsInEveryList(t *testing.T) {
	t.Parallel()
	l := aLife(t, 3, 6, wrong, plenty)
	l.must(taskResources)
	l.clock.Move(3 * time.Hour)
	host, pin := lifetest.Odd(t, l.URL)
	odd := &lives{l.lab, l.host, configFor(l.Server, plenty, map[string]any{"host": host, "fingerprint": pin})}
	first := l.live
	odd.again()
	life := func(c sdk.Collector) lifetest.Life {
		return func(task string) *sdktest.Cycle { return sdktest.Collect(t, c, task) }
	}
	lifetest.OddRows(t, Plugin(), life(first), life(odd.live), moving...)
}

// usedUp tells whether a cycle could not make all its calls.
func usedUp(c *sdktest.Cycle) bool {
	if c.Err != nil && strings.Contains(c.Err.Error(), "calls") {
		return true
	}
	return slices.ContainsFunc(c.Partitions(), func(name string) bool {
		err := c.Part(name).Err
		return err != nil && strings.Contains(err.Error(), "calls")
	})
}

// What was told of a node or a storage that goes while nobody looks is over.
func TestWhatHasLeftIsOver(t *testing.T) {
	l := aLife(t, 3, 6, func(w *pvetest.World) {
		w.Copies = append(w.Copies, &pvetest.Replication{ID: "102-0", Guest: 102, Target: "pve1", LastSync: w.Now().Add(-time.Minute)})
	})
	for _, task := range []string{taskResources, taskDisks, taskReplication, taskBackups, taskNodes} {
		l.must(task)
	}
	l.again()
	l.world.Edit(func(w *pvetest.World) {
		w.Nodes, w.Copies = w.Nodes[:2], w.Copies[:1]
		w.Guests = slices.DeleteFunc(w.Guests, func(g *pvetest.Guest) bool { return g.Node == "pve3" })
		w.Storages = w.Storages[:2]
	})
	gone := map[string]string{taskDisks: "node/pve3", taskReplication: "node/pve3", taskBackups: "storage/pve3/local storage/shared/nas"}
	for _, told := range []bool{true, false} {
		for task, partitions := range gone {
			s := l.must(task)
			for name := range strings.FieldsSeq(partitions) {
				if p := s.Part(name); p.Ended != told || p.Err != nil || len(s.Part(name).Observations) > 1 {
					t.Errorf("%s of %s: %+v", name, task, p)
				}
			}
		}
	}
	// What an account may not see has not left.
	l.must(taskNodes)
	l.again()
	l.world.Edit(func(w *pvetest.World) {
		w.Accounts[0].Rights = map[string][]string{"/nodes": {"Sys.Audit"}, "/": {"Sys.Audit"}}
	})
	if s := l.collect(taskBackups); s.Part("storage/pve1/local").Ended && s.Part("storage/pve1/local").Err == nil {
		t.Errorf("a storage that may not be seen is said to hold no backup: %+v", s.Part("storage/pve1/local"))
	}
}

// A lock of a guest that nothing is known of is not let go of, and one that has run for days was there before it was seen.
func TestWhatIsNotKnownIsNotOver(t *testing.T) {
	l := aLife(t, 2, 4, func(w *pvetest.World) { w.Guest(101).Lock, w.Guest(103).Since = "backup", w.Now().Add(-72*time.Hour) })
	l.must(taskResources)
	begun := l.clock.Now()
	l.world.Edit(func(w *pvetest.World) { w.Node("pve2").Online, w.Node("pve2").Lost = false, w.Now() })
	l.clock.Move(time.Hour)
	l.must(taskResources)
	l.world.Edit(func(w *pvetest.World) { w.Node("pve2").Online = true })
	l.clock.Move(24 * time.Hour)
	if c := l.must(taskResources).conditions("guest/101")[kindLocked]; !c.Since.Equal(begun) {
		t.Errorf("%+v", c)
	}
}

// silent makes calls take longer than anybody waits.
func silent(paths ...string) (out []*pvetest.Fault) {
	for _, path := range paths {
		out = append(out, &pvetest.Fault{Path: path, Status: 500, Reason: "got timeout"})
	}
	return out
}

// missingKinds are the conditions that the plugin declares and nobody told.
func missingKinds(known *lifetest.Known) (out []string) {
	told := known.Conditions()
	for _, k := range conditions() {
		if k.Condition && !slices.ContainsFunc(told, func(c string) bool { return lifetest.Kind(c) == k.Name }) {
			out = append(out, k.Name)
		}
	}
	return out
}
