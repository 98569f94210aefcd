package pve

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
)

func TestAClusterCostsTwoCallsACycle(t *testing.T) {
	l := newLab(t, 3, 30, nil)
	l.must(taskResources)
	l.Forget()
	l.clock.Move(10 * time.Second)
	l.must(taskResources)
	if got := strings.Join(l.Calls(), " "); got != "/cluster/status /cluster/resources" {
		t.Errorf("a cycle asks for %s", got)
	}
}

func TestWhatAClusterShows(t *testing.T) {
	s := newLab(t, 3, 30, nil).must(taskResources)
	s.want("node/pve1", map[string]any{"node": "pve1", "instance": "home", "type": "node", "maxmem": float64(256 << 30), "isClusterMember": true, "clusterName": "lab"})
	s.want("guest/100", map[string]any{"vmid": 100.0, "name": "vm100", "node": "pve1", "type": "qemu", "cpus": 1.0, "tags": "prod,web", "template": false})
	s.want("guest/102", map[string]any{"type": "lxc", "memorySource": "host"})
	s.want("storage/pve2/local", map[string]any{"node": "pve2", "instance": "lab", "shared": false, "content": "backup,iso,vztmpl"})
	s.want("storage/shared/nas", map[string]any{"node": "cluster", "shared": true, "nodeCount": 3.0, "total": float64(20000 << 30), "usage": 45.0})
	for key, id := range map[string]string{
		"node/pve1": "lab-pve1", "guest/101": "home:pve2:101", "storage/pve2/local": "lab-pve2-local", "storage/shared/nas": "lab-cluster-nas", "cluster": "home",
	} {
		if got := s.record(key).WireID; got != id {
			t.Errorf("%s has the id %s, want %s", key, got, id)
		}
	}
	if r := s.record("guest/106"); r.Status != sdk.StatusOff || s.samples("guest/106") != 0 {
		t.Errorf("a stopped guest is %s and has %d numbers", r.Status, s.samples("guest/106"))
	}
}

func TestAServerThatStandsAlone(t *testing.T) {
	s := newLab(t, 1, 3, nil).must(taskResources)
	s.want("cluster", map[string]any{"standAlone": true, "quorate": true, "name": "home"})
	if id := s.record("node/pve1").WireID; id != "home-pve1" {
		t.Errorf("the node's id is %s", id)
	}
	if len(s.conditions("cluster")) != 0 {
		t.Errorf("conditions: %v", s.conditions("cluster"))
	}
}

// Quirk: the name of the integration may be that of the node.
func TestStorageOfAServerNamedLikeItsIntegration(t *testing.T) {
	l := newLab(t, 1, 0, func(w *pvetest.World) { w.Nodes[0].Name = "home" })
	if id := l.must(taskResources).record("storage/home/local").WireID; id != "home-local" {
		t.Errorf("the id is %s", id)
	}
}

func TestRatesAreOfCounters(t *testing.T) {
	l := newLab(t, 1, 1, func(w *pvetest.World) { w.Guests[0].Traffic = 4000 })
	if _, ok := l.must(taskResources).sample("guest/100", "netin"); ok {
		t.Error("one value of a counter gives a rate")
	}
	l.clock.Move(10 * time.Second)
	s := l.must(taskResources)
	in, ok := s.sample("guest/100", "netin")
	if !ok || in < 2000 || in > 6000 {
		t.Errorf("received %v a second", in)
	}
	if doc := s.doc("guest/100", "networkIn"); doc != math.Trunc(in) {
		t.Errorf("the state shows %v, the series %v", doc, in)
	}

	// The guest starts anew: its counters begin at nothing, which is no rate.
	l.world.Edit(func(w *pvetest.World) { w.Guests[0].Since = l.clock.Now() })
	l.clock.Move(10 * time.Second)
	s = l.must(taskResources)
	if _, ok := s.sample("guest/100", "netin"); ok || s.doc("guest/100", "networkIn") != 0.0 {
		t.Error("a restart gives a rate")
	}
}

