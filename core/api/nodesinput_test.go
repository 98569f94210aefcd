package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/discovery"
	"github.com/pulse-platform/pulse/core/api/integrations"
	"github.com/pulse-platform/pulse/core/api/nodes"
	"github.com/pulse-platform/pulse/core/api/system"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/discover"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/settings"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// What no answer and no line of the log may hold.
const (
	kept  = "kept-hunter2"  // a stored secret
	given = "given-hunter2" // one that a request holds
)

// nodeConfig is what the plugins of the test read.
type nodeConfig struct {
	Host        string     `name:"host" help:"." required:"true" target:"true"`
	User        string     `name:"user" help:"."`
	Password    sdk.Secret `name:"password" help:"."`
	TokenName   string     `name:"token_name" help:"."`
	TokenValue  sdk.Secret `name:"token_value" help:"."`
	Fingerprint string     `name:"fingerprint" help:"." target:"true"`
	Verify      bool       `name:"verify_ssl" help:"." default:"true" target:"true"`
	GuestURL    string     `name:"guest_url" help:"." format:"url"`
	VMs         bool       `name:"monitor_vms" help:"." default:"true"`
	DiskMinutes int        `name:"physical_disk_polling_minutes" help:"." default:"5" max:"1440"`
	Exclude     []string   `name:"exclude_datastores" help:"."`
}

// nodePlugins judge by their schema and reach nobody. One of the kinds is not installed.
type nodePlugins struct{ form *schema.Schema }

func (p nodePlugins) Validate(_ context.Context, kind string, raw json.RawMessage) ([]sdk.Diagnostic, error) {
	if _, err := p.Schema(kind); err != nil {
		return nil, err
	}
	_, found := schema.Decode[nodeConfig](raw)
	return found, nil
}

func (nodePlugins) Check(context.Context, string, json.RawMessage, integration.Network, func(sdk.CheckStep)) (sdk.CheckResult, error) {
	return sdk.CheckResult{}, sdk.Errorf(sdk.KindUnreachable, "No connection.")
}

func (p nodePlugins) Schema(kind string) (*schema.Schema, error) {
	if kind != "pve" && kind != "pbs" {
		return nil, sdk.Errorf(sdk.KindUnsupported, "there is no plugin %q", kind)
	}
	return p.form, nil
}
func (p nodePlugins) Secrets(kind string) (integration.Secrets, error) { return p.Schema(kind) }
func (nodePlugins) ConfigVersion(string) int                           { return 1 }
func (nodePlugins) UpgradeConfig(context.Context, string, json.RawMessage, int) (json.RawMessage, error) {
	return nil, errors.New("nothing to upgrade")
}

// unsealed stores what is sealed elsewhere.
type unsealed struct{}

func (unsealed) Seal(_ string, plain []byte) ([]byte, error)  { return plain, nil }
func (unsealed) Open(_ string, sealed []byte) ([]byte, error) { return sealed, nil }

// noted is a log.
type noted struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (n *noted) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all.Write(p)
}

func (n *noted) text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all.String()
}

// inputs is a served configuration of nodes, with one node in it.
type inputs struct {
	*world
	log          *noted
	integrations *integration.Service
	token, setup string
}

