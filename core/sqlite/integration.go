package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
)

// Integrations keeps configured integrations and what their plugins store. It implements
// integration.Store and integration.ValueStore.
type Integrations struct{ db *DB }

// NewIntegrations returns the store on an open state database.
func NewIntegrations(db *DB) *Integrations { return &Integrations{db} }

var (
	_ integration.Store      = (*Integrations)(nil)
	_ integration.ValueStore = (*Integrations)(nil)
)

// Integrations returns all stored integrations.
func (i *Integrations) Integrations(ctx context.Context) ([]integration.Sealed, error) {
	rows, err := i.db.Read.QueryContext(ctx, `SELECT id, kind, name, revision, enabled, config, config_version, network, title, source, joined, apart FROM integrations ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var all []integration.Sealed
	for rows.Next() {
		var s integration.Sealed
		var network []byte
		if err := rows.Scan(&s.ID, &s.Kind, &s.Name, &s.Revision, &s.Enabled, &s.Config, &s.ConfigVersion, &network, &s.Title, &s.Source, &s.Joined, &s.Apart); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(network, &s.Network); err != nil {
			return nil, fmt.Errorf("decode the network of integration %s: %w", s.ID, err)
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// SaveIntegration stores s if the stored revision is the given one, 0 meaning that there is none yet.
func (i *Integrations) SaveIntegration(ctx context.Context, s integration.Sealed, revision int64) error {
	query := `INSERT INTO integrations (id, kind, name, revision, enabled, config, config_version, network, title, source, joined, apart) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING`
	if revision > 0 {
		query = `UPDATE integrations SET kind = ?2, name = ?3, revision = ?4, enabled = ?5, config = ?6, config_version = ?7, network = ?8, title = ?9, source = ?10, joined = ?11, apart = ?12
			WHERE id = ?1 AND revision = ?13`
	}
	network, err := json.Marshal(s.Network)
	if err != nil {
		return fmt.Errorf("encode the network of integration %s: %w", s.ID, err)
	}
	args := []any{string(s.ID), s.Kind, s.Name, s.Revision, s.Enabled, s.Config, s.ConfigVersion, string(network), s.Title, s.Source, string(s.Joined), s.Apart}
	if revision > 0 {
		args = append(args, revision)
	}
	return i.changeOne(ctx, query, args...)
}

// UpgradeIntegration stores another writing of the same revision.
func (i *Integrations) UpgradeIntegration(ctx context.Context, name id.Integration, revision int64, config []byte, version int) error {
	return i.changeOne(ctx, `UPDATE integrations SET config = ?, config_version = ? WHERE id = ? AND revision = ?`, config, version, string(name), revision)
}

// DeleteIntegration removes the integration and what its plugin stored.
func (i *Integrations) DeleteIntegration(ctx context.Context, name id.Integration, revision int64) error {
	if err := i.changeOne(ctx, `DELETE FROM integrations WHERE id = ? AND revision = ?`, string(name), revision); err != nil {
		return err
	}
	_, err := i.db.Write.ExecContext(ctx, `DELETE FROM plugin_values WHERE integration = ?`, string(name))
	return err
}

// changeOne runs a statement that must change one row; none means that somebody else was faster.
func (i *Integrations) changeOne(ctx context.Context, query string, args ...any) error {
	res, err := i.db.Write.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errs.New(errs.Outdated, "it changed in the meantime: load it again, then repeat the change")
}

// Value returns what a plugin stored under a key, and its version; nothing and 0 when there is none.
func (i *Integrations) Value(ctx context.Context, name id.Integration, key string, secret bool) (value []byte, version int64, err error) {
	err = i.db.Read.QueryRowContext(ctx,
		`SELECT value, version FROM plugin_values WHERE integration = ? AND secret = ? AND key = ?`, string(name), secret, key).Scan(&value, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	return value, version, err
}

// SetValue stores a value if the stored version is the given one; a negative version means whatever it is.
func (i *Integrations) SetValue(ctx context.Context, name id.Integration, key string, secret bool, value []byte, version int64) error {
	return i.changeOne(ctx, `INSERT INTO plugin_values (integration, secret, key, version, value) SELECT ?1, ?2, ?3, 1, ?4
		WHERE ?5 <= 0 OR EXISTS (SELECT 1 FROM plugin_values WHERE integration = ?1 AND secret = ?2 AND key = ?3)
		ON CONFLICT DO UPDATE SET value = excluded.value, version = version + 1 WHERE ?5 < 0 OR version = ?5`,
		string(name), secret, key, value, version)
}