// A counter that wraps while the guest runs on costs one value, and is never a leap.
func TestCountersThatWrap(t *testing.T) {
	l := newLab(t, 1, 1, func(w *pvetest.World) { w.Guests[0].Traffic, w.Guests[0].Wrap = 4000, 300_000 })
	l.must(taskResources)
	missing := 0
	for range 20 {
		l.clock.Move(10 * time.Second)
		in, ok := l.must(taskResources).sample("guest/100", "netin")
		if !ok {
			missing++
		} else if in < 2000 || in > 6000 {
			t.Errorf("received %v a second", in)
		}
	}
	if missing == 0 || missing > 4 {
		t.Errorf("%d of 20 values are missing", missing)
	}
}

// What lies on the volume of a container that is stopped is not known, and not nothing.
func TestTheDiskOfAStoppedContainer(t *testing.T) {
	l := newLab(t, 1, 1, func(w *pvetest.World) { w.Guest(100).Kind, w.Guest(100).Status = "lxc", "stopped" })
	l.must(taskResources).want("guest/100", map[string]any{"disk.usage": -1.0, "disk.total": float64(16 << 30)})
}

func TestAGuestKeepsItsKeyOnAnotherNode(t *testing.T) {
	l := newLab(t, 2, 4, nil)
	before := l.must(taskResources).record("guest/101")
	l.world.Edit(func(w *pvetest.World) { w.Guest(101).Node = "pve1" })
	after := l.must(taskResources).record("guest/101")
	if before.WireID != "home:pve2:101" || after.WireID != "home:pve1:101" || after.Relations[0].Key != "node/pve1" {
		t.Errorf("%+v, then %+v", before, after)
	}
}

func TestGuestsOfANodeThatIsAway(t *testing.T) {
	l := newLab(t, 2, 4, nil)
	l.must(taskResources)
	l.world.Edit(func(w *pvetest.World) { w.Node("pve2").Online, w.Node("pve2").Lost = false, l.clock.Now() })
	for _, what := range []string{"at first they keep their last numbers", "later they lose them, and their names"} {
		s := l.must(taskResources)
		node, guest := s.record("node/pve2"), s.record("guest/101")
		if node.Status != sdk.StatusDown || node.StatusWord != "offline" || s.samples("node/pve2") != 0 {
			t.Errorf("%s: the node is %s with %d numbers", what, node.Status, s.samples("node/pve2"))
		}
		if guest.Status != sdk.StatusUnknown || guest.Name != "vm101" || s.samples("guest/101") != 0 {
			t.Errorf("%s: the guest is %s, named %s, with %d numbers", what, guest.Status, guest.Name, s.samples("guest/101"))
		}
		if r := s.record("storage/pve2/local"); r.Status != sdk.StatusUnknown || s.samples("storage/pve2/local") != 0 {
			t.Errorf("%s: its storage is %s", what, r.Status)
		}
		if r := s.record("guest/100"); r.Status != sdk.StatusUp || s.samples("guest/100") == 0 {
			t.Errorf("%s: another node's guest is %s", what, r.Status)
		}
		l.clock.Move(6 * time.Minute)
	}
}

func TestAStatusDaemonThatHangs(t *testing.T) {
	l := newLab(t, 2, 4, func(w *pvetest.World) { w.Node("pve2").Stuck = true })
	s := l.must(taskResources)
	if r := s.record("node/pve2"); r.Status != sdk.StatusDegraded || s.conditions("node/pve2")[kindStuck].Message == "" {
		t.Errorf("the node is %s: %v", r.Status, s.conditions("node/pve2"))
	}
	if r := s.record("storage/shared/nas"); r.Status != sdk.StatusUp || len(s.conditions("storage/shared/nas")) != 0 {
		t.Errorf("a shared storage is %s: %v", r.Status, s.conditions("storage/shared/nas"))
	}
	if got := s.record("guest/101").Status; got != sdk.StatusUnknown {
		t.Errorf("its guest is %s", got)
	}
}

