package pve

import (
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// split is a cluster of three of which the configured member can be cut off from the others. It returns how to do so, and how
// to collect.
func split(t *testing.T, others bool) (cut func(bool), clock *sdktest.Clock, collect func(task string) seen, first, second *pvetest.Server) {
	t.Helper()
	clock = newClock()
	alone, rest := pvetest.New(3, 3, clock.Now), pvetest.New(3, 3, clock.Now)
	first, second = pvetest.Start(t, alone), pvetest.StartAs(t, rest, "pve2")
	alone.Node("pve2").Fingerprint, rest.Node("pve1").Fingerprint = second.Pin, first.Pin
	live := sdktest.Conn(t, Plugin(), sdktest.WithNow(clock.Now)).Instance(t, configFor(first, map[string]any{
		"members": []map[string]any{{"node": "pve2", "host": second.URL}, {"node": "pve3", "host": "https://127.0.0.1:1"}},
	}))
	cut = func(off bool) {
		alone.Edit(func(w *pvetest.World) {
			w.Quorate = !off
			w.Node("pve2").Online, w.Node("pve3").Online = !off, !off
		})
		rest.Edit(func(w *pvetest.World) { w.Quorate, w.Node("pve1").Online = others || !off, !off })
	}
	collect = func(task string) seen {
		t.Helper()
		s := seen{sdktest.Collect(t, live, task), t}
		if s.Err != nil {
			t.Fatalf("%s: %v", task, s.Err)
		}
		return s
	}
	collect(taskResources)
	collect(taskNodes)
	return cut, clock, collect, first, second
}

// Quirk: a member that is cut off takes the others for dead. The majority is right.
func TestAMemberThatIsCutOffIsNotBelieved(t *testing.T) {
	cut, clock, collect, first, second := split(t, true)
	cut(true)
	for range 3 {
		clock.Move(10 * time.Second)
		s := collect(taskResources)
		if s.record("node/pve1").Status != sdk.StatusDown || s.record("node/pve2").Status != sdk.StatusUp || len(s.conditions("cluster")) != 0 {
			t.Errorf("%v, %v, %v", s.record("node/pve1").Status, s.record("node/pve2").Status, s.conditions("cluster"))
		}
	}
	if first.Count("/cluster/status") != 2 || second.Count("/cluster/resources") != 3 {
		t.Errorf("the one: %v, the other: %v", first.Calls(), second.Calls())
	}
	// When the split is over, the configured address is asked again.
	cut(false)
	clock.Move(doubtFor)
	second.Forget()
	if s := collect(taskResources); s.record("node/pve1").Status != sdk.StatusUp || len(second.Calls()) != 0 {
		t.Errorf("%v", second.Calls())
	}
}

func TestNobodyHasAQuorum(t *testing.T) {
	cut, clock, collect, first, second := split(t, false)
	cut(true)
	for range 5 {
		clock.Move(10 * time.Second)
		if s := collect(taskResources); s.conditions("cluster")[kindQuorum].Message == "" || s.record("node/pve1").Status != sdk.StatusUp {
			t.Errorf("%v", s.conditions("cluster"))
		}
	}
	// The other opinion is asked for now and then; what is told comes from the configured address.
	if n := second.Count("/cluster/status"); n != 1 || first.Count("/cluster/resources") != 6 || second.Count("/cluster/resources") != 0 {
		t.Errorf("another opinion was asked for %d times", n)
	}
}

// Ages are told by the clock of the cluster, and one that differs is told of.
func TestClocksThatDiffer(t *testing.T) {
	l := newLab(t, 1, 1, func(w *pvetest.World) {
		w.Ahead = 2 * time.Hour
		w.Guest(100).Snapshots = []pvetest.Snapshot{{Name: "a", Made: w.Now().Add(time.Hour)}}
	})
	if c := l.must(taskResources).conditions("cluster")[kindClock]; c.Severity != sdk.SeverityWarning {
		t.Errorf("%+v", c)
	}
	if age, ok := l.must(taskSnapshots).sample("guest/100", "snapshot_age"); !ok || age != time.Hour.Seconds() {
		t.Errorf("a snapshot that was made an hour ago there is %v old", age)
	}
	l.world.Edit(func(w *pvetest.World) { w.Ahead = -20 * time.Second })
	if c := l.must(taskResources).conditions("cluster"); len(c) != 0 {
		t.Errorf("%v", c)
	}
}
