// Package apitest tries the route table as a whole: who may call what, and how much of the contract is served.
package apitest

import (
	"bufio"
	"errors"
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

// caller is a kind of caller in the golden file.
type caller struct {
	name    string
	claimed bool
	who     auth.Principal
}

// callers are the kinds of caller in the golden file, beside a token of an administrator's for each scope.
var callers = []caller{
	{"anonymous-unclaimed", false, auth.Principal{}},
	{"enrolled-unclaimed", false, agent},
	{"anonymous", true, auth.Principal{}},
	{"admin", true, user("admin")},
	{"operator", true, user("operator")},
	{"viewer", true, user("viewer")},
	{"auditor", true, user("auditor")},
	{"no-role", true, user("")},
	{"proxy-admin", true, proxied("admin")},
	{"proxy-viewer", true, proxied("viewer")},
	{"proxy-no-role", true, proxied("")},
	{"expired-token", true, auth.Principal{}}, // nobody: see [api.Authenticator]
	{"enrolled-token", true, agent},
	{"viewer-token-all", true, token("viewer", auth.ScopeAll)},
	{"admin-token-all", true, token("admin", auth.ScopeAll)},
}

// proxied is somebody whom a reverse proxy has logged in with one role, or none.
func proxied(role string) auth.Principal {
	p := user(role)
	p.Method = auth.MethodProxy
	return p
}

// user is somebody who is logged in and has one role, or none.
func user(role string) auth.Principal {
	return auth.Principal{Method: auth.MethodSession, User: "user", Rights: auth.RightsOf(role), Admin: role == auth.RoleAdmin}
}

// token is a token of such a user.
func token(role string, scopes ...auth.Scope) auth.Principal {
	p := user(role)
	p.Method, p.Token = auth.MethodToken, &auth.TokenInfo{ID: "t", Scopes: scopes}
	return p
}

// agent is the token that the server gave to an agent.
var agent = auth.Principal{
	Method: auth.MethodToken, Rights: auth.Rights{{Action: auth.ActRead, Resource: "nodes"}, {Action: auth.ActWrite, Resource: "nodes"}},
	Token: &auth.TokenInfo{ID: "t", Scopes: []auth.Scope{auth.ScopeHostReport, auth.ScopeHostConfigRead}, Enrolled: true},
}

// Authorisation writes what each row asks for and who may call it: ok, or the reason of the refusal, with the callers.
func Authorisation(routes []route.Route) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Who may call what: a route, what it needs, and who is let in or why not. Reviewing permissions is reading a diff of this file.\n")
	rows := slices.Clone(routes)
	slices.SortFunc(rows, func(a, b route.Route) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	for _, r := range rows {
		fmt.Fprintf(&b, "\n%s %s\n  needs: %s\n", r.Method, r.Path, demands(r.Access))
		if r.Access.Feature != "" {
			fmt.Fprintf(&b, "  where licences are enforced: the feature %s\n", r.Access.Feature)
		}
		var verdicts []string
		who := map[string]string{}
		note := func(verdict, name string) {
			if !slices.Contains(verdicts, verdict) {
				verdicts = append(verdicts, verdict)
			}
			who[verdict] += " " + name
		}
		for _, c := range callers {
			note(judge(r.Access, c.who, c.claimed), c.name)
		}
		for verdict, names := range byScope(r.Access) {
			note(verdict, names)
		}
		slices.Sort(verdicts)
		for _, v := range verdicts {
			fmt.Fprintf(&b, "  %s:%s\n", v, who[v])
		}
	}
	return b.String()
}

func judge(a route.Access, who auth.Principal, claimed bool) string {
	if err := api.Decide(a, who, claimed); err != nil {
		return reason(err)
	}
	return "ok"
}

// byScope names the tokens of an administrator's that have one scope, by what is said to them.
func byScope(a route.Access) map[string]string {
	of := map[string][]string{}
	for _, s := range auth.Scopes {
		verdict := judge(a, token("admin", s), true)
		of[verdict] = append(of[verdict], "token-"+string(s))
	}
	out := map[string]string{}
	for verdict, names := range of {
		switch {
		case len(names) == len(auth.Scopes):
			out[verdict] = "token-of-any-scope"
		case verdict != "ok":
			out[verdict] = "token-of-any-other-scope"
		default:
			out[verdict] = strings.Join(names, " ")
		}
	}
	return out
}

// demands says what a rule asks for, in words.
func demands(a route.Access) string {
	scopes := make([]string, len(a.Scopes))
	for i, s := range a.Scopes {
		scopes[i] = string(s)
	}
	switch of := "; of tokens " + strings.Join(scopes, " or "); {
	case a.Level == route.Public:
		return "nothing"
	case a.Own && a.AnyToken:
		return "a login or any token"
	case a.Own:
		return "a login" + of
	case a.AnyToken:
		return a.Need.String() + "; of tokens nothing more"
	default:
		return a.Need.String() + of
	}
}

// reason is what a refusal says is missing.
func reason(err error) string {
	var e *errs.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if scope, ok := e.Extra["requiredScope"]; ok {
		return fmt.Sprintf("no scope %v", scope)
	}
	if action, ok := e.Extra["action"]; ok {
		return fmt.Sprintf("no permission %v:%v", action, e.Extra["resource"])
	}
	return string(e.Code)
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
