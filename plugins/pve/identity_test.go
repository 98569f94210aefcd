package pve

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// keeper is a server that keeps small values.
type keeper struct {
	sdk.Host
	mu     sync.Mutex
	values map[string][]byte
	writes int
}

func (k *keeper) State(_ context.Context, key string) ([]byte, int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.values[key], int64(len(k.values[key])), nil
}

func (k *keeper) SetState(_ context.Context, key string, value []byte, version int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if version != int64(len(k.values[key])) {
		return fmt.Errorf("outdated")
	}
	k.values[key] = value
	k.writes++
	return nil
}

// replace puts another guest in the place of one.
func replace(w *pvetest.World, id int, with *pvetest.Guest) {
	w.Guests = slices.DeleteFunc(w.Guests, func(g *pvetest.Guest) bool { return g.ID == id })
	if with != nil {
		with.ID, with.Node, with.Since, with.CPUs, with.Memory, with.Disk = id, w.Nodes[0].Name, w.Now(), 1, 1<<30, 16<<30
		w.Guests = append(w.Guests, with)
	}
}

// known is a cluster of which all configurations were read.
func known(t *testing.T, change func(w *pvetest.World)) *lab {
	t.Helper()
	l := newLab(t, 1, 3, change)
	l.must(taskResources)
	l.must(taskConfigs)
	return l
}

// Quirk: the id of a guest that is gone is given to another one, which inherits nothing.
func TestAnotherGuestWithTheSameID(t *testing.T) {
	l := known(t, nil)
	l.must(taskBackups)
	if age, ok := l.must(taskBackups).sample("guest/100", "backup_age"); !ok || age <= 0 {
		t.Fatalf("there is no backup to inherit: %v", age)
	}
	// It is gone in one look and there again in another.
	l.world.Edit(func(w *pvetest.World) { replace(w, 100, nil) })
	l.clock.Move(10 * time.Second)
	gone := l.clock.Now()
	if s := l.must(taskResources); s.has("guest/100") {
		t.Error("it is still there")
	}
	l.clock.Move(time.Hour)
	l.world.Edit(func(w *pvetest.World) {
		replace(w, 100, &pvetest.Guest{Kind: "qemu", Name: "vm100", Status: "running", UUID: "another"})
	})
	s := l.must(taskResources)
	if s.has("guest/100") || s.record("guest/100.1").WireID != "home:pve1:100" || s.record("guest/100.1").Evidence[0].Value != "home/100.1" {
		t.Fatalf("%v", s.Keys())
	}
	// The backups of the first are not its own; those that are made now are.
	s = l.must(taskBackups)
	if _, ok := s.sample("guest/100.1", "backup_age"); ok {
		t.Error("it has inherited a backup")
	}
	l.world.Edit(func(w *pvetest.World) {
		w.Backups = append(w.Backups, &pvetest.Backup{Storage: "nas", Guest: 100, Kind: "qemu", Made: l.clock.Now(), Size: 1 << 30})
	})
	l.clock.Move(2 * time.Hour)
	l.must(taskResources)
	s = l.must(taskBackups)
	if age, ok := s.sample("guest/100.1", "backup_age"); !ok || age != (2*time.Hour).Seconds() {
		t.Errorf("its own backup is %v old, %v", age, ok)
	}
	subjects := map[string]int{}
	for _, o := range s.All() {
		if r, ok := o.(sdk.Row); ok && r.Rows == rowsBackups && at(t, r.Doc, "vmid") == 100.0 {
			name := "nobody"
			if len(r.Subject) > 0 {
				name = r.Subject[0].Value
			}
			subjects[name]++
			if (name == "nobody") != r.Time.Before(gone) {
				t.Errorf("a backup of %v belongs to %s", r.Time, name)
			}
		}
	}
	if subjects["home/100.1"] != 1 || subjects["nobody"] == 0 || subjects["home/100"] != 0 {
		t.Errorf("%v", subjects)
	}
}

// A guest that is restored under its id, or moves or is not seen for a while, is the one that it was.
func TestTheSameGuestAgain(t *testing.T) {
	l := known(t, func(w *pvetest.World) { w.Guest(102).Kind = "lxc" })
	for _, id := range []int{100, 102} {
		var was pvetest.Guest
		l.world.Edit(func(w *pvetest.World) { was = *w.Guest(id); replace(w, id, nil) })
		l.clock.Move(time.Minute)
		l.must(taskResources)
		l.world.Edit(func(w *pvetest.World) { w.Guests = append(w.Guests, &was) })
		l.clock.Move(time.Minute)
		if s := l.must(taskResources); !s.has(fmt.Sprint("guest/", id)) {
			t.Errorf("%d: %v", id, s.Keys())
		}
	}
	// A container that gets another network card stays, too.
	l.world.Edit(func(w *pvetest.World) { w.Guest(102).UUID = "02:00:00:00:00:07" })
	l.clock.Move(25 * time.Hour)
	l.must(taskResources)
	l.must(taskConfigs)
	l.clock.Move(10 * time.Second)
	if s := l.must(taskResources); !s.has("guest/102") {
		t.Errorf("%v", s.Keys())
	}
}

