package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

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

// DeleteBindings forgets the bindings to an identity.
func (b *Bindings) DeleteBindings(ctx context.Context, kind, host string) error {
	return b.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM fleet_bindings WHERE kind = ? AND host = ?`, kind, host)
		return err
	})
}

// Removals returns who was removed and held off.
func (b *Bindings) Removals(ctx context.Context) ([]fleet.Removal, error) {
	rows, err := b.db.Read.QueryContext(ctx, `SELECT kind, host, hostname, name, at FROM fleet_removals ORDER BY kind, host`)
	if err != nil {
		return nil, b.db.mapError(fmt.Errorf("read removals: %w", err))
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var all []fleet.Removal
	for rows.Next() {
		var x fleet.Removal
		var at int64
		if err := rows.Scan(&x.Kind, &x.Host, &x.Hostname, &x.Name, &at); err != nil {
			return nil, fmt.Errorf("read removal: %w", err)
		}
		x.At = time.UnixMilli(at)
		all = append(all, x)
	}
	return all, b.db.mapError(rows.Err())
}

// SaveRemoval adds a removal, or replaces the one of the same identity.
func (b *Bindings) SaveRemoval(ctx context.Context, x fleet.Removal) error {
	return b.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO fleet_removals (kind, host, hostname, name, at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET hostname = excluded.hostname, name = excluded.name, at = excluded.at`,
			x.Kind, x.Host, x.Hostname, x.Name, x.At.UnixMilli())
		return err
	})
}

// DeleteRemoval lets a removed reporter come back.
func (b *Bindings) DeleteRemoval(ctx context.Context, kind, host string) error {
	return b.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM fleet_removals WHERE kind = ? AND host = ?`, kind, host)
		return err
	})
}
