package pve

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
)

func TestDisks(t *testing.T) {
	l := newLab(t, 2, 1, func(w *pvetest.World) {
		w.Nodes[1].Disks[0].Health, w.Nodes[1].Disks[0].Wearout = "FAILED!", 4
	})
	s := l.must(taskDisks)
	s.want("disk/pve1/NVME-1", map[string]any{"devPath": "/dev/nvme0n1", "node": "pve1", "instance": "home", "type": "nvme", "health": "PASSED", "wearout": 97.0, "used": "ZFS", "rpm": 0.0})
	s.want("disk/pve1/HDD-1", map[string]any{"wearout": -1.0, "rpm": 7200.0})
	if id := s.record("disk/pve1/HDD-1").WireID; id != "home-pve1--dev-sda" {
		t.Errorf("the id is %s", id)
	}
	if left, ok := s.sample("disk/pve2/NVME-2", "wearout"); !ok || left != 0.04 {
		t.Errorf("life left: %v, %v", left, ok)
	}
	if _, ok := s.sample("disk/pve1/HDD-1", "wearout"); ok {
		t.Error("a disk that does not say has a number")
	}
	if c := s.conditions("disk/pve2/NVME-2")[kindDisk]; !strings.Contains(c.Message, "/dev/nvme0n1") || len(s.conditions("disk/pve1/NVME-1")) != 0 {
		t.Errorf("%+v", c)
	}
	if used, ok := l.must(taskPools).sample("node/pve1", "thin_metadata"); !ok || used < 0.11 || used > 0.13 {
		t.Errorf("metadata of thin pools: %v, %v", used, ok)
	}

	// Disks sleep: their health is asked for seldom, and what is known is told meanwhile.
	l.Forget()
	l.clock.Move(5 * time.Minute)
	s = l.must(taskDisks)
	if l.Count("/disks/list") != 0 || !s.has("disk/pve1/NVME-1") || len(s.conditions("disk/pve2/NVME-2")) != 1 {
		t.Errorf("%v, %v", l.Calls(), s.Keys())
	}
	if _, ok := s.sample("disk/pve2/NVME-2", "wearout"); ok {
		t.Error("a number that nobody measured")
	}
	l.clock.Move(30 * time.Minute)
	if l.must(taskDisks); l.Count("/disks/list") != 2 {
		t.Errorf("%v", l.Calls())
	}
}

func TestDisksOfANodeThatIsAwayAreKept(t *testing.T) {
	l := newLab(t, 2, 1, nil)
	l.must(taskDisks)
	l.world.Edit(func(w *pvetest.World) { w.Nodes[1].Online = false })
	l.clock.Move(5 * time.Minute)
	if s := l.must(taskDisks); sdk.KindOf(s.Part("node/pve2").Err) != sdk.KindUnreachable || s.Part("node/pve1").Err != nil {
		t.Errorf("%v, %v", s.Part("node/pve2").Err, s.Part("node/pve1").Err)
	}
	l.world.Edit(func(w *pvetest.World) { w.Nodes = w.Nodes[:1] })
	l.clock.Move(5 * time.Minute)
	if s := l.must(taskDisks); !s.Part("node/pve2").Ended || s.Part("node/pve2").Err != nil {
		t.Errorf("a node that has left: %+v", s.Part("node/pve2"))
	}
}

// Quirk: disks without a serial number, with the same one, and partitions.
func TestDisksThatAreHardToTellApart(t *testing.T) {
	l := newLab(t, 1, 0, func(w *pvetest.World) {
		w.Faults = []*pvetest.Fault{{Path: "/disks/list", Status: 200, Reason: "OK", Body: `{"data":[
			{"devpath":"/dev/sda","serial":"X","wearout":"N/A"},{"devpath":"/dev/sdb","serial":"X"},{"devpath":"/dev/sdc","serial":"unknown"},
			{"devpath":"/dev/sda1","parent":"/dev/sda"},{"devpath":"/dev/sdd","rpm":-1,"health":"OK","wearout":"88","osdid-list":null},{}
		]}`}}
	})
	s := l.must(taskDisks)
	for _, key := range []string{"disk/pve1/X", "disk/pve1//dev/sdb", "disk/pve1//dev/sdc", "disk/pve1//dev/sdd"} {
		if !s.has(key) {
			t.Errorf("%s is missing: %v", key, s.Keys())
		}
	}
	s.want("disk/pve1//dev/sdd", map[string]any{"rpm": 0.0, "wearout": 88.0, "health": "OK"})
	if len(s.Keys()) != 4 {
		t.Errorf("%v", s.Keys())
	}
}

