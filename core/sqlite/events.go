package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/event"
	"github.com/pulse-platform/pulse/core/id"
)

// Events keeps what happened. It implements event.Store.
type Events struct{ db *DB }

// NewEvents returns the store on an open state database.
func NewEvents(db *DB) *Events { return &Events{db} }

var _ event.Store = (*Events)(nil)

// AddEvents stores those that are not known yet, all or none, and returns them.
func (s *Events) AddEvents(ctx context.Context, events []event.Event) (added []event.Event, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		added = nil
		for _, e := range events {
			body, err := json.Marshal(e)
			if err != nil {
				return fmt.Errorf("encode event: %w", err)
			}
			done, err := tx.ExecContext(ctx, `INSERT INTO events (integration, id, record, time, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				string(e.Integration), e.ID, string(e.Record), e.Time.UnixNano(), body)
			if err != nil {
				return err
			}
			if n, err := done.RowsAffected(); err == nil && n > 0 {
				added = append(added, e)
			}
		}
		return nil
	})
	return added, err
}

// Events returns a page, the newest first.
func (s *Events) Events(ctx context.Context, q event.Query) ([]event.Event, error) {
	where, args := []string{`1`}, []any{}
	if len(q.Records) > 0 {
		where = append(where, `record IN (?`+strings.Repeat(`, ?`, len(q.Records)-1)+`)`)
		for _, r := range q.Records {
			args = append(args, string(r))
		}
	}
	if !q.Before.IsZero() {
		where = append(where, `(time < ? OR time = ? AND integration || '/' || id < ?)`)
		args = append(args, q.Before.UnixNano(), q.Before.UnixNano(), q.BeforeID)
	}
	found, err := s.db.Read.QueryContext(ctx, `SELECT body FROM events WHERE `+strings.Join(where, ` AND `)+` ORDER BY time DESC, integration || '/' || id DESC LIMIT ?`,
		append(args, q.Limit)...)
	if err != nil {
		return nil, s.db.mapError(fmt.Errorf("read events: %w", err))
	}
	defer found.Close() //nolint:errcheck // rows.Err tells
	page := []event.Event{}
	for found.Next() {
		var body []byte
		if err := found.Scan(&body); err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		var e event.Event
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("decode event: %w", err)
		}
		page = append(page, e)
	}
	return page, s.db.mapError(found.Err())
}

// TrimEvents forgets events before a time, and the oldest of integrations that have more than most.
func (s *Events) TrimEvents(ctx context.Context, before time.Time, most int) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM events WHERE time < ?`, before.UnixNano()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM events WHERE (integration, id) IN (
			SELECT integration, id FROM (SELECT integration, id, row_number() OVER (PARTITION BY integration ORDER BY time DESC, id DESC) AS n FROM events) WHERE n > ?)`, most)
		return err
	})
}

// ForgetEvents forgets all events of an integration.
func (s *Events) ForgetEvents(ctx context.Context, integration id.Integration) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM events WHERE integration = ?`, string(integration))
		return err
	})
}