// Between two looks one may go and another come: tasks tell. Another kind tells by itself.
func TestAnotherGuestBetweenTwoLooks(t *testing.T) {
	l := known(t, func(w *pvetest.World) { w.Guest(102).Kind = "lxc" })
	l.clock.Move(time.Minute)
	ended := l.clock.Now()
	l.world.Edit(func(w *pvetest.World) {
		replace(w, 101, &pvetest.Guest{Kind: "lxc", Name: "ct101", Status: "running"})
		replace(w, 102, &pvetest.Guest{Kind: "lxc", Name: "ct102", Status: "running", UUID: "02:00:00:00:00:08"})
		w.AddTask(&pvetest.Task{Node: "pve1", Type: "vzdestroy", ID: "102", Began: ended.Add(-time.Second), Ended: ended, Status: "OK"})
	})
	if s := l.must(taskResources); !s.has("guest/101.1") {
		t.Errorf("another kind: %v", s.Keys())
	}
	l.must(taskSnapshots)
	l.clock.Move(10 * time.Second)
	s := l.must(taskResources)
	if !s.has("guest/102.1") || !s.has("guest/100") || len(s.Keys()) != 5+3 {
		t.Errorf("%v", s.Keys())
	}
	// A task is taken into account once.
	l.clock.Move(time.Minute)
	l.must(taskSnapshots)
	if s := l.must(taskResources); !s.has("guest/102.1") {
		t.Errorf("%v", s.Keys())
	}
}

// Who began when is told by the clock of the cluster, as what the cluster writes is.
func TestAnotherGuestWhileClocksDiffer(t *testing.T) {
	for _, ahead := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		l := known(t, func(w *pvetest.World) { w.Ahead, w.Guest(102).Kind = ahead, "lxc" })
		there := func() time.Time { return l.clock.Now().Add(ahead) }
		l.clock.Move(time.Minute)
		l.world.Edit(func(w *pvetest.World) {
			replace(w, 102, &pvetest.Guest{Kind: "lxc", Name: "ct102", Status: "running", UUID: "02:00:00:00:00:08"})
			w.AddTask(&pvetest.Task{Node: "pve1", Type: "vzdestroy", ID: "102", Began: there(), Ended: there(), Status: "OK"})
		})
		l.must(taskSnapshots)
		l.clock.Move(10 * time.Minute)
		if s := l.must(taskResources); !s.has("guest/102.1") {
			t.Fatalf("%v ahead: nobody noticed it: %v", ahead, s.Keys())
		}
		l.world.Edit(func(w *pvetest.World) {
			w.Backups = append(w.Backups, &pvetest.Backup{Storage: "nas", Guest: 102, Kind: "lxc", Made: there(), Size: 1 << 30})
		})
		l.clock.Move(time.Hour)
		l.must(taskResources)
		if age, ok := l.must(taskBackups).sample("guest/102.1", "backup_age"); !ok || age != time.Hour.Seconds() {
			t.Errorf("%v ahead: its backup is %v old, %v", ahead, age, ok)
		}
		l.Forget()
		l.must(taskSnapshots)
		l.must(taskConfigs)
		if n := l.Count("/102/config"); n != 0 {
			t.Errorf("%v ahead: it is asked again who it is", ahead)
		}
	}
}

func TestIdentitiesOutliveTheProcess(t *testing.T) {
	clock := newClock()
	w := pvetest.New(1, 2, clock.Now)
	s := pvetest.Start(t, w)
	host := &keeper{values: map[string][]byte{}}
	begin := func() *lab {
		c := sdktest.Conn(t, Plugin(), sdktest.WithNow(clock.Now), sdktest.WithHost(host))
		live, err := c.Configure(t.Context(), sdk.Instance{Integration: "pve/home", Name: "home", Revision: 1, Config: json.RawMessage(configFor(s))})
		if err != nil {
			t.Fatal(err)
		}
		return &lab{Server: s, t: t, world: w, clock: clock, live: live}
	}
	l := begin()
	l.must(taskResources)
	l.must(taskConfigs)
	clock.Move(10 * time.Second)
	l.must(taskConfigs)
	if host.writes != 2 { // two guests in two chunks
		t.Errorf("%d writes", host.writes)
	}
	// While no process looks, another guest comes.
	w.Edit(func(w *pvetest.World) {
		replace(w, 101, &pvetest.Guest{Kind: "qemu", Name: "vm101", Status: "running", UUID: "another"})
	})
	l = begin()
	l.must(taskResources)
	l.must(taskConfigs)
	clock.Move(10 * time.Second)
	if s := l.must(taskResources); !s.has("guest/101.1") || !s.has("guest/100") {
		t.Fatalf("%v", s.Keys())
	}
	// And it stays the one that it is.
	if s := begin().must(taskResources); !s.has("guest/101.1") {
		t.Errorf("%v", s.Keys())
	}
}

