package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/pulse-platform/pulse/core/inventory"
)

// Metadata keeps what people wrote about things. It implements inventory.MetadataStore.
type Metadata struct{ db *DB }

// NewMetadata returns the store on an open state database.
func NewMetadata(db *DB) *Metadata { return &Metadata{db} }

var _ inventory.MetadataStore = (*Metadata)(nil)

// Metadata returns all that is stored.
func (m *Metadata) Metadata(ctx context.Context) ([]inventory.StoredMetadata, error) {
	rows, err := m.db.Read.QueryContext(ctx, `SELECT kind, id, body FROM metadata`)
	if err != nil {
		return nil, m.db.mapError(fmt.Errorf("read metadata: %w", err))
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var all []inventory.StoredMetadata
	for rows.Next() {
		var x inventory.StoredMetadata
		var body string
		if err := rows.Scan(&x.Kind, &x.ID, &body); err != nil {
			return nil, fmt.Errorf("read metadata: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &x.Members); err != nil {
			return nil, fmt.Errorf("decode metadata of %s %s: %w", x.Kind, x.ID, err)
		}
		all = append(all, x)
	}
	return all, m.db.mapError(rows.Err())
}

// SaveMetadata adds a document, or replaces the one of the same kind and id.
func (m *Metadata) SaveMetadata(ctx context.Context, x inventory.StoredMetadata) error {
	body, err := json.Marshal(x.Members)
	if err != nil {
		return fmt.Errorf("encode metadata of %s %s: %w", x.Kind, x.ID, err)
	}
	return m.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO metadata (kind, id, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body`,
			x.Kind, x.ID, string(body))
		return err
	})
}

// DeleteMetadata forgets a document; one that is not there is no error.
func (m *Metadata) DeleteMetadata(ctx context.Context, kind, id string) error {
	return m.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM metadata WHERE kind = ? AND id = ?`, kind, id)
		return err
	})
}
