package pmgtest

import (
	"fmt"
	"math"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
)

// Name and Password are those of the user that may read all of an invented world.
const (
	Name     = "monitor@pmg"
	Password = "simulated-passw0rd"
)

const gib = 1 << 30

// Invent makes a gateway of some nodes that lives: mail comes in waves, queues fill and drain.
func Invent(nodes int, now func() time.Time) *World {
	start := now()
	w := &World{
		Now: now, Version: "9.1.2", Users: map[string]*User{Name: {Password: Password, Role: "audit"}},
		Spam: 312, Virus: 4, Domains: []string{"example.com", "example.org", "example.net"},
	}
	for i := range nodes {
		n := &Node{
			Name: fmt.Sprintf("mail%d", i+1), IP: simulate.Address(9 + i), Master: i == 0, Started: start.Add(-time.Duration(20+i) * 24 * time.Hour),
			Memory: Space{8 * gib, 3 * gib}, Root: Space{60 * gib, 21 * gib}, Signatures: start.Add(-9 * time.Hour), Certificate: start.AddDate(0, 7, 0), Subscription: "notfound",
			Services: []Service{{"postfix", "running", "enabled"}, {"pmg-smtp-filter", "running", "enabled"}, {"pmgpolicy", "running", "enabled"}, {"clamav-daemon", "running", "enabled"}, {"pmg-daily", "dead", "enabled"}},
			Updates:  []string{"pmg-api", "libssl3t64"},
		}
		night := start.Add(-2 * time.Hour).Truncate(24 * time.Hour) // the last of which two hours have been
		for d := range 7 {
			at := night.Add(-time.Duration(d)*24*time.Hour + time.Hour)
			n.Backups = append(n.Backups, Backup{File(at), 180_000, at})
		}
		n.Remotes = []*Remote{{Name: "vault", Server: "backup.example.com", Datastore: "gateways"}}
		for d := range 5 {
			n.Remotes[0].Backups = append(n.Remotes[0].Backups, night.Add(-time.Duration(d)*24*time.Hour+2*time.Hour))
		}
		w.Nodes = append(w.Nodes, n)
	}
	w.live = func(now time.Time) { w.breathe(now) }
	w.breathe(start)
	return w
}

// breathe moves mail, load and queues.
func (w *World) breathe(now time.Time) {
	wave := func(period float64, phase int) float64 {
		return 0.5 + 0.5*math.Sin(float64(now.Unix())/period*2*math.Pi+float64(phase))
	}
	w.Mail = Mail{In: 400 + int(1600*wave(86400, 0)*wave(3600, 1)), Out: 150 + int(300*wave(86400, 0)), Spam: 90 + int(300*wave(7200, 2)), Virus: int(4 * wave(5400, 3))}
	w.Spam = 300 + int(60*wave(43200, 1))
	for i, n := range w.Nodes {
		n.CPU = 0.05 + 0.4*wave(3600, i)*wave(300, i)
		n.Memory.Used = int64(float64(n.Memory.Total) * (0.35 + 0.2*wave(7200, i)))
		n.Queue = map[string]map[string]int{
			"active": {"5m": int(6 * wave(240, i))}, "incoming": {"5m": int(2 * wave(120, i))},
			"deferred": {"5m": int(9 * wave(900, i)), "20m": int(5 * wave(1800, i)), "80m": int(3 * wave(7200, i))},
		}
	}
}
