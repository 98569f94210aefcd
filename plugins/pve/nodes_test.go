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
	// The share that a status tells was measured since the same worker was last asked, and is 0 for a new one.
	if cpu, told := s.sample("node/pve1", "cpu"); told {
		t.Errorf("a processor share of %v from the status of a node", cpu)
	}
	s = l.must(taskResources)
	s.want("node/pve1", map[string]any{
		"pveVersion": "pve-manager/9.2.10/43df2e01f27a1a19", "cpuInfo.model": "AMD EPYC 7532 32-Core Processor", "cpuInfo.cores": 32.0, "memory.swapTotal": float64(8 << 30),
	})
}

// Quirk: a worker of the server that has just begun answers 0 for what it has not measured yet.
func TestTheFirstAnswerOfAWorker(t *testing.T) {
	l := newLab(t, 1, 1, nil)
	for cpu, want := range map[string]bool{"0": false, "0.2": true} {
		l.world.Edit(func(w *pvetest.World) {
			w.Faults = []*pvetest.Fault{{Path: "/nodes/pve1/status", Status: 200, Reason: "OK", Body: `{"data":{"cpu":` + cpu + `,"wait":0,"loadavg":["12.54","9.1","7"]}}`}}
		})
		s := l.must(taskNodes)
		if _, told := s.sample("node/pve1", "iowait"); told != want {
			t.Errorf("with a processor share of %s, whether it waits for disks is told: %v", cpu, told)
		}
		if load, _ := s.sample("node/pve1", "load1"); load != 12.54 {
			t.Errorf("load %v", load)
		}
	}
}

// Somebody is at work on a node that is off in maintenance: nobody is woken for it.
func TestANodeInMaintenance(t *testing.T) {
	l := newLab(t, 2, 2, func(w *pvetest.World) { w.Node("pve2").Online, w.Node("pve2").HA = false, "maintenance" })
	s := l.must(taskResources)
	if r := s.record("node/pve2"); r.Status != sdk.StatusOff || r.StatusWord != "offline" || len(s.conditions("node/pve2")) != 0 {
		t.Errorf("%+v, %v", r, s.conditions("node/pve2"))
	}
	l.world.Edit(func(w *pvetest.World) { w.Node("pve2").HA = "online" })
	if r := l.must(taskResources).record("node/pve2"); r.Status != sdk.StatusDown {
		t.Errorf("%+v", r)
	}
}

// By this two integrations of one cluster are found to be one, also after a server has joined it.
func TestTheClusterIsToldFromOthers(t *testing.T) {
	l := newLab(t, 2, 2, nil)
	uid := func() string {
		l.clock.Move(time.Minute)
		l.must(taskNodes)
		for _, e := range l.must(taskResources).record(clusterKey).Evidence {
			if e.Kind == sdk.EvidenceCluster {
				return e.Value
			}
		}
		return ""
	}
	first := uid()
	l.Forget()
	if again := uid(); first == "" || again != first || l.Count("/certificates/info") != 0 {
		t.Errorf("%q, then %q after %v", first, again, l.Calls())
	}
	l.world.Edit(func(w *pvetest.World) { w.Name, w.CA = "other", strings.Repeat("AB", 32) })
	if got := uid(); got == first {
		t.Errorf("it has joined another cluster and is still %q", got)
	}
}

// Nodes that hang hold connections. What the server answers by itself has others.
func TestNodesThatHangDelayNobodyElse(t *testing.T) {
	l := newLab(t, 6, 6, func(w *pvetest.World) {
		for _, n := range w.Nodes[:5] {
			n.Hanging = true
		}
	})
	l.must(taskResources)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 16)
	begun := 0
	for _, task := range Plugin().Describe().Tasks {
		if task.Name != taskResources {
			begun++
			go func() { done <- l.live.Collect(ctx, task.Name, sdktest.NewCycle()) }()
		}
	}
	for _, path := range []string{"/nodes/pve1/", "/cluster/ha/status/current"} {
		l.await(path)
	}
	for range 3 {
		l.clock.Move(10 * time.Second)
		s := l.must(taskResources)
		for _, key := range []string{"node/pve6", "guest/105", "guest/100"} {
			if _, ok := s.sample(key, "cpu"); !ok {
				t.Errorf("%s has no fresh numbers while other nodes hang", key)
			}
		}
	}
	cancel()
	for range begun {
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
}

