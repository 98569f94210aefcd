package main

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/apitest"
	"github.com/pulse-platform/pulse/core/api/live"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/plugins/host"
	"github.com/pulse-platform/pulse/sdk"
)

var update = flag.Bool("update", false, "rewrite golden files")

// described is the API with the report kinds of the host plugin, nothing opened.
func described(t *testing.T) *api.Server {
	t.Helper()
	catalog, err := inventory.NewCatalog([]sdk.Description{host.Plugin().Describe()})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{auth: &auth.Service{}, log: hclog.NewNullLogger(), inventory: inventory.New(catalog, nil, time.Now)}
	s.state = inventory.NewState(s.inventory, nil, time.Now)
	s.live = live.New(live.Sources{Document: s.state, Resources: s.inventory, News: live.Coalesced(s.inventory.Subscribe)}, time.Now)
	a, err := api.New(t.Context(), api.Options{Areas: s.areas(nil, time.Time{}), Log: s.log, Version: "1", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func routes(t *testing.T) []route.Route { t.Helper(); return described(t).Routes() }

func TestAuthorisationGolden(t *testing.T) {
	apitest.Golden(t, apitest.Authorisation(routes(t)), "testdata/authz.golden", *update)
}

// TestCoverageOfTheContract prints how many of the reference's endpoints are served. The number may only go up: it is
// kept in testdata/served.
func TestCoverageOfTheContract(t *testing.T) {
	const table = "../../../../shared/api/endpoints.tsv"
	if _, err := os.Stat(table); err != nil {
		t.Skipf("the contract's table is not here: %v", err)
	}
	all, groups, absent := apitest.Coverage(t, routes(t), table)
	served := all.Served
	t.Logf("%d of %d endpoints of the contract are served", served, all.Total)
	if *update {
		rewritePage(t, all, groups)
	}
	kept, err := os.ReadFile("testdata/served")
	if err != nil && !*update {
		t.Fatal(err)
	}
	least, _ := strconv.Atoi(strings.TrimSpace(string(kept)))
	switch {
	case served < least:
		t.Errorf("%d endpoints are served, %d were before; absent are:\n%s", served, least, strings.Join(absent, "\n"))
	case *update:
		if err := os.WriteFile("testdata/served", []byte(strconv.Itoa(served)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	case served > least:
		t.Errorf("%d endpoints are served, testdata/served says %d: run the test with -update", served, least)
	}
}

// TestDescriptionIsWhole reads the OpenAPI document the way a generator does: every reference leads somewhere.
func TestDescriptionIsWhole(t *testing.T) {
	a := described(t)
	var doc struct {
		OpenAPI    string                                `json:"openapi"`
		Paths      map[string]map[string]json.RawMessage `json:"paths"`
		Components struct {
			Schemas map[string]json.RawMessage `json:"schemas"`
		} `json:"components"`
	}
	text, err := a.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &doc); err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("version %q, %v", doc.OpenAPI, err)
	}
	for _, r := range a.Routes() {
		if _, ok := doc.Paths[strings.ReplaceAll(r.Path, "...}", "}")][strings.ToLower(r.Method)]; !ok && !r.Hidden {
			t.Errorf("%s %s is not described", r.Method, r.Path)
		}
	}
	for _, part := range strings.Split(string(text), `"#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if _, ok := doc.Components.Schemas[name]; !ok {
			t.Errorf("schema %s is referred to and not there", name)
		}
	}
}

// TestRolesModel compares who may call each row with what the contract says of the built-in roles, written down a second
// time and without patterns.
func TestRolesModel(t *testing.T) {
	may := map[string]func(n auth.Need) bool{
		"admin": func(auth.Need) bool { return true },
		"operator": func(n auth.Need) bool {
			return n.Action == "read" || n.Action == "write" && slices.Contains([]string{"nodes", "vms", "containers", "alerts"}, n.Resource)
		},
		"viewer": func(n auth.Need) bool { return n.Action == "read" },
		"auditor": func(n auth.Need) bool {
			return n.Action == "read" && slices.Contains([]string{"audit_logs", "nodes", "alerts", "compliance"}, n.Resource)
		},
		"": func(auth.Need) bool { return false },
	}
	scopes := append([]auth.Scope{auth.ScopeAll}, auth.Scopes...)
	for _, r := range routes(t) {
		a := r.Access
		for role, model := range may {
			p := auth.Principal{Method: auth.MethodSession, User: "jane", Rights: auth.RightsOf(role), Admin: role == "admin"}
			want := a.Level == route.Public || a.Own || model(a.Need)
			if got := api.Decide(a, p, true) == nil; got != want {
				t.Errorf("%s %s (%s) by a session of %q: %v", r.Method, r.Path, a.Need, role, got)
			}
			for _, scope := range scopes {
				p.Method, p.Token = auth.MethodToken, &auth.TokenInfo{Scopes: []auth.Scope{scope}}
				fits := a.Level == route.Public || a.AnyToken || scope == auth.ScopeAll || slices.Contains(a.Scopes, scope)
				if got := api.Decide(a, p, true) == nil; got != (want && fits) {
					t.Errorf("%s %s (%s) by a token of %q with %s: %v", r.Method, r.Path, a.Need, role, scope, got)
				}
			}
		}
		if err := api.Decide(a, auth.Principal{}, true); (err == nil) != (a.Level == route.Public) {
			t.Errorf("%s %s by nobody: %v", r.Method, r.Path, err)
		}
		if r.Method != "GET" && a.Level == route.Authenticated && !a.Own && a.Need.Action == "read" {
			t.Logf("%s %s changes nothing, says its permission", r.Method, r.Path)
		}
	}
}
