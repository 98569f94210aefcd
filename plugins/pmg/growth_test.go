package pmg

import (
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pmg/pmgtest"
)

// A quarantine is compared with itself two hours ago; what comes by few messages is no growth, and a large one takes more.
func TestGrowthOfTheQuarantine(t *testing.T) {
	b := newBench(t, 1)
	c := b.collector(t, "monitor@pmg", "")
	growth := func(spam int, after time.Duration) (float64, bool) {
		b.Move(after)
		b.world.Change(func(w *pmgtest.World) { w.Spam = spam })
		v, known := look(t, c, taskMail).samples["gateway quarantine_growthspam"]
		return v, known
	}
	steps := []struct {
		spam  int
		after time.Duration
		want  float64
		known bool
	}{
		{100, 0, 0, false},
		{900, time.Hour, 0, false},           // too early to tell
		{340, time.Hour, 0, true},            // by 240
		{500, time.Minute, belowLarge, true}, // by 400, four times as many
		{600, time.Minute, 5, true},          // by 500
		{1000, 100 * time.Minute, 0, false},  // nobody looked two hours ago
		{1100, 20 * time.Minute, 760. / 340, true},
	}
	for i, s := range steps {
		if got, known := growth(s.spam, s.after); got != s.want || known != s.known {
			t.Errorf("step %d: %v %v, want %v %v", i, got, known, s.want, s.known)
		}
	}
}

// The queue of a gateway that stands alone is told once; nodes of a cluster have limits of their own.
func TestQueuesOfNodes(t *testing.T) {
	alone := newBench(t, 1)
	s := look(t, alone.collector(t, "monitor@pmg", ""), taskQueues)
	for name := range s.samples {
		if name == "node/mail1 node_queue_total" {
			t.Errorf("told twice: %v", s.samples)
		}
	}
	several := newBench(t, 2)
	several.world.Change(func(w *pmgtest.World) { w.Nodes[0].Queue["hold"] = map[string]int{"5m": 3} })
	look(t, several.collector(t, "monitor@pmg", ""), taskQueues).want(t, map[string]float64{"node/mail1 node_queue_hold": 3, "node/mail1 node_queue_deferred": 7})
	declared := map[string][]float64{}
	for _, th := range nodeType().Thresholds {
		declared[th.Metric] = append(declared[th.Metric], th.Trigger)
	}
	for metric, want := range map[string][2]float64{"node_queue_total": {300, 800}, "node_queue_deferred": {120, 400}, "node_queue_hold": {60, 240}, "node_queue_oldest": {1080, 2880}} {
		if got := declared[metric]; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%s: %v, want %v", metric, got, want)
		}
	}
}
