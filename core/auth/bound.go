package auth

import (
	"context"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// LinkLife is how long a user may be taken over by an identity of single sign-on after an administrator allowed it.
const LinkLife = 7 * 24 * time.Hour

// admitBound returns the user to whom an identity of another system is bound. A name decides nothing but how somebody
// is called who comes for the first time: at many providers users choose it.
func (s *Service) admitBound(ctx context.Context, v Vouched) (Principal, error) {
	u, known := s.boundTo(v.Subject)
	name := v.Name
	if known {
		name = u.Name
	}
	if !known || u.Source == string(v.Method) && v.Roles != nil && !slices.Equal(v.Roles, u.Roles) {
		_, err := s.alter(ctx, Principal{Method: v.Method, Admin: true}, name, func(u *User, there bool) error { return s.bind(u, there, v) })
		if err != nil {
			return Principal{}, err
		}
	}
	p, ok := s.caller(Principal{Method: v.Method, User: name})
	if !ok {
		return Principal{}, disabledHere(name)
	}
	return p, nil
}

// bind lets an identity be a user from now on: a new one, or one of whom an administrator has said so. Roles from
// elsewhere count for users who come from there only; who has a password here keeps the roles that were given here.
func (s *Service) bind(u *User, there bool, v Vouched) error {
	if u.Subject != v.Subject {
		if there && !u.LinkUntil.After(s.now()) {
			return errs.New(errs.Forbidden, "there is a user %s already, who is not the one that logs in by single sign-on: an administrator can allow on the page of users that they become one", u.Name).WithWord("forbidden")
		}
		if u.Source == "" {
			u.Source = string(v.Method)
		}
		u.Subject, u.LinkUntil = v.Subject, time.Time{}
	}
	if u.Source == string(v.Method) && v.Roles != nil {
		u.Roles = v.Roles
	}
	return nil
}

// boundTo returns the user to whom an identity is bound.
func (s *Service) boundTo(subject string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if u.Subject == subject {
			return u, true
		}
	}
	return User{}, false
}

// allowLink lets the next login of single sign-on under the user's name become this user, or takes that back together
// with an identity that is bound already.
func (u *User) allowLink(allow bool, now time.Time) {
	u.LinkUntil = time.Time{}
	if allow {
		u.LinkUntil = now.Add(LinkLife)
		return
	}
	u.Subject = ""
}

func disabledHere(name string) error {
	return errs.New(errs.Forbidden, "the user %s is disabled here: an administrator can change that", name).WithWord("forbidden")
}