func serveInputs(t *testing.T) *inputs {
	t.Helper()
	in, minutes := &inputs{log: &noted{}}, 0
	var mu sync.Mutex
	db, err := sqlite.OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	form, err := schema.Of[nodeConfig]()
	if err != nil {
		t.Fatal(err)
	}
	plugins := nodePlugins{form}
	if in.integrations, err = integration.Open(t.Context(), sqlite.NewIntegrations(db), unsealed{}, plugins); err != nil {
		t.Fatal(err)
	}
	documents, err := settings.Open(t.Context(), sqlite.NewSettings(db), nil)
	if err != nil {
		t.Fatal(err)
	}
	scanner := &discover.Service{Options: func() (discover.Options, error) { return discover.Options{}, nil }, Enabled: func() bool { return false }, Now: time.Now}
	probe := func(context.Context, string, string, integration.Network) (sdk.Candidate, error) {
		return sdk.Candidate{}, sdk.Errorf(sdk.KindUnreachable, "No connection.")
	}
	in.world = serve(t, func(o *api.Options) {
		o.Log = hclog.New(&hclog.LoggerOptions{Output: in.log, Level: hclog.Trace})
		o.Now = func() time.Time { // it runs so fast that nobody asks too often
			mu.Lock()
			defer mu.Unlock()
			minutes++
			return time.Unix(1_800_000_000, 0).Add(time.Duration(minutes) * time.Minute)
		}
		who := o.Auth.(*auth.Service)
		o.Areas = append(o.Areas, api.Area{Name: "nodes", Routes: nodes.Area{
			Service: in.integrations, Schema: plugins.Schema, Now: time.Now, Tickets: nodes.NewTickets(sqlite.NewSettings(db), time.Now), Token: who.Token, Probe: probe,
			Status: func(id.Integration) string { return nodes.Pending }, Cluster: func(id.Integration, string) nodes.Cluster { return nodes.Cluster{} },
			Refresh:   func(context.Context, id.Integration) error { return nil },
			Script:    func(_ context.Context, _ string, r sdk.ScriptRequest) (string, error) { return r.Params["host"], nil },
			PublicURL: func() string { return "" }, Broadcast: func(string, json.RawMessage) {},
		}.Routes()}, api.Area{Name: "integrations", Routes: integrations.Area{
			Service: in.integrations, Probe: probe, Status: func(id.Integration) integrations.Status { return integrations.Status{} },
			Ports: func(kind string) []int { return map[string][]int{"pve": {8006}}[kind] },
		}.Routes()}, api.Area{Name: "discovery", Routes: discovery.Area{Scanner: scanner, Enabled: scanner.Enabled, Now: time.Now}.Routes()}, api.Area{Name: "settings", Routes: system.SettingsRoutes(documents, nil, nil)})
	})
	in.claim()
	in.token = in.world.token(auth.ScopeSettingsRead, auth.ScopeSettingsWrite)
	in.send("POST", "/api/config/nodes", `{"type":"pve","name":"fixed","host":"10.0.0.10","tokenName":"u@pam!t","tokenValue":"`+kept+`"}`, 201)
	_, out := in.send("POST", "/api/setup-script-url", `{"type":"pve"}`, 200)
	in.setup, _ = out["setupToken"].(string)
	return in
}

// send makes a request of somebody who may, and judges what every answer has to be.
func (in *inputs) send(method, path, body string, want ...int) (int, map[string]any) {
	in.t.Helper()
	header := []string{"X-API-Token", in.token, "X-Setup-Token", in.setup}
	if len(body) > 100<<10 {
		body, header = zipped(body), append(header, "Content-Encoding", "gzip")
	}
	res, out := in.do(method, path, body, header...)
	in.sane(method+" "+path+" "+short(body), res, out)
	if len(want) > 0 && !slices.Contains(want, res.StatusCode) {
		in.t.Errorf("%s %s %s: got %d %.300v, want %v", method, path, short(body), res.StatusCode, out["raw"], want)
	}
	return res.StatusCode, out
}

// sane fails for an answer that no input may have: a fault of the server's, a secret, or a refusal that says nothing.
func (in *inputs) sane(what string, res *http.Response, out map[string]any) {
	in.t.Helper()
	text := out["raw"].(string)
	message, _ := out["message"].(string)
	if res.StatusCode >= 500 || strings.Contains(text, kept) || strings.Contains(text, given) || res.StatusCode >= 400 && (message == "" || len(message) > 1000) {
		in.t.Errorf("%s: %d %.300s", what, res.StatusCode, text)
	}
}

// zipped is a body that is small until it is unpacked. One that is large on its way is refused while it is written, which a client
// may not hear.
func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

func short(text string) string {
	if len(text) > 200 {
		return fmt.Sprintf("%q… (%d bytes)", text[:200], len(text))
	}
	return fmt.Sprintf("%q", text)
}

// tidy removes what was added.
func (in *inputs) tidy() {
	in.t.Helper()
	for _, x := range in.integrations.List() {
		if x.Name != "fixed" {
			in.must(in.integrations.Delete(in.t.Context(), x.ID, x.Revision))
		}
	}
}

