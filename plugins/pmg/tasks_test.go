package pmg

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
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

// What a gateway does not tell makes no number: it has just started, no mail has come today, a certificate has no end.
func TestNumbersThatAreNotTold(t *testing.T) {
	b := newBench(t, 1)
	for path, body := range map[string]string{
		"/nodes/mail1/status":            `{"cpu":0.5,"wait":0.1,"uptime":0,"memory":null}`,
		"/statistics/recent":             `[{"time":1,"timespan":300,"count_in":null,"count_out":"-3","bytes_in":"x","spam_in":"6"},{"time":301}]`,
		"/statistics/mail":               `{"count":0,"avptime":"0.5"}`,
		"/nodes/mail1/certificates/info": `[{"filename":"pmg-api.pem","notafter":null},{"filename":"pmg-tls.pem","notafter":0}]`,
	} {
		b.server.Fail(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"data":` + body + `}`)) })
	}
	c := b.collector(t, "monitor@pmg", "")
	samples := map[string]float64{}
	for _, task := range []string{taskStatus, taskMail, taskStatistics, taskSystem} {
		s := look(t, c, task)
		if s.Err != nil {
			t.Errorf("%s: %v", task, s.Err)
		}
		maps.Copy(samples, s.samples)
	}
	for _, sample := range []string{"node/mail1 cpu", "node/mail1 uptime", "node/mail1 memory", "gateway mail_in", "gateway mail_out", "gateway bytes_in", "gateway virus_in", "gateway processing", "node/mail1 certificate_leftpmg-api.pem", "node/mail1 certificate_leftpmg-tls.pem"} {
		if v, told := samples[sample]; told {
			t.Errorf("%s is %v", sample, v)
		}
	}
	if samples["gateway spam_in"] != 0.02 {
		t.Errorf("what is told beside them: %v", samples)
	}
}

// The gateway lists fifty tasks unless it is asked for more.
func TestManyTasksThatFail(t *testing.T) {
	b := newBench(t, 1)
	b.world.Change(func(w *pmgtest.World) {
		for i := range 60 {
			at := b.Now().Add(-time.Duration(i) * time.Minute)
			w.Nodes[0].Tasks = append(w.Nodes[0].Tasks, pmgtest.Task{Type: "avupdate", Status: "no route", Started: at, Ended: at})
		}
	})
	if n := len(look(t, b.collector(t, "monitor@pmg", ""), taskTasks).All()); n != 60 {
		t.Errorf("%d of 60 are told of", n)
	}
}

// Another release has other calls: those that were missing are made again.
func TestAnUpgrade(t *testing.T) {
	b := newBench(t, 1)
	b.server.Fail("/statistics/recent", func(w http.ResponseWriter, _ *http.Request) {
		pmgtest.Refuse(w, 501, "Method 'GET /statistics/recent' not implemented")
	})
	c := b.collector(t, "monitor@pmg", "")
	look(t, c, taskStatus)
	look(t, c, taskMail)
	b.server.Fail("/statistics/recent", nil)
	b.world.Change(func(w *pmgtest.World) { w.Version = "9.2.1" })
	b.Move(membersEvery)
	look(t, c, taskStatus)
	if s := look(t, c, taskMail); s.Part("recent").Err != nil || s.samples["gateway mail_in"] == 0 {
		t.Errorf("%v %v", s.Part("recent").Err, s.samples)
	}
}

// Members answer for the given address when they are not that one by another name, and can prove who they are.
func TestWhichMembersMayAnswer(t *testing.T) {
	print := strings.Repeat("ab", 32)
	for host, want := range map[string][]string{"192.0.2.10": {"192.0.2.10", "192.0.2.11"}, "https://Mail2:8006": {"https://Mail2:8006", "192.0.2.10"}, "mail.example.com": {"mail.example.com", "192.0.2.10", "192.0.2.11"}} {
		c := &Collector{cfg: Config{Host: host}, first: proxmox.Endpoint{URL: host}}
		var got []string
		for _, e := range c.endpoints([]member{
			{Name: "mail1", IP: "192.0.2.10", Fingerprint: proxmox.Str(print)}, {Name: "mail2", IP: "192.0.2.11", Fingerprint: proxmox.Str(print)},
			{Name: "mail3", IP: "192.0.2.12", Fingerprint: "AB:CD"}, {Name: "mail4", IP: "192.0.2.13"}, {Name: "mail5", Fingerprint: proxmox.Str(print)},
		}) {
			got = append(got, e.URL)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
}

// Rows without a name are no members.
func TestAMemberWithoutAName(t *testing.T) {
	b := newBench(t, 1)
	b.server.Fail("/config/cluster/nodes", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":[{"name":null,"type":"node","ip":"192.0.2.77"},{"name":"mail1","type":"master"}]}`))
	})
	if s := look(t, b.collector(t, "monitor@pmg", ""), taskStatus); s.Err != nil || len(s.records) != 2 {
		t.Errorf("%v %v", s.Err, s.records)
	}
}

func TestSignaturesOfAnyDay(t *testing.T) {
	want := time.Date(2026, 12, 1, 6, 27, 0, 0, time.UTC)
	for _, text := range []string{"01 Dec 2026 06-27 +0000", "1 Dec 2026 06-27 +0000", " 1 Dec 2026 06-27 +0000", "30 Nov 2026 23-27 -0700"} {
		if at, err := madeAt(text); err != nil || !at.Equal(want) {
			t.Errorf("%q: %v, %v", text, at, err)
		}
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
