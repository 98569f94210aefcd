package sqlite

import (
	"context"
	"database/sql"

	"github.com/pulse-platform/pulse/core/oidc"
)

// Grants keeps what a provider gave with sessions; it goes with them by the schema. It implements oidc.GrantStore.
type Grants struct{ db *DB }

// NewGrants returns the store on an open state database.
func NewGrants(db *DB) *Grants { return &Grants{db} }

var _ oidc.GrantStore = (*Grants)(nil)

// Grants returns the sessions that have one.
func (g *Grants) Grants(ctx context.Context) ([]string, error) {
	return all(ctx, g.db, `SELECT session FROM sso_grants`, func(r *sql.Rows) (session string, err error) {
		return session, r.Scan(&session)
	})
}

// Grant returns what a provider gave with a session.
func (g *Grants) Grant(ctx context.Context, session string) (sealed []byte, err error) {
	err = g.db.Read.QueryRowContext(ctx, `SELECT body FROM sso_grants WHERE session = ?`, session).Scan(&sealed)
	return sealed, g.db.mapError(err)
}

// SaveGrant stores it. It fails when the session has ended.
func (g *Grants) SaveGrant(ctx context.Context, session string, sealed []byte) error {
	_, err := g.db.Write.ExecContext(ctx, `INSERT INTO sso_grants (session, body) VALUES (?, ?) ON CONFLICT (session) DO UPDATE SET body = excluded.body`, session, sealed)
	return g.db.mapError(err)
}
