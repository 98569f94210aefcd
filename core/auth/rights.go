package auth

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/errs"
)

// Action is what a permission lets somebody do with a resource.
type Action string

// The actions. [ActAdmin] implies all others.
const (
	ActRead   Action = "read"
	ActWrite  Action = "write"
	ActDelete Action = "delete"
	ActAdmin  Action = "admin"
)

// Need is the permission that something asks for, such as admin:users. The zero Need asks for none.
type Need struct {
	Action   Action
	Resource string
}

func (n Need) String() string { return string(n.Action) + ":" + n.Resource }

// Permission lets the holders of a role do something, or forbids it.
type Permission struct {
	Action Action `json:"action"`
	// Resource is a word such as nodes, nodes:* for it and everything below it, or * for all.
	Resource string `json:"resource"`
	// Effect is allow, also when it is empty, or deny, which wins over any allow.
	Effect string `json:"effect,omitempty" enum:"allow,deny"`
	// Conditions must all hold: user is the caller's name, method how the caller proved it. ${user} stands for the name.
	Conditions map[string]string `json:"conditions,omitempty"`
}

// covers reports whether the permission is about what is needed.
func (p Permission) covers(n Need) bool {
	if p.Action != n.Action && p.Action != ActAdmin {
		return false
	}
	return within(n.Resource, p.Resource)
}

// within reports whether a resource is what another names, or lies below it.
func within(resource, of string) bool {
	base, below := strings.CutSuffix(of, ":*")
	return of == "*" || of == resource || below && (base == resource || strings.HasPrefix(resource, base+":"))
}

// touches reports whether the permission is about a part of what is needed: who is denied a part has not the whole.
func (p Permission) touches(n Need) bool {
	if p.Action != n.Action && p.Action != ActAdmin && n.Action != ActAdmin {
		return false
	}
	return within(n.Resource, p.Resource) || within(p.Resource, n.Resource)
}

// holds reports whether the conditions are met.
func (p Permission) holds(who Principal) bool {
	for key, want := range p.Conditions {
		got := ""
		switch key {
		case "user":
			got = who.User
		case "method":
			got = string(who.Method)
		}
		if got != strings.ReplaceAll(want, "${user}", who.User) {
			return false
		}
	}
	return true
}

// Rights are the permissions of all roles that somebody has. The zero Rights allow nothing.
type Rights []Permission

// allow reports whether the rights of who let who do what is needed: something allows it and nothing denies it, or a part
// of it.
func (r Rights) allow(n Need, who Principal) bool {
	allowed := false
	for _, p := range r {
		switch {
		case !p.holds(who):
		case p.Effect != "deny":
			allowed = allowed || p.covers(n)
		case p.touches(n):
			return false
		}
	}
	return allowed
}

// everything is the permission of administrators.
var everything = Permission{Action: ActAdmin, Resource: "*"}

// admin reports whether the rights are those of an administrator: everything, with nothing denied and no condition.
func (r Rights) admin() bool {
	return slices.ContainsFunc(r, func(p Permission) bool {
		return p.Action == everything.Action && p.Resource == everything.Resource && p.Effect != "deny" && len(p.Conditions) == 0
	}) && !slices.ContainsFunc(r, func(p Permission) bool { return p.Effect == "deny" })
}

// ofAgents are the rights of tokens that the server gave to agents and that belong to no user.
var ofAgents = Rights{{Action: ActRead, Resource: "nodes"}, {Action: ActWrite, Resource: "nodes"}}

// Can reports whether the caller has a permission.
func (p Principal) Can(n Need) bool {
	return p.Authenticated() && (n == Need{} || p.Admin || p.Rights.allow(n, p))
}

// Resources are the words that permissions are about.
var Resources = []string{"nodes", "vms", "containers", "alerts", "settings", "users", "audit_logs", "license", "ai", "discovery", "compliance"}

// List returns the permissions that the caller has, as action:resource, for those who show only what is allowed; the
// resource "*" stands for all. The scopes of a token count as far as they tell reading from changing, and monitoring from
// settings.
func (p Principal) List() []string {
	out := []string{}
	for _, resource := range append(slices.Clone(Resources), "*") {
		read, write := ScopeSettingsRead, ScopeSettingsWrite
		if slices.Contains([]string{"nodes", "vms", "containers", "alerts"}, resource) {
			read, write = ScopeMonitoringRead, ScopeMonitoringWrite
		}
		for _, action := range []Action{ActRead, ActWrite, ActDelete, ActAdmin} {
			scope := write
			if action == ActRead {
				scope = read
			}
			if n := (Need{action, resource}); p.Can(n) && p.May(scope) {
				out = append(out, n.String())
			}
		}
	}
	return out
}

// mayGrant reports whether the caller may hand rights on: nobody hands on more than they have. A token that is
// limited to some scopes hands on nothing.
func (p Principal) mayGrant(r Rights) bool {
	if p.Token != nil && !p.May(ScopeAll) {
		return len(r) == 0
	}
	return !slices.ContainsFunc(r, func(x Permission) bool { return x.Effect != "deny" && !p.Admin && !p.Rights.handOn(x, p) })
}

// handOn reports whether who may hand a permission on: they have all of it, under no condition that it has not as well.
func (r Rights) handOn(x Permission, who Principal) bool {
	n := Need{x.Action, x.Resource}
	return r.allow(n, who) && slices.ContainsFunc(r, func(p Permission) bool {
		return p.Effect != "deny" && p.covers(n) && p.holds(who) && (len(p.Conditions) == 0 || maps.Equal(p.Conditions, x.Conditions))
	})
}

// ScopeNeed is the permission that the work of a scope asks for: the owner of a token must have it. Admin tells that
// the work is for administrators of the resource.
func ScopeNeed(s Scope, admin bool) Need {
	n := Need{Action: ActWrite, Resource: "nodes"} // agents report about nodes and what runs on them
	switch s {
	case ScopeSettingsRead, ScopeSettingsWrite:
		n.Resource = "settings"
	case ScopeAIChat, ScopeAIExecute:
		n.Resource = "ai"
	case ScopeDockerManage, ScopeKubernetesManage:
		n.Resource = "containers"
	}
	if strings.HasSuffix(string(s), ":read") || s == ScopeAIChat {
		n.Action = ActRead
	}
	if admin {
		n.Action = ActAdmin
	}
	return n
}

// MissingPermission is the error for a caller who lacks a permission, as the contract has it.
func MissingPermission(n Need) error {
	e := errs.New(errs.Forbidden, "you lack the permission %s: an administrator can give you a role that has it", n).WithWord("forbidden")
	e.Extra = map[string]any{"error": "forbidden", "action": string(n.Action), "resource": n.Resource}
	return e
}
