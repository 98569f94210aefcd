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

// Several nodes that are lost at once may be there all the same: another member is asked before they are told to be down.
func TestSeveralNodesThatAreLostAtOnce(t *testing.T) {
	clock := newClock()
	here, there := pvetest.New(4, 4, clock.Now), pvetest.New(4, 4, clock.Now)
	first, second := pvetest.Start(t, here), pvetest.StartAs(t, there, "pve2")
	here.Node("pve2").Fingerprint, there.Node("pve1").Fingerprint = second.Pin, first.Pin
	live := sdktest.Conn(t, Plugin(), sdktest.WithNow(clock.Now)).Instance(t, configFor(first, map[string]any{
		"members": []map[string]any{{"node": "pve2", "host": second.URL}, {"node": "pve3", "host": "https://127.0.0.1:1"}, {"node": "pve4", "host": "https://127.0.0.1:1"}},
	}))
	look := func() seen { return seen{sdktest.Collect(t, live, taskResources), t} }
	look()
	sdktest.Collect(t, live, taskNodes)
	here.Edit(func(w *pvetest.World) { w.Node("pve2").Online, w.Node("pve3").Online = false, false })
	there.Edit(func(w *pvetest.World) { w.Node("pve3").Online = false })
	for range 8 {
		clock.Move(10 * time.Second)
		s := look()
		if s.record("node/pve2").Status == sdk.StatusDown || s.record("node/pve3").Status != sdk.StatusDown {
			t.Errorf("pve2, which answers, is %v; pve3 is %v", s.record("node/pve2").Status, s.record("node/pve3").Status)
		}
	}
	if n := second.Count("/cluster/status"); n < 1 || n > 2 {
		t.Errorf("the other one was asked %d times", n)
	}
	// One that is lost by itself is believed.
	second.Forget()
	here.Edit(func(w *pvetest.World) { w.Node("pve2").Online, w.Node("pve3").Online = true, true })
	clock.Move(2 * doubtPause)
	look()
	here.Edit(func(w *pvetest.World) { w.Node("pve4").Online = false })
	clock.Move(10 * time.Second)
	if s := look(); s.record("node/pve4").Status != sdk.StatusDown || len(second.Calls()) != 0 {
		t.Errorf("%v, %v", s.record("node/pve4").Status, second.Calls())
	}
}

// Two nodes and a third vote elsewhere: the one without that vote takes the other for dead.
func TestTwoNodesAndAVoteElsewhere(t *testing.T) {
	clock := newClock()
	here, there := pvetest.New(2, 2, clock.Now), pvetest.New(2, 2, clock.Now)
	first, second := pvetest.Start(t, here), pvetest.StartAs(t, there, "pve2")
	here.Node("pve2").Fingerprint, there.Node("pve1").Fingerprint = second.Pin, first.Pin
	live := sdktest.Conn(t, Plugin(), sdktest.WithNow(clock.Now)).Instance(t, configFor(first, map[string]any{"members": []map[string]any{{"node": "pve2", "host": second.URL}}}))
	sdktest.Collect(t, live, taskResources)
	sdktest.Collect(t, live, taskNodes)
	here.Edit(func(w *pvetest.World) { w.Quorate, w.Node("pve2").Online = false, false })
	there.Edit(func(w *pvetest.World) { w.Node("pve1").Online = false })
	clock.Move(10 * time.Second)
	s := seen{sdktest.Collect(t, live, taskResources), t}
	if s.record("node/pve2").Status != sdk.StatusUp || s.record("node/pve1").Status != sdk.StatusDown || len(s.conditions("cluster")) != 0 {
		t.Errorf("%v, %v, %v", s.record("node/pve1").Status, s.record("node/pve2").Status, s.conditions("cluster"))
	}
}
