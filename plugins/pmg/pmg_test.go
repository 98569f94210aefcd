package pmg

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/plugins/internal/simulate"
	"github.com/pulse-platform/pulse/plugins/pmg/pmgtest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

const gib = 1 << 30

// bench is a simulated gateway and the clock that it and the collector share.
type bench struct {
	*sdktest.Clock
	world  *pmgtest.World
	server *pmgtest.Server
	http   *httptest.Server
}

func newBench(t testing.TB, nodes int) *bench {
	t.Helper()
	c := sdktest.NewClock(time.Unix(1_790_203_800, 0)) // 22:50 UTC
	w := &pmgtest.World{
		Now: c.Now, Version: "9.1.2",
		Users: map[string]*pmgtest.User{
			"monitor@pmg": {Password: "passw0rd-of-test", Role: "audit"}, "help@pmg": {Password: "passw0rd-of-test", Role: "helpdesk"},
			"second@pmg": {Password: "passw0rd-of-test", Role: "audit", SecondFactor: true},
		},
		Mail: pmgtest.Mail{In: 3600, Out: 1200, Spam: 720, Virus: 12}, Spam: 8, Virus: 2, Domains: []string{"example.com", "example.org"},
	}
	for i := range nodes {
		w.Nodes = append(w.Nodes, &pmgtest.Node{
			Name: fmt.Sprintf("mail%d", i+1), IP: simulate.Address(9 + i), Fingerprint: strings.Repeat("ab", 32), Master: i == 0, Started: c.Now().Add(-time.Hour), CPU: 0.25,
			Memory: pmgtest.Space{Total: 8 * gib, Used: 2 * gib}, Root: pmgtest.Space{Total: 100 * gib, Used: 40 * gib}, Subscription: "active",
			Queue:      map[string]map[string]int{"active": {"5m": 2}, "deferred": {"5m": 5, "40m": 2}, "hold": {}},
			Services:   []pmgtest.Service{{Name: "postfix", State: "running", Unit: "enabled"}, {Name: "pmg-daily", State: "dead", Unit: "enabled"}, {Name: "pmgtunnel", State: "dead", Unit: "enabled"}},
			Signatures: c.Now().Add(-24 * time.Hour).UTC(), Certificate: c.Now().Add(100 * 24 * time.Hour),
			Backups: []pmgtest.Backup{{File: pmgtest.File(c.Now().Add(-48 * time.Hour)), Size: 180_000, Time: c.Now().Add(-48 * time.Hour)}, {File: pmgtest.File(c.Now().Add(-24 * time.Hour)), Size: 190_000, Time: c.Now().Add(-24 * time.Hour)}},
		})
	}
	b := &bench{Clock: c, world: w, server: pmgtest.New(w)}
	b.http = httptest.NewUnstartedServer(b.server)
	b.http.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	b.http.StartTLS()
	t.Cleanup(b.http.Close)
	return b
}

func (b *bench) pin() string {
	sum := sha256.Sum256(b.http.Certificate().Raw)
	return hex.EncodeToString(sum[:])
}

func (b *bench) config(user, more string) string {
	return fmt.Sprintf(`{"host":%q,"user":%q,"password":"passw0rd-of-test","fingerprint":%q,"monitor_domain_stats":true%s}`, b.http.URL, user, b.pin(), more)
}

func (b *bench) collector(t testing.TB, user, more string) *Collector {
	t.Helper()
	return b.configured(t, b.config(user, more))
}