func TestPools(t *testing.T) {
	l := newLab(t, 2, 0, func(w *pvetest.World) {
		w.Nodes[0].Pools = []*pvetest.Pool{{Name: "rpool", Health: "ONLINE"}, {Name: "tank", Health: "DEGRADED", Bad: map[string]string{"sdc": "FAULTED"}}}
		w.Nodes[1].Pools = []*pvetest.Pool{{Name: "tank", Health: "SUSPENDED"}}
	})
	s := l.must(taskPools)
	if c := s.conditions("node/pve1")[kindPool]; c.Instance != "tank" || c.Severity != sdk.SeverityWarning || !strings.Contains(c.Message, "sdc (FAULTED)") {
		t.Errorf("%+v", c)
	}
	if c := s.conditions("node/pve2")[kindPool]; c.Severity != sdk.SeverityCritical {
		t.Errorf("%+v", c)
	}
	if n := l.Count("/disks/zfs/rpool"); n != 0 {
		t.Error("a pool that is well was asked for details")
	}
}

func TestCeph(t *testing.T) {
	l := newLab(t, 3, 0, func(w *pvetest.World) {
		w.Ceph = pvetest.Healthy()
		w.Ceph.Health, w.Ceph.Up = "HEALTH_WARN", 8
		w.Ceph.Checks = map[string]string{"OSD_DOWN": "1 osds down", "PG_NOT_DEEP_SCRUBBED": "3 pgs late", "MUTED_ONE": "nobody cares", "OSD_FULL": "1 full osd"}
		w.Ceph.Errors, w.Ceph.Muted = map[string]bool{"OSD_FULL": true}, map[string]bool{"MUTED_ONE": true}
	})
	s := l.must(taskCeph)
	s.want("ceph", map[string]any{"health": "HEALTH_WARN", "numOsds": 9.0, "numOsdsUp": 8.0, "numMons": 3.0, "numMgrs": 2.0, "usagePercent": 35.0, "healthMessage": "1 osds down; 1 full osd; 3 pgs late"})
	severities := map[string]sdk.Severity{}
	for _, o := range s.All() {
		if c, ok := o.(sdk.Condition); ok {
			severities[c.Instance] = c.Severity
		}
	}
	if len(severities) != 3 || severities["OSD_DOWN"] != sdk.SeverityWarning || severities["OSD_FULL"] != sdk.SeverityCritical || severities["PG_NOT_DEEP_SCRUBBED"] != sdk.SeverityInfo {
		t.Errorf("%v", severities)
	}
	if read, ok := s.sample("ceph", "ceph_read"); !ok || read != 40<<20 {
		t.Errorf("read %v", read)
	}
	// Quirk: an idle cluster leaves the rates out, which means 0.
	l.world.Edit(func(w *pvetest.World) { w.Ceph.Read = 0 })
	if read, ok := l.must(taskCeph).sample("ceph", "ceph_read"); !ok || read != 0 {
		t.Errorf("read %v, %v", read, ok)
	}
}

func TestAClusterWithoutCephIsAskedSeldom(t *testing.T) {
	l := newLab(t, 2, 0, nil)
	for range 10 {
		if s := l.must(taskCeph); len(s.All()) != 0 {
			t.Errorf("%v", s.All())
		}
		l.clock.Move(time.Minute)
	}
	if n := l.Count("/ceph/"); n != 1 {
		t.Errorf("asked %d times in ten minutes", n)
	}
}

// Quirk: the node that is asked need not be one that has Ceph.
func TestCephOnOtherNodes(t *testing.T) {
	l := newLab(t, 2, 0, func(w *pvetest.World) {
		w.Ceph = pvetest.Healthy()
		w.Ceph.Only = "pve2"
		w.Storages = append(w.Storages, &pvetest.Storage{Name: "vms", Type: "rbd", Content: "images", Shared: true, Size: 1 << 40, Used: 1 << 30})
	})
	if s := l.must(taskCeph); !s.has("ceph") {
		t.Errorf("%v", l.Calls())
	}
	l.Forget()
	if l.must(taskCeph); l.Count("/nodes/pve2/ceph/status") != 1 || l.Count("/cluster/ceph") != 0 {
		t.Errorf("%v", l.Calls())
	}
}

func TestCephThatDoesNotAnswerIsNotGone(t *testing.T) {
	l := newLab(t, 1, 0, func(w *pvetest.World) { w.Ceph = pvetest.Healthy() })
	l.must(taskCeph)
	l.world.Edit(func(w *pvetest.World) {
		w.Faults = []*pvetest.Fault{{Path: "/ceph/status", Status: 500, Reason: "got timeout"}}
	})
	if s := l.collect(taskCeph); s.Err == nil {
		t.Error("the cycle is complete")
	}
}

