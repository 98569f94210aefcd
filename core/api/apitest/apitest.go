// Package apitest tries the route table as a whole: who may call what, and how much of the contract is served.
package apitest

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// callers are the kinds of caller in the columns of the golden file.
var callers = []struct {
	name    string
	claimed bool
	who     auth.Principal
}{
	{"anonymous-unclaimed", false, auth.Principal{}},
	{"enrolled-unclaimed", false, token(true, auth.ScopeHostReport, auth.ScopeHostConfigRead)},
	{"anonymous", true, auth.Principal{}},
	{"session-admin", true, auth.Principal{Method: auth.MethodSession, User: "admin", Admin: true}},
	{"session-user", true, auth.Principal{Method: auth.MethodSession, User: "user"}},
	{"token-all", true, token(false, auth.ScopeAll)},
	{"token-read", true, token(false, auth.ScopeMonitoringRead)},
	{"token-report", true, token(false, auth.ScopeHostReport)},
	{"token-enrolled", true, token(true, auth.ScopeHostReport, auth.ScopeHostConfigRead)},
}

func token(enrolled bool, scopes ...auth.Scope) auth.Principal {
	return auth.Principal{Method: auth.MethodToken, Admin: !enrolled, Token: &auth.TokenInfo{ID: "t", Scopes: scopes, Enrolled: enrolled}}
}

// Authorisation writes who may call each row: ok, or the code of the refusal.
func Authorisation(routes []route.Route) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Who may call what. A row a route and caller: ok, or why not. Reviewing permissions is reading a diff of this file.\n")
	rows := slices.Clone(routes)
	slices.SortFunc(rows, func(a, b route.Route) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	for _, r := range rows {
		fmt.Fprintf(&b, "\n%s %s\n", r.Method, r.Path)
		for _, c := range callers {
			verdict := "ok"
			if err := api.Decide(r.Access, c.who, c.claimed); err != nil {
				verdict = string(errs.CodeOf(err))
			}
			fmt.Fprintf(&b, "  %-20s %s\n", c.name, verdict)
		}
	}
	return b.String()
}

// Golden compares text with a file, or writes the file when update is set.
func Golden(t *testing.T, text, file string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s is out of date; run the test with -update and read the difference", file)
	}
}

// Share is how much of a group of the contract's endpoints is served.
type Share struct{ Served, Total int }

// Coverage counts which endpoints of a table (tab-separated: method, path, group, ...) the rows serve, as a whole and by
// group, and names those that are absent.
func Coverage(t *testing.T, routes []route.Route, table string) (all Share, groups map[string]Share, absent []string) {
	t.Helper()
	f, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := map[string]bool{}
	groups = map[string]Share{}
	for s := bufio.NewScanner(f); s.Scan(); {
		cells := strings.Split(s.Text(), "\t")
		if len(cells) < 3 || cells[0] == "method" || seen[cells[0]+cells[1]] {
			continue
		}
		seen[cells[0]+cells[1]] = true
		group := groups[cells[2]]
		all.Total++
		group.Total++
		if slices.ContainsFunc(routes, func(r route.Route) bool { return r.Method == cells[0] && sameShape(r.Path, cells[1]) }) {
			all.Served++
			group.Served++
		} else {
			absent = append(absent, cells[0]+" "+cells[1])
		}
		groups[cells[2]] = group
	}
	return all, groups, absent
}

// sameShape compares paths with their parameters' names left out.
func sameShape(a, b string) bool {
	x, y := strings.Split(strings.TrimSuffix(a, "/"), "/"), strings.Split(strings.TrimSuffix(b, "/"), "/")
	return slices.EqualFunc(x, y, func(p, q string) bool {
		return p == q || isParam(p) && isParam(q)
	})
}

func isParam(s string) bool {
	return strings.HasPrefix(s, "{") || strings.HasPrefix(s, "<") || strings.HasPrefix(s, ":")
}