// A member's form, and what is none of it.
const (
	aText   = "text"
	aFlag   = "flag"
	aNumber = "number"
	aList   = "list"
	anyForm = "object" // what an object holds is judged by others
)

var wrongForms = map[string][]string{
	aText: {`1`, `true`, `{}`, `["a"]`}, aFlag: {`1`, `"true"`, `{}`, `[]`}, aNumber: {`"1"`, `true`, `1.5`, `1e99`, `{}`}, aList: {`"a"`, `{}`, `[1]`}, anyForm: {`"a"`, `1`, `[]`},
}

// inputRow is a route with a body that it takes, and the members of it.
type inputRow struct {
	method, path, body string
	status             int
	members            map[string]string
}

func inputRows() []inputRow {
	change := map[string]string{
		"type": aText, "name": aText, "host": aText, "user": aText, "password": aText, "tokenName": aText, "tokenValue": aText, "guestURL": aText, "fingerprint": aText,
		"verifySSL": aFlag, "monitorVMs": aFlag, "monitorBackups": aFlag, "physicalDiskPollingMinutes": aNumber, "excludeDatastores": aList,
	}
	update := map[string]string{}
	for name, form := range change {
		if name != "type" { // it is the one of the id
			update[name] = form
		}
	}
	const node = `{"type":"pve","name":"n","host":"10.0.0.20","user":"root@pam","password":"` + given + `","guestURL":"https://a","fingerprint":""}`
	register := `{"type":"pve","host":"10.0.0.30","tokenId":"u@pam!t","tokenValue":"` + given + `","serverName":"s"}`
	config := `"config":{"host":"https://10.0.0.40:8006","password":"` + given + `"}`
	return []inputRow{
		{"POST", "/api/config/nodes", node, 201, change},
		{"POST", "/api/config/nodes/test-connection", node, 400, change}, // nobody is there
		{"POST", "/api/config/nodes/test-config", node, 400, change},
		{"PUT", "/api/config/nodes/pve-fixed", `{"name":"fixed"}`, 200, update},
		{"POST", "/api/setup-script-url", `{"type":"pve","host":"10.0.0.50"}`, 200, map[string]string{"type": aText, "host": aText, "backupPerms": aFlag}},
		{"POST", "/api/auto-register", register, 200, map[string]string{
			"type": aText, "host": aText, "tokenId": aText, "tokenValue": aText, "serverName": aText, "authToken": aText, "setupCode": aText, "source": aText, "fingerprint": aText, "requestToken": aFlag,
		}},
		{"POST", "/api/discover", `{"subnet":"10.0.0.0/30"}`, 200, map[string]string{"subnet": aText, "use_cache": aFlag}},
		{"POST", "/api/integrations", `{"kind":"pve","name":"i",` + config + `}`, 201, map[string]string{"kind": aText, "name": aText, "title": aText, "enabled": aFlag, "config": anyForm, "network": anyForm}},
		{"POST", "/api/integrations/test", `{"kind":"pve",` + config + `}`, 200, map[string]string{"kind": aText, "name": aText, "config": anyForm, "network": anyForm}},
		{"POST", "/api/integrations/probe", `{"kind":"pve","address":"10.0.0.60"}`, 200, map[string]string{"kind": aText, "address": aText, "network": anyForm}},
		{"POST", "/api/system/settings/update", `{"publicURL":"https://pulse.example.com"}`, 200, map[string]string{"publicURL": aText, "discoveryEnabled": aFlag, "discoverySubnet": aText, "discoveryConfig": anyForm}},
	}
}

// with is a body with another value of a member, which is JSON.
func with(body, name, value string) string {
	all := map[string]json.RawMessage{}
	_ = json.Unmarshal([]byte(body), &all)
	all[name] = json.RawMessage(value)
	out, _ := json.Marshal(all)
	return string(out)
}

func quoted(text string) string { out, _ := json.Marshal(text); return string(out) }

// fieldOf is the member that a refusal names, without what stands below it.
func fieldOf(out map[string]any) string {
	details, _ := out["details"].(map[string]any)
	field, _ := details["field"].(string)
	first, _, _ := strings.Cut(field, ".")
	return first
}

