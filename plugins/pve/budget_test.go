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
