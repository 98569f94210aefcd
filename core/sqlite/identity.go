package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/inventory"
)

// Identity keeps what people decided about who is who. It implements inventory.IdentityStore.
type Identity struct{ db *DB }

// NewIdentity returns the store on an open state database.
func NewIdentity(db *DB) *Identity { return &Identity{db} }

var _ inventory.IdentityStore = (*Identity)(nil)

// Verdicts returns all that is stored.
func (s *Identity) Verdicts(ctx context.Context) (map[inventory.Pair]inventory.Verdict, error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT a, b, same, reason, at FROM identity_verdicts`)
	if err != nil {
		return nil, s.db.mapError(fmt.Errorf("read verdicts: %w", err))
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	all := map[inventory.Pair]inventory.Verdict{}
	for rows.Next() {
		var p inventory.Pair
		var v inventory.Verdict
		var at int64
		if err := rows.Scan((*string)(&p.A), (*string)(&p.B), &v.Same, &v.Reason, &at); err != nil {
			return nil, fmt.Errorf("read verdict: %w", err)
		}
		v.At = time.Unix(at, 0).UTC()
		all[p] = v
	}
	return all, s.db.mapError(rows.Err())
}

// SaveVerdicts adds or replaces verdicts, all or none.
func (s *Identity) SaveVerdicts(ctx context.Context, all map[inventory.Pair]inventory.Verdict) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		for p, v := range all {
			_, err := tx.ExecContext(ctx, `INSERT INTO identity_verdicts (a, b, same, reason, at) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET same = excluded.same, reason = excluded.reason, at = excluded.at`, string(p.A), string(p.B), v.Same, v.Reason, v.At.Unix())
			if err != nil {
				return err
			}
		}
		return nil
	})
}
