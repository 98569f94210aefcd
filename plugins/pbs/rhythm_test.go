package pbs

import (
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
)

// backedUp puts backups of a group into the first datastore; ages are in days.
func (b *bench) backedUp(kind, id, ns string, ages ...float64) {
	b.world.Change(func(w *pbstest.World) {
		for _, age := range ages {
			at := b.Now().Add(-time.Duration(age * day * float64(time.Second)))
			w.Stores[0].Backups = append(w.Stores[0].Backups, pbstest.Backup{Type: kind, ID: id, Namespace: ns, Time: at, Size: gib, Verification: "ok"})
		}
	})
}

// What no cluster asks for is judged by its own past: hosts, and guests of clusters that nobody watches.
func TestTheRhythmOfAGroup(t *testing.T) {
	daily := []float64{0, 1, 2, 3, 4, 5}
	after := func(days float64, ages ...float64) []float64 {
		for i := range ages {
			ages[i] += days
		}
		return ages
	}
	const none = -1
	for _, x := range []struct {
		name string
		ages []float64
		want float64 // days
	}{
		{"each day, the newest from today", daily, 0},
		{"each day, the newest is two days old", after(2, slices.Clone(daily)...), 0.5},
		{"each day, none for a day and a half", after(1.5, slices.Clone(daily)...), 0},
		{"working days, on a Sunday", []float64{2, 3, 4, 5, 6, 9}, 0},
		{"working days, a week later", []float64{7, 8, 9, 10, 11, 14}, 2.5},
		{"weekly", []float64{12, 19, 26, 33, 40, 47}, 1.5},
		{"in any order, several on one day", []float64{5, 3, 3.1, 4, 3.2, 6, 3.05}, 1.5},
		{"what lies further back does not count", []float64{3, 4, 5, 6, 7, 8, 60, 120}, 1.5},
		{"five are too few to tell", []float64{20, 21, 22, 23, 24}, none},
		{"each day until a month ago: given up", after(30.1, slices.Clone(daily)...), none},
		{"each day until almost a month ago", after(29.9, slices.Clone(daily)...), 28.4},
		{"monthly, half a year of them", []float64{100, 130, 160, 190, 220, 250}, 55},
		{"monthly until half a year ago: given up", []float64{181, 211, 241, 271, 301, 331}, none},
	} {
		b := newBench(t)
		b.backedUp("host", "files", "", x.ages...)
		c := b.collector(t, "monitor@pbs!pulse", "")
		for _, when := range []string{"first", "again"} {
			s := look(t, c, taskBackups)
			got, there := s.samples["datastore/main backup_overduehost/files"]
			if s.Err != nil || there != (x.want != none) || there && (got < x.want*day-1 || got > x.want*day+1) {
				t.Errorf("%s (%s): overdue by %v days (%v), want %v; %v", x.name, when, got/day, there, x.want, s.Err)
			}
		}
	}
}

// A backup that runs or was broken off is none, and a new one ends it.
func TestOverdueUntilTheNextWholeBackup(t *testing.T) {
	b := newBench(t)
	b.backedUp("ct", "4711", "site", 3, 4, 5, 6, 7, 8)
	c := b.collector(t, "monitor@pbs!pulse", "")
	const sample = "datastore/main backup_overduesite:ct/4711"
	look(t, c, taskBackups)
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Backups = append(w.Stores[0].Backups, pbstest.Backup{Type: "ct", ID: "4711", Namespace: "site", Time: b.Now()})
	})
	if s := look(t, c, taskBackups); s.samples[sample] != 1.5*day {
		t.Errorf("with one that runs: %v", s.samples[sample])
	}
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Backups[len(w.Stores[0].Backups)-1].Size = gib
	})
	if s := look(t, c, taskBackups); s.samples[sample] != 0 {
		t.Errorf("when it is whole: %v", s.samples[sample])
	}
}

// Copies come when the job runs that fetches them, not when the backups were made.
func TestCopiesHaveNoRhythm(t *testing.T) {
	b := newBench(t)
	for _, ns := range []string{"", "copies", "copies/site", "copies2"} {
		b.backedUp("vm", "100", ns, 5, 6, 7, 8, 9, 10)
	}
	b.world.Change(func(w *pbstest.World) {
		w.Sync = []pbstest.Job{
			{ID: "s1", Store: "main", Namespace: "copies", Remote: "far", Schedule: "weekly"},
			{ID: "s2", Store: "main", Remote: "far", Push: true, Schedule: "weekly"},
			{ID: "s3", Store: "archive", Remote: "far", Schedule: "weekly"},
		}
	})
	for _, jobsFirst := range []bool{false, true} {
		c := b.collector(t, "monitor@pbs!pulse", "")
		look(t, c, taskStatus)
		if jobsFirst {
			look(t, c, taskJobs)
		}
		s := look(t, c, taskBackups)
		for group, want := range map[string]bool{"vm/100": true, "copies:vm/100": false, "copies/site:vm/100": false, "copies2:vm/100": true} {
			if _, judged := s.samples["datastore/main backup_overdue"+group]; judged != want {
				t.Errorf("%s is judged: %v", group, judged)
			}
		}
	}
}

// A guest that a cluster tells of is judged by its jobs: it bears what the datastore and the name of the group make together.
func TestGroupsOfKnownGuestsAreFound(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "monitor@pbs!pulse", "")
	store := look(t, c, taskStatus).records["datastore/main"]
	for _, m := range metrics() {
		if m.Name != "backup_overdue" {
			continue
		}
		for ns, name := range map[string]string{"": "vm/100", "site/a": "site/a:vm/100"} {
			guest := proxmox.BackupGroup(b.pin(), "main", ns, "vm", "100")
			if m.Subject != guest.Kind || len(store.Evidence) != 1 || store.Evidence[0].Kind != m.Subject || store.Evidence[0].Value+name != guest.Value {
				t.Errorf("%v and %q are not %v", store.Evidence, name, guest)
			}
		}
	}
}
