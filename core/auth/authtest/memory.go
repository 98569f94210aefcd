// Package authtest has a store for tests of what stands on core/auth.
package authtest

import (
	"context"
	"maps"
	"sync"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// Memory is an auth.Store without a disk.
type Memory struct {
	mu       sync.Mutex
	users    map[string]auth.User
	sessions map[string]auth.Session
	tokens   map[string]auth.Token
	roles    map[string]auth.Role
	seconds  map[string]auth.SecondStep
}

var _ auth.Store = (*Memory)(nil)

// New returns an empty store.
func New() *Memory {
	return &Memory{users: map[string]auth.User{}, sessions: map[string]auth.Session{}, tokens: map[string]auth.Token{}, roles: map[string]auth.Role{}, seconds: map[string]auth.SecondStep{}}
}

func values[T any](m *Memory, by map[string]T) []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []T
	for _, v := range by {
		out = append(out, v)
	}
	return out
}

// Users returns all users.
func (m *Memory) Users(context.Context) ([]auth.User, error) { return values(m, m.users), nil }

// Sessions returns all sessions.
func (m *Memory) Sessions(context.Context) ([]auth.Session, error) { return values(m, m.sessions), nil }

// Tokens returns all tokens.
func (m *Memory) Tokens(context.Context) ([]auth.Token, error) { return values(m, m.tokens), nil }

// SaveUser stores a user.
func (m *Memory) SaveUser(_ context.Context, u auth.User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users[u.Name] = u
	return nil
}

// DeleteUser removes a user with their sessions and tokens.
func (m *Memory) DeleteUser(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.users, name)
	maps.DeleteFunc(m.sessions, func(_ string, x auth.Session) bool { return x.User == name })
	maps.DeleteFunc(m.tokens, func(_ string, t auth.Token) bool { return t.Owner == name })
	return nil
}

// SecondSteps returns the second steps by user.
func (m *Memory) SecondSteps(context.Context) (map[string]auth.SecondStep, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.seconds), nil
}

// SaveSecondStep stores a user's second step, nil removes it.
func (m *Memory) SaveSecondStep(_ context.Context, user string, x *auth.SecondStep) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if x == nil {
		delete(m.seconds, user)
	} else {
		m.seconds[user] = *x
	}
	return nil
}

// Roles returns the roles that are not built in.
func (m *Memory) Roles(context.Context) ([]auth.Role, error) { return values(m, m.roles), nil }

// SaveRole stores a role.
func (m *Memory) SaveRole(_ context.Context, r auth.Role) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.roles[r.ID] = r
	return nil
}

// DeleteRole removes a role and stores those who had it.
func (m *Memory) DeleteRole(_ context.Context, id string, holders []auth.User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.roles, id)
	for _, u := range holders {
		m.users[u.Name] = u
	}
	return nil
}

// Claim stores the first user and replaces the tokens of users.
func (m *Memory) Claim(_ context.Context, u auth.User, tokens []auth.Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.users) > 0 {
		return errs.New(errs.Conflict, "claimed")
	}
	m.users[u.Name] = u
	for id, t := range m.tokens {
		if !t.Enrolled {
			delete(m.tokens, id)
		}
	}
	for _, t := range tokens {
		m.tokens[t.ID] = t
	}
	return nil
}

// SaveSession stores a session.
func (m *Memory) SaveSession(_ context.Context, s auth.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[s.Hash] = s
	return nil
}

// TouchSession changes a session that is there.
func (m *Memory) TouchSession(_ context.Context, s auth.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.sessions[s.Hash]; ok {
		m.sessions[s.Hash] = s
	}
	return nil
}

// DeleteSessions removes sessions.
func (m *Memory) DeleteSessions(_ context.Context, hashes []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range hashes {
		delete(m.sessions, h)
	}
	return nil
}

// SaveToken stores a token.
func (m *Memory) SaveToken(_ context.Context, t auth.Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens[t.ID] = t
	return nil
}

// TouchToken changes a token that is there.
func (m *Memory) TouchToken(_ context.Context, t auth.Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.tokens[t.ID]; ok {
		m.tokens[t.ID] = t
	}
	return nil
}

// RotateToken changes a token that is there.
func (m *Memory) RotateToken(ctx context.Context, t auth.Token) error { return m.TouchToken(ctx, t) }

// DeleteToken removes a token.
func (m *Memory) DeleteToken(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tokens, id)
	return nil
}
