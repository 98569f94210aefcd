package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
)

// Links keeps what people decided about links. It implements inventory.LinkStore.
type Links struct{ db *DB }

// NewLinks returns the store on an open state database.
func NewLinks(db *DB) *Links { return &Links{db} }

var _ inventory.LinkStore = (*Links)(nil)

// Links returns all decisions.
func (l *Links) Links(ctx context.Context) (map[id.UID]id.UID, error) {
	rows, err := l.db.Read.QueryContext(ctx, `SELECT host, target FROM links`)
	if err != nil {
		return nil, l.db.mapError(fmt.Errorf("read links: %w", err))
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	all := map[id.UID]id.UID{}
	for rows.Next() {
		var host, target string
		if err := rows.Scan(&host, &target); err != nil {
			return nil, fmt.Errorf("read link: %w", err)
		}
		all[id.UID(host)] = id.UID(target)
	}
	return all, l.db.mapError(rows.Err())
}

// SaveLinks puts the decisions in place of those that are stored, all or none.
func (l *Links) SaveLinks(ctx context.Context, all map[id.UID]id.UID) error {
	return l.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM links`); err != nil {
			return err
		}
		for host, target := range all {
			if _, err := tx.ExecContext(ctx, `INSERT INTO links (host, target) VALUES (?, ?)`, string(host), string(target)); err != nil {
				return err
			}
		}
		return nil
	})
}
