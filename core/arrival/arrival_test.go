package arrival_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pulse-platform/pulse/core/arrival"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/bundle"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
)

// plain makes integrations of what it is given as it stands.
type plain struct{}

func (plain) Node(kind string, m arrival.Member) (integration.Integration, error) {
	var name string
	if json.Unmarshal(m["name"], &name) != nil || name == "" {
		return integration.Integration{}, errs.New(errs.Invalid, "Name is required")
	}
	raw, err := json.Marshal(m)
	return integration.Integration{Kind: kind, Name: name, Title: name, Config: raw, Enabled: true}, err
}

func channel(kind string, raw json.RawMessage) (integration.Integration, error) {
	return integration.Integration{Kind: kind, Name: kind, Config: raw}, nil
}

func (plain) Email(raw json.RawMessage) (integration.Integration, error) {
	return channel("email", raw)
}

func (plain) Webhook(raw json.RawMessage) (integration.Integration, error) {
	return channel("webhook", raw)
}

func (plain) Relay(raw json.RawMessage) (integration.Integration, error) {
	return channel(compat.RelayPlugin, raw)
}

func translate(t *testing.T, d arrival.Document, here arrival.Here) bundle.Arrival {
	t.Helper()
	a, err := arrival.Translate(t.Context(), d, plain{}, here)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func told(a bundle.Arrival) string {
	var b strings.Builder
	for _, l := range a.Left {
		b.WriteString(l.What + ": " + l.Reason + "\n")
	}
	return b.String()
}

// Names that become the same here are told apart by a number, and the title keeps what people wrote.
func TestNamesOfNodes(t *testing.T) {
	kind := compat.NodeKinds()[0].Type
	nodes := json.RawMessage(`[{"Name":"Lab 1"},{"Name":"lab-1"},{"Name":"ÄÖÜ"},{"Name":""}]`)
	a := translate(t, arrival.Document{Nodes: map[string]json.RawMessage{kind + "Instances": nodes}}, arrival.Here{})
	want := []string{kind + "/lab-1 Lab 1", kind + "/lab-1-2 lab-1", kind + "/" + kind + " ÄÖÜ"}
	for i, r := range a.Tables["integrations"] {
		if got := r["id"].(string) + " " + r["title"].(string); i >= len(want) || got != want[i] {
			t.Errorf("node %d is %s", i, got)
		}
	}
	if len(a.Tables["integrations"]) != len(want) || !strings.Contains(told(a), "Name is required") {
		t.Errorf("%d nodes; left: %s", len(a.Tables["integrations"]), told(a))
	}
}

// Settings go over those that are here, each judged by itself: a wrong one does not keep the others away.
func TestSettings(t *testing.T) {
	d := arrival.Document{System: json.RawMessage(`{"theme":"dark","connectionTimeout":9999,"logLevel":"debug","unheardOf":1,"publicURL":""}`)}
	a := translate(t, d, arrival.Here{Settings: json.RawMessage(`{"fullWidthMode":true,"theme":"light"}`)})
	var got map[string]any
	if err := json.Unmarshal([]byte(a.Tables["settings"][0]["value"].(string)), &got); err != nil {
		t.Fatal(err)
	}
	if got["theme"] != "dark" || got["fullWidthMode"] != true || got["connectionTimeout"] != nil {
		t.Errorf("settings: %v", got)
	}
	if text := told(a); !strings.Contains(text, "connectionTimeout: must be from 0 to 300") || !strings.Contains(text, "setting logLevel") {
		t.Errorf("left: %s", text)
	}
}

// Tokens without scopes could do everything, and so can they here; a hash that is none, or a token of an organisation,
// does not come.
func TestTokens(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	a := translate(t, arrival.Document{Tokens: []arrival.Token{
		{ID: "1", Name: "all", Hash: hash}, {ID: "2", Name: "raw", Hash: "x"}, {ID: "3", Name: "acme", Hash: hash, OrgID: "acme"},
		{ID: "4", Name: "odd", Hash: hash, Scopes: []string{"monitoring:read", "moon:land"}}, {ID: "5", Name: "default", Hash: hash, OrgIDs: []string{"default"}},
	}}, arrival.Here{Owner: "ann"})
	var got []string
	for _, r := range a.Tables["tokens"] {
		got = append(got, r["id"].(string)+" "+r["scopes"].(string)+" "+r["owner"].(string))
	}
	if strings.Join(got, ", ") != "1 * ann, 4 monitoring:read ann, 5 * ann" {
		t.Errorf("tokens: %v", got)
	}
}

// A user whose name is taken, or whose password is no hash that is accepted, does not come.
func TestUsers(t *testing.T) {
	const hash = "$2a$04$abcdefghijklmnopqrstuuYOdS5cKHTTvAhH8bJNfqPPgyWkLnIjm"
	a := translate(t, arrival.Document{Users: []arrival.User{
		{Name: "Ann", Password: hash}, {Name: "bob", Password: hash}, {Name: "eve", Password: "clear"}, {Name: "mal", Password: strings.Replace(hash, "$04$", "$31$", 1)}, {Name: "x\ny", Password: hash},
	}}, arrival.Here{Users: []string{"ann"}, Now: time.Unix(1, 0)})
	if rows := a.Tables["users"]; len(rows) != 1 || rows[0]["name"] != "bob" || len(a.Left) != 4 {
		t.Errorf("users: %v; left: %s", rows, told(a))
	}
}

// A role comes when its permissions mean something here.
func TestRoles(t *testing.T) {
	var roles []arrival.Role
	err := json.Unmarshal([]byte(`[
		{"id":"admin","name":"Administrator","permissions":[{"action":"admin","resource":"*"}],"isBuiltIn":true,"createdAt":"2025-01-01T00:00:00Z"},
		{"id":"night","name":"Night shift","parentId":"viewer","permissions":[{"action":"write","resource":"alerts","effect":"allow"}],"priority":10,"createdAt":"2025-01-01T00:00:00Z"},
		{"id":"day","parentId":"night","permissions":null},
		{"id":"taken","permissions":[]},
		{"id":"prod","permissions":[{"action":"read","resource":"alerts","conditions":{"env":"prod"}}]},
		{"id":"lost","parentId":"nobody","permissions":[]}]`), &roles)
	if err != nil {
		t.Fatal(err)
	}
	a := translate(t, arrival.Document{Roles: roles}, arrival.Here{Roles: []string{"admin", "viewer", "taken"}, Now: time.Unix(1, 0)})
	if rows := a.Tables["roles"]; len(rows) != 2 || rows[0]["id"] != "night" || rows[1]["id"] != "day" || len(a.Left) != 3 || !strings.Contains(told(a), "env") {
		t.Errorf("roles: %v; left: %s", rows, told(a))
	}
	var night auth.Role
	text, _ := a.Tables["roles"][0]["body"].(string)
	if body, err := base64.StdEncoding.DecodeString(text); err != nil || json.Unmarshal(body, &night) != nil || night.Parent != "viewer" || night.Permissions[0].Action != "write" || night.Priority != 10 {
		t.Errorf("%+v", night)
	}
}

// The provider of single sign-on comes with its rules, unless it could not work here.
func TestSignOn(t *testing.T) {
	a := translate(t, arrival.Document{SignOn: json.RawMessage(`{"enabled":true,"issuerUrl":"https://id.example.com","clientId":"pulse","clientSecret":"hush",
		"groupsClaim":"groups","allowedGroups":["staff"],"groupRoleMappings":{"staff":"viewer"},"envOverrides":{"x":true}}`)}, arrival.Here{})
	rows := a.Tables["settings"]
	if len(rows) != 1 || rows[0]["name"] != "sso" {
		t.Fatalf("%v; left: %s", rows, told(a))
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(rows[0]["value"].(string)), &got); err != nil || got["clientSecret"] != "hush" || got["usernameClaim"] != "preferred_username" || got["groupRoleMappings"].(map[string]any)["staff"] != "viewer" {
		t.Errorf("%v %v", got, err)
	}
	for raw, reason := range map[string]string{
		`{"enabled":false,"issuerUrl":"","scopes":["openid"]}`:                                           "",
		`{"enabled":true,"issuerUrl":"https://id.example.com"}`:                                          "client id",
		`{"enabled":true,"issuerUrl":"https://id.example.com","clientId":"pulse","allowedGroups":["a"]}`: "claim that holds the groups",
		`{"enabled":"yes"}`: "cannot be read",
	} {
		a := translate(t, arrival.Document{SignOn: json.RawMessage(raw)}, arrival.Here{})
		if len(a.Tables["settings"]) != 0 || !strings.Contains(told(a), reason) || (reason == "") != (len(a.Left) == 0) {
			t.Errorf("%s: %v; left: %s", raw, a.Tables, told(a))
		}
	}
}

func TestDirectoryOfSomethingElse(t *testing.T) {
	if _, err := arrival.ReadDirectory(fstest.MapFS{"etc/passwd": {}}); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "nodes.enc") {
		t.Errorf("got %v", err)
	}
	d, err := arrival.ReadDirectory(fstest.MapFS{"nodes.enc": {Data: []byte("x")}, "system.json": {Data: []byte("{")}})
	if err != nil || !strings.Contains(d.Unread["nodes.enc"], "not there") || d.Unread["system.json"] == "" {
		t.Errorf("got %v, %v", d.Unread, err)
	}
}

