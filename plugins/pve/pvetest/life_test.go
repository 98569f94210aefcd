package pvetest

import (
	"testing"
	"time"
)

// A day of the simulated life leaves a cluster that makes sense.
func TestLife(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	w := New(3, 40, func() time.Time { return now })
	w.Remember(7)
	stopped := 0
	for n := 1; n <= 8640; n++ {
		now = now.Add(refresh)
		w.Edit(func(w *World) { w.step(n) })
	}
	failed := 0
	for _, task := range w.Tasks {
		if task.Status != "OK" && !task.Ended.IsZero() {
			failed++
		}
		if task.Ended.IsZero() && now.Sub(task.Began) > 2*time.Minute {
			t.Errorf("a backup runs since %v", task.Began)
		}
	}
	count := map[int]int{}
	for _, b := range w.Backups {
		count[b.Guest]++
	}
	for _, g := range w.Guests {
		if g.Status == "stopped" {
			stopped++
		}
		if n := count[g.ID]; n == 0 || n > keptBackups || w.Node(g.Node) == nil {
			t.Errorf("guest %d on %s has %d backups", g.ID, g.Node, n)
		}
	}
	if failed == 0 || stopped == 0 || stopped == len(w.Guests) {
		t.Errorf("%d backups failed, %d guests are stopped", failed, stopped)
	}
}
