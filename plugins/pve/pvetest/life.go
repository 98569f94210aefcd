package pvetest

import (
	"context"
	"fmt"
	"time"
)

// Live lets time pass until the context ends: guests stop, start and move, and backups run, of which some fail.
func (w *World) Live(ctx context.Context) {
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !w.Still {
				w.Edit(func(w *World) { w.step(n) })
			}
		}
	}
}

// keptBackups is how many backups of a guest stay.
const keptBackups = 8

// step is what happens within ten seconds, the same each time the world begins.
func (w *World) step(n int) {
	if len(w.Guests) == 0 {
		return
	}
	now := w.Now()
	g := w.Guests[n*7919%len(w.Guests)]
	switch {
	case n%30 == 5 && len(w.Nodes) > 1 && g.Lock == "": // every five minutes one begins to move
		g.Lock = "migrate"
	case n%30 == 8: // and arrives
		for _, g := range w.Guests {
			if g.Lock == "migrate" {
				g.Lock, g.Node, g.Since = "", w.Nodes[n%len(w.Nodes)].Name, now
			}
		}
	case n%18 == 3: // every three minutes one stops, or starts
		if g.Status == "stopped" {
			g.Status, g.Since = "running", now
		} else if g.Lock == "" {
			g.Status = "stopped"
		}
	case n%12 == 7: // every two minutes a backup begins
		g.Lock = "backup"
		w.AddTask(&Task{Node: g.Node, Type: "vzdump", ID: fmt.Sprint(g.ID), Began: now})
	case n%12 == 10: // and ends
		w.endBackups(now, n%120 == 10)
	}
}

// endBackups ends those that run, well or not.
func (w *World) endBackups(now time.Time, badly bool) {
	for _, t := range w.Tasks {
		if t.Type != "vzdump" || !t.Ended.IsZero() {
			continue
		}
		t.Ended, t.Status = now, "OK"
		if badly {
			t.Status = "no space left on device"
		}
		for _, g := range w.Guests {
			if fmt.Sprint(g.ID) != t.ID {
				continue
			}
			g.Lock = ""
			if !badly {
				w.Backups = append(w.Backups, &Backup{Storage: "nas", Guest: g.ID, Kind: g.Kind, Made: t.Began, Size: g.Disk / 3, Notes: g.Name})
			}
		}
	}
	w.thinOut()
	if len(w.Tasks) > 2000 {
		w.Tasks = w.Tasks[len(w.Tasks)-1000:]
	}
}

// thinOut keeps the newest backups of each guest.
func (w *World) thinOut() {
	count := map[int]int{}
	kept := make([]*Backup, 0, len(w.Backups))
	for i := len(w.Backups) - 1; i >= 0; i-- {
		if b := w.Backups[i]; count[b.Guest] < keptBackups {
			count[b.Guest]++
			kept = append(kept, b)
		}
	}
	for i, j := 0, len(kept)-1; i < j; i, j = i+1, j-1 {
		kept[i], kept[j] = kept[j], kept[i]
	}
	w.Backups = kept
}

// Remember gives the guests backups of several nights more, so that there is a history to look at. A few are missing.
func (w *World) Remember(nights int) {
	night := w.lastNight()
	var older []*Backup
	for n := nights; n > 1; n-- {
		for i, g := range w.Guests {
			if (i+n)%17 == 0 {
				continue
			}
			made := night.Add(-time.Duration(n-1) * 24 * time.Hour).Add(time.Duration(i%60) * time.Minute)
			older = append(older, &Backup{Storage: "nas", Guest: g.ID, Kind: g.Kind, Made: made, Size: g.Disk / 3, Notes: g.Name, Protected: n == nights && i%9 == 0})
		}
	}
	w.Backups = append(older, w.Backups...)
}
