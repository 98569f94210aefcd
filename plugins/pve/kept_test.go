package pve

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// lives is a cluster that one process after the other watches. What they keep, the server has.
type lives struct {
	*lab
	host   *keeper
	config string
}

func newLives(t *testing.T, l *lab, config string) *lives {
	t.Helper()
	out := &lives{&lab{Server: l.Server, t: t, world: l.world, clock: l.clock}, &keeper{values: map[string][]byte{}}, config}
	out.again()
	return out
}

// again begins another process, which knows nothing but what is kept.
func (l *lives) again() {
	l.t.Helper()
	c := sdktest.Conn(l.t, Plugin(), sdktest.WithNow(l.clock.Now), sdktest.WithHost(l.host))
	live, err := c.Configure(l.t.Context(), sdk.Instance{Integration: "pve/home", Name: "home", Revision: 1, Config: json.RawMessage(l.config)})
	if err != nil {
		l.t.Fatal(err)
	}
	l.live = live
}

func aLife(t *testing.T, nodes, guests int, change func(w *pvetest.World), config ...map[string]any) *lives {
	t.Helper()
	l := newLab(t, nodes, guests, change, config...)
	return newLives(t, l, configFor(l.Server, config...))
}

func TestALockIsAsOldAfterARestart(t *testing.T) {
	l := aLife(t, 1, 2, func(w *pvetest.World) { w.Guest(100).Lock = "backup" })
	begun := l.clock.Now()
	l.must(taskResources)
	l.must(taskConfigs)
	l.clock.Move(20 * time.Hour)
	l.again()
	l.must(taskResources)
	l.must(taskConfigs)
	l.clock.Move(5 * time.Hour)
	l.again()
	if c := l.must(taskResources).conditions("guest/100")[kindLocked]; c.Message == "" || !c.Since.Equal(begun) {
		t.Errorf("a day later: %+v", c)
	}
	// One that was let go of is not remembered.
	l.world.Edit(func(w *pvetest.World) { w.Guest(100).Lock = "" })
	l.must(taskResources)
	l.must(taskConfigs)
	l.again()
	l.world.Edit(func(w *pvetest.World) { w.Guest(100).Lock = "backup" })
	if c := l.must(taskResources).conditions("guest/100"); len(c) != 0 {
		t.Errorf("another one: %v", c)
	}
}

// What guests and nodes keep in memory only while nobody needs it does not count as used, from the first look on.
func TestMemoryDoesNotJumpWithARestart(t *testing.T) {
	l := aLife(t, 1, 2, func(w *pvetest.World) {
		w.Nodes[0].Cache, w.Guest(100).Cache, w.Guest(100).HostMemory, w.Guest(100).Agent = 20<<30, 100<<20, false, ""
	})
	l.must(taskResources)
	l.must(taskNodes)
	l.must(taskAgents)
	l.must(taskConfigs)
	before := l.must(taskResources)
	before.want("guest/100", map[string]any{"memorySource": sourceNoCache})
	l.again()
	after := l.must(taskResources)
	for _, key := range []string{"guest/100", "node/pve1"} {
		was, _ := before.sample(key, "memory")
		if is, _ := after.sample(key, "memory"); is != was {
			t.Errorf("%s used %v and uses %v", key, was, is)
		}
	}
	after.want("guest/100", map[string]any{"allottedDisk": before.doc("guest/100", "allottedDisk"), "onBoot": true})
	// A guest that has started anew has not said so yet.
	l.clock.Move(time.Minute)
	l.world.Edit(func(w *pvetest.World) { w.Guest(100).Since = w.Now() })
	l.clock.Move(time.Minute)
	l.again()
	l.must(taskResources).want("guest/100", map[string]any{"memorySource": sourceGuest})
}

