package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/pulse-platform/pulse/core/fleet"
)

// Bindings keeps the identities of reporters. It implements fleet.Store.
type Bindings struct{ db *DB }

// NewBindings returns the store on an open state database.
func NewBindings(db *DB) *Bindings { return &Bindings{db} }

var _ fleet.Store = (*Bindings)(nil)

// Bindings returns all stored bindings.
func (b *Bindings) Bindings(ctx context.Context) ([]fleet.Binding, error) {
	rows, err := b.db.Read.QueryContext(ctx, `SELECT kind, token, hostname, machine, host FROM fleet_bindings ORDER BY kind, token, hostname`)
	if err != nil {
		return nil, b.db.mapError(fmt.Errorf("read bindings: %w", err))
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var all []fleet.Binding
	for rows.Next() {
		var x fleet.Binding
		if err := rows.Scan(&x.Kind, &x.Token, &x.Hostname, &x.Machine, &x.Host); err != nil {
			return nil, fmt.Errorf("read binding: %w", err)
		}
		all = append(all, x)
	}
	return all, b.db.mapError(rows.Err())
}

// SaveBinding adds a binding, or replaces the one of the same kind, token and host name.
func (b *Bindings) SaveBinding(ctx context.Context, x fleet.Binding) error {
	return b.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO fleet_bindings (kind, token, hostname, machine, host) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET machine = excluded.machine, host = excluded.host`,
			x.Kind, x.Token, strings.ToLower(x.Hostname), x.Machine, x.Host)
		return err
	})
}