// While one node hangs, what other nodes say of themselves comes each minute, and what the cluster says of them each ten
// seconds: a call to the one that hangs holds one of several places, until it is given up.
func TestAHangingNodeDelaysNothingButItself(t *testing.T) {
	l := newLab(t, 6, 12, func(w *pvetest.World) { w.Node("pve3").Hanging = true })
	l.must(taskResources)
	ctx, cancel := context.WithCancel(t.Context())
	cycle, done := sdktest.NewCycle(), make(chan error, 1)
	go func() { done <- l.live.Collect(ctx, taskNodes, cycle) }()
	l.await("/nodes/pve3/status")
	for _, other := range []string{"pve1", "pve2", "pve4", "pve5", "pve6"} {
		l.await("/nodes/" + other + "/status")
	}
	fresh := map[string]time.Time{}
	for range 12 { // two minutes, in which nothing else is waited for
		l.clock.Move(10 * time.Second)
		s := l.must(taskResources)
		for _, key := range []string{"node/pve1", "node/pve2", "node/pve3", "node/pve6", "guest/100", "guest/102"} {
			if _, ok := s.sample(key, "cpu"); ok {
				fresh[key] = l.clock.Now()
			}
			if age := l.clock.Now().Sub(fresh[key]); age >= 15*time.Second {
				t.Errorf("the numbers of %s are %v old", key, age)
			}
		}
	}
	cancel()
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
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
	calls := slices.DeleteFunc(l.Calls(), func(path string) bool { return strings.HasSuffix(path, "/rrddata") })
	if slices.Index(calls, "/nodes/pve2/status") < len(calls)-nodesAtOnce {
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

func TestManagersOfHighAvailability(t *testing.T) {
	l := newLab(t, 4, 1, func(w *pvetest.World) {
		w.Master, w.Armed = "pve1", "disarmed"
		w.Node("pve1").Silent, w.Node("pve3").Silent, w.Node("pve4").Silent = 5*time.Minute, 4*time.Minute, 10*time.Minute
		w.Node("pve4").Online, w.Node("pve4").HA = false, "fence"
	})
	s := l.must(taskNodes)
	for _, key := range []string{"cluster", "node/pve1", "node/pve3"} {
		if c := s.conditions(key)[kindHASilent]; c.Message == "" || c.Since.IsZero() {
			t.Errorf("%s: %+v", key, c)
		}
	}
	if s.conditions("cluster")[kindDisarmed].Message == "" || len(s.conditions("node/pve2"))+len(s.conditions("node/pve4")) != 0 {
		t.Errorf("%v, %v, %v", s.conditions("cluster"), s.conditions("node/pve2"), s.conditions("node/pve4"))
	}
	if c := l.must(taskResources).conditions("node/pve4")[kindFenced]; c.Severity != sdk.SeverityCritical {
		t.Errorf("%+v", c)
	}
	l.world.Edit(func(w *pvetest.World) {
		w.Armed = "armed"
		for _, n := range w.Nodes {
			n.Silent, n.Online, n.HA = 0, true, "online"
		}
	})
	if s := l.must(taskNodes); len(s.conditions("cluster"))+len(s.conditions("node/pve1")) != 0 {
		t.Errorf("%v", s.conditions("cluster"))
	}
}

// One clock that is ahead makes no other manager silent.
func TestManagersWhoseClocksDiffer(t *testing.T) {
	l := newLab(t, 3, 1, func(w *pvetest.World) {
		w.Master = "pve2"
		w.Node("pve3").Silent = -10 * time.Minute
	})
	l.must(taskResources)
	s := l.must(taskNodes)
	for _, key := range []string{"cluster", "node/pve1", "node/pve2", "node/pve3"} {
		if c, silent := s.conditions(key)[kindHASilent]; silent {
			t.Errorf("%s: %+v", key, c)
		}
	}
}

// Which cluster it is every member knows: when some cannot tell, not all are asked.
func TestNobodyKnowsWhichClusterItIs(t *testing.T) {
	l := newLab(t, 10, 1, func(w *pvetest.World) {
		w.Faults = []*pvetest.Fault{{Path: "/certificates/info", Status: 500, Reason: "unable to read it"}}
	})
	l.must(taskNodes)
	if n := l.Count("/certificates/info"); n < 2 || n > identityTries {
		t.Errorf("%d members were asked", n)
	}
}

// A member that is online in the cluster and cannot be asked is told of when that lasts.
func TestAMemberThatCannotBeAsked(t *testing.T) {
	l := newLab(t, 2, 1, func(w *pvetest.World) {
		w.Faults = []*pvetest.Fault{{Path: "/nodes/pve2/", Status: 596, Reason: "tls_process_server_certificate: certificate verify failed"}}
	})
	told := func() sdk.Condition {
		l.must(taskNodes)
		l.must(taskReplication) // which asks no node without jobs, and so learns nothing of it
		return l.must(taskResources).conditions("node/pve2")[kindNoAnswer]
	}
	if c := told(); c.Message != "" {
		t.Errorf("after one failure: %+v", c)
	}
	begun := l.clock.Now()
	for range 3 {
		l.clock.Move(time.Minute)
		told()
	}
	if c := told(); !strings.Contains(c.Message, "pve2") || !c.Since.Equal(begun) {
		t.Errorf("%+v", c)
	}
	l.world.Edit(func(w *pvetest.World) { w.Faults = nil })
	l.clock.Move(time.Minute)
	if c := told(); c.Message != "" {
		t.Errorf("it answers again: %+v", c)
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
