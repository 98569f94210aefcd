package nodes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// config is what the plugins of the test read: the keys of all kinds.
type config struct {
	Host        string     `name:"host" help:"." required:"true" target:"true"`
	User        string     `name:"user" help:"."`
	Password    sdk.Secret `name:"password" help:"."`
	TokenName   string     `name:"token_name" help:"."`
	TokenValue  sdk.Secret `name:"token_value" help:"."`
	Fingerprint string     `name:"fingerprint" help:"." target:"true"`
	Verify      bool       `name:"verify_ssl" help:"." default:"true" target:"true"`
	GuestURL    string     `name:"guest_url" help:"." format:"url"`
	VMs         bool       `name:"monitor_vms" help:"." default:"true"`
	Backups     bool       `name:"monitor_backups" help:"." default:"true"`
	Disks       *bool      `name:"monitor_physical_disks" help:"."`
	DiskMinutes int        `name:"physical_disk_polling_minutes" help:"." default:"5"`
	Datastores  bool       `name:"monitor_datastores" help:"." default:"true"`
	Exclude     []string   `name:"exclude_datastores" help:"."`
	Members     []member   `name:"members" help:"." target:"true"`
}

type member struct {
	Node        string `name:"node" help:"."`
	Host        string `name:"host" help:"."`
	Fingerprint string `name:"fingerprint" help:"."`
}

// plugins judge by the schema, as real ones do, and answer trials.
type plugins struct {
	form  *schema.Schema
	mu    sync.Mutex
	tried []json.RawMessage
	fails error
}

func (p *plugins) Validate(_ context.Context, kind string, raw json.RawMessage) ([]sdk.Diagnostic, error) {
	if _, err := p.Schema(kind); err != nil {
		return nil, err
	}
	_, found := schema.Decode[config](raw)
	return found, nil
}

func (p *plugins) Check(_ context.Context, _ string, raw json.RawMessage, _ integration.Network, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	p.mu.Lock()
	p.tried = append(p.tried, raw)
	p.mu.Unlock()
	progress(sdk.CheckStep{Name: "log in", Outcome: sdk.CheckPassed, Took: time.Millisecond})
	identity := string(raw) // all of one network are one cluster
	if strings.Contains(identity, "10.0.0.") {
		identity = "lab"
	}
	return sdk.CheckResult{
		Product: "Teapot", Version: "8.2", ClusterIdentity: identity, ClusterName: "kitchen",
		Members:           []sdk.ClusterMember{{Name: "n1", Address: "10.0.0.1", Online: true, Asked: true}, {Name: "n2", Address: "10.0.0.2"}},
		Found:             map[string]int64{"pve-node": 2, "datastore": 4},
		MissingPrivileges: []sdk.MissingPrivilege{{Privilege: "Pour", Path: "/", Effect: "No tea.", Remedy: "teapot grant pour"}},
	}, p.fails
}

func (p *plugins) Schema(kind string) (*schema.Schema, error) {
	if kind == "pmg" {
		return nil, sdk.Errorf(sdk.KindUnsupported, "not installed")
	}
	return p.form, nil
}
func (p *plugins) Secrets(kind string) (integration.Secrets, error) { return p.Schema(kind) }
func (p *plugins) ConfigVersion(string) int                         { return 1 }
func (p *plugins) UpgradeConfig(context.Context, string, json.RawMessage, int) (json.RawMessage, error) {
	return nil, errors.New("nothing to upgrade")
}

// clear is a sealer that one can see through, for a test of what is stored.
type clear struct{}

func (clear) Seal(_ string, plain []byte) ([]byte, error)  { return plain, nil }
func (clear) Open(_ string, sealed []byte) ([]byte, error) { return sealed, nil }

// bench is the area over a real service and store.
type bench struct {
	t       *testing.T
	area    Area
	service *integration.Service
	plugins *plugins
	cluster Cluster
	db      *sqlite.DB
}