func (b *bench) configured(t testing.TB, config string) *Collector {
	t.Helper()
	in := sdk.Instance{Integration: "pmg/lab", Name: "lab", Revision: 1, Config: json.RawMessage(config)}
	made, err := Plugin().Configure(t.Context(), in, sdk.Deps{Name: "lab", Log: slog.New(slog.DiscardHandler), Now: b.Now, Network: sdk.Network{AllowLoopback: true}})
	if err != nil {
		t.Fatal(err)
	}
	c := made.(*Collector)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// seen sorts what a cycle gave.
type seen struct {
	*sdktest.Cycle
	records    map[string]sdk.Record
	docs       map[string]map[string]any
	samples    map[string]float64
	conditions map[string]sdk.Condition
	rows       map[string]sdk.Row
}

func look(t testing.TB, c *Collector, task string) seen {
	t.Helper()
	s := seen{sdktest.Collect(t, c, task), map[string]sdk.Record{}, map[string]map[string]any{}, map[string]float64{}, map[string]sdk.Condition{}, map[string]sdk.Row{}}
	for _, o := range s.All() {
		switch o := o.(type) {
		case sdk.Record:
			s.records[o.Key], s.docs[o.Key] = o, decode(t, o.Doc)
		case sdk.Part:
			s.docs[o.Key+"#"+o.Name] = decode(t, o.Doc)
		case sdk.Sample:
			s.samples[o.Key+" "+o.Metric+o.Instance] = o.Value
		case sdk.Condition:
			s.conditions[o.Key+" "+o.Kind+" "+o.Instance] = o
		case sdk.Row:
			s.rows[o.OwnerKey+" "+o.Key] = o
		}
	}
	return s
}

func decode(t testing.TB, doc json.RawMessage) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(doc, &out); err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return out
}

func refusing(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { pmgtest.Refuse(w, status, text) }
}

