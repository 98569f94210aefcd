package agents

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/inventory"
)

// hosts are the reporters of a test, by identity.
type hosts struct {
	all     map[string]*inventory.Record
	removed []string
}

func (h *hosts) Find(_, host string) (*inventory.Record, bool) { r, ok := h.all[host]; return r, ok }

func (h *hosts) FindNamed(_, name string) (*inventory.Record, bool) {
	for _, r := range h.all {
		if strings.EqualFold(r.Source.Hostname, name) {
			return r, true
		}
	}
	return nil, false
}

func (h *hosts) Of(_, token string) (out []*inventory.Record) {
	for _, r := range h.all {
		if r.Source.TokenID == token {
			out = append(out, r)
		}
	}
	return out
}

func (h *hosts) Remove(_ context.Context, _, host string) error {
	h.removed = append(h.removed, host)
	return nil
}

func someHosts() *hosts {
	at := time.Unix(1_700_000_000, 0)
	return &hosts{all: map[string]*inventory.Record{
		"h1": {Key: "h1", WireID: "h1", Name: "one", LastSeen: at, Source: inventory.Source{Hostname: "one", TokenID: "t1", AgentVersion: "v1", Reporter: true}},
		"h2": {Key: "h2", WireID: "h2", Name: "two", LastSeen: at, Source: inventory.Source{Hostname: "two", TokenID: "t2", Reporter: true}},
	}}
}

// callers of the rows, by what they are.
var (
	admin    = auth.Principal{Method: auth.MethodSession, Admin: true}
	viewer   = auth.Principal{Method: auth.MethodSession}
	agent    = token("t1", auth.ScopeHostReport, auth.ScopeHostConfigRead)
	operator = token("t9", auth.ScopeHostReport, auth.ScopeSettingsWrite)
)

func token(name string, scopes ...auth.Scope) auth.Principal {
	return auth.Principal{Method: auth.MethodToken, Admin: true, Token: &auth.TokenInfo{ID: name, Scopes: scopes}}
}

// call runs the row with the operation's name and returns its answer as JSON, or the word of its error.
func call(t *testing.T, a *Area, who auth.Principal, name string, in any) string {
	t.Helper()
	for _, r := range a.Routes() {
		if r.Name != name {
			continue
		}
		out, err := r.Handle(auth.WithPrincipal(route.WithRequest(t.Context(), &route.Request{}), who), in)
		var e *errs.Error
		if errors.As(err, &e) {
			return e.Word
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	t.Fatalf("there is no row %s", name)
	return ""
}

func area(h *hosts) *Area {
	return New(Config{Hosts: h, Overrides: decided{}, Word: func(*inventory.Record) string { return "online" }, Now: time.Now})
}

func TestLookup(t *testing.T) {
	a := area(someHosts())
	found := `{"success":true,"host":{"id":"h1","hostname":"one","displayName":"one","status":"online","connected":true,"lastSeen":"2023-11-14T22:13:20Z","agentVersion":"v1"}}`
	for _, c := range []struct {
		name string
		who  auth.Principal
		in   lookupIn
		want string
	}{
		{"by id", agent, lookupIn{ID: " h1 "}, found},
		{"by name", agent, lookupIn{Hostname: "ONE"}, found},
		{"by a wrong id and the name", agent, lookupIn{ID: "gone", Hostname: "one"}, found},
		{"a session", viewer, lookupIn{ID: "h1"}, found},
		{"another's", agent, lookupIn{ID: "h2"}, "host_lookup_forbidden"},
		{"another's with a powerful token", operator, lookupIn{ID: "h1"}, "host_lookup_forbidden"},
		{"unknown", agent, lookupIn{ID: "h3"}, "host_not_found"},
		{"nothing", agent, lookupIn{}, "missing_lookup_param"},
	} {
		if got := call(t, a, c.who, "lookupHost", &c.in); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

func TestUninstall(t *testing.T) {
	for _, c := range []struct {
		name string
		who  auth.Principal
		host string
		want string // empty: it is removed
	}{
		{"its own", agent, "h1", ""},
		{"another's", agent, "h2", "host_lookup_forbidden"},
		{"another's with a token for settings", operator, "h2", ""},
		{"an administrator", admin, "h2", ""},
		{"somebody logged in", viewer, "h2", "host_lookup_forbidden"},
		{"unknown", agent, "h3", "host_not_found"},
		{"nothing", agent, " ", "missing_host_id"},
	} {
		h := someHosts()
		got := call(t, area(h), c.who, "uninstallHost", &hostIn{c.host})
		want := c.want
		if want == "" {
			want = `{"success":true,"hostId":"` + c.host + `","message":"Host removed"}`
		}
		if got != want || (len(h.removed) == 1) != (c.want == "") {
			t.Errorf("%s: %s, removed %v", c.name, got, h.removed)
		}
	}
}

func TestDeleteHost(t *testing.T) {
	h := someHosts()
	if got := call(t, area(h), admin, "deleteHost", &hostPath{"gone"}); got != `{"success":true,"hostId":"gone","message":"Host removed"}` || len(h.removed) != 1 {
		t.Errorf("%s, removed %v", got, h.removed)
	}
	if got := call(t, area(h), admin, "deleteHost", &hostPath{" "}); got != "missing_host_id" {
		t.Error(got)
	}
}