func TestOddBodiesOfNodesAreRefused(t *testing.T) {
	in := serveInputs(t)
	for _, row := range inputRows() {
		for _, body := range []string{`{`, `[1]`, `"a"`, `7`, "{\"name\":\"\xff\"}", `{"a":` + strings.Repeat("[", 5000), "\x00", `{"name":` + strings.Repeat("9", 400)} {
			in.send(row.method, row.path, body, 400)
		}
		in.send(row.method, row.path, with(row.body, "more", quoted(strings.Repeat("a", 1<<20))), 413)
		in.send(row.method, row.path, with(row.body, "more", `{"a":[1,null]}`), row.status)
		in.tidy()
		for name, form := range row.members {
			for _, wrong := range wrongForms[form] {
				if _, out := in.send(row.method, row.path, with(row.body, name, wrong), 400); fieldOf(out) != name {
					t.Errorf("%s %s: %s of %s is refused with %.300v", row.method, row.path, name, wrong, out["raw"])
				}
				in.tidy()
			}
			if form != aText {
				continue
			}
			for _, odd := range []string{strings.Repeat("ä", 4000), "a\nb", "a\x00b", "a\x1b[31m", "a\u0085b"} {
				if _, out := in.send(row.method, row.path, with(row.body, name, quoted(odd)), 400); fieldOf(out) != name {
					t.Errorf("%s %s: %s of %s is refused with %.300v", row.method, row.path, name, short(odd), out["raw"])
				}
				in.tidy()
			}
			for _, odd := range []string{"", " ", "é", "a\u202eb", "$(id)", "';--", "null", "../..", "***"} {
				in.send(row.method, row.path, with(row.body, name, quoted(odd)))
				in.tidy()
			}
		}
	}
	// A change names the revision that it was made from, so that it has no body that is taken twice.
	path, change := "/api/integrations/pve/fixed", fmt.Sprintf(`{"revision":%d,"config":{"host":"https://a"}}`, in.integrations.List()[0].Revision)
	for name, form := range map[string]string{"revision": aNumber, "title": aText, "enabled": aFlag, "config": anyForm, "network": anyForm} {
		for _, wrong := range wrongForms[form] {
			if _, out := in.send("PUT", path, with(change, name, wrong), 400); fieldOf(out) != name {
				t.Errorf("PUT %s: %s of %s is refused with %.300v", path, name, wrong, out["raw"])
			}
		}
	}
	for _, wrong := range []string{`0`, `-1`} {
		in.send("PUT", path, with(change, "revision", wrong), 400)
	}
	in.send("PUT", path, with(change, "revision", "99999"), 409)
	in.send("PUT", path, with(change, "title", quoted("a\nb")), 400)
	in.send("PUT", path, with(change, "network", `{"pins":{"a":"b"}}`), 400)
	in.send("PUT", path, with(change, "network", `{"allowNetworks":["169.254.0.0/16","x"]}`), 400)
	in.silent()
}

// silent fails when the log holds a secret.
func (in *inputs) silent() {
	in.t.Helper()
	for _, secret := range []string{kept, given, in.token, in.setup} {
		if strings.Contains(in.log.text(), secret) {
			in.t.Errorf("the log holds %q", secret)
		}
	}
}

