package pbstest

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
)

// Token and Secret are those of the account that may read all of an invented world.
const (
	Token  = "monitor@pbs!pulse"
	Secret = "9f8c2d1e-0000-4000-8000-simulatedtok"
)

// Size of an invented world.
type Size struct {
	Stores int
	// Guests have one backup a day each, of which Days are kept, and now and then another one.
	Guests, Days int
}

const (
	gib  = 1 << 30
	hour = time.Hour
	// round is how often a backup of one of the guests is made, and lasting how long that takes.
	round   = 10 * time.Minute
	lasting = 3 * time.Minute
)

// Invent makes a world that lives: load comes and goes, datastores fill, backups are made and sometimes fail.
func Invent(size Size, now func() time.Time) *World {
	start := now()
	w := &World{Now: now, Release: "4.2", Accounts: map[string]*Account{Token: {Secret: Secret, Roles: map[string]string{"/": "Audit", "/remote": "RemoteAudit"}}}}
	w.Node = Node{
		Name: "backup", Started: start.Add(-42 * 24 * hour), Fingerprint: simulate.BackupFingerprint,
		Memory: Space{Total: 32 * gib}, Swap: Space{Total: 8 * gib, Used: gib / 4}, Root: Space{Total: 120 * gib, Used: 31 * gib},
	}
	w.Subscription = "notfound"
	w.Services = []Service{{"proxmox-backup", "running", "enabled"}, {"proxmox-backup-proxy", "running", "enabled"}, {"chrony", "running", "enabled"}, {"postfix", "dead", "disabled"}}
	w.Disks = []Disk{{"nvme0n1", "Example NVMe 1TB", "passed", 94}, {"sda", "Example HDD 8TB", "passed", 100}, {"sdb", "Example HDD 8TB", "passed", 100}}
	w.Pools = map[string]string{"rpool": "ONLINE", "tank": "ONLINE"}
	w.Updates = []Update{{"proxmox-backup-server", "4.2.6-1", "4.2.8-1"}, {"libssl3t64", "3.5.1-1", "3.5.4-1"}}
	for i := range size.Stores {
		w.Stores = append(w.Stores, inventStore(size, i, start))
	}
	w.inventJobs(start)
	made := start.Truncate(round)
	w.live = func(now time.Time) {
		w.breathe(start, now)
		for ; !made.After(now); made = made.Add(round) {
			w.backUp(size, made)
		}
		w.finish(now)
	}
	w.live(start)
	return w
}

func inventStore(size Size, i int, start time.Time) *Store {
	total := int64(4<<i) * 1024 * gib
	s := &Store{
		Name: storeName(i), Space: Space{Total: total, Used: total * int64(55+9*i) / 100}, Full: start.AddDate(0, 2+i, 0),
		IndexBytes: total * 8, DiskBytes: total * int64(50+9*i) / 100,
	}
	s.first = float64(s.Used) / float64(s.Total)
	// A few seconds past the minute: the world that lives begins others at full ones, and no group has two of the same second.
	night := start.Truncate(24 * hour).Add(2*hour + 10*time.Second)
	for g := range size.Guests {
		for d := range size.Days {
			b := guestBackup(g, begun(night.Add(time.Duration(g)*time.Minute), start).Add(-time.Duration(d)*24*hour))
			b.Protected = d == size.Days-1 && g%10 == 0
			if d > 0 {
				b.Verification = "ok"
			}
			if g == 3 && d == 1 {
				b.Verification = "failed"
			}
			s.Backups = append(s.Backups, b)
		}
	}
	return s
}

// begun is a time of day as it was last: today when that has been, and else yesterday.
func begun(at, now time.Time) time.Time {
	for at.After(now) {
		at = at.Add(-24 * hour)
	}
	return at
}

func guestBackup(g int, at time.Time) Backup {
	b := Backup{Type: "vm", ID: strconv.Itoa(100 + g), Time: at, Size: int64(8+g%56) * gib, Owner: "backup@pbs!pve", Comment: fmt.Sprintf("guest-%d", 100+g)}
	if g%3 == 2 {
		b.Type, b.Size = "ct", int64(1+g%7)*gib
	}
	return b
}

func (w *World) inventJobs(start time.Time) {
	night := start.Truncate(24 * hour)
	ran := func(at time.Duration, state string) Run {
		return Run{UPID: fmt.Sprintf("UPID:backup:00000A01:0000B002:00000001:%08X:job::root@pam:", night.Unix()), Ended: begun(night.Add(at), start), State: state}
	}
	for i, s := range w.Stores {
		w.Prune = append(w.Prune, Job{ID: "p-" + s.Name, Store: s.Name, Schedule: "daily", Run: ran(5*hour, "OK")})
		w.Verify = append(w.Verify, Job{ID: "v-" + s.Name, Store: s.Name, Schedule: "sat 03:00", Run: ran(6*hour, "OK")})
		s.GC = GC{Schedule: "sun 04:00", Run: ran(7*hour, "OK"), Pending: int64(3+i) * gib, Removed: 41 * gib}
	}
	if len(w.Stores) > 1 {
		w.Sync = []Job{
			{ID: "s-offsite", Store: w.Stores[1].Name, Remote: "offsite", Schedule: "hourly", Run: ran(8*hour, "OK")},
			{ID: "s-cloud", Store: w.Stores[0].Name, Remote: "cloud", Push: true, Schedule: "daily", Run: ran(9*hour, "TASK ERROR: sync failed with some errors.")},
		}
	}
}

// breathe moves load and space.
func (w *World) breathe(start, now time.Time) {
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

// backUp begins the backup of the guest whose turn it is.
func (w *World) backUp(size Size, at time.Time) {
	if size.Guests == 0 || len(w.Stores) == 0 {
		return
	}
	b := guestBackup(int(at.Unix()/int64(round/time.Second))%size.Guests, at)
	b.Size = 0
	s := w.Stores[0]
	s.Backups = append(s.Backups, b)
	w.Tasks = append(w.Tasks, Task{Type: "backup", ID: s.Name + ":" + b.Type + "/" + b.ID, Started: at})
}

// finish ends the backups that have taken long enough; one in twelve fails.
func (w *World) finish(now time.Time) {
	for i := range w.Tasks {
		t := &w.Tasks[i]
		if !t.Ended.IsZero() || now.Sub(t.Started) < lasting {
			continue
		}
		t.Ended, t.Status = t.Started.Add(lasting), "OK"
		if t.Started.Unix()/int64(round/time.Second)%12 == 0 {
			t.Status = "connection error: connection reset by peer"
			continue
		}
		for _, s := range w.Stores {
			for j := range s.Backups {
				if b := &s.Backups[j]; b.Time.Equal(t.Started) && b.Size == 0 {
					b.Size = guestBackup(0, b.Time).Size
				}
			}
		}
	}
}

func storeName(i int) string {
	names := []string{simulate.BackupDatastore, "archive", "offsite", "vault"}
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("store%d", i+1)
}
