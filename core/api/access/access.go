// Package access serves who may come in and what they may do: users, roles and sessions.
package access

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// Users keeps users.
type Users interface {
	ListUsers() []auth.UserInfo
	UserInfo(name string) (auth.UserInfo, error)
	PermissionsOf(name string) (auth.Rights, error)
	CreateUser(ctx context.Context, maker auth.Principal, name, password string, roles []string) (auth.UserInfo, error)
	ChangeUser(ctx context.Context, maker auth.Principal, name string, c auth.UserChange) (auth.UserInfo, error)
	DeleteUser(ctx context.Context, maker auth.Principal, name string) error
}

// Roles keeps roles and who has them.
type Roles interface {
	Roles() []auth.Role
	Role(id string) (auth.Role, error)
	SaveRole(ctx context.Context, maker auth.Principal, r auth.Role) (auth.Role, error)
	DeleteRole(ctx context.Context, maker auth.Principal, id string) error
	SetRoles(ctx context.Context, maker auth.Principal, user string, roles []string) error
	AddRole(ctx context.Context, maker auth.Principal, user, role string) error
	RemoveRole(ctx context.Context, maker auth.Principal, user, role string) error
}

// Area is the area with what it needs.
type Area struct {
	Users Users
	Roles Roles
}

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	see := func(r route.Route) route.Route { return r.Admin(auth.ScopeSettingsRead).Needs(auth.ActAdmin, "users") }
	change := func(r route.Route) route.Route {
		return r.Admin(auth.ScopeSettingsWrite).Needs(auth.ActAdmin, "users")
	}
	const user = "/api/admin/users/{username}"
	return []route.Route{
		see(route.Get("/api/admin/roles", "listRoles", "List roles", a.roles)),
		see(route.Get("/api/admin/roles/{id}", "getRole", "Read a role", a.role)),
		change(route.Post("/api/admin/roles", "createRole", "Make a role", a.createRole).Event("role_created")),
		change(route.Put("/api/admin/roles/{id}", "saveRole", "Replace a role, or make it", a.saveRole).Event("role_updated")),
		change(route.Delete("/api/admin/roles/{id}", "deleteRole", "Delete a role, and take it from those who have it", a.deleteRole).Event("role_deleted")),

		see(route.Get("/api/admin/users", "listUsers", "List users with their roles", a.users)),
		change(route.Post("/api/admin/users", "createUser", "Make a user who logs in with a password", a.createUser).Event("user_created")),
		see(route.Get(user, "getUser", "Read a user", a.user)),
		change(route.Patch(user, "changeUser", "Disable or enable a user, set a password or roles; what is left out stays", a.changeUser).Event("user_updated")),
		change(route.Delete(user, "deleteUser", "Delete a user with all their logins and tokens", a.deleteUser).Event("user_deleted")),
		see(route.Get(user+"/roles", "getUserRoles", "Read the roles of a user", a.user)),
		see(route.Get(user+"/permissions", "getUserPermissions", "Read what the roles of a user allow and deny", a.permissions)),
		change(route.Put(user+"/roles", "setUserRoles", "Replace the roles of a user", a.setRoles).Event("user_roles_updated")),
		change(route.Post(user+"/roles", "addUserRole", "Give a user one more role (role_id), or replace all (roleIds)", a.setRoles).Event("user_roles_updated")),
		change(route.Delete(user+"/roles/{role_id}", "removeUserRole", "Take a role from a user", a.removeRole).Event("user_roles_updated")),
	}
}

// Role is a role as the API shows it.
type Role struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	ParentID    string            `json:"parentId,omitempty" help:"The role whose permissions it has as well."`
	Permissions []auth.Permission `json:"permissions"`
	IsBuiltIn   bool              `json:"isBuiltIn"`
	Priority    int               `json:"priority,omitempty"`
	CreatedAt   time.Time         `json:"createdAt"`
	UpdatedAt   time.Time         `json:"updatedAt"`
}

func roleOut(r auth.Role) Role {
	return Role{
		ID: r.ID, Name: r.Name, Description: r.Description, ParentID: r.Parent, Permissions: r.Permissions, IsBuiltIn: r.BuiltIn,
		Priority: r.Priority, CreatedAt: r.Created.UTC(), UpdatedAt: r.Updated.UTC(),
	}
}

func (a Area) roles(context.Context, route.None) ([]Role, error) {
	out := []Role{}
	for _, r := range a.Roles.Roles() {
		out = append(out, roleOut(r))
	}
	return out, nil
}

