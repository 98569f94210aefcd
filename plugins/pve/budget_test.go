package pve

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// All tasks begin at once, as after a start. What is urgent is told at once, the rest comes as the budget allows, and no task
// fails for want of it.
func TestTheBudgetIsKept(t *testing.T) {
	clock := newClock()
	w := pvetest.New(12, 40, clock.Now)
	s := pvetest.Start(t, w)
	var waited atomic.Int64
	c, err := newWith(Config{
		Host: s.URL, TokenName: pvetest.Token, TokenValue: pvetest.Secret, Fingerprint: s.Pin, MonitorVMs: true, MonitorContainers: true, MonitorStorage: true,
		MonitorBackups: true, MonitorPhysicalDisks: true, SnapshotCallsPerMinute: 20, CallsPerMinute: 40, NodeCallsPerMinute: 20,
	}, sdk.Deps{Name: "home", Network: sdk.Network{AllowLoopback: true}, Now: clock.Now, Log: quiet()}, func(_ context.Context, d time.Duration) error {
		waited.Add(int64(d))
		clock.Move(d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	collect := func(task string) *sdktest.Cycle {
		t.Helper()
		cycle := sdktest.NewCycle()
		if err := c.Collect(t.Context(), task, cycle); err != nil {
			t.Fatalf("%s: %v", task, err)
		}
		return cycle
	}
	// However much there is to do in the background, the details of nodes find room.
	collect(taskResources)
	collect(taskUpkeep)
	before := waited.Load()
	collect(taskNodes)
	if waited.Load() != before {
		t.Errorf("nodes waited %v for what is done in the background", time.Duration(waited.Load()-before))
	}
	begun := clock.Now()
	for _, task := range Plugin().Describe().Tasks {
		collect(task.Name)
	}
	calls := len(s.Calls())
	if minutes := clock.Now().Sub(begun).Minutes(); calls < 100 || float64(calls) > 40*(minutes+1) {
		t.Errorf("%d calls in %v minutes", calls, minutes)
	}
	// The fast task does not wait although nothing is left.
	before = waited.Load()
	for range 3 {
		collect(taskResources)
	}
	if waited.Load() != before {
		t.Error("the fast task waited")
	}
	// The pages show what it costs.
	clock.Move(30 * time.Second)
	told := seen{collect(taskResources), t}
	if n, _ := told.doc("cluster", "callsPerMinute").(float64); n < 5 || n > 80 {
		t.Errorf("%v calls a minute", n)
	}
	if n, _ := told.doc("node/pve2", "requestsPerMinute").(float64); n <= 0 || n > 20 {
		t.Errorf("%v calls a minute to a node", n)
	}
}

// What a cluster may be asked grows with it, unless somebody has said how much.
func TestTheBudgetGrowsWithTheCluster(t *testing.T) {
	for _, c := range []struct{ given, nodes, want int }{{0, 3, 120}, {0, 50, 120}, {0, 100, 240}, {30, 100, 30}, {120, 100, 120}} {
		if got := (Config{CallsPerMinute: c.given}).callsAllowed(c.nodes); got != c.want {
			t.Errorf("%d nodes and %d given: %d calls", c.nodes, c.given, got)
		}
	}
	l := newLab(t, 75, 1, nil)
	l.must(taskResources).want("cluster", map[string]any{"callsAllowed": 180.0})
	// The details of all nodes are known within a minute.
	l.must(taskNodes)
	if n := l.Count("/status"); n < 75 {
		t.Errorf("%d of 75 nodes were asked", n)
	}
	if err := (Config{Host: "https://a", User: "a@pam", Password: "b", CallsPerMinute: 7}).check(); err == nil {
		t.Error("a budget that is too small is taken")
	}
}

// A right that was given, and another release, end what was remembered of refusals.
func TestRefusalsEndWithTheirReason(t *testing.T) {
	l := newLab(t, 1, 1, func(w *pvetest.World) {
		w.Accounts[0].Rights = map[string][]string{"/vms": {"VM.Audit"}, "/storage": {"Datastore.Audit"}}
	})
	for range 3 {
		l.must(taskResources)
	}
	if n := l.Count("/cluster/status"); n != 1 {
		t.Errorf("asked %d times for what may not be read", n)
	}
	l.world.Edit(func(w *pvetest.World) { w.Accounts[0].Rights = map[string][]string{"/": pvetest.Everything()} })
	l.clock.Move(rightsAge)
	l.must(taskResources)
	if l.must(taskResources); l.Count("/cluster/status") < 2 {
		t.Error("a right that was given is not noticed")
	}

	l = newLab(t, 1, 1, func(w *pvetest.World) {
		w.Faults = []*pvetest.Fault{{Path: "/cluster/ha/status", Status: 501, Reason: "Method 'GET /cluster/ha/status/current' not implemented"}}
	})
	l.must(taskNodes)
	l.clock.Move(time.Minute)
	l.must(taskNodes)
	if n := l.Count("/cluster/ha/"); n != 1 {
		t.Errorf("asked %d times for what there is not", n)
	}
	l.world.Edit(func(w *pvetest.World) { w.Version, w.Faults = "9.9.9", nil })
	for range 2 {
		l.clock.Move(time.Minute)
		l.must(taskNodes)
	}
	if n := l.Count("/cluster/ha/"); n != 2 {
		t.Errorf("asked %d times after an upgrade", n)
	}
}
