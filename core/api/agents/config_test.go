package agents

import (
	"context"
	"testing"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/inventory"
)

// decided are the overrides of a test, by host.
type decided map[string]*bool

func (d decided) CommandsEnabled(host string) *bool { return d[host] }
func (d decided) SetCommandsEnabled(_ context.Context, host string, on *bool) error {
	d[host] = on
	return nil
}

func TestHostConfigIsReadByItsAgent(t *testing.T) {
	on := true
	h := someHosts()
	h.all["h3"] = &inventory.Record{Key: "h3", Source: inventory.Source{TokenID: "t3", Reporter: true}}
	h.all["h4"] = &inventory.Record{Key: "h4", Source: inventory.Source{TokenID: "t3", Reporter: true}}
	a := area(h)
	a.overrides = decided{"h2": &on}
	reader := auth.ScopeHostConfigRead
	one, two := `{"success":true,"hostId":"h1","config":{}}`, `{"success":true,"hostId":"h2","config":{"commandsEnabled":true}}`
	for _, c := range []struct {
		name string
		who  auth.Principal
		host string
		want string
	}{
		{"its own", token("t1", reader), "h1", one},
		{"its own by another name", token("t1", reader), "agent-id", one},
		{"another's gives its own", token("t1", reader), "h2", one},
		{"one of several", token("t3", reader), "h4", `{"success":true,"hostId":"h4","config":{}}`},
		{"none of several", token("t3", reader), "h1", "host_not_found"},
		{"a token that manages", token("t9", auth.ScopeHostManage), "h2", two},
		{"somebody logged in", viewer, "h2", two},
		{"unknown", viewer, "agent-id", "host_not_found"},
		{"a token without a host", token("t9", reader), "h1", "host_not_found"},
	} {
		if got := call(t, a, c.who, "getHostConfig", &hostPath{c.host}); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

func TestHostConfigIsDecided(t *testing.T) {
	on := true
	for _, c := range []struct {
		name string
		who  auth.Principal
		host string
		want string
	}{
		{"an administrator, of a host that is not there", admin, "h9", `{"success":true,"hostId":"h9","config":{"commandsEnabled":true}}`},
		{"a token for settings", operator, "h1", `{"success":true,"hostId":"h1","config":{"commandsEnabled":true}}`},
		{"a token that manages its own", token("t1", auth.ScopeHostManage), "h1", `{"success":true,"hostId":"h1","config":{"commandsEnabled":true}}`},
		{"a token that manages another's", token("t1", auth.ScopeHostManage), "h2", "host_lookup_forbidden"},
		{"a token that manages, unknown", token("t1", auth.ScopeHostManage), "h9", "host_not_found"},
		{"nothing", admin, " ", "missing_host_id"},
	} {
		a, d := area(someHosts()), decided{}
		a.overrides = d
		in := patchIn{HostID: c.host}
		in.Body.CommandsEnabled = &on
		got := call(t, a, c.who, "patchHostConfig", &in)
		if got != c.want || (d[c.host] != nil) != (got[0] == '{') {
			t.Errorf("%s: %s, %v", c.name, got, d)
		}
		in.Body.CommandsEnabled = nil
		if call(t, a, c.who, "patchHostConfig", &in); d[c.host] != nil {
			t.Errorf("%s: it was not taken back", c.name)
		}
	}
}
