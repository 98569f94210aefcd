package pbstest

import (
	"testing"
	"time"
)

// At any hour the last run of a job is one that has been, and each guest has a backup of each day, no two of the same second.
func TestWhatAnInventedWorldHasDone(t *testing.T) {
	for h := range 24 {
		start := time.Date(2026, 11, 29, h, 5, 0, 0, time.UTC)
		w := Invent(Size{Stores: 2, Guests: 3, Days: 2}, func() time.Time { return start })
		runs := map[string]Run{}
		for _, jobs := range [][]Job{w.Prune, w.Verify, w.Sync} {
			for _, j := range jobs {
				runs[j.ID] = j.Run
			}
		}
		for _, s := range w.Stores {
			runs["gc "+s.Name] = s.GC.Run
			made, at := map[string]int{}, map[string]bool{}
			for _, b := range s.Backups {
				name := b.Type + "/" + b.ID + b.Time.Format(time.RFC3339)
				if at[name] {
					t.Errorf("at %v there are two backups %s in %s", start, name, s.Name)
				}
				at[name] = true
				if made[b.ID]++; b.Time.After(start) {
					t.Errorf("at %v there is a backup of %v", start, b.Time)
				}
			}
			for id, n := range made {
				if n < 2 {
					t.Errorf("at %v guest %s has %d backups in %s", start, id, n, s.Name)
				}
			}
			if len(made) != 3 {
				t.Errorf("at %v there are backups of %d guests in %s", start, len(made), s.Name)
			}
		}
		for name, r := range runs {
			if age := start.Sub(r.Ended); age < 0 || age > 24*time.Hour {
				t.Errorf("at %v the run of %s ended at %v", start, name, r.Ended)
			}
		}
	}
}