// It takes long until all guests were asked for their snapshots: until then what is known of before is told.
func TestSnapshotsGetOlderWhileNobodyHasAskedAgain(t *testing.T) {
	made := time.Unix(1_800_000_000, 0).Add(-48 * time.Hour)
	l := aLife(t, 1, 4, func(w *pvetest.World) {
		w.Guest(100).Snapshots = []pvetest.Snapshot{{Name: "new", Made: made.Add(time.Hour)}, {Name: "old", Made: made}}
		w.Guest(103).Snapshots = []pvetest.Snapshot{{Name: "old", Made: made}}
	}, map[string]any{"snapshot_calls_per_minute": 4})
	l.must(taskResources)
	l.must(taskSnapshots)
	l.must(taskConfigs)
	l.clock.Move(time.Hour)
	l.again()
	silent := []*pvetest.Fault{{Path: "/snapshot", Status: 500, Reason: "got timeout"}}
	l.world.Edit(func(w *pvetest.World) { w.Faults = silent })
	l.must(taskResources)
	s := l.must(taskSnapshots)
	for _, key := range []string{"guest/100", "guest/103"} {
		if age, _ := s.sample(key, "snapshot_age"); age != (49 * time.Hour).Seconds() {
			t.Errorf("the oldest of %s is %v s old", key, age)
		}
	}
	if _, told := s.sample("guest/101", "snapshot_age"); told {
		t.Error("of a guest that had none nothing is known")
	}
	// One that was removed meanwhile is forgotten once the guest was asked, for later processes too.
	l.world.Edit(func(w *pvetest.World) { w.Faults, w.Guest(100).Snapshots = nil, nil })
	l.clock.Move(10 * time.Minute)
	l.must(taskSnapshots)
	l.must(taskConfigs)
	l.again()
	l.world.Edit(func(w *pvetest.World) { w.Faults = silent })
	l.must(taskResources)
	s = l.must(taskSnapshots)
	if age, told := s.sample("guest/100", "snapshot_age"); told {
		t.Errorf("a snapshot that is gone is %v s old", age)
	}
	if age, _ := s.sample("guest/103", "snapshot_age"); age <= (49 * time.Hour).Seconds() {
		t.Errorf("one that is still there is %v s old", age)
	}
}

// The members are known although the configured address is away when a process begins.
func TestFailOverAfterARestart(t *testing.T) {
	now := newClock()
	w := pvetest.New(2, 2, now.Now)
	first, second := pvetest.Start(t, w), pvetest.StartAs(t, w, "pve2")
	w.Node("pve2").Fingerprint = second.Pin
	members := []map[string]any{{"node": "pve2", "host": second.URL}}
	l := newLives(t, &lab{Server: first, world: w, clock: now}, configFor(first, map[string]any{"members": members}))
	l.must(taskResources)
	l.must(taskNodes)
	uid := l.must(taskResources).record("cluster").Evidence
	first.Close()
	l.again()
	s := l.must(taskResources)
	if second.Count("/cluster/resources") != 1 {
		t.Errorf("%v", second.Calls())
	}
	if got := s.record("cluster").Evidence; len(got) != 1 || len(uid) != 1 || got[0] != uid[0] {
		t.Errorf("which cluster it is: %v, before %v", got, uid)
	}
	// What was kept for other addresses is not used.
	l.config = configFor(first, map[string]any{"members": append(members, map[string]any{"node": "pve9", "host": "https://127.0.0.1:1"})})
	l.again()
	if s := l.collect(taskResources); sdk.KindOf(s.Err) != sdk.KindUnreachable {
		t.Errorf("%v", s.Err)
	}
}

func TestAMemberThatIsSilentStaysSoAfterARestart(t *testing.T) {
	l := aLife(t, 2, 1, nil)
	l.must(taskResources)
	l.must(taskDisks)
	l.world.Edit(func(w *pvetest.World) { w.Faults = []*pvetest.Fault{{Path: "/nodes/pve2/", Status: 596}} })
	begun := l.clock.Now()
	for range 6 {
		l.must(taskResources)
		l.must(taskNodes)
		l.clock.Move(time.Minute)
	}
	l.again()
	l.must(taskResources)
	l.must(taskDisks) // which are known, so that no node is asked, and nothing learned of it
	if c := l.must(taskResources).conditions("node/pve2")[kindNoAnswer]; c.Message == "" || !c.Since.Equal(begun) {
		t.Errorf("%+v", c)
	}
	l.world.Edit(func(w *pvetest.World) { w.Faults = nil })
	l.must(taskNodes)
	l.again()
	if c := l.must(taskResources).conditions("node/pve2")[kindNoAnswer]; c.Message != "" {
		t.Errorf("it answers again: %+v", c)
	}
}

