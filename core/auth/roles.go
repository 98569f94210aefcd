package auth

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// RoleAdmin is the role of those who administer the server.
const RoleAdmin = "admin"

// The bounds of roles.
const (
	maxRoles       = 200
	maxPermissions = 200
	maxParents     = 10
)

// Role is a named set of permissions. The json names are those in which it is stored.
type Role struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Parent      string       `json:"parentId,omitempty"` // the role whose permissions it has as well
	Permissions []Permission `json:"permissions"`
	BuiltIn     bool         `json:"-"`
	Priority    int          `json:"priority,omitempty"` // for people to sort by
	Created     time.Time    `json:"createdAt"`
	Updated     time.Time    `json:"updatedAt"`
}

// allow makes permissions that allow, written as action:resource.
func allow(words ...string) []Permission {
	out := make([]Permission, len(words))
	for i, w := range words {
		action, resource, _ := strings.Cut(w, ":")
		out[i] = Permission{Action: Action(action), Resource: resource}
	}
	return out
}

// builtIn are the roles of the contract, which nobody can change.
func builtIn() map[string]Role {
	return map[string]Role{
		RoleAdmin:  {ID: RoleAdmin, Name: "Administrator", Description: "May do everything.", Permissions: allow("admin:*"), BuiltIn: true, Priority: 100},
		"operator": {ID: "operator", Name: "Operator", Description: "Sees everything that is monitored, and works with it.", Permissions: allow("read:*", "write:nodes", "write:vms", "write:containers", "write:alerts"), BuiltIn: true, Priority: 50},
		"viewer":   {ID: "viewer", Name: "Viewer", Description: "Sees everything that is monitored.", Permissions: allow("read:*"), BuiltIn: true, Priority: 10},
		"auditor":  {ID: "auditor", Name: "Auditor", Description: "Reads the audit log, and sees nodes and alerts.", Permissions: allow("read:audit_logs", "read:nodes", "read:alerts", "read:compliance"), BuiltIn: true, Priority: 20},
	}
}

// RoleIDs are the ids of the built-in roles and of those that are stored.
func RoleIDs(stored []Role) []string {
	ids := slices.Collect(maps.Keys(builtIn()))
	for _, r := range stored {
		ids = append(ids, r.ID)
	}
	return ids
}

// RightsOf returns what a built-in role allows.
func RightsOf(role string) Rights { return Rights(builtIn()[role].Permissions) }

var (
	roleID       = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	resourceName = regexp.MustCompile(`^(\*|[A-Za-z0-9_.@-]+(:[A-Za-z0-9_.@-]+)*(:\*)?)$`)
)

// checkRole refuses what could not be judged.
func checkRole(r Role) error {
	bad := func(field, format string, args ...any) error {
		return errs.New(errs.Invalid, format, args...).WithWord("invalid_request").WithField(field)
	}
	switch {
	case !roleID.MatchString(r.ID):
		return errs.New(errs.Invalid, "the id of a role must have 1 to 64 letters, digits, _ or -").WithWord("invalid_role_id").WithField("id")
	case len(r.Name) > 100 || len(r.Description) > 500:
		return bad("name", "the name may have 100 bytes, the description 500")
	case len(r.Permissions) > maxPermissions:
		return bad("permissions", "a role may have at most %d permissions", maxPermissions)
	}
	for _, p := range r.Permissions {
		if !slices.Contains([]Action{ActRead, ActWrite, ActDelete, ActAdmin}, p.Action) {
			return bad("permissions", "unknown action %q: use read, write, delete or admin", p.Action)
		}
		if len(p.Resource) > 128 || !resourceName.MatchString(p.Resource) {
			return bad("permissions", "unknown resource %q: use a word such as nodes, nodes:* or *", p.Resource)
		}
		if !slices.Contains([]string{"", "allow", "deny"}, p.Effect) {
			return bad("permissions", "unknown effect %q: use allow or deny", p.Effect)
		}
		for key := range p.Conditions {
			if key != "user" && key != "method" {
				return bad("permissions", "unknown condition %q: conditions are about user or method", key)
			}
		}
	}
	return nil
}

