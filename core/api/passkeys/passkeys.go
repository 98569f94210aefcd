// Package passkeys serves passkeys: those of the caller, and logging in by one.
package passkeys

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/passkey"
)

// Service knows passkeys.
type Service interface {
	List(ctx context.Context, user string) ([]passkey.Key, error)
	Register(ctx context.Context, user, base string) (ceremony string, options any, err error)
	Add(ctx context.Context, user, base, name, ceremony string, answer []byte) (passkey.Key, error)
	Rename(ctx context.Context, user, key, name string) error
	Delete(ctx context.Context, user, key string) (name string, err error)
	DeleteAll(ctx context.Context, user string) (names []string, err error)
	Login(base string) (ceremony string, options any, err error)
	Enter(ctx context.Context, base, ceremony string, answer []byte) (passkey.Key, error)
}

// Doors lets people in.
type Doors interface {
	// Confirm checks the password of a user who is logged in already.
	Confirm(ctx context.Context, user, password, peer string) error
	OpenSession(ctx context.Context, n auth.NewSession) (session, csrf string, err error)
	// MayReach returns why a caller may not change how a user comes in, nil when they may.
	MayReach(maker auth.Principal, user string) error
}

// Area is the area with what it needs.
type Area struct {
	Service Service
	Doors   Doors
	// BaseURL is where people reach the server, empty to take it from each request.
	BaseURL string
}

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	door := func(x *route.Access) { x.Unclaimed, x.NoCSRF = false, true }
	write := auth.ScopeSettingsWrite
	const mine, others = "/api/security/passkeys", "/api/admin/users/{username}/passkeys"
	return []route.Route{
		route.Get(mine, "listPasskeys", "The caller's passkeys, and whether there can be some at this address", a.list).Own(auth.ScopeSettingsRead),
		route.Post(mine+"/begin", "beginPasskey", "Begin to make a passkey for the caller, with the password", a.begin).Own(write).Unaudited().Class("auth"),
		route.Post(mine, "addPasskey", "Keep the passkey that the device has made", a.add).Own(write).Event("passkey_added").Class("auth"),
		route.Patch(mine+"/{id}", "renamePasskey", "Give a passkey of the caller another name", a.rename).Own(write).Event("passkey_renamed"),
		route.Delete(mine+"/{id}", "deletePasskey", "Delete a passkey of the caller", a.remove).Own(write).Event("passkey_deleted"),
		route.Get(others, "listUserPasskeys", "The passkeys of a user", a.listOf).Admin(auth.ScopeSettingsRead).Needs(auth.ActAdmin, "users"),
		route.Delete(others, "deleteUserPasskeys", "Delete all passkeys of a user, for example of a device that is lost", a.removeOf).Admin(write).Needs(auth.ActAdmin, "users").Event("passkeys_reset"),
		route.Post("/api/passkeys/begin", "beginPasskeyLogin", "Begin to log in by a passkey", a.beginLogin).Public().With(door).Unaudited().Class("auth"),
		route.Post("/api/passkeys/login", "passkeyLogin", "Log in by the passkey that the device has used", a.login).Public().With(door).Event("passkey_login").Class("auth"),
	}
}

// Passkey is a passkey as the API shows it.
type Passkey struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Host       string     `json:"host" help:"The name of this server for which it was made."`
	CreatedAt  time.Time  `json:"createdAt"`
	LastUsedAt *time.Time `json:"lastUsedAt,omitempty"`
}

// List is what the caller has.
type List struct {
	Unavailable string    `json:"unavailable,omitempty" help:"Why there can be no passkeys at this address; absent when there can."`
	Passkeys    []Passkey `json:"passkeys"`
}

func out(k passkey.Key) Passkey {
	p := Passkey{ID: k.ID, Name: k.Name, Host: k.Host, CreatedAt: k.Created.UTC()}
	if !k.LastUsed.IsZero() {
		at := k.LastUsed.UTC()
		p.LastUsedAt = &at
	}
	return p
}

// caller is the user who is logged in here. Passkeys are for people: a token makes none.
func caller(ctx context.Context) (string, error) {
	p := auth.PrincipalFrom(ctx)
	if p.User == "" || p.Token != nil {
		return "", errs.New(errs.Forbidden, "log in to see to your passkeys: a token cannot").WithWord("forbidden")
	}
	return p.User, nil
}

func (a Area) base(ctx context.Context) string { return route.RequestFrom(ctx).Base(a.BaseURL) }

func (a Area) list(ctx context.Context, _ route.None) (List, error) {
	user, err := caller(ctx)
	if err != nil {
		return List{}, err
	}
	return a.listed(ctx, user)
}

func (a Area) listed(ctx context.Context, user string) (List, error) {
	all, err := a.Service.List(ctx, user)
	l := List{Unavailable: passkey.Unavailable(a.base(ctx)), Passkeys: []Passkey{}}
	for _, k := range all {
		l.Passkeys = append(l.Passkeys, out(k))
	}
	return l, err
}

