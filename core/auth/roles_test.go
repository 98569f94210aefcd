package auth_test

import (
	"slices"
	"testing"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/auth/authtest"
	"github.com/pulse-platform/pulse/core/errs"
)

func need(action auth.Action, resource string) auth.Need {
	return auth.Need{Action: action, Resource: resource}
}

func who(rights ...auth.Permission) auth.Principal {
	return auth.Principal{Method: auth.MethodSession, User: "jane", Rights: rights}
}

func TestPermissionsAllowAndDeny(t *testing.T) {
	allow := func(action auth.Action, resource string) auth.Permission {
		return auth.Permission{Action: action, Resource: resource}
	}
	deny := func(action auth.Action, resource string) auth.Permission {
		return auth.Permission{Action: action, Resource: resource, Effect: "deny"}
	}
	when := func(key, want string) auth.Permission {
		return auth.Permission{Action: auth.ActRead, Resource: "nodes", Conditions: map[string]string{key: want}}
	}
	for name, c := range map[string]struct {
		who  auth.Principal
		need auth.Need
		want bool
	}{
		"nothing":                      {who(), need(auth.ActRead, "nodes"), false},
		"exact":                        {who(allow(auth.ActRead, "nodes")), need(auth.ActRead, "nodes"), true},
		"another action":               {who(allow(auth.ActRead, "nodes")), need(auth.ActWrite, "nodes"), false},
		"another resource":             {who(allow(auth.ActRead, "nodes")), need(auth.ActRead, "alerts"), false},
		"a word that begins alike":     {who(allow(auth.ActRead, "nodes")), need(auth.ActRead, "nodesets"), false},
		"admin implies all":            {who(allow(auth.ActAdmin, "nodes")), need(auth.ActDelete, "nodes"), true},
		"write does not imply read":    {who(allow(auth.ActWrite, "nodes")), need(auth.ActRead, "nodes"), false},
		"star":                         {who(allow(auth.ActRead, "*")), need(auth.ActRead, "audit_logs"), true},
		"one node is not all":          {who(allow(auth.ActRead, "nodes:pve1")), need(auth.ActRead, "nodes"), false},
		"below, and itself":            {who(allow(auth.ActRead, "nodes:*")), need(auth.ActRead, "nodes"), true},
		"below":                        {who(allow(auth.ActRead, "nodes:*")), need(auth.ActRead, "nodes:pve1"), true},
		"deny wins":                    {who(allow(auth.ActAdmin, "*"), deny(auth.ActRead, "users")), need(auth.ActRead, "users"), false},
		"deny of admin denies all":     {who(allow(auth.ActAdmin, "*"), deny(auth.ActAdmin, "users")), need(auth.ActRead, "users"), false},
		"deny of something else":       {who(allow(auth.ActAdmin, "*"), deny(auth.ActRead, "users")), need(auth.ActRead, "nodes"), true},
		"a part denied, all asked":     {who(allow(auth.ActAdmin, "*"), deny(auth.ActAdmin, "audit_logs")), need(auth.ActAdmin, "*"), false},
		"one node denied, all asked":   {who(allow(auth.ActWrite, "nodes:*"), deny(auth.ActWrite, "nodes:pve1")), need(auth.ActWrite, "nodes:*"), false},
		"one denied, another asked":    {who(allow(auth.ActWrite, "nodes:*"), deny(auth.ActWrite, "nodes:pve1")), need(auth.ActWrite, "nodes:pve2"), true},
		"who may not read, runs not":   {who(allow(auth.ActAdmin, "*"), deny(auth.ActRead, "users")), need(auth.ActAdmin, "users"), false},
		"condition on oneself":         {who(when("user", "${user}")), need(auth.ActRead, "nodes"), true},
		"condition on another":         {who(when("user", "joe")), need(auth.ActRead, "nodes"), false},
		"condition on how":             {who(when("method", "session")), need(auth.ActRead, "nodes"), true},
		"condition that nobody knows":  {who(when("env", "prod")), need(auth.ActRead, "nodes"), false},
		"anonymous has nothing":        {auth.Principal{Rights: auth.Rights{allow(auth.ActAdmin, "*")}}, need(auth.ActRead, "nodes"), false},
		"the flag of administrators":   {auth.Principal{Method: auth.MethodSession, Admin: true}, need(auth.ActAdmin, "users"), true},
		"no need, but who is nobody":   {auth.Principal{}, auth.Need{}, false},
		"no need":                      {who(), auth.Need{}, true},
		"empty words match each other": {who(allow("", "")), need(auth.ActRead, "nodes"), false},
	} {
		if got := c.who.Can(c.need); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestBuiltInRolesAreThoseOfTheContract(t *testing.T) {
	all := []auth.Need{
		need(auth.ActRead, "nodes"), need(auth.ActRead, "audit_logs"), need(auth.ActWrite, "nodes"), need(auth.ActWrite, "containers"), need(auth.ActWrite, "vms"),
		need(auth.ActWrite, "alerts"), need(auth.ActWrite, "settings"), need(auth.ActAdmin, "settings"), need(auth.ActAdmin, "users"), need(auth.ActRead, "users"),
	}
	for role, want := range map[string]string{"admin": "++++++++++", "operator": "++++++---+", "viewer": "++-------+", "auditor": "++--------", "": "----------"} {
		got := ""
		for _, n := range all {
			if who(auth.RightsOf(role)...).Can(n) {
				got += "+"
			} else {
				got += "-"
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", role, got, want)
		}
	}
}

func TestWhoMayDoAllIsToldSo(t *testing.T) {
	for _, tc := range []struct {
		who  auth.Principal
		want bool
	}{
		{who(auth.RightsOf("admin")...), true},
		{who(auth.Permission{Action: auth.ActAdmin, Resource: "settings"}, auth.Permission{Action: auth.ActAdmin, Resource: "users"}), false},
		{who(), false},
	} {
		if got := slices.Contains(tc.who.List(), "admin:*"); got != tc.want {
			t.Errorf("%v: %v", tc.who.List(), got)
		}
	}
}

// operator is a second user with a role, and that user's session.
func operator(t *testing.T, s *auth.Service, roles ...string) auth.Principal {
	t.Helper()
	if _, err := s.CreateUser(t.Context(), auth.System, "jane", good, roles); err != nil {
		t.Fatal(err)
	}
	return login(t, s, "jane")
}

func login(t *testing.T, s *auth.Service, name string) auth.Principal {
	t.Helper()
	session, _, _, err := s.Login(t.Context(), auth.Attempt{User: name, Password: good, Peer: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	p, ok := s.Session(session)
	if !ok {
		t.Fatal("no session")
	}
	return p
}

func TestTheLastAdministratorStays(t *testing.T) {
	s, _, _ := claimed(t)
	off := true
	own := auth.Role{ID: "all", Permissions: []auth.Permission{{Action: auth.ActAdmin, Resource: "*"}}}
	if _, err := s.SaveRole(t.Context(), auth.System, own); err != nil {
		t.Fatal(err)
	}
	if err := s.SetRoles(t.Context(), auth.System, "admin", []string{"all"}); err != nil {
		t.Fatalf("a role of one's own that allows all is as good: %v", err)
	}
	own.Permissions = nil
	for name, change := range map[string]func() error{
		"delete": func() error { return s.DeleteUser(t.Context(), auth.System, "admin") },
		"disable": func() error {
			_, err := s.ChangeUser(t.Context(), auth.System, "admin", auth.UserChange{Disabled: &off})
			return err
		},
		"take the role":   func() error { return s.RemoveRole(t.Context(), auth.System, "admin", "all") },
		"replace roles":   func() error { return s.SetRoles(t.Context(), auth.System, "admin", []string{"viewer"}) },
		"empty the role":  func() error { _, err := s.SaveRole(t.Context(), auth.System, own); return err },
		"delete the role": func() error { return s.DeleteRole(t.Context(), auth.System, "all") },
		"only one vouched": func() error {
			if _, err := s.Admit(t.Context(), auth.Vouched{Method: "oidc", Name: "sso", Roles: []string{auth.RoleAdmin}}); err != nil {
				t.Fatal(err)
			}
			return s.DeleteUser(t.Context(), auth.System, "admin")
		},
	} {
		if err := change(); !errs.Is(err, errs.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p := login(t, s, "admin"); !p.Admin {
		t.Error("the administrator is none any more")
	}
	if _, err := s.CreateUser(t.Context(), auth.System, "second", good, []string{auth.RoleAdmin}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteUser(t.Context(), auth.System, "admin"); err != nil {
		t.Errorf("the first of two: %v", err)
	}
}

func TestDisablingAndDeletingEndSessionsAndTokens(t *testing.T) {
	s, _, store := claimed(t)
	jane := operator(t, s, "operator")
	raw, tok, err := s.CreateToken(t.Context(), jane, auth.NewToken{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := s.Token(raw); !ok || p.Admin || p.Can(need(auth.ActAdmin, "users")) || !p.Can(need(auth.ActWrite, "alerts")) {
		t.Errorf("a token of an operator: %+v", p)
	}
	if err := s.SetRoles(t.Context(), auth.System, "jane", []string{"viewer"}); err != nil {
		t.Fatal(err)
	}
	if p, _ := s.Token(raw); p.Can(need(auth.ActWrite, "alerts")) {
		t.Error("the token may do more than its owner may now")
	}
	news := s.News()
	on, off := false, true
	if _, err := s.ChangeUser(t.Context(), auth.System, "jane", auth.UserChange{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-news:
	default:
		t.Error("nobody is told")
	}
	if _, ok := s.Token(raw); ok {
		t.Error("the token of a disabled user is valid")
	}
	if _, ok := s.Still(jane); ok {
		t.Error("the session of a disabled user is valid")
	}
	if _, _, _, err := s.Login(t.Context(), auth.Attempt{User: "jane", Password: good, Peer: "192.0.2.1"}); err == nil {
		t.Error("a disabled user got in")
	}
	if _, err := s.Basic(t.Context(), "jane", good, "192.0.2.1"); err == nil {
		t.Error("a disabled user got in by basic authentication")
	}
	if _, err := s.ChangeUser(t.Context(), auth.System, "jane", auth.UserChange{Disabled: &on}); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Still(jane); ok {
		t.Error("the session came back with the user")
	}
	if _, ok := s.Token(raw); !ok {
		t.Error("the token of a user who is enabled again is refused")
	}
	if err := s.DeleteUser(t.Context(), auth.System, "jane"); err != nil {
		t.Fatal(err)
	}
	again, _ := open(t, store)
	if _, ok := again.Token(raw); ok || again.TokenExists(tok.ID) {
		t.Error("the token outlived its owner")
	}
	if _, err := again.CreateUser(t.Context(), auth.System, "jane", good, []string{auth.RoleAdmin}); err != nil {
		t.Fatal(err)
	}
	if _, ok := again.Token(raw); ok {
		t.Error("another user of the same name has the old one's token")
	}
}

func TestNobodyReachesAboveThemselves(t *testing.T) {
	s, _, _ := claimed(t)
	if _, err := s.SaveRole(t.Context(), auth.System, auth.Role{ID: "people", Permissions: []auth.Permission{{Action: auth.ActAdmin, Resource: "users"}, {Action: auth.ActRead, Resource: "*"}}}); err != nil {
		t.Fatal(err)
	}
	jane := operator(t, s, "people")
	raw, _, err := s.CreateToken(t.Context(), login(t, s, "admin"), auth.NewToken{Scopes: []auth.Scope{auth.ScopeSettingsWrite}})
	if err != nil {
		t.Fatal(err)
	}
	script, _ := s.Token(raw)
	word := "a password of my own"
	for name, change := range map[string]func(auth.Principal) error{
		"make an administrator": func(p auth.Principal) error {
			_, err := s.CreateUser(t.Context(), p, "mallory", good, []string{auth.RoleAdmin})
			return err
		},
		"become one": func(p auth.Principal) error { return s.AddRole(t.Context(), p, "jane", auth.RoleAdmin) },
		"delete one": func(p auth.Principal) error { return s.DeleteUser(t.Context(), p, "admin") },
		"set an administrator's password": func(p auth.Principal) error {
			_, err := s.ChangeUser(t.Context(), p, "admin", auth.UserChange{Password: &word})
			return err
		},
		"widen one's own role": func(p auth.Principal) error {
			_, err := s.SaveRole(t.Context(), p, auth.Role{ID: "people", Permissions: []auth.Permission{{Action: auth.ActAdmin, Resource: "*"}}})
			return err
		},
		"inherit": func(p auth.Principal) error {
			_, err := s.SaveRole(t.Context(), p, auth.Role{ID: "people", Parent: auth.RoleAdmin})
			return err
		},
	} {
		if err := change(jane); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
		if err := change(script); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s by a token with some scopes: %v", name, err)
		}
	}
	if _, err := s.CreateUser(t.Context(), jane, "joe", good, []string{"viewer"}); err != nil {
		t.Errorf("a viewer by one who sees everything: %v", err)
	}
}

func TestRolesAreChecked(t *testing.T) {
	s, _, store := claimed(t)
	for name, r := range map[string]auth.Role{
		"id":                {ID: "a b"},
		"no id":             {},
		"action":            {ID: "x", Permissions: []auth.Permission{{Action: "fly", Resource: "*"}}},
		"resource":          {ID: "x", Permissions: []auth.Permission{{Action: auth.ActRead, Resource: "no des"}}},
		"effect":            {ID: "x", Permissions: []auth.Permission{{Action: auth.ActRead, Resource: "*", Effect: "maybe"}}},
		"unknown condition": {ID: "x", Permissions: []auth.Permission{{Action: auth.ActRead, Resource: "*", Effect: "deny", Conditions: map[string]string{"env": "prod"}}}},
		"unknown parent":    {ID: "x", Parent: "none"},
		"own parent":        {ID: "x", Parent: "x"},
	} {
		if _, err := s.SaveRole(t.Context(), auth.System, r); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.SaveRole(t.Context(), auth.System, auth.Role{ID: "viewer", BuiltIn: true}); !errs.Is(err, errs.Conflict) {
		t.Errorf("a built-in role: %v", err)
	}
	for _, id := range []string{"a", "b"} {
		if _, err := s.SaveRole(t.Context(), auth.System, auth.Role{ID: id, Parent: map[string]string{"b": "a"}[id], BuiltIn: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.SaveRole(t.Context(), auth.System, auth.Role{ID: "a", Parent: "b"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a circle of parents: %v", err)
	}
	if err := s.DeleteRole(t.Context(), auth.System, "a"); !errs.Is(err, errs.Conflict) {
		t.Errorf("a role that others stand on: %v", err)
	}
	operator(t, s, "b")
	again, _ := open(t, store)
	if r, err := again.Role("b"); err != nil || r.BuiltIn || r.Parent != "a" {
		t.Errorf("after a restart: %+v, %v", r, err)
	}
	if err := again.DeleteRole(t.Context(), auth.System, "b"); err != nil {
		t.Fatal(err)
	}
	if u, _ := again.UserInfo("jane"); slices.Contains(u.Roles, "b") {
		t.Error("the deleted role is still given to somebody: one of the same name would be theirs")
	}
}

func TestOtherSystemsVouchForTheirOwnUsersOnly(t *testing.T) {
	s, _, _ := claimed(t)
	if _, err := s.Admit(t.Context(), auth.Vouched{Method: "oidc", Name: "admin", Roles: []string{auth.RoleAdmin}}); !errs.Is(err, errs.Forbidden) {
		t.Errorf("the name of a local user: %v", err)
	}
	if err := s.SetRoles(t.Context(), auth.System, "sam", []string{"auditor"}); err != nil {
		t.Fatal(err)
	}
	p, err := s.Admit(t.Context(), auth.Vouched{Method: "oidc", Name: "sam"})
	if err != nil || p.Admin || !p.Can(need(auth.ActRead, "audit_logs")) {
		t.Errorf("a user who got roles before: %+v, %v", p, err)
	}
	p, err = s.Admit(t.Context(), auth.Vouched{Method: "oidc", Name: "sam", Roles: []string{"viewer", "staff"}})
	if err != nil || !p.Can(need(auth.ActRead, "settings")) {
		t.Errorf("roles from elsewhere: %+v, %v", p, err)
	}
	if _, err := s.Admit(t.Context(), auth.Vouched{Method: "proxy", Name: "sam"}); !errs.Is(err, errs.Forbidden) {
		t.Errorf("another system with the same name: %v", err)
	}
	if _, err := s.Admit(t.Context(), auth.Vouched{Method: "oidc", Name: "Admin"}); !errs.Is(err, errs.Conflict) {
		t.Errorf("a name like the admin's: %v", err)
	}
	p, err = s.Admit(t.Context(), auth.Vouched{Method: "proxy", Name: "nobody"})
	if err != nil || p.Can(need(auth.ActRead, "nodes")) {
		t.Errorf("without any role: %+v, %v", p, err)
	}
	if _, _, _, err := s.Login(t.Context(), auth.Attempt{User: "sam", Password: "", Peer: "192.0.2.1"}); err == nil {
		t.Error("a user without a password logged in with none")
	}
	fresh, _ := open(t, authtest.New())
	if _, err := fresh.Admit(t.Context(), auth.Vouched{Method: "proxy", Name: "first", Roles: []string{auth.RoleAdmin}}); err == nil || fresh.Claimed() {
		t.Error("a server that nobody has claimed let somebody in because a proxy said so")
	}
}

// Who may do all but one thing cannot give it to themselves, or to a friend.
func TestNobodyCastsOffWhatIsDenied(t *testing.T) {
	s, _, _ := claimed(t)
	limited := auth.Role{ID: "limited", Permissions: []auth.Permission{{Action: auth.ActAdmin, Resource: "*"}, {Action: auth.ActAdmin, Resource: "audit_logs", Effect: "deny"}}}
	if _, err := s.SaveRole(t.Context(), auth.System, limited); err != nil {
		t.Fatal(err)
	}
	night := auth.Role{ID: "night", Permissions: []auth.Permission{{Action: auth.ActAdmin, Resource: "users"}, {Action: auth.ActWrite, Resource: "nodes", Conditions: map[string]string{"user": "jane"}}}}
	if _, err := s.SaveRole(t.Context(), auth.System, night); err != nil {
		t.Fatal(err)
	}
	jane := operator(t, s, "limited")
	free := limited
	free.Permissions = limited.Permissions[:1]
	for name, change := range map[string]func() error{
		"replace one's roles": func() error { return s.SetRoles(t.Context(), jane, "jane", []string{auth.RoleAdmin}) },
		"make a friend": func() error {
			_, err := s.CreateUser(t.Context(), jane, "mallory", good, []string{auth.RoleAdmin})
			return err
		},
		"shorten the role": func() error { _, err := s.SaveRole(t.Context(), jane, free); return err },
		"set the password of who may": func() error {
			word := "a password of my own"
			_, err := s.ChangeUser(t.Context(), jane, "admin", auth.UserChange{Password: &word})
			return err
		},
	} {
		if err := change(); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.CreateUser(t.Context(), jane, "sam", good, []string{"viewer"}); !errs.Is(err, errs.Forbidden) {
		t.Errorf("a viewer reads the audit log: %v", err)
	}
	if err := s.SetRoles(t.Context(), auth.System, "jane", []string{"night"}); err != nil {
		t.Fatal(err)
	}
	jane, ok := s.Still(jane)
	if !ok || !jane.Can(need(auth.ActWrite, "nodes")) {
		t.Fatalf("%+v", jane)
	}
	night.Permissions[1].Conditions = nil
	if _, err := s.SaveRole(t.Context(), jane, night); !errs.Is(err, errs.Forbidden) {
		t.Errorf("without the condition: %v", err)
	}
}

func FuzzRoleIsJudged(f *testing.F) {
	f.Add("read", "nodes:*", "deny", "user", "${user}", "nodes")
	f.Add("admin", "*", "", "", "", "users:admin")
	f.Fuzz(func(t *testing.T, action, resource, effect, key, value, asked string) {
		p := auth.Permission{Action: auth.Action(action), Resource: resource, Effect: effect}
		if key != "" {
			p.Conditions = map[string]string{key: value}
		}
		got := who(p).Can(need(auth.ActRead, asked))
		if got && (effect == "deny" || action != "read" && action != "admin") {
			t.Errorf("%+v allows reading %q", p, asked)
		}
	})
}