func FuzzBundle(f *testing.F) {
	f.Add([]byte(`{"version":"4.1","nodes":{"pveInstances":[{"Name":"a","SSHPort":23}]},"alerts":{},"email":{"enabled":true,"server":"x"},"webhooks":[{"name":"h"}],"system":{"theme":"dark"},"guestMetadata":{"a":{"notes":["x"]}},"apiTokens":[{"hash":"x"}],"oidc":{"enabled":true,"issuerUrl":"https://x","clientId":"y"}}`))
	f.Add([]byte(`{"version":"4.0","webhooks":[null],"guestMetadata":{"":null},"system":[1]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := arrival.Parse(raw)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("not a word for people: %v", err)
			}
			return
		}
		translate(t, d, arrival.Here{})
	})
}

func FuzzDirectory(f *testing.F) {
	f.Add([]byte("{}"), []byte("x"), []byte("PULSE_AUTH_USER=a\nPULSE_AUTH_PASS='$2'"))
	f.Fuzz(func(t *testing.T, plain, sealed, env []byte) {
		d, err := arrival.ReadDirectory(fstest.MapFS{
			"system.json": {Data: plain}, "api_tokens.json": {Data: plain}, "guest_metadata.json": {Data: plain}, "nodes.enc": {Data: sealed}, ".env": {Data: env},
			".encryption.key": {Data: []byte("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")},
		})
		if err != nil {
			t.Fatal(err)
		}
		translate(t, d, arrival.Here{})
	})
}