func TestQuorumThatIsLost(t *testing.T) {
	l := newLab(t, 3, 1, func(w *pvetest.World) { w.Quorate = false })
	s := l.must(taskResources)
	if c := s.conditions("cluster")[kindQuorum]; c.Severity != sdk.SeverityCritical || !strings.Contains(c.Message, "3 of 3") {
		t.Errorf("%+v", c)
	}
}

func TestStorageThatIsAway(t *testing.T) {
	l := newLab(t, 3, 0, func(w *pvetest.World) {
		w.Storages[1].Inactive = map[string]bool{"pve1": true}
		w.Storages[2].Inactive = map[string]bool{"pve2": true}
	})
	s := l.must(taskResources)
	if r := s.record("storage/pve1/local-zfs"); r.Status != sdk.StatusDown || s.samples(r.Key) != 0 {
		t.Errorf("a local storage is %s with %d numbers", r.Status, s.samples(r.Key))
	}
	if _, there := at(t, s.record("storage/pve1/local-zfs").Doc, "usage").(float64); there {
		t.Error("a storage that is away has a usage")
	}
	c := s.conditions("storage/shared/nas")[kindStorageAway]
	if r := s.record("storage/shared/nas"); r.Status != sdk.StatusUp || c.Instance != "pve2" {
		t.Errorf("a shared storage is %s: %+v", r.Status, c)
	}
}

// Quirk: a datastore that the account may not read shows no size.
func TestStorageWithoutSizeHasNoPercentage(t *testing.T) {
	l := newLab(t, 1, 0, func(w *pvetest.World) {
		w.Storages = []*pvetest.Storage{{Name: "bkp", Type: "pbs", Content: "backup", Shared: true}}
	})
	s := l.must(taskResources)
	if r := s.record("storage/shared/bkp"); r.Status != sdk.StatusUp || s.samples(r.Key) != 0 || s.doc(r.Key, "usage") != nil {
		t.Errorf("it is %s, %d numbers, %s", r.Status, s.samples(r.Key), r.Doc)
	}
}

// Quirk: one name on several nodes is one storage only when it is shared.
func TestEqualNamesOfLocalStorageAreSeveral(t *testing.T) {
	s := newLab(t, 3, 0, nil).must(taskResources)
	for _, key := range []string{"storage/pve1/local", "storage/pve2/local", "storage/pve3/local", "storage/shared/nas"} {
		if !s.has(key) {
			t.Errorf("%s is missing", key)
		}
	}
}

func TestStatesOfGuests(t *testing.T) {
	for word, want := range map[string]sdk.Status{
		"running": sdk.StatusUp, "stopped": sdk.StatusOff, "paused": sdk.StatusPaused, "suspended": sdk.StatusPaused, "prelaunch": sdk.StatusPaused,
		"io-error": sdk.StatusDegraded, "internal-error": sdk.StatusDegraded, "guest-panicked": sdk.StatusDegraded, "inmigrate": sdk.StatusUp,
		"unknown": sdk.StatusUnknown, "": sdk.StatusUnknown,
	} {
		if got := guestState(word).status; got != want {
			t.Errorf("%q is %s, want %s", word, got, want)
		}
	}
	l := newLab(t, 1, 1, func(w *pvetest.World) { w.Guests[0].Status = "io-error" })
	s := l.must(taskResources)
	if c := s.conditions("guest/100")[kindGuestFault]; !strings.Contains(c.Message, "vm100 (100) on pve1") || s.record("guest/100").StatusWord != "io-error" {
		t.Errorf("%+v", c)
	}
}

func TestTemplatesAndUnwantedGuestsAreLeftOut(t *testing.T) {
	l := newLab(t, 1, 3, func(w *pvetest.World) { w.Guests[0].Template, w.Guests[0].Status = true, "stopped" }, map[string]any{"monitor_containers": false, "monitor_storage": false})
	s := l.must(taskResources)
	if s.has("guest/100") || !s.has("guest/101") || s.has("guest/102") || s.has("storage/pve1/local") {
		t.Errorf("there are %v", s.Keys())
	}
}