func TestOddValuesOfNodesAreRefusedByTheirName(t *testing.T) {
	in := serveInputs(t)
	hosts := []string{
		" ", "a b", "a:0", "a:65536", "a:-1", "a:b", "a:1:2", "https://", "https://:8006", "ftp://a", "file:///etc/passwd", "https://user:" + given + "@a", "user@a", "pvé.example.com", "пве", "a\u202eb",
		"[::1", "::1]", "[fe80::1%25eth0]:8006", "fe80::1%eth0", "1.2.3", "1.2.3.4.5", "256.1.1.1", "2130706433", "$(id)", "`id`", "a;b", "a_-", "-a", strings.Repeat("a", 64), strings.Repeat("a.", 200),
		"169.254.169.254", "http://169.254.169.254/latest/meta-data", "[::ffff:169.254.169.254]:80", "64:ff9b::a9fe:a9fe", "fe80::1", "[fd00:ec2::254]", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1",
	}
	for _, c := range []struct {
		method, path, member string
		values               []string
	}{
		{"POST", "/api/config/nodes", "host", append(hosts, "")},
		{"POST", "/api/config/nodes", "name", []string{"", " ", "\t"}},
		{"POST", "/api/config/nodes", "type", []string{"", "PVE", "esx", "pve ", "pve/x", "pmg"}},
		{"POST", "/api/config/nodes", "fingerprint", []string{"12", strings.Repeat("g", 64), strings.Repeat("ab", 33)}},
		{"POST", "/api/config/nodes", "guestURL", []string{"javascript:alert(1)", "a b"}},
		{"POST", "/api/config/nodes/test-connection", "host", append(hosts, "")},
		{"POST", "/api/config/nodes/test-config", "host", append(hosts, "")},
		{"PUT", "/api/config/nodes/pve-fixed", "host", hosts},
		{"PUT", "/api/config/nodes/pve-fixed", "fingerprint", []string{"12", strings.Repeat("g", 64)}},
		{"POST", "/api/setup-script-url", "host", hosts},
		{"POST", "/api/setup-script-url", "type", []string{"", "esx", "pmg"}},
		{"POST", "/api/auto-register", "host", append(hosts, "")},
		{"POST", "/api/auto-register", "type", []string{"", "esx", "pmg"}},
		{"POST", "/api/auto-register", "tokenId", []string{"", "t", "u@pam", "u!t", "u@pam!", "@!", "u@pam!a b", "u@!t", "a!u@pam"}},
		{"POST", "/api/auto-register", "fingerprint", []string{"12", strings.Repeat("ab:", 32), strings.Repeat("g", 64)}},
		{"POST", "/api/discover", "subnet", []string{" ,", "a", "10.0.0.0/33", "8.8.8.0/24", "169.254.169.254", "127.0.0.1", "::1", "fe80::/64", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.0/24;id"}},
		{"POST", "/api/integrations", "kind", []string{"", "esx", "../pve", "PVE"}},
		{"POST", "/api/integrations", "name", []string{"", "A", "a/b", "..", "a b", strings.Repeat("a", 64)}},
		{"POST", "/api/integrations", "title", []string{strings.Repeat("a", 201)}},
		{"POST", "/api/integrations/test", "kind", []string{"", "esx"}},
		{"POST", "/api/integrations/probe", "address", append(hosts, "")},
		{"POST", "/api/integrations/probe", "kind", []string{"", "esx"}},
		{"POST", "/api/system/settings/update", "publicURL", []string{"a", "ftp://a", "https://", "https://user:" + given + "@a", "https://a?b", "https://a#b", "https://a b", "https://a:65536", "https://a:0"}},
		{"POST", "/api/system/settings/update", "discoverySubnet", []string{"a", "10.0.0.0/33"}},
	} {
		row := inputRows()[slices.IndexFunc(inputRows(), func(r inputRow) bool { return r.method == c.method && r.path == c.path })]
		for _, value := range c.values {
			if _, out := in.send(c.method, c.path, with(row.body, c.member, quoted(value)), 400); fieldOf(out) != c.member {
				t.Errorf("%s %s: %s of %q is refused with %.300v", c.method, c.path, c.member, value, out["raw"])
			}
			in.tidy()
		}
	}
	in.send("POST", "/api/config/nodes", `{"type":"pve","name":"n","host":"http://10.0.0.20","user":"u","password":"`+given+`","fingerprint":"`+strings.Repeat("ab", 32)+`"}`, 400)
	in.send("PUT", "/api/config/nodes/pve-fixed", `{"host":"http://10.0.0.10","tokenValue":"`+given+`","fingerprint":"`+strings.Repeat("ab", 32)+`"}`, 400)
	in.silent()
}

func TestOddPathsAndCallersOfNodesAreRefused(t *testing.T) {
	in := serveInputs(t)
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"PUT", "/api/config/nodes/pve-1", 404}, {"DELETE", "/api/config/nodes/pve-999999", 404}, {"DELETE", "/api/config/nodes/pve-9999999999", 404}, {"DELETE", "/api/config/nodes/pve--1", 404},
		{"DELETE", "/api/config/nodes/pbs-0", 404}, {"DELETE", "/api/config/nodes/esx-0", 404}, {"DELETE", "/api/config/nodes/pve", 400}, {"DELETE", "/api/config/nodes/%00", 400}, {"DELETE", "/api/config/nodes/%ff", 400},
		{"DELETE", "/api/config/nodes/%2e%2e", 400}, {"DELETE", "/api/config/nodes/" + strings.Repeat("a", 3000), 400}, {"POST", "/api/config/nodes/pve-7/test", 400}, {"POST", "/api/config/nodes/pve-7/refresh-cluster", 404},
		{"POST", "/api/config/nodes/pve-fixed/other", 404}, {"PATCH", "/api/config/nodes/pve-fixed", 405}, {"GET", "/api/config/nodes/pve-fixed", 405}, {"DELETE", "/api/config/nodes", 405},
		{"GET", "/api/setup-script-url", 405}, {"POST", "/api/setup-script?type=pve", 405}, {"GET", "/api/auto-register", 405}, {"PUT", "/api/discover", 405}, {"POST", "/api/config/system", 405},
		{"GET", "/api/setup-script", 400}, {"GET", "/api/setup-script?type=pmg", 400}, {"GET", "/api/setup-script?type=pve&host=169.254.169.254", 400}, {"GET", "/api/setup-script?type=pve&host=a%00", 400},
		{"GET", "/api/setup-script?type=pve&backup_perms=maybe", 400}, {"GET", "/api/setup-script?type=pbs", 401},
		{"GET", "/api/integrations/pve/none", 404}, {"DELETE", "/api/integrations/pve/none?revision=1", 404}, {"DELETE", "/api/integrations/pve/fixed", 400}, {"DELETE", "/api/integrations/pve/fixed?revision=x", 400},
		{"DELETE", "/api/integrations/pve/fixed?revision=9", 409}, {"PUT", "/api/integrations/pve/fixed", 400}, {"PUT", "/api/integrations/%2e%2e/x", 400}, {"POST", "/api/integrations/pve/fixed", 405},
	} {
		in.send(c.method, c.path, "", c.want)
	}
	if len(in.integrations.List()) != 1 {
		t.Errorf("%d are left", len(in.integrations.List()))
	}
	reader := in.world.token(auth.ScopeSettingsRead)
	for _, row := range append(inputRows(), inputRow{method: "GET", path: "/api/config/nodes"}, inputRow{method: "GET", path: "/api/config/system"}, inputRow{method: "GET", path: "/api/discover"},
		inputRow{method: "GET", path: "/api/integrations"}, inputRow{method: "DELETE", path: "/api/config/nodes/pve-fixed"}, inputRow{method: "POST", path: "/api/config/nodes/pve-fixed/test"},
		inputRow{method: "POST", path: "/api/config/nodes/pve-fixed/refresh-cluster"}, inputRow{method: "GET", path: "/api/setup-script?type=pve"}) {
		for what, header := range map[string][]string{
			"nobody": nil, "a wrong token": {"X-API-Token", given}, "a wrong bearer": {"Authorization", "Bearer " + given}, "a session that is none": {"Cookie", "pulse_session=" + given},
			"a token that may only read": {"X-API-Token", reader},
		} {
			want := []int{401}
			if what == "a token that may only read" {
				if want = []int{403}; row.method == "GET" {
					want = []int{200, 401, 403}
				}
				if row.path == "/api/auto-register" {
					want = []int{401}
				}
			}
			res, out := in.do(row.method, row.path, row.body, header...)
			in.sane(what, res, out)
			if !slices.Contains(want, res.StatusCode) {
				t.Errorf("%s at %s %s: got %d %.200v", what, row.method, row.path, res.StatusCode, out["raw"])
			}
		}
	}
	if len(in.integrations.List()) != 1 {
		t.Errorf("%d are left", len(in.integrations.List()))
	}
	in.silent()
}
