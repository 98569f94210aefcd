package pve

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

func TestDetailsOfNodes(t *testing.T) {
	l := newLab(t, 2, 2, nil)
	s := l.must(taskNodes)
	if load, ok := s.sample("node/pve2", "load1"); !ok || load <= 0 {
		t.Errorf("load %v, %v", load, ok)
	}
	if swap, ok := s.sample("node/pve1", "swap"); !ok || math.Abs(swap-0.02) > 1e-6 {
		t.Errorf("swap %v, %v", swap, ok)
	}
	s = l.must(taskResources)
	s.want("node/pve1", map[string]any{
		"pveVersion": "pve-manager/9.2.10/43df2e01f27a1a19", "cpuInfo.model": "AMD EPYC 7532 32-Core Processor", "cpuInfo.cores": 32.0, "memory.swapTotal": float64(8 << 30),
	})
}

// Nodes that hang hold connections. What the server answers by itself has others.
func TestNodesThatHangDelayNobodyElse(t *testing.T) {
	l := newLab(t, 6, 6, func(w *pvetest.World) {
		for _, n := range w.Nodes[:5] {
			n.Hanging = true
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.live.Collect(ctx, taskNodes, sdktest.NewCycle()) }()
	l.await("/nodes/pve4/status")
	for range 3 {
		l.must(taskResources)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestANodeThatDoesNotAnswerFailsAlone(t *testing.T) {
	l := newLab(t, 3, 3, func(w *pvetest.World) {
		w.Faults = []*pvetest.Fault{{Path: "/nodes/pve2/status", Status: 596, Reason: "Connection timed out"}}
	})
	s := l.must(taskNodes)
	if err := s.Part("node/pve2").Err; sdk.KindOf(err) != sdk.KindUnreachable {
		t.Errorf("a node that does not answer: %v", err)
	}
	if _, ok := s.sample("node/pve3", "load1"); !ok || s.Part("node/pve3").Err != nil {
		t.Errorf("a node that answers: %v", s.Part("node/pve3").Err)
	}
	l.Forget()
	l.must(taskNodes)
	if calls := l.Calls(); slices.Index(calls, "/nodes/pve2/status") < len(calls)-nodesAtOnce {
		t.Errorf("it is not asked last: %v", calls)
	}
}

func TestNodesThatAreAwayAreNotAsked(t *testing.T) {
	l := newLab(t, 3, 3, func(w *pvetest.World) { w.Node("pve3").Online = false })
	l.must(taskNodes)
	if n := l.Count("/nodes/pve3/"); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestHighAvailability(t *testing.T) {
	l := newLab(t, 2, 4, func(w *pvetest.World) {
		w.Guest(100).HA, w.Guest(101).HA, w.Guest(102).HA = "started", "error", "fence"
	})
	s := l.must(taskNodes)
	if len(s.conditions("guest/100")) != 0 || s.conditions("guest/101")[kindHA].Message == "" || s.conditions("guest/102")[kindHA].Type != typeLXC {
		t.Errorf("%v %v %v", s.conditions("guest/100"), s.conditions("guest/101"), s.conditions("guest/102"))
	}
}

// Another member answers when the configured one is away; its certificate is the one that the cluster named.
func TestFailOver(t *testing.T) {
	now := newClock()
	w := pvetest.New(2, 2, now.Now)
	first, second := pvetest.Start(t, w), pvetest.StartAs(t, w, "pve2")
	w.Node("pve2").Fingerprint = second.Pin
	live := sdktest.Conn(t, Plugin(), sdktest.WithNow(now.Now)).Instance(t, configFor(first, map[string]any{
		"members": []map[string]any{{"node": "pve2", "host": second.URL}},
	}))
	for _, task := range []string{taskResources, taskNodes} {
		if got := sdktest.Collect(t, live, task); got.Err != nil {
			t.Fatalf("%s: %v", task, got.Err)
		}
	}
	if len(second.Calls()) != 0 {
		t.Errorf("the other member was asked while the first answers: %v", second.Calls())
	}
	first.Close()
	if got := sdktest.Collect(t, live, taskResources); got.Err != nil || second.Count("/cluster/resources") != 1 {
		t.Errorf("%v, %v", got.Err, second.Calls())
	}
}

// Only the history of nodes says what goes through their interfaces, and how much of their memory is the cache of ZFS.
func TestHistoryOfNodes(t *testing.T) {
	l := newLab(t, 2, 1, func(w *pvetest.World) { w.Node("pve1").Cache = 20 << 30 })
	before, _ := l.must(taskResources).sample("node/pve1", "memory")
	s := l.must(taskNodes)
	if n := s.count("node/pve1", "netin"); n != 59 {
		t.Errorf("%d minutes of traffic", n)
	}
	if in, ok := s.sample("node/pve2", "netin"); !ok || in < 0 || in > 5e6 {
		t.Errorf("received %v, %v", in, ok)
	}
	if p, ok := s.sample("node/pve1", "pressure_io"); !ok || p != 0.0125 {
		t.Errorf("pressure %v, %v", p, ok)
	}
	s = l.must(taskResources)
	after, _ := s.sample("node/pve1", "memory")
	if math.Abs(before-after-20.0/256) > 1e-6 {
		t.Errorf("used memory was %v and is %v: the cache counts as used", before, after)
	}
	s.want("node/pve1", map[string]any{"zfsCache": float64(20 << 30)})
	if in, _ := s.doc("node/pve1", "networkIn").(float64); in <= 0 {
		t.Errorf("network in %v", in)
	}
	// Each minute is told once.
	l.clock.Move(2 * time.Minute)
	if n := l.must(taskNodes).count("node/pve1", "netin"); n != 2 {
		t.Errorf("%d minutes of traffic after two", n)
	}
	// What a history no longer says is not believed for long.
	l.world.Edit(func(w *pvetest.World) {
		w.Faults = []*pvetest.Fault{{Path: "/rrddata", Status: 500, Reason: "RRD error"}}
	})
	l.clock.Move(20 * time.Minute)
	if s := l.must(taskNodes); s.count("node/pve1", "load1") != 1 {
		t.Error("the rest is missing without the history")
	}
	l.must(taskResources).want("node/pve1", map[string]any{"zfsCache": nil, "networkIn": nil})
}

func TestHistoriesOfManyNodesTakeTurns(t *testing.T) {
	l := newLab(t, 30, 1, nil)
	for range 3 {
		l.must(taskNodes)
		l.clock.Move(time.Minute)
	}
	asked := map[string]int{}
	for _, path := range l.Calls() {
		if strings.HasSuffix(path, "/rrddata") {
			asked[path]++
		}
	}
	if len(asked) != 30 || l.Count("/rrddata") != 3*historiesAtOnce {
		t.Errorf("%d nodes in %d calls", len(asked), l.Count("/rrddata"))
	}
}

// Releases before 9 say nothing of caches or pressure.
func TestHistoryOfOldReleases(t *testing.T) {
	l := newLab(t, 1, 1, func(w *pvetest.World) { w.Version, w.Nodes[0].Cache = "8.4.1", 20<<30 })
	s := l.must(taskNodes)
	if _, ok := s.sample("node/pve1", "netin"); !ok {
		t.Error("no traffic")
	}
	if _, ok := s.sample("node/pve1", "pressure_io"); ok {
		t.Error("pressure that nobody measured")
	}
	l.must(taskResources).want("node/pve1", map[string]any{"zfsCache": nil})
}
