package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
)

// Records keeps the records of the inventory. It implements inventory.Store.
type Records struct{ db *DB }

// NewRecords returns the store on an open state database.
func NewRecords(db *DB) *Records { return &Records{db} }

var _ inventory.Store = (*Records)(nil)

// Records returns all stored records.
func (r *Records) Records(ctx context.Context) ([]*inventory.Record, error) {
	rows, err := r.db.Read.QueryContext(ctx, `SELECT uid, body FROM records`)
	if err != nil {
		return nil, r.db.mapError(fmt.Errorf("read records: %w", err))
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var all []*inventory.Record
	for rows.Next() {
		var uid string
		var body []byte
		if err := rows.Scan(&uid, &body); err != nil {
			return nil, fmt.Errorf("read record: %w", err)
		}
		record := new(inventory.Record)
		if err := json.Unmarshal(body, record); err != nil {
			return nil, fmt.Errorf("decode record %s: %w", uid, err)
		}
		all = append(all, record)
	}
	return all, r.db.mapError(rows.Err())
}

// SaveRecords adds or replaces records, all or none.
func (r *Records) SaveRecords(ctx context.Context, records []*inventory.Record) error {
	return r.db.Tx(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO records (uid, integration, type, body) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET integration = excluded.integration, type = excluded.type, body = excluded.body`)
		if err != nil {
			return err
		}
		defer insert.Close() //nolint:errcheck // the transaction ends it
		for _, record := range records {
			body, err := json.Marshal(record)
			if err != nil {
				return fmt.Errorf("encode record %s: %w", record.UID, err)
			}
			if _, err := insert.ExecContext(ctx, string(record.UID), string(record.Integration), record.Type, body); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteRecords forgets records.
func (r *Records) DeleteRecords(ctx context.Context, uids []id.UID) error {
	return r.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, uid := range uids {
			if _, err := tx.ExecContext(ctx, `DELETE FROM records WHERE uid = ?`, string(uid)); err != nil {
				return err
			}
		}
		return nil
	})
}