func newBench(t *testing.T) *bench {
	t.Helper()
	db, err := sqlite.OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	form, err := schema.Of[config]()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, plugins: &plugins{form: form}, db: db}
	if b.service, err = integration.Open(t.Context(), sqlite.NewIntegrations(db), clear{}, b.plugins); err != nil {
		t.Fatal(err)
	}
	b.area = Area{
		Service: b.service, Schema: b.plugins.Schema, Now: time.Now, Status: func(id.Integration) string { return Connected },
		Cluster: func(id.Integration, string) Cluster { return b.cluster },
		Probe: func(_ context.Context, kind, address string, _ integration.Network) (sdk.Candidate, error) {
			if kind == "pbs" && address == "vault:8007" {
				return sdk.Candidate{Kind: kind}, nil
			}
			return sdk.Candidate{}, sdk.Errorf(sdk.KindUpstream, "no")
		},
		Refresh: func(context.Context, id.Integration) error {
			b.cluster.Name = "lab"
			b.cluster.Members = append(b.cluster.Members, Endpoint{NodeName: "n"})
			return nil
		},
	}
	return b
}

func change(t *testing.T, text string) Change {
	t.Helper()
	var c Change
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func (b *bench) add(text string) {
	b.t.Helper()
	out, err := b.area.add(b.t.Context(), change(b.t, text))
	if err != nil || out.Status != 201 || out.Body.Status != "success" {
		b.t.Fatalf("add %s: %+v, %v", text, out, err)
	}
}

func (b *bench) list() []Node {
	b.t.Helper()
	all, err := b.area.list(b.t.Context(), route.None{})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// stored is a configuration in clear.
func (b *bench) stored(name id.Integration) map[string]any {
	b.t.Helper()
	for _, x := range b.service.Desired() {
		if x.ID == name {
			var out map[string]any
			if err := json.Unmarshal(x.Config, &out); err != nil {
				b.t.Fatal(err)
			}
			return out
		}
	}
	b.t.Fatalf("there is no %s", name)
	return nil
}

func TestAddedNodesAreListedWithoutSecrets(t *testing.T) {
	b := newBench(t)
	b.add(`{"type":"pbs","name":"Vault","host":"vault","user":"root","password":"hunter2"}`)
	b.add(`{"type":"pve","name":"Lab One","host":"https://10.0.0.10/path?x","tokenName":"pulse@pam!a","tokenValue":"s3cret","verifySSL":true,"monitorVMs":false,"monitorPhysicalDisks":false,"unknown":1}`)
	all := b.list()
	if len(all) != 2 || all[0].ID != "pve-lab-one" || all[1].ID != "pbs-vault" {
		t.Fatalf("first the one kind, then the other: %+v", all)
	}
	pve, pbs := all[0], all[1]
	if pve.Name != "Lab One" || pve.Host != "https://10.0.0.10:8006" || !pve.HasToken || pve.HasPassword || pve.TokenName != "pulse@pam!a" || !pve.VerifySSL ||
		pve.MonitorVMs || !pve.MonitorBackups || pve.MonitorPhysicalDisks == nil || *pve.MonitorPhysicalDisks || pve.Status != Connected || pve.User != "" {
		t.Errorf("%+v", pve)
	}
	if pbs.Host != "https://vault:8007" || pbs.User != "root@pbs" || !pbs.HasPassword || pbs.HasToken || pbs.VerifySSL || !pbs.MonitorDatastores {
		t.Errorf("%+v", pbs)
	}
	raw, err := json.Marshal(all)
	if err != nil || bytes.Contains(raw, []byte("hunter2")) || bytes.Contains(raw, []byte("s3cret")) || bytes.Contains(raw, []byte("***")) {
		t.Errorf("a secret or its mask is told: %s, %v", raw, err)
	}
	if got := b.stored("pve/lab-one"); got["token_value"] != "s3cret" || got["monitor_containers"] != nil {
		t.Errorf("stored: %v", got)
	}
}

func TestWhatIsWrongWithANodeNamesTheField(t *testing.T) {
	b := newBench(t)
	b.add(`{"type":"pve","name":"a","host":"a","user":"root","password":"p"}`)
	for name, c := range map[string]struct {
		body, field, says string
		code              errs.Code
	}{
		"no name":         {`{"type":"pve","host":"h","user":"u","password":"p"}`, "name", "Name is required", errs.Invalid},
		"no type":         {`{"name":"n","host":"h","user":"u","password":"p"}`, "type", "Type is required", errs.Invalid},
		"odd type":        {`{"type":"esx","name":"n","host":"h","user":"u","password":"p"}`, "type", "Invalid node type", errs.Invalid},
		"no host":         {`{"type":"pve","name":"n","user":"u","password":"p"}`, "host", "Host is required", errs.Invalid},
		"no login":        {`{"type":"pve","name":"n","host":"h"}`, "user", "Authentication credentials required", errs.Invalid},
		"half a token":    {`{"type":"pve","name":"n","host":"h","tokenName":"a@pam!b"}`, "user", "Authentication credentials required", errs.Invalid},
		"token of nobody": {`{"type":"pve","name":"n","host":"h","tokenName":"b","tokenValue":"v"}`, "user", "user@realm!name", errs.Invalid},
		"known host":      {`{"type":"pve","name":"n","host":"HTTPS://A:8006","user":"u","password":"p"}`, "host", "already exists", errs.Conflict},
		"judged by the plugin": {
			`{"type":"pve","name":"n","host":"h","user":"u","password":"p","guestURL":"no url"}`, "guestURL", "guestURL: ", errs.Invalid,
		},
	} {
		_, err := b.area.add(t.Context(), change(t, c.body))
		var e *errs.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Field != c.field || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := b.list(); len(got) != 1 {
		t.Errorf("something was stored: %+v", got)
	}
}

func TestNamesAreUniqueAndStay(t *testing.T) {
	b := newBench(t)
	b.add(`{"type":"pve","name":"Lab","host":"a","user":"u","password":"p"}`)
	b.add(`{"type":"pve","name":"lab","host":"b.example.com","user":"u","password":"p"}`)
	b.add(`{"type":"pve","name":"läb!","host":"c","user":"u","password":"p"}`)
	b.add(`{"type":"pve","name":"日本","host":"d","user":"u","password":"p"}`)
	var got []string
	for _, n := range b.list() {
		got = append(got, n.ID+" "+n.Name)
	}
	want := []string{"pve-l-b läb!", "pve-lab Lab", "pve-lab-b.example.com lab (b.example.com)", "pve-pve 日本"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	// A new title keeps the id, and with it all history.
	if _, err := b.area.update(t.Context(), updateIn{"pve-lab", Change{Name: "Attic"}}); err != nil {
		t.Fatal(err)
	}
	if e, err := b.area.find("pve-lab"); err != nil || e.title() != "Attic" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestIdsOfPositionsAreTaken(t *testing.T) {
	b := newBench(t)
	b.add(`{"type":"pve","name":"a","host":"a","user":"u","password":"p"}`)
	b.add(`{"type":"pve","name":"b","host":"b","user":"u","password":"p"}`)
	b.add(`{"type":"pve","name":"0","host":"c","user":"u","password":"p"}`)
	b.add(`{"type":"pbs","name":"d","host":"d","user":"u","password":"p"}`)
	for name, want := range map[string]id.Integration{
		"pve-0": "pve/0", "pve-1": "pve/a", "pve-2": "pve/b", "pbs-0": "pbs/d", "pve-b": "pve/b",
	} {
		if e, err := b.area.find(name); err != nil || e.ID != want {
			t.Errorf("%s: got %s, %v, want %s", name, e.ID, err, want)
		}
	}
	for name, want := range map[string]errs.Code{
		"pve-3": errs.NotFound, "pbs-1": errs.NotFound, "pve-x": errs.NotFound, "pve": errs.Invalid, "esx-0": errs.NotFound, "": errs.Invalid, "a b": errs.Invalid,
	} {
		if _, err := b.area.find(name); !errs.Is(err, want) {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}

func TestChangesKeepWhatIsNotGiven(t *testing.T) {
	b := newBench(t)
	b.add(`{"type":"pve","name":"a","host":"a","user":"root","password":"first","guestURL":"https://a.example.com","excludeDatastores":["x"],"monitorBackups":false}`)
	b.add(`{"type":"pbs","name":"p","host":"p","tokenName":"u@pbs!t","tokenValue":"v","excludeDatastores":["x"]}`)
	for _, step := range []struct {
		what, id, body string
		want           map[string]any
		gone           []string
	}{
		{"nothing", "pve-a", `{}`, map[string]any{"password": "first", "user": "root@pam", "monitor_backups": false, "host": "https://a:8006"}, []string{"guest_url"}},
		{"a flag", "pve-a", `{"monitorBackups":true,"guestURL":"https://b.example.com"}`, map[string]any{"monitor_backups": true, "guest_url": "https://b.example.com", "password": "first"}, nil},
		{"null", "pve-a", `{"monitorBackups":null}`, map[string]any{"monitor_backups": true}, nil},
		{"a token", "pve-a", `{"tokenName":"t","tokenValue":"v"}`, map[string]any{"token_name": "root@pam!t", "token_value": "v"}, []string{"password", "user"}},
		{"its value", "pve-a", `{"tokenValue":"w"}`, map[string]any{"token_name": "root@pam!t", "token_value": "w"}, nil},
		{"its name", "pve-a", `{"tokenName":"z"}`, map[string]any{"token_name": "root@pam!z", "token_value": "w"}, nil},
		{"a password", "pve-a", `{"user":"admin@pve","password":"next"}`, map[string]any{"user": "admin@pve", "password": "next"}, []string{"token_name", "token_value"}},
		{"a host", "pve-a", `{"host":"c:9000"}`, map[string]any{"host": "https://c:9000", "password": "next"}, nil},
		{"a list stays", "pbs-p", `{}`, map[string]any{"exclude_datastores": []any{"x"}, "token_value": "v"}, nil},
		{"an empty list clears", "pbs-p", `{"excludeDatastores":[]}`, map[string]any{"exclude_datastores": []any{}}, nil},
		{"a user alone keeps the token", "pbs-p", `{"user":"other"}`, map[string]any{"token_name": "u@pbs!t", "token_value": "v"}, nil},
	} {
		if _, err := b.area.update(administrator(t), updateIn{step.id, change(t, step.body)}); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		got := b.stored(id.Integration(strings.Replace(step.id, "-", "/", 1)))
		for key, want := range step.want {
			if x, y := mustJSON(t, got[key]), mustJSON(t, want); x != y {
				t.Errorf("%s: %s is %s, want %s", step.what, key, x, y)
			}
		}
		for _, key := range step.gone {
			if got[key] != nil {
				t.Errorf("%s: %s is still %v", step.what, key, got[key])
			}
		}
	}
	if _, err := b.area.update(t.Context(), updateIn{"pve-9", Change{}}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a node that is not there: %v", err)
	}
	if _, err := b.area.update(t.Context(), updateIn{"pve-a", Change{Host: "a b"}}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a host that is none: %v", err)
	}
}

// administrator is the context of a request of one.
func administrator(t *testing.T) context.Context {
	t.Helper()
	return auth.WithPrincipal(t.Context(), auth.Principal{Method: auth.MethodSession, Admin: true})
}

func TestASecretThatWouldGoElsewhereIsAskedForByItsName(t *testing.T) {
	b := newBench(t)
	b.add(`{"type":"pve","name":"a","host":"a","tokenName":"u@pam!t","tokenValue":"v"}`)
	ctx := auth.WithPrincipal(t.Context(), auth.Principal{Method: auth.MethodToken, Admin: true, Token: &auth.TokenInfo{Scopes: []auth.Scope{scopeWrite}}})
	for what, body := range map[string]string{"a host": `{"host":"b"}`, "a certificate": `{"fingerprint":"` + strings.Repeat("ab", 32) + `"}`} {
		_, err := b.area.update(ctx, updateIn{"pve-a", change(t, body)})
		var e *errs.Error
		if !errors.As(err, &e) || e.Code != errs.Forbidden || e.Field != "tokenValue" || !strings.Contains(e.Message, "tokenValue: enter it again") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := b.stored("pve/a"); got["host"] != "https://a:8006" || got["fingerprint"] != nil {
		t.Errorf("something was stored: %v", got)
	}
	if _, err := b.area.update(ctx, updateIn{"pve-a", change(t, `{"host":"b","tokenValue":"w"}`)}); err != nil {
		t.Errorf("entered again: %v", err)
	}
	if _, err := b.area.update(ctx, updateIn{"pve-a", change(t, `{"monitorVMs":false}`)}); err != nil {
		t.Errorf("something else: %v", err)
	}
}

// Whoever changes neither where a secret goes nor who gets it needs not enter it again.
func TestWhatStaysSendsNoSecretElsewhere(t *testing.T) {
	limited := auth.WithPrincipal(t.Context(), auth.Principal{Method: auth.MethodToken, Admin: true, Token: &auth.TokenInfo{Scopes: []auth.Scope{scopeWrite}}})
	print := strings.Repeat("ab", 32)
	for _, where := range []string{"fingerprint", "pins"} {
		b := newBench(t)
		b.add(`{"type":"pve","name":"a","host":"a","tokenName":"u@pam!t","tokenValue":"v"}`)
		x := b.service.List()[0]
		x.Config = json.RawMessage(`{"host":"https://a:8006/","token_name":"u@pam!t","token_value":"***","verify_ssl":true,"guest_url":"https://g"}`)
		if where == "pins" {
			x.Network.Pins = map[string]string{"a:8006": print}
		} else {
			x.Config = bytes.Replace(x.Config, []byte(`"verify_ssl"`), []byte(`"fingerprint":"`+print+`","verify_ssl"`), 1)
		}
		if _, found, err := b.service.Save(administrator(t), x, x.Revision); err != nil || len(found) > 0 {
			t.Fatal(found, err)
		}
		before := b.service.Desired()[0]
		for _, body := range []string{
			`{"name":"b"}`, `{"host":"a"}`, `{"host":"https://a:8006/","monitorVMs":false}`, `{"verifySSL":true}`, `{"user":""}`,
			`{"fingerprint":"` + print + `"}`, `{"fingerprint":"` + strings.ToUpper(strings.Repeat("ab:", 31)) + `AB"}`,
		} {
			if _, err := b.area.update(limited, updateIn{"pve-a", change(t, body)}); err != nil {
				t.Errorf("%s in %s: %v", body, where, err)
			}
		}
		after := b.service.Desired()[0]
		if got := b.list()[0]; got.Fingerprint != print || got.Host != "https://a:8006/" || got.Name != "b" || after.Network.Pins["a:8006"] != before.Network.Pins["a:8006"] {
			t.Errorf("in %s: %+v, %+v", where, got, after.Network)
		}
		// Another host has another certificate, and an empty fingerprint is none.
		for _, body := range []string{`{"fingerprint":""}`, `{"host":"b"}`} {
			if _, err := b.area.update(limited, updateIn{"pve-a", change(t, body)}); !errs.Is(err, errs.Forbidden) {
				t.Errorf("%s in %s: %v", body, where, err)
			}
			if _, err := b.area.update(administrator(t), updateIn{"pve-a", change(t, body)}); err != nil || b.list()[0].Fingerprint != "" {
				t.Errorf("%s in %s: %v, %+v", body, where, err, b.list()[0])
			}
			if body != `{"host":"b"}` {
				x.Title, x.Revision = "b", b.service.List()[0].Revision
				if _, found, err := b.service.Save(administrator(t), x, x.Revision); err != nil || len(found) > 0 {
					t.Fatal(found, err)
				}
			}
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestANodeIsRemoved(t *testing.T) {
	b := newBench(t)
	b.add(`{"type":"pve","name":"a","host":"a","user":"u","password":"p"}`)
	if out, err := b.area.remove(t.Context(), idIn{"pve-0"}); err != nil || out != done || len(b.list()) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := b.area.remove(t.Context(), idIn{"pve-0"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("again: %v", err)
	}
}

func TestTrialsTellWhatIsMissingAndWhatMendsIt(t *testing.T) {
	b := newBench(t)
	b.add(`{"type":"pve","name":"a","host":"a","user":"u","password":"stored"}`)
	draft := change(t, `{"type":"pve","host":"b","user":"u","password":"p"}`)
	got, err := b.area.testConnection(t.Context(), draft)
	if err != nil || got.Status != "success" || !got.IsCluster || !strings.Contains(got.Message, "Teapot 8.2") || len(got.Warnings) != 1 ||
		!strings.Contains(got.Warnings[0], "teapot grant pour") || len(got.Steps) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got.ClusterName != "kitchen" || got.NodeCount != 2 || got.ClusterNodeCount != 2 || got.DatastoreCount != nil || len(got.Members) != 2 || !got.Members[0].Asked {
		t.Errorf("the cluster: %+v", got)
	}
	if got, err := b.area.testConnection(t.Context(), change(t, `{"type":"pbs","host":"b","user":"u","password":"p"}`)); err != nil || got.DatastoreCount == nil || *got.DatastoreCount != 4 || got.NodeCount != 0 {
		t.Errorf("the datastores: %+v, %v", got, err)
	}
	var again []id.Integration
	b.area.Again = func(name id.Integration) { again = append(again, name) }
	if out, err := b.area.testStored(t.Context(), idIn{"pve-0"}); err != nil || out.Status != 0 || out.Body.Latency < 1 || len(again) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	if last := string(b.plugins.tried[len(b.plugins.tried)-1]); !strings.Contains(last, "stored") {
		t.Errorf("the stored password was not tried: %s", last)
	}
	untrusted := sdk.Errorf(sdk.KindConfig, "The certificate is not trusted.")
	untrusted.Certificate = &sdk.Certificate{Address: "b:8006", SHA256: "ab"}
	b.plugins.fails = untrusted
	if _, err := b.area.testConnection(t.Context(), draft); !errs.Is(err, errs.Invalid) {
		t.Errorf("a failure: %v", err)
	}
	if out, err := b.area.testConfig(t.Context(), draft); err != nil || out.Status != 400 || out.Body.Status != "error" || out.Body.Fingerprint != "ab" {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := b.area.testStored(t.Context(), idIn{"pve-7"}); err != nil || out.Status != 400 || out.Body.Status != "error" {
		t.Errorf("an unknown node: %+v, %v", out, err)
	}
	if len(b.list()) != 1 {
		t.Error("a trial was saved")
	}
}

func TestRefreshCountsMembers(t *testing.T) {
	b := newBench(t)
	b.add(`{"type":"pve","name":"a","host":"a","user":"u","password":"p"}`)
	b.add(`{"type":"pbs","name":"a","host":"a","user":"u","password":"p"}`)
	got, err := b.area.refresh(t.Context(), idIn{"pve-a"})
	if err != nil || got.OldNodeCount != 0 || got.NewNodeCount != 1 || got.NodesAdded != 1 || got.ClusterName != "lab" {
		t.Errorf("%+v, %v", got, err)
	}
	if n := b.list()[0]; !n.IsCluster || n.ClusterName != "lab" || len(n.ClusterEndpoints) != 1 {
		t.Errorf("%+v", n)
	}
	raw := mustJSON(t, got.ClusterNodes[0])
	if !strings.Contains(raw, `"NodeName":"n"`) || !strings.Contains(raw, `"PulseReachable":null`) {
		t.Errorf("members have the reference's names: %s", raw)
	}
	x := b.service.List()[1]
	x.Config = json.RawMessage(`{"host":"https://a:8006","user":"u@pam","password":"***","members":[{"node":"n","host":"https://10.9.0.1:8006","fingerprint":"ab"}]}`)
	if _, _, err := b.service.Save(administrator(t), x, x.Revision); err != nil {
		t.Fatal(err)
	}
	if n := b.list()[0]; n.ClusterEndpoints[0].IPOverride != "10.9.0.1" || n.ClusterEndpoints[0].Fingerprint != "ab" || n.NodeCount != 1 {
		t.Errorf("the address that the operator gave for a member is shown: %+v", n)
	}
	if _, err := b.area.refresh(t.Context(), idIn{"pbs-a"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a kind without clusters: %v", err)
	}
}

// The table must pair what the types of this package have.
func TestEveryFieldOfTheTableIsShownAndTaken(t *testing.T) {
	for _, kind := range compat.NodeKinds() {
		for _, f := range kind.Fields {
			value := map[compat.NodeForm]any{compat.NodeText: "x", compat.NodeFlag: true, compat.NodeNumber: 7, compat.NodeTexts: []string{"x"}}[f.Form]
			raw := mustJSON(t, map[string]any{f.Name: value})
			var n Node
			if err := json.Unmarshal([]byte(raw), &n); err != nil || !strings.Contains(mustJSON(t, n), raw[1:len(raw)-1]) {
				t.Errorf("%s %s is not shown: %v", kind.Type, f.Name, err)
			}
			if got := mustJSON(t, members(change(t, raw))); got != raw {
				t.Errorf("%s %s is not taken: %s", kind.Type, f.Name, got)
			}
		}
	}
}
