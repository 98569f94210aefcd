package pve

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

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
