package auth

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// maxUsers bounds how many users there may be, since everybody who is vouched for becomes one.
const maxUsers = 10_000

// UserInfo is what others may know about a user.
type UserInfo struct {
	Name        string
	Source      string
	Roles       []string
	Disabled    bool
	HasPassword bool
	SecondStep  bool // a one-time code is asked for
	Admin       bool
	Created     time.Time
	Updated     time.Time
	Changed     time.Time // of the password, zero without one
	LastLogin   time.Time // zero when never
	Linked      bool      // an identity of single sign-on is bound to the user
	LinkUntil   time.Time // until when one may be, zero for not
}

func (s *Service) info(u User) UserInfo {
	i := UserInfo{
		Name: u.Name, Source: u.Source, Roles: u.Roles, Disabled: u.Disabled, HasPassword: u.Password != "", Admin: s.rights[u.Name].admin, SecondStep: has(s.seconds, u.Name),
		Created: u.Created, Updated: u.Updated, LastLogin: u.LastLogin, Linked: u.Subject != "",
	}
	if u.LinkUntil.After(s.now()) {
		i.LinkUntil = u.LinkUntil
	}
	if i.HasPassword {
		i.Changed = u.Changed
	}
	return i
}

// ListUsers returns all users by name.
func (s *Service) ListUsers() []UserInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]UserInfo, 0, len(s.users))
	for _, u := range s.users {
		out = append(out, s.info(u))
	}
	slices.SortFunc(out, func(a, b UserInfo) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// UserInfo returns one user.
func (s *Service) UserInfo(name string) (UserInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[name]
	if !ok {
		return UserInfo{}, noUser(name)
	}
	return s.info(u), nil
}

// Known reports whether there is a user of that name.
func (s *Service) Known(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return has(s.users, name)
}

// HasPassword reports whether a user logs in here with a password.
func (s *Service) HasPassword(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[name].Password != ""
}

func noUser(name string) error {
	return errs.New(errs.NotFound, "there is no user %q: GET /api/admin/users lists them", name)
}

// PermissionsOf returns what the roles of a user allow and deny.
func (s *Service) PermissionsOf(name string) (Rights, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !has(s.users, name) {
		return nil, noUser(name)
	}
	return slices.Clone(s.rights[name].rights), nil
}

// CreateUser makes a user who logs in with a password.
func (s *Service) CreateUser(ctx context.Context, maker Principal, name, password string, roles []string) (UserInfo, error) {
	if err := checkUser(name); err != nil {
		return UserInfo{}, err
	}
	if err := checkPassword(password, "password"); err != nil {
		return UserInfo{}, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return UserInfo{}, err
	}
	return s.alter(ctx, maker, name, func(u *User, known bool) error {
		if known {
			return errs.New(errs.Conflict, "there is a user %q already", name).WithField("username")
		}
		u.Source, u.Password, u.Changed, u.Roles = SourceLocal, hash, s.now(), roles
		return nil
	})
}

// UserChange is what an administrator may change about a user. What is nil stays.
type UserChange struct {
	Disabled *bool
	Password *string
	Roles    []string
	// Link allows that the next login of single sign-on under the user's name becomes the user, for [LinkLife]; false
	// takes that back, and parts the user from an identity that has become them.
	Link *bool
}

// ChangeUser changes a user. Somebody who is disabled, or whose password somebody else has set, is logged out
// everywhere; tokens of a disabled user are refused until the user is enabled again.
func (s *Service) ChangeUser(ctx context.Context, maker Principal, name string, c UserChange) (UserInfo, error) {
	hash := ""
	if c.Password != nil {
		if err := checkPassword(*c.Password, "password"); err != nil {
			return UserInfo{}, err
		}
		var err error
		if hash, err = s.hasher.hash(ctx, *c.Password); err != nil {
			return UserInfo{}, err
		}
	}
	info, err := s.alter(ctx, maker, name, func(u *User, known bool) error {
		if !known {
			return noUser(name)
		}
		if hash != "" {
			if u.Source != SourceLocal {
				return errs.New(errs.Invalid, "%s logs in elsewhere (%s) and has no password here", name, u.Source).WithField("password")
			}
			u.Password, u.Changed = hash, s.now()
		}
		if c.Disabled != nil {
			u.Disabled = *c.Disabled
		}
		if c.Roles != nil {
			u.Roles = c.Roles
		}
		if c.Link != nil {
			u.allowLink(*c.Link, s.now())
		}
		return nil
	})
	if err == nil && (hash != "" || info.Disabled) {
		err = s.endSessions(ctx, func(x Session) bool { return x.User == name && x.Hash != maker.SessionID })
	}
	return info, err
}

// SetRoles replaces the roles of a user. A name that nobody has becomes a user without a password, for whom other
// systems may vouch later.
func (s *Service) SetRoles(ctx context.Context, maker Principal, name string, roles []string) error {
	_, err := s.alter(ctx, maker, name, func(u *User, _ bool) error { u.Roles = roles; return nil })
	return err
}

// AddRole gives a user one more role; see [Service.SetRoles].
func (s *Service) AddRole(ctx context.Context, maker Principal, name, role string) error {
	_, err := s.alter(ctx, maker, name, func(u *User, _ bool) error {
		u.Roles = append(slices.Clone(u.Roles), role)
		return nil
	})
	return err
}

// RemoveRole takes a role from a user.
func (s *Service) RemoveRole(ctx context.Context, maker Principal, name, role string) error {
	_, err := s.alter(ctx, maker, name, func(u *User, known bool) error {
		if !known || !slices.Contains(u.Roles, role) {
			return errs.New(errs.NotFound, "%s does not have the role %q", name, role)
		}
		u.Roles = slices.DeleteFunc(slices.Clone(u.Roles), func(r string) bool { return r == role })
		return nil
	})
	return err
}

// alter is the one way in which users change: it checks the roles, that nobody reaches above themselves and that
// somebody administers the server, stores the user and lets it count.
func (s *Service) alter(ctx context.Context, maker Principal, name string, edit func(u *User, known bool) error) (UserInfo, error) {
	if err := checkUser(name); err != nil {
		return UserInfo{}, err
	}
	s.change.Lock()
	defer s.change.Unlock()
	next := s.who()
	old, known := next.users[name]
	u := old
	if !known {
		u = User{Name: name, Created: s.now()}
		if err := next.room(name); err != nil {
			return UserInfo{}, err
		}
	}
	if err := edit(&u, known); err != nil {
		return UserInfo{}, err
	}
	if u.Roles = unique(u.Roles); !slices.Equal(u.Roles, old.Roles) || !known {
		u.Updated = s.now()
	}
	for _, r := range u.Roles {
		if !has(next.roles, r) {
			return UserInfo{}, errs.New(errs.Invalid, "there is no role %q: GET /api/admin/roles lists them", r).WithWord("invalid_role_id").WithField("roleIds")
		}
	}
	if !maker.mayGrant(next.rightsOf(u.Roles...)) || !maker.mayGrant(next.rightsOf(old.Roles...)) {
		return UserInfo{}, tooMuch()
	}
	next.users[name] = u
	if err := next.administered(); err != nil {
		return UserInfo{}, err
	}
	if err := s.store.SaveUser(ctx, u); err != nil {
		return UserInfo{}, err
	}
	s.adopt(next)
	return s.UserInfo(name)
}

// room refuses a new user whose name could be taken for another's, and one too many.
func (w who) room(name string) error {
	for other := range w.users {
		if strings.EqualFold(other, name) {
			return errs.New(errs.Conflict, "there is a user %q already, and names that differ in case only are refused", other).WithField("username")
		}
	}
	if len(w.users) >= maxUsers {
		return errs.New(errs.Unavailable, "there are %d users already, and no more can be made: delete some", maxUsers)
	}
	return nil
}

func unique(words []string) []string {
	out := []string{}
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// DeleteUser removes a user with all their sessions and tokens.
func (s *Service) DeleteUser(ctx context.Context, maker Principal, name string) error {
	s.change.Lock()
	defer s.change.Unlock()
	next := s.who()
	u, ok := next.users[name]
	if !ok {
		return noUser(name)
	}
	if !maker.mayGrant(next.rightsOf(u.Roles...)) {
		return tooMuch()
	}
	delete(next.users, name)
	if err := next.administered(); err != nil {
		return err
	}
	if err := s.store.DeleteUser(ctx, name); err != nil {
		return err
	}
	s.mu.Lock()
	maps.DeleteFunc(s.sessions, func(_ string, x Session) bool { return x.User == name })
	maps.DeleteFunc(s.tokens, func(_ string, t Token) bool { return t.Owner == name })
	delete(s.seconds, name)
	delete(s.pending, name)
	s.mu.Unlock()
	s.adopt(next)
	return nil
}

// endSessions ends those that match, at once.
func (s *Service) endSessions(ctx context.Context, match func(Session) bool) error {
	s.mu.Lock()
	var gone []string
	for hash, x := range s.sessions {
		if match(x) {
			gone = append(gone, hash)
			delete(s.sessions, hash)
		}
	}
	s.tell()
	s.mu.Unlock()
	return s.forget(ctx, gone)
}

// Vouched is somebody for whom another system vouches, such as a provider of single sign-on or a proxy.
type Vouched struct {
	// Method is how they come in; the user's source is named after it.
	Method Method
	// Subject is who they are there, in a form that nobody can choose and that stays when their name changes. Systems that
	// have none vouch for the name itself.
	Subject string
	Name    string
	// Roles replace those that the user has here; names that no role has are left out. Nil leaves them.
	Roles []string
}

// Admit returns the caller for whom another system vouches, and makes a user of them at first. The name of a user who
// logs in here is refused: whoever may choose a name elsewhere must not become somebody here.
func (s *Service) Admit(ctx context.Context, v Vouched) (Principal, error) {
	source := string(v.Method)
	s.mu.Lock()
	if v.Roles != nil {
		v.Roles = slices.DeleteFunc(unique(v.Roles), func(r string) bool { return !has(s.roles, r) })
	}
	if v.Subject != "" {
		s.mu.Unlock()
		return s.admitBound(ctx, v)
	}
	u, known := s.users[v.Name]
	s.mu.Unlock()
	if !known || u.Source == "" || v.Roles != nil && !slices.Equal(v.Roles, u.Roles) {
		if known && u.Source != "" && u.Source != source {
			return Principal{}, foreign(u)
		}
		_, err := s.alter(ctx, Principal{Method: v.Method, Admin: true}, v.Name, func(u *User, known bool) error {
			if known && u.Source != "" && u.Source != source {
				return foreign(*u)
			}
			u.Source = source
			if v.Roles != nil {
				u.Roles = v.Roles
			}
			return nil
		})
		if err != nil {
			return Principal{}, err
		}
	} else if u.Source != source {
		return Principal{}, foreign(u)
	}
	p, ok := s.caller(Principal{Method: v.Method, User: v.Name})
	if !ok {
		return Principal{}, disabledHere(v.Name)
	}
	return p, nil
}

func foreign(u User) error {
	return errs.New(errs.Forbidden, "the name %s belongs to a user who comes in otherwise (%s): log in that way, or have an administrator delete that user", u.Name, u.Source).WithWord("forbidden")
}

// caller fills in what the user of a principal may do. It is false when there is no such user, or not any more. The
// lock is not held.
func (s *Service) caller(p Principal) (Principal, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.callerLocked(p)
}

func (s *Service) callerLocked(p Principal) (Principal, bool) {
	u, ok := s.users[p.User]
	if !ok || u.Disabled {
		return Principal{}, false
	}
	g := s.rights[p.User]
	p.Rights, p.Admin = g.rights, g.admin
	return p, true
}
