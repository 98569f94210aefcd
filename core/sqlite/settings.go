package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// Settings keeps small values by name, as JSON: what the server must remember about itself and what has no
// table of its own. Values are not sealed, so secrets do not belong here.
type Settings struct{ db *DB }

// NewSettings returns the settings of an open state database.
func NewSettings(db *DB) *Settings { return &Settings{db} }

// Get decodes the value stored under name into into and reports whether there is one. Without one it leaves
// into alone.
func (s *Settings) Get(ctx context.Context, name string, into any) (bool, error) {
	var text string
	err := s.db.Read.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = ?`, name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, s.db.mapError(fmt.Errorf("read setting %s: %w", name, err))
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return false, fmt.Errorf("decode setting %s: %w", name, err)
	}
	return true, nil
}

// Set stores value as JSON under name, in place of what was there.
func (s *Settings) Set(ctx context.Context, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode setting %s: %w", name, err)
	}
	_, err = s.db.Write.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, string(text))
	if err != nil {
		return s.db.mapError(fmt.Errorf("store setting %s: %w", name, err))
	}
	return nil
}

// Delete forgets the value stored under name, if any.
func (s *Settings) Delete(ctx context.Context, name string) error {
	if _, err := s.db.Write.ExecContext(ctx, `DELETE FROM settings WHERE name = ?`, name); err != nil {
		return s.db.mapError(fmt.Errorf("delete setting %s: %w", name, err))
	}
	return nil
}
