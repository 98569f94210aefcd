package pmg

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pmg/pmgtest"
	"github.com/pulse-platform/pulse/sdk"
)

// What the gateway does by itself and fails at is told once, of the node where it happened; what people started is not.
func TestTasksThatFail(t *testing.T) {
	b := newBench(t, 2)
	now := b.Now()
	b.world.Change(func(w *pmgtest.World) {
		w.Nodes[1].Tasks = []pmgtest.Task{
			{Type: "avupdate", Status: "command 'freshclam' failed: exit code 59", Started: now.Add(-time.Hour), Ended: now.Add(-59 * time.Minute)},
			{Type: "backup", Status: "WARNINGS: 2", Started: now.Add(-time.Hour), Ended: now}, {Type: "saupdate", Status: "OK", Started: now.Add(-time.Hour), Ended: now},
			{Type: "srvrestart", Status: "unit not found", Started: now.Add(-time.Hour), Ended: now}, {Type: "backup", Status: "no space", Started: now.Add(-48 * time.Hour), Ended: now.Add(-48 * time.Hour)},
		}
	})
	c := b.collector(t, "monitor@pmg", "")
	var events []sdk.Event
	for range 2 {
		for _, o := range look(t, c, taskTasks).All() {
			if e, ok := o.(sdk.Event); ok {
				events = append(events, e)
			}
		}
	}
	if len(events) != 2 || events[0].ID != events[1].ID || events[0].Key != "node/mail2" || !strings.Contains(events[0].Text, "freshclam") || events[0].Time != now.Add(-59*time.Minute).UTC() {
		t.Errorf("%+v", events)
	}
	if strings.Contains(events[0].Text+events[0].Attributes["error"], "root@pam") {
		t.Error("who started it is told")
	}
}

// A worker of the gateway that was not asked before answers 0 for the share of busy time, which is no number.
func TestTheFirstAnswerOfAWorker(t *testing.T) {
	b := newBench(t, 1)
	b.world.Change(func(w *pmgtest.World) { w.Nodes[0].CPU = 0 })
	c := b.collector(t, "monitor@pmg", "")
	s := look(t, c, taskStatus)
	if v, there := s.samples["node/mail1 cpu"]; there || s.docs["node/mail1"]["cpu"] != nil || s.samples["node/mail1 memory"] != 0.25 {
		t.Errorf("%v, %v", v, s.docs["node/mail1"])
	}
}

// Ages and days are told by the gateway's own clock.
func TestTheGatewaysClock(t *testing.T) {
	b := newBench(t, 1)
	b.server.Ahead = 2 * time.Hour // after midnight there
	there := b.Now().Add(b.server.Ahead)
	b.world.Change(func(w *pmgtest.World) {
		w.Nodes[0].Signatures = there.Add(-time.Hour).UTC()
		w.Nodes[0].Backups = []pmgtest.Backup{{File: "pmg-backup_x.tgz", Size: 1, Time: there.Add(-time.Hour)}}
	})
	c := b.collector(t, "monitor@pmg", "")
	look(t, c, taskStatus)
	look(t, c, taskSystem).want(t, map[string]float64{"node/mail1 signatures_age": 3600})
	look(t, c, taskBackups).want(t, map[string]float64{"node/mail1 backup_age": 3600})
	today := look(t, c, taskStatistics).docs["gateway#statistics"]["mailStats"].(map[string]any)
	if today["countIn"] != 0.0 {
		t.Errorf("it is another day there, on which nothing has come yet: %v", today["countIn"])
	}
}

// The product lists no rights: what was refused is asked for again after some minutes, and at once when somebody tests.
func TestARoleThatIsGiven(t *testing.T) {
	for name, then := range map[string]func(b *bench){
		"minutes later": func(b *bench) { b.Move(10 * time.Minute) },
		"tested": func(b *bench) {
			if _, err := b.collector(t, "help@pmg", "").Check(t.Context(), func(sdk.CheckStep) {}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		b := newBench(t, 1)
		c := b.collector(t, "help@pmg", "")
		for range 5 {
			if s := look(t, c, taskMail); sdk.KindOf(s.Part("recent").Err) != sdk.KindPermission {
				t.Fatalf("%s: %v", name, s.Part("recent").Err)
			}
			b.Move(2 * time.Minute / 5)
		}
		if n := b.server.Calls("/statistics/recent"); n != 1 {
			t.Errorf("%s: %d calls that are refused", name, n)
		}
		b.world.Change(func(w *pmgtest.World) { w.Users["help@pmg"].Role = "audit" })
		then(b)
		if s := look(t, c, taskMail); s.Part("recent").Err != nil {
			t.Errorf("%s: %v", name, s.Part("recent").Err)
		}
	}
}

// Tickets that live for a moment, connections that are cut and calls that hang fail what they fail; nothing is made of it.
func TestAGatewayWithBadManners(t *testing.T) {
	b := newBench(t, 1)
	c := b.collector(t, "monitor@pmg", "")
	look(t, c, taskStatus)
	b.server.Cut = 1
	if s := look(t, c, taskQueues); sdk.KindOf(s.Err) != sdk.KindUnreachable || len(s.samples) != 0 {
		t.Errorf("%v %v", s.Err, s.samples)
	}
	b.server.Cut, b.server.TicketLife = 0, time.Minute
	b.Move(3 * time.Hour)
	if s := look(t, c, taskQueues); s.Err != nil || s.samples["gateway queue_total"] != 9 {
		t.Errorf("%v %v", s.Err, s.samples)
	}
	b.Move(2 * time.Minute)
	if s := look(t, c, taskQueues); s.Err != nil || s.samples["gateway queue_total"] != 9 {
		t.Errorf("a ticket that ended early: %v %v", s.Err, s.samples)
	}
}

// What keeps nodes in step rests on a gateway that stands alone, and is missed in a cluster.
func TestServicesOfACluster(t *testing.T) {
	for nodes, missed := range map[int]bool{1: false, 2: true} {
		b := newBench(t, nodes)
		s := look(t, b.collector(t, "monitor@pmg", ""), taskSystem)
		if _, there := s.conditions["node/mail1 "+kindServiceDown+" pmgtunnel"]; s.Err != nil || there != missed {
			t.Errorf("%d nodes: %v %v", nodes, s.Err, s.conditions)
		}
	}
}