type idIn struct {
	ID string `path:"id"`
}

func (a Area) role(_ context.Context, in idIn) (Role, error) {
	r, err := a.Roles.Role(in.ID)
	return roleOut(r), err
}

type roleIn struct {
	ID          string            `json:"id,omitempty"`
	Name        string            `json:"name,omitempty"`
	Description string            `json:"description,omitempty"`
	ParentID    string            `json:"parentId,omitempty"`
	Permissions []auth.Permission `json:"permissions"`
	Priority    int               `json:"priority,omitempty"`
}

func (r roleIn) role(id string) auth.Role {
	return auth.Role{ID: id, Name: r.Name, Description: r.Description, Parent: r.ParentID, Permissions: r.Permissions, Priority: r.Priority}
}

// words writes permissions as action:resource.
func words(permissions []auth.Permission) string {
	out := make([]string, len(permissions))
	for i, p := range permissions {
		out[i] = strings.TrimPrefix(p.Effect+" ", "allow ") + string(p.Action) + ":" + p.Resource
	}
	return strings.TrimSpace(strings.Join(out, ", "))
}

func (a Area) createRole(ctx context.Context, in roleIn) (Role, error) {
	audit.Detail(ctx, "%s: %s", in.ID, words(in.Permissions))
	if _, err := a.Roles.Role(in.ID); err == nil {
		return Role{}, errs.New(errs.Conflict, "there is a role %q already: change it with PUT", in.ID).WithWord("save_failed").WithField("id")
	}
	r, err := a.Roles.SaveRole(ctx, auth.PrincipalFrom(ctx), in.role(in.ID))
	return roleOut(r), err
}

type rolePut struct {
	ID   string `path:"id"`
	Body roleIn `body:"json"`
}

func (a Area) saveRole(ctx context.Context, in rolePut) (Role, error) {
	audit.Detail(ctx, "%s: %s", in.ID, words(in.Body.Permissions))
	r, err := a.Roles.SaveRole(ctx, auth.PrincipalFrom(ctx), in.Body.role(in.ID))
	return roleOut(r), err
}

func (a Area) deleteRole(ctx context.Context, in idIn) (route.None, error) {
	return route.None{}, a.Roles.DeleteRole(ctx, auth.PrincipalFrom(ctx), in.ID)
}

// User is a user with their roles.
type User struct {
	Username          string     `json:"username"`
	RoleIDs           []string   `json:"roleIds"`
	UpdatedAt         time.Time  `json:"updatedAt" help:"When the roles were last changed."`
	Source            string     `json:"source" help:"Where the user logs in: local is here; empty for a name that has roles and has never come."`
	Disabled          bool       `json:"disabled"`
	HasPassword       bool       `json:"hasPassword"`
	SecondStep        bool       `json:"secondStep" help:"The login asks for a one-time code as well."`
	Admin             bool       `json:"admin" help:"The roles allow everything."`
	CreatedAt         time.Time  `json:"createdAt"`
	PasswordChangedAt *time.Time `json:"passwordChangedAt,omitempty"`
	LastLoginAt       *time.Time `json:"lastLoginAt,omitempty"`
	Linked            bool       `json:"linked" help:"An identity of single sign-on is bound to the user."`
	LinkUntil         *time.Time `json:"linkUntil,omitempty" help:"Until when the next login of single sign-on under this name is bound to the user; absent for not."`
}

// when is a time of the API, nil for never.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func userOut(u auth.UserInfo) User {
	roles := u.Roles
	if roles == nil {
		roles = []string{}
	}
	return User{
		Username: u.Name, RoleIDs: roles, UpdatedAt: u.Updated.UTC(), Source: u.Source, Disabled: u.Disabled, HasPassword: u.HasPassword,
		SecondStep: u.SecondStep, Admin: u.Admin, CreatedAt: u.Created.UTC(), PasswordChangedAt: when(u.Changed), LastLoginAt: when(u.LastLogin),
		Linked: u.Linked, LinkUntil: when(u.LinkUntil),
	}
}

func (a Area) users(context.Context, route.None) ([]User, error) {
	out := []User{}
	for _, u := range a.Users.ListUsers() {
		out = append(out, userOut(u))
	}
	return out, nil
}

type userPath struct {
	Username string `path:"username"`
}