// Quirk: a lock that stays is a task that has died.
func TestLocksThatLast(t *testing.T) {
	l := newLab(t, 1, 4, func(w *pvetest.World) {
		w.Guest(100).Lock, w.Guest(101).Lock, w.Guest(102).Lock, w.Guest(103).Lock = "snapshot", "backup", "rollback", "suspended"
	})
	locked := func(id int) sdk.Condition {
		return l.must(taskResources).conditions(fmt.Sprint("guest/", id))[kindLocked]
	}
	begun := l.clock.Now()
	if c := locked(100); c.Message != "" {
		t.Errorf("at once: %+v", c)
	}
	l.clock.Move(3 * time.Hour)
	if c := locked(100); !strings.Contains(c.Message, `"qm unlock 100"`) || !c.Since.Equal(begun) || c.Metadata["lock"] != "snapshot" {
		t.Errorf("%+v", c)
	}
	if vm, ct := locked(101), locked(102); vm.Message != "" || !strings.Contains(ct.Message, `"pct unlock 102"`) {
		t.Errorf("%+v, %+v", vm, ct)
	}
	// Another lock begins anew; one of a guest that sleeps may stay.
	l.world.Edit(func(w *pvetest.World) { w.Guest(100).Lock = "migrate" })
	if c := locked(100); c.Message != "" {
		t.Errorf("%+v", c)
	}
	l.clock.Move(30 * time.Hour)
	if backup, asleep := locked(101), locked(103); backup.Message == "" || asleep.Message != "" {
		t.Errorf("%+v, %+v", backup, asleep)
	}
}

func TestWhereMemoryWasMeasured(t *testing.T) {
	l := newLab(t, 1, 2, func(w *pvetest.World) { w.Guests[0].HostMemory, w.Guests[1].HostMemory = true, false })
	s := l.must(taskResources)
	s.want("guest/100", map[string]any{"memorySource": "host", "memory.usage": 100.0})
	s.want("guest/101", map[string]any{"memorySource": "guest"})
	if share, _ := s.sample("guest/100", "memory_host"); share != 1 {
		t.Errorf("memory over the size is %v", share)
	}
	// That is near its size for ever, and must not be taken for what is used.
	if _, ok := s.sample("guest/100", "memory"); ok {
		t.Error("what it takes on its node counts as used")
	}
	if _, ok := s.sample("guest/101", "memory"); !ok {
		t.Error("the guest's own view has no number")
	}
	l.world.Edit(func(w *pvetest.World) { w.Version = "8.4.1" })
	l.must(taskResources).want("guest/100", map[string]any{"memorySource": nil})
}

// Quirks: text for numbers, fractions, blanks for tags, types that nobody knows yet, rows that are odd.
func TestOddRows(t *testing.T) {
	l := newLab(t, 1, 1, func(w *pvetest.World) {
		w.Faults = []*pvetest.Fault{{Path: "/cluster/resources", Status: 200, Reason: "OK", Body: `{"data":[
			{"type":"node","node":"pve1","status":"online","maxcpu":"8","cpu":"0.25","mem":null,"maxmem":7081597264.37542},
			{"type":"lxc","vmid":"106","node":"pve1","name":"a","status":"running","maxcpu":0.5,"cpu":1.02,"tags":" ","template":0},
			{"type":"qemu","vmid":107,"node":"pve1","name":7,"status":"running","tags":"b;A, c","template":"0"},
			{"type":"qemu","vmid":"x","node":"pve1"}, 5, null, "text", {"type":"qemu"}, {"type":"storage","node":"pve1"},
			{"type":"node"}, {"type":"network","network":"zone1"}, {"type":"tomorrow"}
		],"total":12}`}}
	})
	s := l.must(taskResources)
	if cpu, ok := s.sample("node/pve1", "cpu"); !ok || cpu != 0.25 {
		t.Errorf("cpu of the node: %v, %v", cpu, ok)
	}
	if _, ok := s.sample("node/pve1", "memory"); ok {
		t.Error("memory that is missing is a number")
	}
	if cpu, _ := s.sample("guest/106", "cpu"); cpu != 1 {
		t.Errorf("a share of %v", cpu)
	}
	s.want("guest/106", map[string]any{"cpus": 0.5, "tags": nil})
	s.want("guest/107", map[string]any{"name": "7", "tags": "b,A,c"})
	if got := strings.Join(s.record("guest/107").Tags, "|"); got != "b|A|c" {
		t.Errorf("tags %s", got)
	}
	if n := len(s.Keys()); n != 4 { // with the cluster itself
		t.Errorf("there are %v", s.Keys())
	}
}

