package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// Auth keeps users, sessions and tokens. It implements auth.Store.
type Auth struct {
	db     *DB
	sealer Sealer
}

// NewAuth returns the store on an open state database.
func NewAuth(db *DB) *Auth { return &Auth{db: db} }

// With returns the store with what opens and seals second steps. Without, there must be none.
func (a *Auth) With(sealer Sealer) *Auth { return &Auth{a.db, sealer} }

var _ auth.Store = (*Auth)(nil)

// all runs a query and scans each row.
func all[T any](ctx context.Context, db *DB, query string, scan func(*sql.Rows) (T, error)) ([]T, error) {
	rows, err := db.Read.QueryContext(ctx, query)
	if err != nil {
		return nil, db.mapError(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []T
	for rows.Next() {
		x, err := scan(rows)
		if err != nil {
			return nil, db.mapError(err)
		}
		out = append(out, x)
	}
	return out, db.mapError(rows.Err())
}

func (a *Auth) exec(ctx context.Context, query string, args ...any) error {
	_, err := a.db.Write.ExecContext(ctx, query, args...)
	return a.db.mapError(err)
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMS(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMilli(v)
}

// Users returns all users.
func (a *Auth) Users(ctx context.Context) ([]auth.User, error) {
	return all(ctx, a.db, `SELECT name, source, password, roles, disabled, created, updated, changed, last_login, subject, link_until FROM users`, func(r *sql.Rows) (u auth.User, err error) {
		var roles string
		var created, updated, changed, login, link int64
		err = r.Scan(&u.Name, &u.Source, &u.Password, &roles, &u.Disabled, &created, &updated, &changed, &login, &u.Subject, &link)
		u.Roles = strings.Fields(roles)
		u.Created, u.Updated, u.Changed, u.LastLogin = fromMS(created), fromMS(updated), fromMS(changed), fromMS(login)
		u.LinkUntil = fromMS(link)
		return u, err
	})
}

const saveUser = `INSERT INTO users (name, source, password, roles, disabled, created, updated, changed, last_login, subject, link_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (name) DO UPDATE SET source = excluded.source, password = excluded.password, roles = excluded.roles, disabled = excluded.disabled,
	created = excluded.created, updated = excluded.updated, changed = excluded.changed, last_login = excluded.last_login,
	subject = excluded.subject, link_until = excluded.link_until`

func userArgs(u auth.User) []any {
	return []any{u.Name, u.Source, u.Password, strings.Join(u.Roles, " "), u.Disabled, ms(u.Created), ms(u.Updated), ms(u.Changed), ms(u.LastLogin), u.Subject, ms(u.LinkUntil)}
}

// SaveUser stores a user.
func (a *Auth) SaveUser(ctx context.Context, u auth.User) error {
	return a.exec(ctx, saveUser, userArgs(u)...)
}

// DeleteUser removes a user with their tokens; sessions go with the user by the schema.
func (a *Auth) DeleteUser(ctx context.Context, name string) error {
	return a.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE owner = ?`, name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM users WHERE name = ?`, name)
		return err
	})
}

func secondStepPlace(user string) string { return "second-step/" + user }

// SecondSteps returns the second steps by user.
func (a *Auth) SecondSteps(ctx context.Context) (map[string]auth.SecondStep, error) {
	type step struct {
		user string
		x    auth.SecondStep
	}
	found, err := all(ctx, a.db, `SELECT user, body FROM second_steps`, func(r *sql.Rows) (s step, err error) {
		var sealed []byte
		if err := r.Scan(&s.user, &sealed); err != nil {
			return s, err
		}
		if a.sealer == nil {
			return s, errs.New(errs.Internal, "second steps are sealed, and there is no key")
		}
		plain, err := a.sealer.Open(secondStepPlace(s.user), sealed)
		if err != nil {
			return s, errs.Wrap(errs.Internal, err, "the second step of %s cannot be opened: is secret.key the one it was sealed with?", s.user)
		}
		return s, json.Unmarshal(plain, &s.x)
	})
	out := map[string]auth.SecondStep{}
	for _, s := range found {
		out[s.user] = s.x
	}
	return out, err
}

// SaveSecondStep stores a user's second step, nil removes it.
func (a *Auth) SaveSecondStep(ctx context.Context, user string, x *auth.SecondStep) error {
	if x == nil {
		return a.exec(ctx, `DELETE FROM second_steps WHERE user = ?`, user)
	}
	plain, err := json.Marshal(x)
	if err != nil {
		return err
	}
	if a.sealer == nil {
		return errs.New(errs.Internal, "second steps are sealed, and there is no key")
	}
	sealed, err := a.sealer.Seal(secondStepPlace(user), plain)
	if err != nil {
		return err
	}
	return a.exec(ctx, `INSERT INTO second_steps (user, body) VALUES (?, ?) ON CONFLICT (user) DO UPDATE SET body = excluded.body`, user, sealed)
}

// Roles returns the roles that are not built in.
func (a *Auth) Roles(ctx context.Context) ([]auth.Role, error) {
	return all(ctx, a.db, `SELECT body FROM roles`, func(r *sql.Rows) (x auth.Role, err error) {
		var body []byte
		if err := r.Scan(&body); err != nil {
			return x, err
		}
		return x, json.Unmarshal(body, &x)
	})
}

