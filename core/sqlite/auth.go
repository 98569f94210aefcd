package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// Auth keeps users, sessions and tokens. It implements auth.Store.
type Auth struct{ db *DB }

// NewAuth returns the store on an open state database.
func NewAuth(db *DB) *Auth { return &Auth{db} }

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
	return all(ctx, a.db, `SELECT name, password, admin, changed FROM users`, func(r *sql.Rows) (u auth.User, err error) {
		var changed int64
		err = r.Scan(&u.Name, &u.Password, &u.Admin, &changed)
		u.Changed = fromMS(changed)
		return u, err
	})
}

const saveUser = `INSERT INTO users (name, password, admin, changed) VALUES (?, ?, ?, ?)
	ON CONFLICT (name) DO UPDATE SET password = excluded.password, admin = excluded.admin, changed = excluded.changed`

// SaveUser stores a user.
func (a *Auth) SaveUser(ctx context.Context, u auth.User) error {
	return a.exec(ctx, saveUser, u.Name, u.Password, u.Admin, ms(u.Changed))
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
		if _, err := tx.ExecContext(ctx, saveUser, u.Name, u.Password, u.Admin, ms(u.Changed)); err != nil {
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
	return all(ctx, a.db, `SELECT hash, user, csrf, created, expires, lifetime, peer, agent FROM sessions`, func(r *sql.Rows) (s auth.Session, err error) {
		var created, expires, life int64
		err = r.Scan(&s.Hash, &s.User, &s.CSRF, &created, &expires, &life, &s.Peer, &s.Agent)
		s.Created, s.Expires, s.Lifetime = fromMS(created), fromMS(expires), time.Duration(life)*time.Millisecond
		return s, err
	})
}

// SaveSession stores a new session.
func (a *Auth) SaveSession(ctx context.Context, s auth.Session) error {
	return a.exec(ctx, `INSERT INTO sessions (hash, user, csrf, created, expires, lifetime, peer, agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		s.Hash, s.User, s.CSRF, ms(s.Created), ms(s.Expires), s.Lifetime.Milliseconds(), s.Peer, s.Agent)
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
	return all(ctx, a.db, `SELECT id, hash, name, prefix, suffix, scopes, owner, enrolled, created, last_used FROM tokens`, func(r *sql.Rows) (t auth.Token, err error) {
		var scopes string
		var created, used int64
		err = r.Scan(&t.ID, &t.Hash, &t.Name, &t.Prefix, &t.Suffix, &scopes, &t.Owner, &t.Enrolled, &created, &used)
		for _, s := range strings.Fields(scopes) {
			t.Scopes = append(t.Scopes, auth.Scope(s))
		}
		t.Created, t.LastUsed = fromMS(created), fromMS(used)
		return t, err
	})
}

const saveToken = `INSERT INTO tokens (id, hash, name, prefix, suffix, scopes, owner, enrolled, created, last_used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func tokenArgs(t auth.Token) []any {
	scopes := make([]string, len(t.Scopes))
	for i, s := range t.Scopes {
		scopes[i] = string(s)
	}
	return []any{t.ID, t.Hash, t.Name, t.Prefix, t.Suffix, strings.Join(scopes, " "), t.Owner, t.Enrolled, ms(t.Created), ms(t.LastUsed)}
}

// SaveToken stores a new token.
func (a *Auth) SaveToken(ctx context.Context, t auth.Token) error {
	return a.exec(ctx, saveToken, tokenArgs(t)...)
}

// TouchToken stores the last use of a token that is still there.
func (a *Auth) TouchToken(ctx context.Context, t auth.Token) error {
	return a.exec(ctx, `UPDATE tokens SET last_used = ? WHERE id = ?`, ms(t.LastUsed), t.ID)
}

// DeleteToken removes a token.
func (a *Auth) DeleteToken(ctx context.Context, id string) error {
	return a.exec(ctx, `DELETE FROM tokens WHERE id = ?`, id)
}
