package pmg

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox/lifetest"
	"github.com/pulse-platform/pulse/plugins/pmg/pmgtest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// memory is what the server keeps for an integration.
type memory struct {
	sdk.Host
	mu    sync.Mutex
	state map[string][]byte
}

func (m *memory) State(_ context.Context, key string) ([]byte, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state[key], int64(len(m.state[key])), nil
}

func (m *memory) SetState(_ context.Context, key string, value []byte, version int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if version != int64(len(m.state[key])) {
		return fmt.Errorf("outdated")
	}
	m.state[key] = value
	return nil
}

// life is a collector that knows nothing but what is kept.
func (b *bench) life(t *testing.T, kept map[string][]byte) *Collector {
	t.Helper()
	c := b.collector(t, "monitor@pmg", "")
	c.deps.Host = &memory{state: maps.Clone(kept)}
	return c
}

func keptBy(c *Collector) map[string][]byte { return c.deps.Host.(*memory).state }

// wrong lets all go wrong that this plugin judges.
func wrong(b *bench) {
	now := b.Now()
	b.world.Change(func(w *pmgtest.World) {
		w.Spam, w.Virus = 6000, 2500
		for _, n := range w.Nodes {
			n.Master, n.OutOfSync, n.Subscription, n.Updates = false, true, "expired", []string{"pmg-api"}
			n.Services[0].State, n.Certificate, n.Signatures = "dead", now.Add(48*time.Hour), now.Add(-96*time.Hour)
			n.Queue["hold"], n.Queue["deferred"] = map[string]int{"5m": 700}, map[string]int{"80m": 250}
			n.Backups = []pmgtest.Backup{{File: pmgtest.File(now.Add(-40 * 24 * time.Hour)), Size: 1, Time: now.Add(-40 * 24 * time.Hour)}}
			n.Remotes = []*pmgtest.Remote{{Name: "vault", Server: "192.0.2.40", Datastore: "main", Backups: []time.Time{now.Add(-39 * 24 * time.Hour)}}}
		}
	})
}

// Nothing that was told is taken back, and nothing else is told, because another process begins: in whatever order its tasks
// run, and whatever does not answer by then.
func TestNothingEndsWithARestart(t *testing.T) {
	t.Parallel()
	broken := func(paths ...string) func(b *bench) {
		return func(b *bench) {
			for _, path := range paths {
				b.server.Fail(path, refusing(http.StatusInternalServerError, "got timeout"))
			}
		}
	}
	for name, change := range map[string]func(b *bench){
		"all answers":  func(*bench) {},
		"a node hangs": func(b *bench) { b.world.Change(func(w *pmgtest.World) { w.Nodes[1].Fault = 596 }) },
		"a backup server is away": func(b *bench) {
			b.world.Change(func(w *pmgtest.World) { w.Nodes[0].Remotes[0].Error = "connection refused" })
		},
		"members cannot be read":       broken("/config/cluster/nodes"),
		"the version cannot be read":   broken("/version"),
		"the quarantine cannot be":     broken("/quarantine/spamstatus", "/nodes/mail1/services", "/nodes/mail2/postfix/qshape"),
		"the other quarantine neither": broken("/quarantine/virusstatus", "/nodes/mail1/subscription", "/nodes/mail2/pbs", "/nodes/mail1/backup"),
		"the system cannot be read":    broken("/nodes/mail1/status", "/nodes/mail1/apt/update", "/nodes/mail2/certificates/info", "/nodes/mail1/tasks"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 2)
			wrong(b)
			c := b.life(t, map[string][]byte{})
			again := func() lifetest.Life { return tasksOf(t, b.life(t, keptBy(c))) }
			lifetest.Restart(t, Plugin(), tasksOf(t, c), func() { change(b) }, again)
		})
	}
}

// What was told of a node that leaves the cluster, or of a backup server that is written to no more, is over, also when that
// happens while nobody looks.
func TestWhatHasLeftIsOver(t *testing.T) {
	b := newBench(t, 3)
	wrong(b)
	c := b.life(t, map[string][]byte{})
	orders := lifetest.Orders(Plugin(), 0)
	for _, task := range orders[0] {
		look(t, c, task)
	}
	b.world.Change(func(w *pmgtest.World) { w.Nodes, w.Nodes[0].Remotes = w.Nodes[:2], nil })
	b.Move(membersEvery)
	for _, now := range []*Collector{b.life(t, keptBy(c)), c} {
		for _, task := range orders[1] {
			if task == taskStatus {
				look(t, now, task) // who has left is asked now and then
			}
		}
		for task, partition := range map[string]string{
			taskStatus: "node/mail3", taskSystem: "system/mail3", taskQueues: "queue/mail3", taskTasks: "tasks/mail3", taskBackups: "backups/mail3",
		} {
			if p := look(t, now, task).Part(partition); !p.Ended || p.Err != nil || len(p.Observations) > 0 {
				t.Errorf("%s: %+v", partition, p)
			}
		}
		if p := look(t, now, taskBackups).Part("backups/mail1/vault"); !p.Ended || p.Err != nil || len(p.Observations) != 1 {
			t.Errorf("a backup server that is gone: %+v", p)
		}
	}
	// Who cannot be read has not left.
	b.Move(membersEvery)
	b.server.Fail("/config/cluster/nodes", answering(`{"data":[{"name":"mail1","type":"node"},{"name":"mail2","type":[]}, 7]}`))
	again := b.life(t, keptBy(c))
	look(t, again, taskStatus)
	if p := look(t, again, taskSystem).Part("system/mail2"); p.Ended && p.Err == nil && len(p.Observations) == 0 {
		t.Errorf("%+v", p)
	}
}

// Rows that are odd, in every list, cost themselves and nothing else.
func TestOddRowsInEveryList(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	wrong(b)
	host, pin := lifetest.Odd(t, b.http.URL)
	config := strings.NewReplacer(b.http.URL, host, b.pin(), pin).Replace(b.config("monitor@pmg", ""))
	lifetest.OddRows(t, Plugin(), tasksOf(t, b.collector(t, "monitor@pmg", "")), tasksOf(t, b.configured(t, config)))
}

func tasksOf(t *testing.T, c *Collector) lifetest.Life {
	return func(task string) *sdktest.Cycle { return look(t, c, task).Cycle }
}