func (a Area) user(_ context.Context, in userPath) (User, error) {
	u, err := a.Users.UserInfo(in.Username)
	return userOut(u), err
}

type userIn struct {
	Username string   `json:"username"`
	Password string   `json:"password"`
	RoleIDs  []string `json:"roleIds"`
}

func (a Area) createUser(ctx context.Context, in userIn) (route.Reply[User], error) {
	audit.Detail(ctx, "%s with the roles %v", in.Username, in.RoleIDs)
	u, err := a.Users.CreateUser(ctx, auth.PrincipalFrom(ctx), in.Username, in.Password, in.RoleIDs)
	return route.Reply[User]{Status: http.StatusCreated, Body: userOut(u)}, err
}

type userPatch struct {
	Username string     `path:"username"`
	Body     userChange `body:"json"`
}

type userChange struct {
	Disabled *bool    `json:"disabled,omitempty"`
	Password *string  `json:"password,omitempty"`
	RoleIDs  []string `json:"roleIds,omitempty"`
	Link     *bool    `json:"link,omitempty" help:"True lets the next login of single sign-on under this name become the user, within seven days; false takes that back and parts the user from such an identity."`
}

// String says what is changed, without the password.
func (c userChange) String() string {
	var out []string
	if c.Disabled != nil {
		out = append(out, map[bool]string{true: "disabled", false: "enabled"}[*c.Disabled])
	}
	if c.Password != nil {
		out = append(out, "a new password")
	}
	if c.RoleIDs != nil {
		out = append(out, fmt.Sprintf("the roles %v", c.RoleIDs))
	}
	if c.Link != nil {
		out = append(out, map[bool]string{true: "single sign-on may become the user", false: "parted from single sign-on"}[*c.Link])
	}
	return strings.Join(out, ", ")
}

func (a Area) changeUser(ctx context.Context, in userPatch) (User, error) {
	p := auth.PrincipalFrom(ctx)
	audit.Detail(ctx, "%s", in.Body)
	if in.Body.Disabled != nil && *in.Body.Disabled && in.Username == p.User {
		return User{}, errs.New(errs.Conflict, "you cannot disable yourself: another administrator can").WithField("disabled")
	}
	u, err := a.Users.ChangeUser(ctx, p, in.Username, auth.UserChange{Disabled: in.Body.Disabled, Password: in.Body.Password, Roles: in.Body.RoleIDs, Link: in.Body.Link})
	return userOut(u), err
}

func (a Area) deleteUser(ctx context.Context, in userPath) (route.None, error) {
	p := auth.PrincipalFrom(ctx)
	if in.Username == p.User {
		return route.None{}, errs.New(errs.Conflict, "you cannot delete yourself: another administrator can")
	}
	return route.None{}, a.Users.DeleteUser(ctx, p, in.Username)
}

func (a Area) permissions(_ context.Context, in userPath) ([]auth.Permission, error) {
	r, err := a.Users.PermissionsOf(in.Username)
	if r == nil {
		r = auth.Rights{}
	}
	return r, err
}

type rolesIn struct {
	Username string     `path:"username"`
	Body     assignment `body:"json"`
}

type assignment struct {
	RoleIDs []string `json:"roleIds,omitempty" help:"Replaces all roles."`
	RoleID  string   `json:"role_id,omitempty" help:"One more role."`
}

func (a Area) setRoles(ctx context.Context, in rolesIn) (route.None, error) {
	p := auth.PrincipalFrom(ctx)
	audit.Detail(ctx, "the roles %v", in.Body.RoleIDs)
	if in.Body.RoleID != "" {
		audit.Detail(ctx, "the role %s as well", in.Body.RoleID)
	}
	switch {
	case in.Body.RoleIDs != nil:
		return route.None{}, a.Roles.SetRoles(ctx, p, in.Username, in.Body.RoleIDs)
	case in.Body.RoleID != "":
		return route.None{}, a.Roles.AddRole(ctx, p, in.Username, in.Body.RoleID)
	}
	return route.None{}, errs.New(errs.Invalid, "name roleIds to replace all roles, or role_id to add one").WithWord("invalid_request").WithField("roleIds")
}

type rolePath struct {
	Username string `path:"username"`
	RoleID   string `path:"role_id"`
}

func (a Area) removeRole(ctx context.Context, in rolePath) (route.None, error) {
	return route.None{}, a.Roles.RemoveRole(ctx, auth.PrincipalFrom(ctx), in.Username, in.RoleID)
}