// The node that has Ceph may be slow: that nobody else has it says nothing.
func TestCephOnANodeThatDoesNotAnswer(t *testing.T) {
	l := newLab(t, 2, 0, func(w *pvetest.World) {
		w.Ceph = pvetest.Healthy()
		w.Ceph.Only = "pve2"
		w.Storages = append(w.Storages, &pvetest.Storage{Name: "vms", Type: "rbd", Content: "images", Shared: true, Size: 1 << 40, Used: 1 << 30})
	})
	l.must(taskCeph)
	l.world.Edit(func(w *pvetest.World) {
		w.Faults = []*pvetest.Fault{{Path: "/nodes/pve2/ceph/status", Status: 500, Reason: "got timeout"}}
	})
	for range 3 {
		l.clock.Move(time.Minute)
		if s := l.collect(taskCeph); s.Err == nil {
			t.Error("the cycle is complete, as if there were none")
		}
	}
	l.world.Edit(func(w *pvetest.World) { w.Faults = nil })
	l.clock.Move(time.Minute)
	if s := l.must(taskCeph); !s.has("ceph") {
		t.Errorf("%v", l.Calls())
	}
}

// One answer that is missing hides no other of the node.
func TestWhatANodeDoesNotSayHidesNothingElse(t *testing.T) {
	l := newLab(t, 1, 0, func(w *pvetest.World) {
		w.Nodes[0].Pools = []*pvetest.Pool{{Name: "tank", Health: "DEGRADED"}}
		w.Nodes[0].Level = ""
		w.Faults = []*pvetest.Fault{{Path: "/disks/lvmthin", Status: 500, Reason: "command 'vgs' failed"}, {Path: "/apt/update", Status: 500, Reason: "cannot read it"}}
	})
	l.must(taskResources)
	if s := l.must(taskPools); s.conditions("node/pve1")[kindPool].Message == "" || s.Part("thin/pve1").Err == nil {
		t.Errorf("%v, thin pools: %v", s.conditions("node/pve1"), s.Part("thin/pve1").Err)
	}
	s := l.must(taskUpkeep)
	if _, ok := s.sample("node/pve1", "certificate_left"); !ok || s.conditions("node/pve1")[kindSubscription].Message == "" || s.Part("updates/pve1").Err == nil {
		t.Errorf("certificate: %v, %v, updates: %v", ok, s.conditions("node/pve1"), s.Part("updates/pve1").Err)
	}
	// Only what is missing is asked for again.
	l.Forget()
	l.clock.Move(30 * time.Minute)
	if l.must(taskUpkeep); l.Count("/nodes/pve1/") != 1 || l.Count("/apt/update") != 1 {
		t.Errorf("%v", l.Calls())
	}
}

func TestUpkeep(t *testing.T) {
	l := newLab(t, 2, 0, func(w *pvetest.World) {
		w.Nodes[1].Level = ""
		w.Nodes[1].CertificateEnds = w.Now().Add(48 * time.Hour)
		w.TokenEnds = w.Now().Add(24 * time.Hour)
	})
	l.must(taskResources)
	s := l.must(taskUpkeep)
	if n, _ := s.sample("node/pve1", "pending_updates"); n != 2 {
		t.Errorf("%v updates", n)
	}
	if len(s.rows(rowsUpdates)) != 2 {
		t.Errorf("%v", s.rows(rowsUpdates))
	}
	if c := s.conditions("node/pve2")[kindSubscription]; c.Severity != sdk.SeverityInfo || len(s.conditions("node/pve1")) != 0 {
		t.Errorf("%+v", c)
	}
	if left, _ := s.sample("node/pve2", "certificate_left"); left != (48 * time.Hour).Seconds() {
		t.Errorf("certificate good for %v", left)
	}
	if left, _ := s.sample("cluster", "token_left"); left != (24 * time.Hour).Seconds() {
		t.Errorf("token good for %v", left)
	}
	l.Forget()
	l.clock.Move(time.Hour)
	if l.must(taskUpkeep); l.Count("/nodes/") != 0 {
		t.Errorf("asked again: %v", l.Calls())
	}
}

// Quirk: all pending updates take a right that is more than reading; the product's own packages do not.
func TestUpdatesWithoutTheRightToSeeAll(t *testing.T) {
	l := newLab(t, 1, 0, func(w *pvetest.World) { w.Accounts[0].Rights = map[string][]string{"/": pvetest.Auditor()} })
	l.must(taskResources)
	if n, ok := l.must(taskUpkeep).sample("node/pve1", "pending_updates"); !ok || n != 1 {
		t.Errorf("%v updates, %v", n, ok)
	}
}
