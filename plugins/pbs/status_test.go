package pbs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

const gib = 1 << 30

// bench is a simulated server and the clock that it and the collector share.
type bench struct {
	*sdktest.Clock
	world  *pbstest.World
	server *pbstest.Server
	http   *httptest.Server
}

func newBench(t testing.TB) *bench {
	t.Helper()
	c := sdktest.NewClock(time.Unix(1_790_200_000, 0))
	w := &pbstest.World{
		Now: c.Now, Release: "4.2", Subscription: "active",
		Accounts: map[string]*pbstest.Account{
			"monitor@pbs!pulse": {Secret: "t0ken-s3cret", Roles: map[string]string{"/": "Audit", "/remote": "RemoteAudit"}},
			"monitor@pbs":       {Secret: "passw0rd", Roles: map[string]string{"/": "Audit", "/remote": "RemoteAudit"}},
			"nobody@pbs!none":   {Secret: "t0ken-s3cret"},
			"half@pbs!main":     {Secret: "t0ken-s3cret", Roles: map[string]string{"/datastore/main": "DatastoreAudit"}},
		},
		Node: pbstest.Node{
			Name: "pbs", Started: c.Now().Add(-time.Hour), CPU: 0.25, Wait: 0.02, Load: [3]float64{0.5, 0.4, 0.3},
			Memory: pbstest.Space{Total: 16 * gib, Used: 4 * gib}, Swap: pbstest.Space{Total: 8 * gib}, Root: pbstest.Space{Total: 100 * gib, Used: 20 * gib},
			Fingerprint: "aa:bb",
		},
		Stores: []*pbstest.Store{
			{Name: "main", Space: pbstest.Space{Total: 1000 * gib, Used: 600 * gib}, IndexBytes: 9000 * gib, DiskBytes: 600 * gib, Full: c.Now().Add(40 * 24 * time.Hour)},
			{Name: "archive", Space: pbstest.Space{Total: 4000 * gib, Used: 1000 * gib}},
		},
	}
	b := &bench{Clock: c, world: w, server: pbstest.New(w)}
	b.http = httptest.NewTLSServer(b.server)
	t.Cleanup(b.http.Close)
	return b
}

func (b *bench) pin() string {
	sum := sha256.Sum256(b.http.Certificate().Raw)
	return hex.EncodeToString(sum[:])
}

// config of an account, as JSON.
func (b *bench) config(token, more string) string {
	return fmt.Sprintf(`{"host":%q,"token_name":%q,"token_value":"t0ken-s3cret","fingerprint":%q%s}`, b.http.URL, token, b.pin(), more)
}

func (b *bench) collector(t testing.TB, token, more string) *Collector {
	t.Helper()
	return b.configured(t, b.config(token, more))
}

func (b *bench) configured(t testing.TB, config string) *Collector {
	t.Helper()
	in := sdk.Instance{Integration: "pbs/lab", Name: "lab", Revision: 1, Config: json.RawMessage(config)}
	deps := sdk.Deps{Name: "lab", Log: slog.New(slog.DiscardHandler), Now: b.Now, Network: sdk.Network{AllowLoopback: true}, Host: &memory{}}
	made, err := Plugin().Configure(t.Context(), in, deps)
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
	samples    map[string]float64 // by key, metric and instance
	conditions map[string]sdk.Condition
	rows       map[string]sdk.Row
}