// A guest that never had a backup is missed as long after a restart; one whose backups lie where nobody has read yet is not.
func TestBackupsAfterARestart(t *testing.T) {
	l := aLife(t, 1, 2, func(w *pvetest.World) {
		w.Storages = append(w.Storages, &pvetest.Storage{Name: "far", Type: "cifs", Content: "backup", Shared: true, Size: 1 << 40, Used: 1 << 30})
		w.Backups, w.Tasks = []*pvetest.Backup{{Storage: "far", Guest: 101, Kind: "qemu", Made: w.Now().Add(-time.Hour)}}, nil
		w.Guest(100).Status, w.Guest(100).Since = "stopped", w.Now()
		w.Backups = append(w.Backups, &pvetest.Backup{Storage: "nas", Guest: 101, Kind: "qemu", Made: w.Now().Add(-50 * time.Hour)})
	})
	l.must(taskResources)
	l.must(taskConfigs)
	l.clock.Move(26 * time.Hour)
	l.world.Edit(func(w *pvetest.World) { w.Backups[0].Made = w.Now().Add(-time.Hour) })
	l.again()
	l.must(taskResources)
	if c := l.must(taskBackups).conditions("guest/100")[kindNeverBackedUp]; c.Message == "" {
		t.Error("nobody misses the backup of a guest that has been there for a day")
	}
	for _, broken := range []func(w *pvetest.World){
		func(w *pvetest.World) { w.Storages[len(w.Storages)-1].Inactive = map[string]bool{"pve1": true} },
		func(w *pvetest.World) {
			w.Storages[len(w.Storages)-1].Inactive = nil
			w.Faults = []*pvetest.Fault{{Path: "/storage/far/content", Status: 500, Reason: "got timeout"}}
		},
	} {
		l.world.Edit(broken)
		l.again()
		l.must(taskResources)
		s := l.collect(taskBackups)
		if c := s.conditions("guest/100"); len(c) != 0 {
			t.Errorf("while a storage was not read: %v", c)
		}
		if overdue, told := s.sample("guest/101", "backup_overdue"); told {
			t.Errorf("overdue by %v while its newest backup cannot be seen", overdue)
		}
	}
	l.world.Edit(func(w *pvetest.World) { w.Faults = nil })
	if age, _ := l.must(taskBackups).sample("guest/101", "backup_age"); age != time.Hour.Seconds() {
		t.Errorf("%v old", age)
	}
}

