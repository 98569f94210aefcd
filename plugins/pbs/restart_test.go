package pbs

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox/lifetest"
	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// wrong lets all go wrong that this plugin judges.
func wrong(b *bench) {
	withJobs(b)
	withBackups(b, 2, 8)
	now, night := b.Now(), b.Now().Truncate(24*time.Hour)
	fails := func(id string) pbstest.Run {
		return pbstest.Run{UPID: "UPID:" + id, Ended: now.Add(-time.Hour), State: "TASK ERROR: out of space"}
	}
	b.world.Change(func(w *pbstest.World) {
		w.Accounts["monitor@pbs!pulse"].Roles["/tape"] = "TapeAudit"
		for d := range 8 {
			w.Stores[0].Backups = append(w.Stores[0].Backups, pbstest.Backup{Type: "host", ID: "files", Time: night.Add(-time.Duration(d+3) * 24 * time.Hour), Size: gib, Verification: "ok"})
		}
		w.Stores[1].Backups = []pbstest.Backup{{Type: "vm", ID: "777", Time: night.Add(-72 * time.Hour), Size: gib}, {Type: "vm", ID: "778", Time: night, Size: gib, Verification: "failed"}}
		w.Stores[0].GC = pbstest.GC{Schedule: "daily", Run: fails("g"), StillBad: 3}
		w.Verify, w.Prune[0].Run = []pbstest.Job{{ID: "v-daily", Store: "main", Schedule: "daily", Run: fails("v")}}, fails("p")
		w.Services, w.Disks, w.Pools = []pbstest.Service{{Name: "chrony", State: "dead", Unit: "enabled"}}, []pbstest.Disk{{Name: "sda", Status: "failed", Left: 5}}, map[string]string{"tank": "DEGRADED"}
		w.Subscription, w.Updates = "expired", []pbstest.Update{{Package: "libssl3t64", Old: "1", Version: "2"}}
		w.Tape = pbstest.Tape{Drives: []string{"lto9"}, Media: []pbstest.Medium{{Label: "T7", Pool: "weekly", Status: "damaged"}},
			Jobs: []pbstest.TapeJob{{ID: "t-main", Store: "main", Pool: "weekly", Schedule: "sat 20:00", Run: fails("t")}}}
	})
}

// Nothing that was told is taken back, and nothing else is told, because another process begins: in whatever order its tasks
// run, and whatever runs or cannot be read by then.
func TestNothingEndsWithARestart(t *testing.T) {
	t.Parallel()
	broken := func(paths ...string) func(b *bench) {
		return func(b *bench) {
			for _, path := range paths {
				b.server.Fail(path, func(w http.ResponseWriter, _ *http.Request) {
					pbstest.Refuse(w, http.StatusInternalServerError, "got timeout")
				})
			}
		}
	}
	for name, change := range map[string]func(b *bench){
		"all answers": func(*bench) {},
		"jobs run again": func(b *bench) {
			b.world.Change(func(w *pbstest.World) {
				again := pbstest.Run{UPID: "UPID:again"}
				w.Verify[0].Run, w.Prune[0].Run, w.Sync[0].Run, w.Stores[0].GC.Run, w.Tape.Jobs[0].Run = again, again, again, again, again
			})
		},
		"a datastore is away": func(b *bench) {
			b.world.Change(func(w *pbstest.World) { w.Stores[0].Error = "unable to open chunk store" })
		},
		"rights cannot be read":     broken("/access/permissions"),
		"datastores cannot be read": broken("/status/datastore-usage"),
		"jobs cannot be read":       broken("/admin/verify", "/admin/sync", "/admin/prune", "/admin/gc"),
		"the system cannot be read": broken("/version", "/nodes/localhost/status", "/nodes/localhost/disks/list", "/nodes/localhost/tasks", "/tape/drive"),
		"namespaces cannot be read": broken("/admin/datastore/main/namespace", "/admin/datastore/archive/groups", "/tape/media/list", "/nodes/localhost/services"),
		"some backups cannot be":    broken("/admin/datastore/main/snapshots", "/tape/backup", "/nodes/localhost/disks/zfs", "/nodes/localhost/subscription"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			wrong(b)
			const tape = `,"monitor_tape":true`
			c := b.collector(t, "monitor@pbs!pulse", tape)
			again := func() lifetest.Life {
				next := b.collector(t, "monitor@pbs!pulse", tape)
				m := next.deps.Host.(*memory)
				m.state, m.at = maps.Clone(c.deps.Host.(*memory).state), map[string]int64{}
				return tasksOf(t, next)
			}
			lifetest.Restart(t, Plugin(), tasksOf(t, c), func() { change(b) }, again, "tasks_running")
		})
	}
}

// Rows that are odd, in every list, cost themselves and nothing else.
func TestOddRowsInEveryList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wrong(b)
	const tape = `,"monitor_tape":true`
	first := b.collector(t, "monitor@pbs!pulse", tape)
	host, pin := lifetest.Odd(t, b.http.URL)
	config := strings.NewReplacer(b.http.URL, host, b.pin(), pin).Replace(b.config("monitor@pbs!pulse", tape))
	lifetest.OddRows(t, Plugin(), tasksOf(t, first), tasksOf(t, b.configured(t, config)), "tasks_running")
}

func tasksOf(t *testing.T, c *Collector) lifetest.Life {
	return func(task string) *sdktest.Cycle { return look(t, c, task).Cycle }
}