func look(t testing.TB, c *Collector, task string) seen {
	t.Helper()
	s := seen{sdktest.Collect(t, c, task), map[string]sdk.Record{}, map[string]map[string]any{}, map[string]float64{}, map[string]sdk.Condition{}, map[string]sdk.Row{}}
	for _, o := range s.All() {
		switch o := o.(type) {
		case sdk.Record:
			s.records[o.Key] = o
			s.docs[o.Key] = decode(t, o.Doc)
		case sdk.Part:
			s.docs[o.Key+"#"+o.Name] = decode(t, o.Doc)
		case sdk.Sample:
			s.samples[o.Key+" "+o.Metric+o.Instance] = o.Value
		case sdk.Condition:
			s.conditions[o.Key+" "+o.Kind+" "+o.Instance] = o
		case sdk.Row:
			s.rows[o.Key] = o
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

func TestServerAndDatastores(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "monitor@pbs!pulse", "")
	s := look(t, c, taskStatus)
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	server := s.records["server"]
	if server.WireID != "pbs-lab" || server.Name != "lab" || server.Status != sdk.StatusUp {
		t.Errorf("server %+v", server)
	}
	for member, want := range map[string]any{
		"version": "4.2.6", "cpu": 0.25, "memory": 25.0, "memoryUsed": 4.0 * gib, "memoryTotal": 16.0 * gib, "uptime": 3600.0, "backupJobs": nil, "cpuCount": 8.0,
	} {
		if got, there := s.docs["server"][member]; !there || got != want {
			t.Errorf("%s is %v, want %v", member, got, want)
		}
	}
	main := s.records["datastore/main"]
	if main.WireID != "pbs-lab-main" || main.Status != sdk.StatusUp || main.Relations[0].Key != "server" {
		t.Errorf("datastore %+v", main)
	}
	for member, want := range map[string]any{
		"name": "main", "storage": "main", "instance": "pbs-lab", "node": "lab", "type": "pbs", "content": "backup", "shared": true, "active": true,
		"total": 1000.0 * gib, "used": 600.0 * gib, "free": 380.0 * gib, "avail": 380.0 * gib, "usage": 61.22, "deduplicationFactor": 15.0, "fullInSeconds": 40.0 * day,
	} {
		if got := s.docs["datastore/main"][member]; got != want {
			t.Errorf("%s is %v, want %v", member, got, want)
		}
	}
	for sample, want := range map[string]float64{
		"server cpu": 0.25, "server memory": 0.25, "server uptime": 3600, "server load1": 0.5, "server swap": 0, "server iowait": 0.02,
		"datastore/main used": 600 * gib, "datastore/main deduplication": 15, "datastore/main full_in": 40 * day, "datastore/archive total": 4000 * gib,
	} {
		if got, there := s.samples[sample]; !there || got != want {
			t.Errorf("%s is %v, want %v", sample, got, want)
		}
	}
	if _, there := s.samples["datastore/archive full_in"]; there {
		t.Error("a datastore that does not fill has a time until it is full")
	}
	b.server.Total()
	b.Move(30 * time.Second)
	look(t, c, taskStatus)
	if n := b.server.Total(); n != 2 {
		t.Errorf("a quiet cycle costs %d calls, want 2", n)
	}
}

// A datastore that cannot be read makes no numbers; what was done on purpose is not a fault.
func TestDatastoresThatCannotBeRead(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "monitor@pbs!pulse", "")
	for _, x := range []struct {
		what, text, mount string
		status            sdk.Status
	}{
		{"in maintenance", "offline maintenance mode: disk swap", "", sdk.StatusOff},
		{"in maintenance, as newer releases say", "datastore 'archive' is unavailable: offline maintenance mode: disk swap", "", sdk.StatusOff},
		{"being read anew from the cloud", "datastore 'archive' is unavailable: S3 refresh maintenance mode: a new bucket", "", sdk.StatusOff},
		{"being deleted", "datastore 'archive' is unavailable: datastore is being deleted", "", sdk.StatusOff},
		{"being taken out", "datastore 'archive' is unavailable: datastore is being unmounted", "mounted", sdk.StatusOff},
		{"taken out", "Datastore 'archive' is not mounted", "notmounted", sdk.StatusOff},
		{"taken out, in a list that does not say so", "Datastore 'archive' is not mounted", "", sdk.StatusOff},
		{"broken", "unable to open chunk store 'archive' at \"/mnt/archive/.chunks\" - No such file or directory", "", sdk.StatusDown},
		{"broken, with a name that says something else", "unable to open chunk store 'maintenance' at \"/mnt/maintenance/.chunks\" - No such file or directory", "", sdk.StatusDown},
	} {
		b.world.Change(func(w *pbstest.World) { w.Stores[1].Error, w.Stores[1].MountStatus = x.text, x.mount })
		s := look(t, c, taskStatus)
		if r := s.records["datastore/archive"]; r.Status != x.status {
			t.Errorf("%s: %s, want %s", x.what, r.Status, x.status)
		}
		if s.docs["datastore/archive"]["error"] != x.text || s.docs["datastore/archive"]["active"] != false {
			t.Errorf("%s: %v", x.what, s.docs["datastore/archive"])
		}
		if _, there := s.samples["datastore/archive usage"]; there {
			t.Errorf("%s: it has a number", x.what)
		}
	}
}

// What lies on a disk that was taken out is known on, judged by nobody, and read again when the disk is back.
func TestADiskThatIsTakenOut(t *testing.T) {
	b := newBench(t)
	b.backedUp("host", "files", "", 3, 4, 5, 6, 7, 8)
	b.world.Change(func(w *pbstest.World) { w.Stores[0].MountStatus = "mounted" })
	c := b.collector(t, "monitor@pbs!pulse", "")
	look(t, c, taskStatus)
	s := look(t, c, taskBackups)
	if _, judged := s.samples["datastore/main backup_overduehost/files"]; judged || len(s.rows) != 6 || s.samples["datastore/main backup_agehost/files"] != 3*day {
		t.Errorf("a disk that people take out: %v", s.samples)
	}
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Error, w.Stores[0].MountStatus = "Datastore 'main' is not mounted", "notmounted"
	})
	before := b.server.Calls("/admin/datastore/main/groups")
	look(t, c, taskStatus)
	s = look(t, c, taskBackups)
	if b.server.Calls("/admin/datastore/main/groups") != before || s.Err != nil || s.Part("backups/main//host/files").Ended || s.Part("datastore/main").Ended {
		t.Errorf("while it is away: %v", s.Err)
	}
	b.world.Change(func(w *pbstest.World) {
		w.Stores[0].Error, w.Stores[0].MountStatus = "", "mounted"
		w.Stores[0].Backups = w.Stores[0].Backups[1:]
	})
	look(t, c, taskStatus)
	if s = look(t, c, taskBackups); len(s.rows) != 5 || s.samples["datastore/main backup_agehost/files"] != 4*day {
		t.Errorf("when it is back: %v %v", s.rows, s.samples)
	}
}