func answering(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

func (s seen) want(t *testing.T, samples map[string]float64) {
	t.Helper()
	for name, want := range samples {
		if got, there := s.samples[name]; !there || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestConformance(t *testing.T) {
	b := newBench(t, 2)
	sdktest.Conformance(t, Plugin(), sdktest.Options{
		Config: b.config("monitor@pmg", ""), Secrets: []string{"passw0rd-of-test"},
		Blind: map[string]string{
			"nobody answers":   strings.Replace(b.config("monitor@pmg", ""), b.http.URL, "https://127.0.0.1:1", 1),
			"a wrong password": strings.Replace(b.config("monitor@pmg", ""), "passw0rd-of-test", "wrong", 1),
			"another role":     b.config("help@pmg", ""),
			"a second factor":  b.config("second@pmg", ""),
			"another's pin":    strings.Replace(b.config("monitor@pmg", ""), b.pin(), strings.Repeat("ab", 32), 1),
		},
	})
}

func TestAGatewayThatStandsAlone(t *testing.T) {
	b := newBench(t, 1)
	c := b.collector(t, "monitor@pmg", "")
	s := look(t, c, taskStatus)
	if s.Err != nil || len(s.records) != 2 {
		t.Fatalf("%v %v", s.Err, s.records)
	}
	gateway, node := s.records["gateway"], s.records["node/mail1"]
	if gateway.WireID != "pmg-lab" || gateway.Name != "lab" || s.docs["gateway"]["version"] != "9.1.2" || s.docs["gateway"]["cluster"] != false {
		t.Errorf("gateway %+v %v", gateway, s.docs["gateway"])
	}
	if node.Status != sdk.StatusUp || node.Relations[0].Key != "gateway" || len(s.conditions) != 0 {
		t.Errorf("node %+v, %v", node, s.conditions)
	}
	for member, want := range map[string]any{"name": "mail1", "uptime": 3600.0, "loadAvg": "0.82, 1.94, 1.70", "cpu": 0.25, "memory": 25.0, "disk": 40.0, "version": "9.1.2", "cpuCount": 4.0} {
		if got := s.docs["node/mail1"][member]; got != want {
			t.Errorf("%s is %v, want %v", member, got, want)
		}
	}
	s.want(t, map[string]float64{"node/mail1 cpu": 0.25, "node/mail1 memory": 0.25, "node/mail1 disk": 0.4, "node/mail1 load1": 0.82, "node/mail1 uptime": 3600, "node/mail1 swap": 0})
	b.server.Total()
	b.Move(30 * time.Second)
	look(t, c, taskStatus)
	if n := b.server.Total(); n != 2 {
		t.Errorf("a quiet cycle costs %d calls, want 2", n)
	}
}

// A node that is off is down; one that hangs is not known; neither keeps the others.
func TestACluster(t *testing.T) {
	b := newBench(t, 3)
	c := b.collector(t, "monitor@pmg", "")
	s := look(t, c, taskStatus)
	if s.Err != nil || len(s.records) != 4 || s.docs["node/mail1"]["role"] != "master" || s.docs["node/mail2"]["role"] != "node" {
		t.Fatalf("%v %v", s.Err, s.docs)
	}
	b.world.Change(func(w *pmgtest.World) { w.Nodes[1].Fault, w.Nodes[2].Fault, w.Nodes[0].OutOfSync = 595, 596, true })
	s = look(t, c, taskStatus)
	if s.Err != nil || s.records["node/mail2"].Status != sdk.StatusDown || s.Part("node/mail3").Err == nil || s.records["node/mail1"].Status != sdk.StatusUp {
		t.Errorf("%v %+v %v", s.Err, s.records["node/mail2"], s.Part("node/mail3").Err)
	}
	if _, there := s.samples["node/mail2 cpu"]; there {
		t.Error("a node that is down has a number")
	}
	if s.conditions["node/mail1 "+kindNotInSync+" "].Severity != sdk.SeverityWarning {
		t.Errorf("%v", s.conditions)
	}
	b.world.Change(func(w *pmgtest.World) { w.Nodes[0].Master = false })
	b.Move(membersEvery)
	if s := look(t, c, taskStatus); s.conditions["gateway "+kindNoMaster+" "].Severity != sdk.SeverityCritical {
		t.Errorf("no master: %v", s.conditions)
	}
	for _, doc := range s.docs {
		if strings.Contains(fmt.Sprint(doc), "AAAAB3") {
			t.Error("a key of the cluster is kept")
		}
	}
}

// While the address that was given does not answer, another member does, known by the fingerprint that the cluster has of it.
func TestAnotherMemberAnswers(t *testing.T) {
	b := newBench(t, 2)
	second := httptest.NewTLSServer(b.server)
	t.Cleanup(second.Close)
	sum := sha256.Sum256(second.Certificate().Raw)
	b.world.Change(func(w *pmgtest.World) {
		w.Nodes[0].IP = "127.0.0.1" // the address that was given
		w.Nodes[1].IP, w.Nodes[1].Fingerprint = strings.TrimPrefix(second.URL, "https://"), hex.EncodeToString(sum[:])
	})
	c := b.collector(t, "monitor@pmg", "")
	look(t, c, taskStatus)
	b.http.CloseClientConnections()
	b.http.Listener.Close()
	if s := look(t, c, taskStatus); s.Err != nil || len(s.records) != 3 {
		t.Errorf("%v %v", s.Err, s.records)
	}
}

// A gateway that left its cluster is not answered for by those that it left.
func TestAGatewayThatLeftItsCluster(t *testing.T) {
	b := newBench(t, 2)
	second := httptest.NewTLSServer(b.server)
	t.Cleanup(second.Close)
	sum := sha256.Sum256(second.Certificate().Raw)
	b.world.Change(func(w *pmgtest.World) {
		w.Nodes[1].IP, w.Nodes[1].Fingerprint = strings.TrimPrefix(second.URL, "https://"), hex.EncodeToString(sum[:])
	})
	c := b.collector(t, "monitor@pmg", "")
	look(t, c, taskStatus)
	b.world.Change(func(w *pmgtest.World) { w.Nodes = w.Nodes[:1] })
	b.Move(membersEvery)
	look(t, c, taskStatus)
	b.http.CloseClientConnections()
	b.http.Listener.Close()
	if s := look(t, c, taskStatus); sdk.KindOf(s.Err) != sdk.KindUnreachable {
		t.Errorf("%v", s.Err)
	}
}

func TestQueues(t *testing.T) {
	b := newBench(t, 2)
	c := b.collector(t, "monitor@pmg", "")
	b.world.Change(func(w *pmgtest.World) { w.Nodes[1].Queue["hold"] = map[string]int{"1280m+": 4} })
	s := look(t, c, taskQueues)
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	s.want(t, map[string]float64{
		"node/mail1 node_queue_total": 9, "node/mail1 node_queue_oldest": 20 * 60, "gateway queue_total": 22, "gateway queue_deferred": 14, "gateway queue_active": 4, "gateway queue_hold": 4,
		"gateway queue_incoming": 0, "gateway queue_oldest": 20 * 60,
	})
	status := s.docs["node/mail2#queue"]["queueStatus"].(map[string]any)
	if status["total"] != 13.0 || status["hold"] != 4.0 || status["oldestAge"] != 1200.0 || status["updatedAt"] != "2026-09-23T22:50:00Z" {
		t.Errorf("%v", status)
	}
	if strings.Contains(fmt.Sprint(s.All()), "partner.example") {
		t.Error("a partner is kept")
	}
	// With a node missing there is no sum.
	b.world.Change(func(w *pmgtest.World) { w.Nodes[1].Fault = 595 })
	s = look(t, c, taskQueues)
	if _, there := s.samples["gateway queue_total"]; there || s.samples["node/mail1 node_queue_total"] != 9 || s.Part("queue/mail2").Err == nil {
		t.Errorf("%v %v", s.samples, s.Part("queue/mail2").Err)
	}
}

func TestAgesOfQueues(t *testing.T) {
	for text, want := range map[string]int64{
		`{"total":"7","5m":"5","10m":"0","40m":"2"}`: 1200, `{"total":1,"1280m+":1}`: 76800, `{"total":"0"}`: 0, `{"total":"1","5m":"1"}`: 0, `{"total":"1","10m":"1"}`: 300, `{}`: 0,
	} {
		q := queue{waiting: map[string]float64{}}
		var row shape
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			t.Fatal(err)
		}
		q.add("deferred", row)
		if q.oldest != want {
			t.Errorf("%s: %d, want %d", text, q.oldest, want)
		}
	}
}

func TestMailAndQuarantine(t *testing.T) {
	b := newBench(t, 1)
	c := b.collector(t, "monitor@pmg", "")
	s := look(t, c, taskMail)
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	// The bucket that is being filled would make a rate of nearly nothing.
	s.want(t, map[string]float64{"gateway mail_in": 1, "gateway mail_out": 1.0 / 3, "gateway spam_in": 0.2, "gateway bytes_in": 40_000, "gateway quarantine_spam": 8, "gateway quarantine_virus": 2})
	if q := s.docs["gateway#quarantine"]["quarantine"]; fmt.Sprint(q) != "map[attachment:0 blacklisted:0 spam:8 virus:2]" {
		t.Errorf("%v", q)
	}
	b.world.Change(func(w *pmgtest.World) { w.Virus = 0 })
	look(t, c, taskMail).want(t, map[string]float64{"gateway quarantine_virus": 0})
}

func TestStatistics(t *testing.T) {
	b := newBench(t, 1)
	c := b.collector(t, "monitor@pmg", "")
	s := look(t, c, taskStatistics)
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	// Of today, which has 22 hours and 50 minutes so far. Without a start it would be yesterday's whole 24.
	today := s.docs["gateway#statistics"]["mailStats"].(map[string]any)
	for member, want := range map[string]any{
		"timeframe": "day", "countIn": 82_200.0, "countOut": 27_400.0, "spamIn": 16_440.0, "virusIn": 274.0, "averageProcessTimeMs": 684.7, "updatedAt": "2026-09-23T22:50:00Z",
	} {
		if today[member] != want {
			t.Errorf("%s is %v, want %v", member, today[member], want)
		}
	}
	hours := s.docs["gateway#counts"]["mailCount"].([]any)
	first := hours[0].(map[string]any)
	if len(hours) != 25 || first["timeframe"] != "hour" || first["countIn"] != 3600.0 || first["windowStart"] != "2026-09-22T22:00:00Z" || first["windowEnd"] != "2026-09-22T23:00:00Z" {
		t.Errorf("%d hours, %v", len(hours), first)
	}
	scores := s.docs["gateway#scores"]["spamDistribution"].([]any)
	if len(scores) != 11 || fmt.Sprint(scores[0]) != "map[count:41100 score:0]" {
		t.Errorf("%v", scores)
	}
	domains := fmt.Sprint(s.docs["gateway#domains"]["domainStats"])
	if !strings.Contains(domains, "example.com") || strings.Contains(domains, "partner") {
		t.Errorf("%v", domains)
	}
}

func TestBackups(t *testing.T) {
	b := newBench(t, 2)
	c := b.collector(t, "monitor@pmg", "")
	s := look(t, c, taskBackups)
	if s.Err != nil || len(s.rows) != 4 {
		t.Fatalf("%v %v", s.Err, s.rows)
	}
	at := b.Now().Add(-24 * time.Hour)
	doc := decode(t, s.rows["node/mail2 "+pmgtest.File(at)].Doc)
	for member, want := range map[string]any{
		"id": fmt.Sprintf("pmg-lab-mail2-%d", at.Unix()), "instance": "lab", "node": "mail2", "filename": pmgtest.File(at), "size": 190_000.0, "backupTime": at.UTC().Format(time.RFC3339),
	} {
		if doc[member] != want {
			t.Errorf("%s is %v, want %v", member, doc[member], want)
		}
	}
	s.want(t, map[string]float64{"node/mail1 backup_age": day})
}

func TestSystem(t *testing.T) {
	b := newBench(t, 1)
	b.world.Change(func(w *pmgtest.World) {
		n := w.Nodes[0]
		n.Services = append(n.Services, pmgtest.Service{Name: "clamav-daemon", State: "dead", Unit: "enabled"}, pmgtest.Service{Name: "fetchmail", State: "dead", Unit: "disabled"})
		n.Updates, n.Subscription = []string{"pmg-api"}, "notfound"
	})
	c := b.collector(t, "monitor@pmg", "")
	s := look(t, c, taskSystem)
	if s.Err != nil || len(s.conditions) != 2 || s.conditions["node/mail1 "+kindServiceDown+" clamav-daemon"].Kind == "" || s.conditions["gateway "+kindNoSubscription+" mail1"].Severity != sdk.SeverityInfo {
		t.Errorf("%v %v", s.Err, s.conditions)
	}
	s.want(t, map[string]float64{
		"node/mail1 updates_pending": 1, "node/mail1 signatures_age": day, "node/mail1 certificate_leftpmg-api.pem": 100 * day, "node/mail1 certificate_leftpmg-tls.pem": 130 * day,
	})
	if s.rows["node/mail1 pmg-api"].Key == "" {
		t.Errorf("%v", s.rows)
	}
}

// What an account may not see fails alone, and the test of a connection says what that is and how to mend it.
func TestCheck(t *testing.T) {
	b := newBench(t, 2)
	check := func(user, more string) (sdk.CheckResult, map[string]sdk.CheckStep, error) {
		steps := map[string]sdk.CheckStep{}
		out, err := b.collector(t, user, more).Check(t.Context(), func(s sdk.CheckStep) { steps[s.Name] = s })
		return out, steps, err
	}
	out, steps, err := check("monitor@pmg", "")
	if err != nil || out.Version != "9.1.2" || len(out.MissingPrivileges) != 0 || steps["Nodes"].Message != "mail1, mail2" {
		t.Errorf("%+v %v %v", out, steps, err)
	}
	out, steps, err = check("help@pmg", "")
	if err != nil || steps["Rights"].Outcome != sdk.CheckWarning || len(out.MissingPrivileges) != 7 || out.MissingPrivileges[0].Remedy != "pmgsh set /access/users/'help@pmg' --role audit" {
		t.Errorf("%+v %v %v", out, steps, err)
	}
	for more, kind := range map[string]sdk.ErrorKind{`,"password":"wrong"`: sdk.KindAuth, `,"user":"second@pmg"`: sdk.KindAuth, `,"fingerprint":"` + strings.Repeat("ab", 32) + `"`: sdk.KindConfig} {
		if _, steps, err := check("monitor@pmg", more); sdk.KindOf(err) != kind || steps["Connect and sign in"].Outcome != sdk.CheckFailed {
			t.Errorf("%s: %v %v", more, err, steps)
		}
	}
	b.server.Fail("/quarantine/spamstatus", refusing(403, "Permission check failed"))
	s := look(t, b.collector(t, "monitor@pmg", ""), taskMail)
	if s.Err != nil || s.Part("recent").Err != nil || sdk.KindOf(s.Part(partQuarantine).Err) != sdk.KindPermission {
		t.Errorf("%v %v", s.Err, s.Part(partQuarantine).Err)
	}
}

// A ticket is renewed, and a refused password is not tried again for a while: each costs the server three seconds.
func TestTickets(t *testing.T) {
	b := newBench(t, 1)
	c := b.collector(t, "monitor@pmg", "")
	for range 4 {
		look(t, c, taskStatus)
		b.Move(40 * time.Minute)
	}
	if n := b.server.Calls("/access/ticket"); n != 2 {
		t.Errorf("%d logins in two hours, want 2", n)
	}
	wrong := b.collector(t, "monitor@pmg", `,"password":"wrong"`)
	before := b.server.Calls("/access/ticket")
	for range 5 {
		if s := look(t, wrong, taskStatus); sdk.KindOf(s.Err) != sdk.KindAuth {
			t.Errorf("%v", s.Err)
		}
	}
	if n := b.server.Calls("/access/ticket") - before; n != 1 {
		t.Errorf("a wrong password was tried %d times", n)
	}
}

// Odd answers cost no more than what is odd.
func TestOddAnswers(t *testing.T) {
	b := newBench(t, 1)
	b.server.Fail("/nodes/mail1/status", answering(`{"data":{"cpu":"0.5","uptime":"60","loadavg":[null,"x"],"memory":{"total":0},"rootfs":null,"insync":"0","pmgversion":null}}`))
	b.server.Fail("/statistics/recent", answering(`{"data":[null,3,{"time":"x"},{"time":600,"count_in":"30"},{"time":900,"count_in":"60","timespan":"300"},{"time":1200,"count_in":1}]}`))
	b.server.Fail("/nodes/mail1/postfix/qshape", answering(`{"data":[]}`))
	b.server.Fail("/quarantine/spamstatus", answering(`{"data":{"count":"12","mbytes":"x"}}`))
	c := b.collector(t, "monitor@pmg", "")
	s := look(t, c, taskStatus)
	s.want(t, map[string]float64{"node/mail1 cpu": 0.5})
	if _, there := s.samples["node/mail1 memory"]; there || s.Err != nil || len(s.conditions) != 0 {
		t.Errorf("%v %v %v", s.samples, s.Err, s.conditions)
	}
	look(t, c, taskMail).want(t, map[string]float64{"gateway mail_in": 0.2, "gateway quarantine_spam": 12})
	look(t, c, taskQueues).want(t, map[string]float64{"gateway queue_total": 0, "gateway queue_oldest": 0})
}

// What all releases have in common is read of each.
func TestReleases(t *testing.T) {
	for _, version := range []string{"7.3-12", "8.0.9", "8.1.4", "8.2.0", "9.0.5", "9.1.2"} {
		t.Run(version, func(t *testing.T) {
			b := newBench(t, 1)
			b.world.Change(func(w *pmgtest.World) {
				w.Version = version
				w.Nodes[0].Services[0].State, w.Nodes[0].Subscription = "dead", "notfound"
			})
			c := b.collector(t, "monitor@pmg", "")
			s := look(t, c, taskStatus)
			s.want(t, map[string]float64{"node/mail1 cpu": 0.25, "node/mail1 memory": 0.25, "node/mail1 load1": 0.82})
			if doc := s.docs["node/mail1"]; doc["version"] != version || !strings.Contains(fmt.Sprint(doc["kernelVersion"]), "6.14.8-2-pve") {
				t.Errorf("%v", doc)
			}
			look(t, c, taskQueues).want(t, map[string]float64{"gateway queue_deferred": 7})
			look(t, c, taskMail).want(t, map[string]float64{"gateway mail_in": 1, "gateway quarantine_spam": 8})
			scores := look(t, c, taskStatistics).docs["gateway#scores"]["spamDistribution"].([]any)
			if len(scores) != 11 || scores[0].(map[string]any)["count"].(float64) < 0 {
				t.Errorf("%v", scores)
			}
			system := look(t, c, taskSystem)
			if system.conditions["node/mail1 "+kindServiceDown+" postfix"].Kind == "" || system.conditions["gateway "+kindNoSubscription+" mail1"].Kind == "" || system.samples["node/mail1 signatures_age"] != day {
				t.Errorf("%v %v", system.conditions, system.samples)
			}
		})
	}
}

// Older releases say what is wrong in the reason phrase, newer ones in the body too.
func TestWhereErrorsAreTold(t *testing.T) {
	for _, version := range []string{"7.3-12", "8.2.0", "9.1.2"} {
		b := newBench(t, 2)
		b.world.Change(func(w *pmgtest.World) { w.Version, w.Nodes[1].Fault = version, 595 })
		s := look(t, b.collector(t, "monitor@pmg", ""), taskStatus)
		if s.Err != nil || s.records["node/mail2"].Status != sdk.StatusDown {
			t.Errorf("%s: %v %v", version, s.Err, s.records)
		}
		_, err := proxmox.Get[any](t.Context(), b.collector(t, "help@pmg", "").client, proxmox.Path("statistics", "mail"))
		var e *proxmox.Error
		if !errors.As(err, &e) || e.Kind != proxmox.KindForbidden || !strings.Contains(e.Message, "role not in") {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestOlderReleasesLackCalls(t *testing.T) {
	b := newBench(t, 1)
	b.server.Fail("/nodes/mail1/clamav/database", refusing(501, "Method 'GET /nodes/mail1/clamav/database' not implemented"))
	s := look(t, b.collector(t, "monitor@pmg", ""), taskSystem)
	if s.Err != nil || s.Part("system/mail1").Err != nil || s.samples["node/mail1 certificate_leftpmg-api.pem"] == 0 {
		t.Errorf("%v %v", s.Part("system/mail1").Err, s.samples)
	}
}

func TestConfigurationsThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct{ config, field string }{
		"no user":     {`{"host":"mail","password":"x"}`, "user"},
		"no realm":    {`{"host":"mail","user":"monitor","password":"x"}`, "user"},
		"no password": {`{"host":"mail","user":"monitor@pmg","password":""}`, "password"},
		"address":     {`{"host":"ftp://mail","user":"a@pmg","password":"x"}`, "host"},
		"fingerprint": {`{"host":"mail","user":"a@pmg","password":"x","fingerprint":"AB"}`, "fingerprint"},
	} {
		_, err := Plugin().Configure(t.Context(), sdk.Instance{Config: []byte(c.config)}, sdk.Deps{Now: time.Now})
		var e *sdk.Error
		if !errors.As(err, &e) || e.Kind != sdk.KindConfig || e.Field != c.field {
			t.Errorf("%s: %+v (%v)", name, e, err)
		}
	}
}

// FuzzAnswers reads whatever a gateway may say as each of the rows that it may be: nothing panics, and shares lie between 0
// and 1.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"cpu":2,"uptime":5,"loadavg":["1"],"memory":{"total":9,"used":99},"rootfs":{"total":-9,"used":1}}`, `{"domain":"TOTAL","total":"1e300","1280m+":"-4","5m":{}}`,
		`{"count_in":-1,"avptime":1e308,"bytes_in":1e308,"count":1e308}`, `{"time":9e17,"index":9e17,"level":[],"count":null}`, `{"filename":1,"size":"x","timestamp":9e17}`, `null`, `[]`,
		`{"backup-id":7,"ctime":"1790000000","size":"1"}`, `{"backup-id":null,"ctime":9e17,"size":-5}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var out []sdk.Observation
		var n nodeStatus
		if json.Unmarshal(raw, &n) == nil {
			doc := nodeDoc{}
			doc.fill(n)
			out = append(out, sdk.Record{Doc: proxmox.Document(doc)})
			out = append(out, n.samples("x")...)
		}
		var row shape
		if json.Unmarshal(raw, &row) == nil {
			q := queue{waiting: map[string]float64{}}
			q.add("deferred", row)
			decode(t, proxmox.Document(queueDoc{Total: int64(q.total()), OldestAge: q.oldest}))
		}
		var h hourSums
		if json.Unmarshal(raw, &h) == nil {
			decode(t, proxmox.Document(hourDoc{Timestamp: h.Time.Time(), Count: whole(h.Count), In: whole(h.In), Index: h.Index.V}))
		}
		var b backup
		if json.Unmarshal(raw, &b) == nil {
			decode(t, proxmox.Document(backupDoc{File: string(b.File), Time: b.Time.Time(), Size: b.Size.V}))
		}
		var far remoteBackup
		if json.Unmarshal(raw, &far) == nil {
			decode(t, proxmox.Document(backupDoc{File: string(far.Of), Time: far.Time.Time(), Size: far.bytes()}))
		}
		for _, o := range out {
			if s, ok := o.(sdk.Sample); ok && slices.Contains([]string{"cpu", "memory", "disk", "swap", "iowait"}, s.Metric) && (s.Value < 0 || s.Value > 1) {
				t.Errorf("%s is %v", s.Metric, s.Value)
			}
		}
	})
}

// BenchmarkStatus reads a cluster of four nodes over TLS.
func BenchmarkStatus(b *testing.B) {
	bench := newBench(b, 4)
	c := bench.collector(b, "monitor@pmg", "")
	b.ReportAllocs()
	for b.Loop() {
		if s := look(b, c, taskStatus); s.Err != nil {
			b.Fatal(s.Err)
		}
	}
}