type userIn struct {
	Username string `path:"username"`
}

func (a Area) listOf(ctx context.Context, in userIn) (List, error) {
	if err := a.Doors.MayReach(auth.PrincipalFrom(ctx), in.Username); err != nil {
		return List{}, err
	}
	return a.listed(ctx, in.Username)
}

func (a Area) removeOf(ctx context.Context, in userIn) (route.None, error) {
	if err := a.Doors.MayReach(auth.PrincipalFrom(ctx), in.Username); err != nil {
		return route.None{}, err
	}
	names, err := a.Service.DeleteAll(ctx, in.Username)
	audit.Detail(ctx, "%s: %q", in.Username, names)
	return route.None{}, err
}

type beginIn struct {
	Password string `json:"password" help:"The caller's, so that an open browser is not enough."`
}

// Ceremony is what a browser hands to the device, and gives back with its answer.
type Ceremony struct {
	Ceremony string          `json:"ceremony"`
	Options  json.RawMessage `json:"options" help:"Options of WebAuthn as JSON, for parseCreationOptionsFromJSON or parseRequestOptionsFromJSON."`
}

func ceremony(name string, options any, err error) (Ceremony, error) {
	if err != nil {
		return Ceremony{}, err
	}
	raw, err := json.Marshal(options)
	return Ceremony{name, raw}, err
}

func (a Area) begin(ctx context.Context, in beginIn) (Ceremony, error) {
	user, err := caller(ctx)
	if err != nil {
		return Ceremony{}, err
	}
	if err := a.Doors.Confirm(ctx, user, in.Password, route.RequestFrom(ctx).Peer); err != nil {
		return Ceremony{}, err
	}
	return ceremony(a.Service.Register(ctx, user, a.base(ctx)))
}

type addIn struct {
	Ceremony   string          `json:"ceremony"`
	Name       string          `json:"name"`
	Credential json.RawMessage `json:"credential" help:"What the device answered, as JSON."`
}

func (a Area) add(ctx context.Context, in addIn) (route.Reply[Passkey], error) {
	user, err := caller(ctx)
	if err != nil {
		return route.Reply[Passkey]{}, err
	}
	audit.Detail(ctx, "%q", in.Name)
	k, err := a.Service.Add(ctx, user, a.base(ctx), in.Name, in.Ceremony, in.Credential)
	return route.Reply[Passkey]{Status: http.StatusCreated, Body: out(k)}, err
}

type renameIn struct {
	ID   string `path:"id"`
	Body struct {
		Name string `json:"name"`
	} `body:"json"`
}

func (a Area) rename(ctx context.Context, in renameIn) (route.None, error) {
	user, err := caller(ctx)
	if err != nil {
		return route.None{}, err
	}
	audit.Detail(ctx, "%q", in.Body.Name)
	return route.None{}, a.Service.Rename(ctx, user, in.ID, in.Body.Name)
}

type idIn struct {
	ID string `path:"id"`
}

func (a Area) remove(ctx context.Context, in idIn) (route.None, error) {
	user, err := caller(ctx)
	if err != nil {
		return route.None{}, err
	}
	name, err := a.Service.Delete(ctx, user, in.ID)
	audit.Detail(ctx, "%q", name)
	return route.None{}, err
}

func (a Area) beginLogin(ctx context.Context, _ route.None) (Ceremony, error) {
	return ceremony(a.Service.Login(a.base(ctx)))
}

type loginIn struct {
	Ceremony   string          `json:"ceremony"`
	Credential json.RawMessage `json:"credential" help:"What the device answered, as JSON."`
	RememberMe bool            `json:"rememberMe,omitempty"`
}

// Entered is the answer of a login.
type Entered struct {
	Success bool `json:"success"`
}

func (a Area) login(ctx context.Context, in loginIn) (route.Reply[Entered], error) {
	r := route.RequestFrom(ctx)
	k, err := a.Service.Enter(ctx, a.base(ctx), in.Ceremony, in.Credential)
	if err != nil {
		return route.Reply[Entered]{}, err
	}
	audit.Actor(ctx, k.User)
	audit.Detail(ctx, "by the passkey %q", k.Name)
	life := auth.SessionLife
	if in.RememberMe {
		life = auth.RememberLife
	}
	session, csrf, err := a.Doors.OpenSession(ctx, auth.NewSession{User: k.User, Life: life, Peer: r.Peer, Agent: r.Agent})
	if err != nil {
		return route.Reply[Entered]{}, errs.New(errs.Unauthenticated, "this user may not log in: an administrator can change that").WithWord("invalid_credentials")
	}
	return route.Reply[Entered]{Body: Entered{true}, Cookies: []*http.Cookie{route.SessionCookie(r, session, life), route.CSRFCookie(r, csrf, life)}}, nil
}