func TestRightsThatAreTakenAwayRemoveNothing(t *testing.T) {
	l := newLab(t, 1, 3, nil)
	l.must(taskResources)
	l.world.Edit(func(w *pvetest.World) { w.Accounts[0].Rights = map[string][]string{"/": {"Sys.Audit"}} })
	s := l.must(taskResources)
	if err := s.Part("guests").Err; sdk.KindOf(err) != sdk.KindPermission || !strings.Contains(err.Error(), "pveum acl modify / --tokens 'monitor@pve!pulse' --roles PVEAuditor") {
		t.Errorf("guests: %v", err)
	}
	if err := s.Part("storage").Err; sdk.KindOf(err) != sdk.KindPermission {
		t.Errorf("storage: %v", err)
	}
	if s.Part("nodes").Err != nil || !s.has("node/pve1") {
		t.Errorf("nodes: %v", s.Part("nodes").Err)
	}
	l.world.Edit(func(w *pvetest.World) { w.Accounts[0].Rights = nil })
	l.clock.Move(2 * time.Hour)
	if s := l.collect(taskResources); sdk.KindOf(s.Err) != sdk.KindPermission {
		t.Errorf("without any right: %v", s.Err)
	}
}

// One path of the permissions that is odd loses none of the others.
func TestOddPermissions(t *testing.T) {
	l := newLab(t, 1, 3, func(w *pvetest.World) {
		w.Faults = []*pvetest.Fault{{Path: "/access/permissions", Status: 200, Reason: "OK", Body: `{"data":{"/":{"VM.Audit":1,"Sys.Audit":0},"/vms/7":[],"/pool":null,"/x":"y"}}`}}
	}, map[string]any{"monitor_storage": false})
	if s := l.must(taskResources); !s.has("guest/100") || s.Part("guests").Err != nil {
		t.Errorf("%v, %v", s.Keys(), s.Part("guests").Err)
	}
}

func TestAGuestThatIsDeletedIsGone(t *testing.T) {
	l := newLab(t, 1, 3, nil)
	l.must(taskResources)
	l.world.Edit(func(w *pvetest.World) { w.Guests = w.Guests[:2] })
	if s := l.must(taskResources); s.has("guest/102") || s.Part("guests").Err != nil {
		t.Errorf("%v", s.Keys())
	}
}

// Quirk: an account without Sys.Audit at the root sees nodes without numbers, and no cluster.
func TestAnAccountThatSeesGuestsOnly(t *testing.T) {
	l := newLab(t, 2, 2, func(w *pvetest.World) { w.Accounts[0].Rights = map[string][]string{"/vms": {"VM.Audit"}} }, map[string]any{"monitor_storage": false})
	s := l.must(taskResources)
	if s.record("node/pve1").WireID != "home-pve1" || s.samples("node/pve1") != 0 || s.samples("guest/100") == 0 || len(s.conditions("cluster")) != 0 {
		t.Errorf("%v: %d", s.Keys(), s.samples("node/pve1"))
	}
}

func TestOldReleases(t *testing.T) {
	for _, version := range []string{"7.4-16", "8.4.1", "9.0.3", "9.2.10"} {
		s := newLab(t, 2, 9, func(w *pvetest.World) { w.Version = version }).must(taskResources)
		if !s.has("guest/102") || s.samples("guest/102") < 3 {
			t.Errorf("%s: %v", version, s.Keys())
		}
	}
}

func TestEachColumnHasAPlaceInTheDocument(t *testing.T) {
	for _, kind := range resourceTypes() {
		for _, c := range kind.Columns {
			if c.Path == "" {
				t.Errorf("column %s of %s would be empty", c.Name, kind.Name)
			}
		}
	}
}