// What a datastore in the cloud shows is its cache, which is meant to be full.
func TestTheCacheOfACloud(t *testing.T) {
	b := newBench(t)
	b.world.Change(func(w *pbstest.World) { w.Stores[0].Backend = "s3"; w.Stores[0].Used = w.Stores[0].Total * 99 / 100 })
	s := look(t, b.collector(t, "monitor@pbs!pulse", ""), taskStatus)
	for _, sample := range []string{"datastore/main usage", "datastore/main full_in"} {
		if v, there := s.samples[sample]; there {
			t.Errorf("%s is %v", sample, v)
		}
	}
	if doc := s.docs["datastore/main"]; doc["backend"] != "s3" || s.samples["datastore/main used"] == 0 {
		t.Errorf("%v", doc)
	}
}

// Lists are filtered silently: what an account does not see any more is not gone.
func TestWhatIsHiddenIsNotGone(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "half@pbs!main", "")
	s := look(t, c, taskStatus)
	if s.Err != nil || len(s.records) != 2 || s.docs["server"]["version"] != "4.2.6" {
		t.Fatalf("%v %v", s.records, s.Err)
	}
	if _, there := s.samples["server cpu"]; there {
		t.Error("a number of a server that may not be read")
	}
	b.world.Change(func(w *pbstest.World) { w.Accounts["half@pbs!main"].Roles = nil })
	if p := look(t, c, taskStatus).Part("datastores"); sdk.KindOf(p.Err) != sdk.KindPermission {
		t.Errorf("rights withdrawn: %v", p.Err)
	}
	b.world.Change(func(w *pbstest.World) {
		w.Accounts["half@pbs!main"].Roles = map[string]string{"/datastore": "DatastoreAudit"}
		w.Stores = w.Stores[1:]
	})
	s = look(t, c, taskStatus)
	if p := s.Part("datastores"); p.Err != nil || len(s.records) != 2 || s.records["datastore/archive"].Name == "" {
		t.Errorf("removed: %v %v", p.Err, s.records)
	}
}

// Cells of a row that are odd cost the cell, odd rows cost the row.
func TestOddRowsCostNoMore(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "monitor@pbs!pulse", "")
	b.server.Fail("/status/datastore-usage", answering(`{"data":[
		{"store":"main","total":-1,"used":-1,"avail":-1,"gc-status":null,"mount-status":null},
		"nonsense", {"store":null}, {"store":"text","total":"1000","used":"250","avail":"750","estimated-full-date":-3},
		{"store":"zero","total":0,"used":0,"avail":0}]}`))
	s := look(t, c, taskStatus)
	if s.Part("datastores").Err != nil || len(s.records) != 4 {
		t.Fatalf("%v %v", s.records, s.Part("datastores").Err)
	}
	if s.samples["datastore/text usage"] != 0.25 {
		t.Errorf("numbers in quotes: %v", s.samples)
	}
	for _, sample := range []string{"datastore/main usage", "datastore/zero usage", "datastore/text full_in", "datastore/text deduplication"} {
		if _, there := s.samples[sample]; there {
			t.Errorf("%s was made of nothing", sample)
		}
	}
}

// Nobody answers: all that is known is stale, with the reason.
func TestAServerThatIsAway(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "monitor@pbs!pulse", "")
	b.http.Close()
	s := look(t, c, taskStatus)
	if sdk.KindOf(s.Err) != sdk.KindUnreachable || s.Part("server").Err == nil || s.Part("datastores").Err == nil {
		t.Errorf("%v, %v, %v", s.Err, s.Part("server").Err, s.Part("datastores").Err)
	}
}