// Nothing is said of failures while the budget lets nobody ask for older tasks.
func TestFailuresAreNotForgottenWithARestart(t *testing.T) {
	l := aLife(t, 2, 2, func(w *pvetest.World) {
		w.Tasks = nil
		w.AddTask(&pvetest.Task{Node: "pve1", Type: "vzdump", ID: "100", Began: w.Now().Add(-72 * time.Hour), Ended: w.Now().Add(-71 * time.Hour), Status: "no space left"})
		w.Backups = nil
	})
	l.must(taskResources)
	if c := l.must(taskBackups).conditions("guest/100")[kindBackupFailed]; c.Message == "" {
		t.Fatal("no failure is told")
	}
	// The tasks of a node are not known yet.
	c, err := newWith(Config{Host: l.URL, TokenName: pvetest.Token, TokenValue: pvetest.Secret, Fingerprint: l.Pin, MonitorVMs: true, MonitorContainers: true, MonitorStorage: true,
		MonitorBackups: true, CallsPerMinute: 30, NodeCallsPerMinute: 1}, sdk.Deps{Name: "home", Network: sdk.Network{AllowLoopback: true}, Now: l.clock.Now, Log: quiet()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	cycle := sdktest.NewCycle()
	if err := c.Collect(t.Context(), taskResources, cycle); err != nil {
		t.Fatal(err)
	}
	// The only call that the node may answer within a minute is made.
	if _, err := proxmox.Get[nodeStatusAnswer](t.Context(), c.client, proxmox.OnNode("pve1", "status")); err != nil {
		t.Fatal(err)
	}
	// The next one would come after it has to be ready.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	cycle = sdktest.NewCycle()
	if err := c.Collect(ctx, taskBackups, cycle); err != nil {
		t.Fatal(err)
	}
	if err := cycle.Part("guests").Err; err == nil {
		t.Error("the guests are told to be well")
	}
}

// A process that is killed right after it told of a failure has kept it: the next one may not be able to find it anew.
func TestAFailureIsKeptBeforeTheProcessIsKilled(t *testing.T) {
	l := aLife(t, 2, 2, func(w *pvetest.World) {
		w.Tasks, w.Backups = nil, nil
		w.AddTask(&pvetest.Task{Node: "pve2", Type: "vzdump", ID: "100", Began: w.Now().Add(-time.Hour), Ended: w.Now().Add(-50 * time.Minute), Status: "no space left"})
	})
	l.must(taskResources)
	l.must(taskConfigs) // others have just been kept
	before := l.must(taskBackups).conditions("guest/100")[kindBackupFailed]
	if before.Message == "" {
		t.Fatal("no failure is told")
	}
	l.world.Edit(func(w *pvetest.World) { w.Tasks, w.Node("pve2").Online = nil, false })
	l.again()
	l.must(taskResources)
	if after := l.must(taskBackups).conditions("guest/100")[kindBackupFailed]; after.Message != before.Message {
		t.Errorf("before it was %q, after %q", before.Message, after.Message)
	}
	// Nor does one that is over come back.
	l.world.Edit(func(w *pvetest.World) {
		w.AddTask(&pvetest.Task{Node: "pve1", Type: "vzdump", ID: "100", Began: w.Now().Add(-2 * time.Minute), Ended: w.Now().Add(-time.Minute), Status: "OK"})
	})
	l.must(taskBackups)
	l.world.Edit(func(w *pvetest.World) { w.Tasks, w.Node("pve1").Online, w.Node("pve2").Online = nil, true, true })
	l.again()
	l.must(taskResources)
	if c := l.must(taskBackups).conditions("guest/100")[kindBackupFailed]; c.Message != "" {
		t.Errorf("it is over, and told again: %+v", c)
	}
}

// Disks that sleep are not woken because a process begins, and what they said is still told.
func TestDisksAreNotAskedAgainAfterARestart(t *testing.T) {
	l := aLife(t, 1, 1, nil)
	l.must(taskResources)
	before := l.must(taskDisks)
	asked := l.Count("/disks/")
	l.clock.Move(5 * time.Minute)
	l.again()
	l.must(taskResources)
	after := l.must(taskDisks)
	if n := l.Count("/disks/"); n != asked {
		t.Errorf("asked %d times more", n-asked)
	}
	for _, key := range []string{"disk/pve1/HDD-1", "disk/pve1/NVME-1"} {
		if was, is := string(before.record(key).Doc), string(after.record(key).Doc); was != is {
			t.Errorf("%s was\n%s\nand is\n%s", key, was, is)
		}
	}
	l.clock.Move(30 * time.Minute)
	l.must(taskDisks)
	if l.Count("/disks/list") != 2 {
		t.Error("nor are they asked when it is time")
	}
}

// refuser is a server that has no time to tell what it keeps.
type refuser struct {
	*keeper
	refuses bool
}

func (r *refuser) State(ctx context.Context, key string) ([]byte, int64, error) {
	if r.refuses {
		return nil, 0, errors.New("busy")
	}
	return r.keeper.State(ctx, key)
}

// While it is not known who the guests are, nothing is told of them, and nothing that is kept is overwritten.
func TestWhatIsKeptCannotBeRead(t *testing.T) {
	clock := newClock()
	s := pvetest.Start(t, pvetest.New(1, 1, clock.Now))
	host := &refuser{&keeper{values: map[string][]byte{keptGuests(100 % guestChunks): []byte(`{"100":{"m":"7","g":2}}`), keptCluster: []byte(`{`)}}, true}
	live, err := sdktest.Conn(t, Plugin(), sdktest.WithNow(clock.Now), sdktest.WithHost(host)).Configure(t.Context(),
		sdk.Instance{Integration: "pve/home", Name: "home", Revision: 1, Config: json.RawMessage(configFor(s))})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{Server: s, t: t, clock: clock, live: live}
	if l.collect(taskResources).Err == nil || host.writes != 0 || strings.Contains(strings.Join(l.Calls(), " "), "/cluster/resources") {
		t.Errorf("%d writes, %v", host.writes, l.Calls())
	}
	host.refuses = false
	if s := l.must(taskResources); !s.has("guest/100.2") {
		t.Errorf("%v", s.Keys())
	}
}
