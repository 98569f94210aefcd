package arrival

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/bundle"
)

// tokens keep their values: only their hashes come, under the name of the function that made them.
func (t *translator) tokens(d Document) {
	for _, k := range d.Tokens {
		what := "token " + k.Name
		hash := strings.ToLower(k.Hash)
		if !hexHash.MatchString(hash) {
			t.left(what, "its hash is not one of SHA3-256")
			continue
		}
		if org := strings.Join(append(k.OrgIDs, k.OrgID), ""); strings.ReplaceAll(org, "default", "") != "" {
			t.left(what, "it belongs to an organisation, and there are none here")
			continue
		}
		scopes, unknown := known(k.Scopes)
		if len(unknown) > 0 {
			t.left(what+": "+strings.Join(unknown, ", "), "there are no such scopes here; the token comes without them")
		}
		if len(scopes) == 0 {
			continue
		}
		r := bundle.Row{
			"id": k.ID, "hash": auth.ForeignHash(hash), "name": k.Name, "prefix": k.Prefix, "suffix": k.Suffix, "scopes": strings.Join(scopes, " "),
			"owner": t.here.Owner, "enrolled": int64(0), "created": k.CreatedAt.UnixMilli(), "last_used": int64(0),
		}
		if k.ID == "" {
			r["id"] = hash[:32]
		}
		if k.LastUsedAt != nil {
			r["last_used"] = k.LastUsedAt.UnixMilli()
		}
		t.row("tokens", r)
	}
}

// known sorts scopes into those that are known here and others. None at all means every one.
func known(scopes []string) (here, others []string) {
	if len(scopes) == 0 {
		return []string{string(auth.ScopeAll)}, nil
	}
	for _, s := range scopes {
		if auth.Scope(s) == auth.ScopeAll || slices.Contains(auth.Scopes, auth.Scope(s)) {
			here = append(here, s)
		} else {
			others = append(others, s)
		}
	}
	return here, others
}

// Role is a role that somebody made there; the built-in ones are here as well.
type Role struct {
	auth.Role
	BuiltIn bool `json:"isBuiltIn"`
}

// roles come when their permissions mean something here. Nobody has them until somebody gives them.
func (t *translator) roles(d Document) {
	for _, r := range d.Roles {
		switch {
		case r.BuiltIn:
		case slices.Contains(t.here.Roles, r.ID):
			t.left("role "+r.ID, "there is a role of this id here already")
		case auth.CheckRole(r.Role) != nil:
			t.left("role "+r.ID, why(auth.CheckRole(r.Role)))
		case r.Parent != "" && !slices.Contains(t.here.Roles, r.Parent) && !slices.ContainsFunc(d.Roles, func(o Role) bool { return o.ID == r.Parent }):
			t.left("role "+r.ID, "there is no role "+r.Parent+" from which it has permissions")
		default:
			r.Name, r.Created, r.Updated = cmp.Or(r.Name, r.ID), t.here.Now, t.here.Now
			body, err := json.Marshal(r.Role)
			if err != nil {
				t.left("role "+r.ID, "it cannot be written")
				continue
			}
			t.row("roles", bundle.Row{"id": r.ID, "body": base64.StdEncoding.EncodeToString(body)})
		}
	}
}

// users keep their passwords: the hash is accepted once, then replaced.
func (t *translator) users(d Document) {
	for _, u := range d.Users {
		switch {
		case slices.ContainsFunc(t.here.Users, func(name string) bool { return strings.EqualFold(name, u.Name) }):
			t.left("user "+u.Name, "there is a user of this name here already")
		case !auth.ForeignPassword(u.Password):
			t.left("user "+u.Name, "the password is not a bcrypt hash: make the user anew")
		case auth.CheckUser(u.Name) != nil:
			t.left("user "+u.Name, why(auth.CheckUser(u.Name)))
		default:
			t.row("users", bundle.Row{"name": u.Name, "password": u.Password, "roles": auth.RoleAdmin, "created": t.here.Now.UnixMilli(), "updated": t.here.Now.UnixMilli(), "changed": t.here.Now.UnixMilli()})
		}
	}
}