func TestConfigurationsAreReadInTurn(t *testing.T) {
	l := newLab(t, 2, 35, func(w *pvetest.World) { w.Guest(103).OnBoot = false })
	l.must(taskResources).want("guest/103", map[string]any{"onBoot": nil})
	for range 6 {
		before := l.Count("/config")
		l.must(taskConfigs)
		if n := l.Count("/config") - before; n > configsAtOnce {
			t.Errorf("%d at once", n)
		}
		l.clock.Move(time.Minute)
	}
	if n := l.Count("/config"); n != 35 {
		t.Errorf("%d calls for 35 guests", n)
	}
	s := l.must(taskResources)
	s.want("guest/100", map[string]any{"allottedDisk": float64(16<<30 + 512<<20), "onBoot": true})
	s.want("guest/103", map[string]any{"onBoot": false})
}

// Guests whose configuration cannot be read hold up neither others nor what is urgent.
func TestConfigurationsThatCannotBeRead(t *testing.T) {
	l := newLab(t, 1, 25, func(w *pvetest.World) {
		for id := range 10 {
			w.Faults = append(w.Faults, &pvetest.Fault{Path: "/10" + itoa(id) + "/config", Status: 500, Reason: "unable to parse it"})
		}
	})
	l.must(taskResources)
	for range 3 {
		l.must(taskConfigs)
		l.clock.Move(time.Minute)
	}
	for id := 110; id < 125; id++ {
		if l.Count("/"+itoa(id)+"/config") != 1 {
			t.Errorf("%d was not read", id)
		}
	}
	// One that was away is asked who it is, now and then as long as it does not say so.
	l.world.Edit(func(w *pvetest.World) { w.Guest(103).ID = 1103 })
	l.must(taskResources)
	l.world.Edit(func(w *pvetest.World) { w.Guest(1103).ID = 103 })
	l.Forget()
	for range 12 {
		l.clock.Move(10 * time.Second)
		l.must(taskResources)
	}
	if n := l.Count("/103/config"); n < 1 || n > 3 {
		t.Errorf("asked %d times in two minutes", n)
	}
}

// A cluster that makes and removes guests all day is not remembered for ever.
func TestGuestsThatAreGoneAreForgottenOneDay(t *testing.T) {
	b := identityBook{of: map[int]identity{}, dirty: map[int]bool{}}
	there := map[int]bool{}
	for id := range maxGone + 10 {
		b.of[id] = identity{gone: int64(id), suspect: true}
		if id < 10 {
			there[id], b.of[id] = true, identity{}
		}
	}
	b.trim(there)
	if len(b.of) != maxGone+10 || len(b.dirty) != 0 {
		t.Errorf("%d are left of as many as may be", len(b.of))
	}
	b.of[maxGone+10] = identity{gone: 1 << 40}
	b.trim(there)
	_, newest := b.of[maxGone+10]
	_, oldest := b.of[10]
	_, present := b.of[9]
	if len(b.of) != maxGone/2+10 || !newest || oldest || !present || len(b.dirty) == 0 {
		t.Errorf("%d are left; the newest: %v, the oldest: %v, one that is there: %v", len(b.of), newest, oldest, present)
	}
}

func FuzzGuestConfig(f *testing.F) {
	f.Add([]byte(`{"smbios1":"uuid=A,base64=1","meta":"creation-qemu=9,ctime=17","net0":"name=eth0,hwaddr=AA:BB","scsi0":"a:b,size=32G","rootfs":"x,size=0.5T","ide2":"none,media=cdrom","lxc":[["a","b"]]}`))
	f.Add([]byte(`{"mp":"size=1e7T","mp0":"size=1048576T","mp1":"size=1048576T","mp2":"size=NaN"}`))
	f.Add([]byte(`{"scsi0":"size=-5G","mp7":"size=1e99T","virtio1":7,"net1":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var g guestConfig
		if json.Unmarshal(body, &g) == nil && (g.size < 0 || g.made < 0) {
			t.Errorf("%+v of %s", g, body)
		}
	})
}

// copy is another one that keeps the same.
func (k *keeper) copy() *keeper {
	k.mu.Lock()
	defer k.mu.Unlock()
	return &keeper{values: maps.Clone(k.values)}
}
