package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/pulse-platform/pulse/core/condition"
)

// Conditions keeps the conditions that hold. It implements condition.Store.
type Conditions struct{ db *DB }

// NewConditions returns the store on an open state database.
func NewConditions(db *DB) *Conditions { return &Conditions{db} }

var _ condition.Store = (*Conditions)(nil)

// Conditions returns all that is stored.
func (s *Conditions) Conditions(ctx context.Context) ([]condition.Condition, error) {
	found, err := s.db.Read.QueryContext(ctx, `SELECT body FROM conditions`)
	if err != nil {
		return nil, s.db.mapError(fmt.Errorf("read conditions: %w", err))
	}
	defer found.Close() //nolint:errcheck // rows.Err tells
	var all []condition.Condition
	for found.Next() {
		var body []byte
		if err := found.Scan(&body); err != nil {
			return nil, fmt.Errorf("read condition: %w", err)
		}
		var c condition.Condition
		if err := json.Unmarshal(body, &c); err != nil {
			return nil, fmt.Errorf("decode condition: %w", err)
		}
		all = append(all, c)
	}
	return all, s.db.mapError(found.Err())
}

// SaveConditions adds or replaces those that hold and forgets those that do not, all or none.
func (s *Conditions) SaveConditions(ctx context.Context, hold []condition.Condition, cleared []condition.Key) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, k := range cleared {
			if _, err := tx.ExecContext(ctx, `DELETE FROM conditions WHERE record = ? AND kind = ? AND instance = ?`, string(k.Record), k.Kind, k.Instance); err != nil {
				return err
			}
		}
		for _, c := range hold {
			body, err := json.Marshal(c)
			if err != nil {
				return fmt.Errorf("encode condition: %w", err)
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO conditions (record, kind, instance, body) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body`,
				string(c.Record), c.Kind, c.Instance, body)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