// Roles returns all roles, the built-in ones first, then by name.
func (s *Service) Roles() []Role {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.roles), func(a, b Role) int {
		if a.BuiltIn != b.BuiltIn {
			return cmp.Compare(b2i(b.BuiltIn), b2i(a.BuiltIn))
		}
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Role returns one role.
func (s *Service) Role(name string) (Role, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.roles[name]
	if !ok {
		return Role{}, noRole(name)
	}
	return r, nil
}

func noRole(name string) error {
	return errs.New(errs.NotFound, "there is no role %q: GET /api/admin/roles lists them", name)
}

// SaveRole makes or replaces a role. Nobody makes a role that may more than themselves, built-in roles stay as they
// are, and somebody must stay who administers the server.
func (s *Service) SaveRole(ctx context.Context, maker Principal, r Role) (Role, error) {
	if r.Name = strings.TrimSpace(r.Name); r.Name == "" {
		r.Name = r.ID
	}
	if err := checkRole(r); err != nil {
		return Role{}, err
	}
	s.change.Lock()
	defer s.change.Unlock()
	next := s.who()
	old, known := next.roles[r.ID]
	switch {
	case known && old.BuiltIn:
		return Role{}, errs.New(errs.Conflict, "the role %s is built in and cannot be changed: make one of your own, with it as the parent", r.ID).WithWord("save_failed")
	case r.Parent != "" && !has(next.roles, r.Parent):
		return Role{}, errs.New(errs.Invalid, "there is no role %q to be the parent", r.Parent).WithWord("invalid_request").WithField("parentId")
	case !known && len(next.roles) >= maxRoles:
		return Role{}, errs.New(errs.Invalid, "there are %d roles already, and no more can be made", maxRoles)
	}
	r.BuiltIn, r.Created, r.Updated = false, s.now(), s.now()
	if known {
		r.Created = old.Created
	}
	if r.Permissions == nil {
		r.Permissions = []Permission{}
	}
	before := next.rightsOf(r.ID)
	next.roles[r.ID] = r
	if next.loops(r.ID) {
		return Role{}, errs.New(errs.Invalid, "the role would be its own parent, or have more than %d above it", maxParents).WithWord("invalid_request").WithField("parentId")
	}
	if !maker.mayGrant(next.rightsOf(r.ID)) || !maker.mayGrant(before) {
		return Role{}, tooMuch()
	}
	if err := next.administered(); err != nil {
		return Role{}, err
	}
	if err := s.store.SaveRole(ctx, r); err != nil {
		return Role{}, err
	}
	s.adopt(next)
	return r, nil
}

// MayGrant returns why a caller may not hand roles on, nil when they may.
func (s *Service) MayGrant(maker Principal, roles []string) error {
	if !maker.mayGrant(s.who().rightsOf(roles...)) {
		return tooMuch()
	}
	return nil
}

// MayReach returns why a caller may not change how a user comes in, nil when they may: who can let themselves in as
// somebody has their rights.
func (s *Service) MayReach(maker Principal, user string) error {
	s.mu.Lock()
	known, rights := has(s.users, user), s.rights[user].rights
	s.mu.Unlock()
	switch {
	case !known:
		return noUser(user)
	case !maker.mayGrant(rights):
		return tooMuch()
	}
	return nil
}

func tooMuch() error {
	return errs.New(errs.Forbidden, "you cannot hand on permissions, or change those, that you do not have yourself").WithWord("forbidden")
}

func has[V any](m map[string]V, key string) bool { _, ok := m[key]; return ok }

// DeleteRole removes a role, and takes it from those who have it. A role that is not there is removed already.
func (s *Service) DeleteRole(ctx context.Context, maker Principal, name string) error {
	s.change.Lock()
	defer s.change.Unlock()
	next := s.who()
	r, ok := next.roles[name]
	if !ok {
		return nil
	}
	if r.BuiltIn {
		return errs.New(errs.Conflict, "the role %s is built in and cannot be deleted", name).WithWord("delete_failed")
	}
	if !maker.mayGrant(next.rightsOf(name)) {
		return tooMuch()
	}
	for _, other := range next.roles {
		if other.Parent == name {
			return errs.New(errs.Conflict, "the role %s has its permissions from %s: change its parent first", other.ID, name).WithWord("delete_failed")
		}
	}
	delete(next.roles, name)
	var holders []User
	for _, u := range next.users {
		if slices.Contains(u.Roles, name) {
			u.Roles = slices.DeleteFunc(slices.Clone(u.Roles), func(r string) bool { return r == name })
			u.Updated = s.now()
			next.users[u.Name] = u
			holders = append(holders, u)
		}
	}
	if err := next.administered(); err != nil {
		return err
	}
	if err := s.store.DeleteRole(ctx, name, holders); err != nil {
		return err
	}
	s.adopt(next)
	return nil
}

// who is all users and roles, as a change would leave them.
type who struct {
	users map[string]User
	roles map[string]Role
}

// who returns a copy to change.
func (s *Service) who() who {
	s.mu.Lock()
	defer s.mu.Unlock()
	return who{users: maps.Clone(s.users), roles: maps.Clone(s.roles)}
}

// adopt makes changed users and roles the ones that count, at once, for everybody who is logged in.
func (s *Service) adopt(next who) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users, s.roles = next.users, next.roles
	s.derive()
	s.tell()
}

// derive computes everybody's rights. The lock is held.
func (s *Service) derive() {
	w := who{s.users, s.roles}
	s.rights = make(map[string]grant, len(s.users))
	for name, u := range s.users {
		r := w.rightsOf(u.Roles...)
		s.rights[name] = grant{rights: r, admin: r.admin()}
	}
}

// grant is what a user may do.
type grant struct {
	rights Rights
	admin  bool
}

// rightsOf returns the permissions of roles and of those above them. Roles that do not exist have none.
func (w who) rightsOf(names ...string) Rights {
	var out Rights
	for _, name := range names {
		for range maxParents + 1 {
			r, ok := w.roles[name]
			if !ok {
				break
			}
			out = append(out, r.Permissions...)
			name = r.Parent
		}
	}
	return out
}

// loops reports whether the parents of a role do not end.
func (w who) loops(name string) bool {
	for range maxParents + 1 {
		r, ok := w.roles[name]
		if !ok || r.Parent == "" {
			return false
		}
		name = r.Parent
	}
	return true
}

// administered refuses a change after which nobody could administer the server: somebody who logs in here with a
// password must have all rights.
func (w who) administered() error {
	for _, u := range w.users {
		if !u.Disabled && u.Password != "" && w.rightsOf(u.Roles...).admin() {
			return nil
		}
	}
	return errs.New(errs.Conflict, "the server would have no administrator any more: give the role %s to another user with a password first", RoleAdmin).WithWord("last_admin")
}
