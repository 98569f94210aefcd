package pbstest

import (
	"fmt"
	"math"
	"time"
)

// Token and Secret are those of the account that may read all of an invented world.
const (
	Token  = "monitor@pbs!pulse"
	Secret = "9f8c2d1e-0000-4000-8000-simulatedtok"
)

// Size of an invented world.
type Size struct{ Stores int }

const gib = 1 << 30

// Invent makes a world that lives: load comes and goes, datastores fill.
func Invent(size Size, now func() time.Time) *World {
	start := now()
	w := &World{Now: now, Release: "4.2", Accounts: map[string]*Account{Token: {Secret: Secret, Roles: map[string]string{"/": "Audit", "/remote": "RemoteAudit"}}}}
	w.Node = Node{
		Name: "backup", Started: start.Add(-42 * 24 * time.Hour),
		Memory: Space{Total: 32 * gib}, Swap: Space{Total: 8 * gib, Used: gib / 4}, Root: Space{Total: 120 * gib, Used: 31 * gib},
		Fingerprint: "5e:a1:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:01",
	}
	for i := range size.Stores {
		total := int64(4<<i) * 1024 * gib
		w.Stores = append(w.Stores, &Store{
			Name: storeName(i), Space: Space{Total: total, Used: total * int64(55+9*i) / 100}, Full: start.AddDate(0, 2+i, 0),
			IndexBytes: total * 8, DiskBytes: total * int64(50+9*i) / 100,
		})
	}
	w.live = func(now time.Time) {
		t := float64(now.Unix())
		wave := func(period float64) float64 { return 0.5 + 0.5*math.Sin(t/period*2*math.Pi) }
		w.Node.CPU = 0.02 + 0.3*wave(3600)*wave(310)
		w.Node.Wait = 0.05 * wave(3600)
		w.Node.Load = [3]float64{2 * wave(900), 1.5 * wave(1800), wave(3600)}
		w.Node.Memory.Used = int64((0.3 + 0.2*wave(7200)) * float64(w.Node.Memory.Total))
		for _, s := range w.Stores {
			grown := float64(now.Sub(start)) / float64(s.Full.Sub(start))
			s.Used = int64(float64(s.Total) * min(0.98, s.first+grown*(1-s.first)))
		}
	}
	for _, s := range w.Stores {
		s.first = float64(s.Used) / float64(s.Total)
	}
	w.live(start)
	return w
}

func storeName(i int) string {
	names := []string{"main", "archive", "offsite", "vault"}
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("store%d", i+1)
}