// SaveRole stores a role.
func (a *Auth) SaveRole(ctx context.Context, r auth.Role) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return a.exec(ctx, `INSERT INTO roles (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body`, r.ID, body)
}

// DeleteRole removes a role and stores those who had it.
func (a *Auth) DeleteRole(ctx context.Context, id string, holders []auth.User) error {
	return a.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, u := range holders {
			if _, err := tx.ExecContext(ctx, saveUser, userArgs(u)...); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM roles WHERE id = ?`, id)
		return err
	})
}

// Claim stores the first user and replaces the tokens of users. Somebody else's claim makes it errs.Conflict.
func (a *Auth) Claim(ctx context.Context, u auth.User, tokens []auth.Token) error {
	return a.db.Tx(ctx, func(tx *sql.Tx) error {
		var users int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&users); err != nil {
			return err
		}
		if users > 0 {
			return errs.New(errs.Conflict, "the server is set up already: log in")
		}
		if _, err := tx.ExecContext(ctx, saveUser, userArgs(u)...); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE NOT enrolled`); err != nil {
			return err
		}
		for _, t := range tokens {
			if _, err := tx.ExecContext(ctx, saveToken, tokenArgs(t)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Sessions returns all sessions.
func (a *Auth) Sessions(ctx context.Context) ([]auth.Session, error) {
	return all(ctx, a.db, `SELECT hash, user, csrf, created, expires, lifetime, peer, agent, method FROM sessions`, func(r *sql.Rows) (s auth.Session, err error) {
		var created, expires, life int64
		err = r.Scan(&s.Hash, &s.User, &s.CSRF, &created, &expires, &life, &s.Peer, &s.Agent, &s.Method)
		s.Created, s.Expires, s.Lifetime = fromMS(created), fromMS(expires), time.Duration(life)*time.Millisecond
		return s, err
	})
}

// SaveSession stores a new session.
func (a *Auth) SaveSession(ctx context.Context, s auth.Session) error {
	return a.exec(ctx, `INSERT INTO sessions (hash, user, csrf, created, expires, lifetime, peer, agent, method) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.Hash, s.User, s.CSRF, ms(s.Created), ms(s.Expires), s.Lifetime.Milliseconds(), s.Peer, s.Agent, s.Method)
}

// TouchSession stores expiry and CSRF token of a session that is still there.
func (a *Auth) TouchSession(ctx context.Context, s auth.Session) error {
	return a.exec(ctx, `UPDATE sessions SET csrf = ?, expires = ? WHERE hash = ?`, s.CSRF, ms(s.Expires), s.Hash)
}

// DeleteSessions removes sessions.
func (a *Auth) DeleteSessions(ctx context.Context, hashes []string) error {
	return a.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, h := range hashes {
			if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = ?`, h); err != nil {
				return err
			}
		}
		return nil
	})
}

// Tokens returns all tokens.
func (a *Auth) Tokens(ctx context.Context) ([]auth.Token, error) {
	return all(ctx, a.db, `SELECT id, hash, name, prefix, suffix, scopes, owner, enrolled, created, expires, last_used FROM tokens`, func(r *sql.Rows) (t auth.Token, err error) {
		var scopes string
		var created, expires, used int64
		err = r.Scan(&t.ID, &t.Hash, &t.Name, &t.Prefix, &t.Suffix, &scopes, &t.Owner, &t.Enrolled, &created, &expires, &used)
		for _, s := range strings.Fields(scopes) {
			t.Scopes = append(t.Scopes, auth.Scope(s))
		}
		t.Created, t.Expires, t.LastUsed = fromMS(created), fromMS(expires), fromMS(used)
		return t, err
	})
}

const saveToken = `INSERT INTO tokens (id, hash, name, prefix, suffix, scopes, owner, enrolled, created, expires, last_used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func tokenArgs(t auth.Token) []any {
	scopes := make([]string, len(t.Scopes))
	for i, s := range t.Scopes {
		scopes[i] = string(s)
	}
	return []any{t.ID, t.Hash, t.Name, t.Prefix, t.Suffix, strings.Join(scopes, " "), t.Owner, t.Enrolled, ms(t.Created), ms(t.Expires), ms(t.LastUsed)}
}

// SaveToken stores a new token.
func (a *Auth) SaveToken(ctx context.Context, t auth.Token) error {
	return a.exec(ctx, saveToken, tokenArgs(t)...)
}

// TouchToken stores the last use of a token that is still there.
func (a *Auth) TouchToken(ctx context.Context, t auth.Token) error {
	return a.exec(ctx, `UPDATE tokens SET last_used = ? WHERE id = ?`, ms(t.LastUsed), t.ID)
}

// RotateToken stores the new value of a token that is still there.
func (a *Auth) RotateToken(ctx context.Context, t auth.Token) error {
	return a.exec(ctx, `UPDATE tokens SET hash = ?, prefix = ?, suffix = ?, created = ?, last_used = 0 WHERE id = ?`, t.Hash, t.Prefix, t.Suffix, ms(t.Created), t.ID)
}

// DeleteToken removes a token.
func (a *Auth) DeleteToken(ctx context.Context, id string) error {
	return a.exec(ctx, `DELETE FROM tokens WHERE id = ?`, id)
}
