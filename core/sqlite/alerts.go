package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
)

// maxEntries is how many lines the timeline of an incident keeps.
const maxEntries = 120

// Alerts keeps what fires, what has fired and what is to be told of it. It implements alert.Store.
type Alerts struct{ db *DB }

// NewAlerts returns the store on an open state database.
func NewAlerts(db *DB) *Alerts { return &Alerts{db} }

var _ alert.Store = (*Alerts)(nil)

// Firing returns the alerts that had not ended.
func (s *Alerts) Firing(ctx context.Context) ([]alert.Saved, error) {
	return bodies[alert.Saved](ctx, s.db, "alert", `SELECT body FROM alerts`)
}

// bodies reads the JSON in the one column of a query.
func bodies[T any](ctx context.Context, db *DB, what, query string, args ...any) ([]T, error) {
	found, err := db.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, db.mapError(fmt.Errorf("read %s: %w", what, err))
	}
	defer found.Close() //nolint:errcheck // rows.Err tells
	var all []T
	for found.Next() {
		var body []byte
		if err := found.Scan(&body); err != nil {
			return nil, fmt.Errorf("read %s: %w", what, err)
		}
		var one T
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, fmt.Errorf("decode %s: %w", what, err)
		}
		all = append(all, one)
	}
	return all, db.mapError(found.Err())
}

// Commit stores what one turn changed, all or none.
func (s *Alerts) Commit(ctx context.Context, b alert.Batch) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, p := range b.Put {
			body, err := json.Marshal(p)
			if err != nil {
				return fmt.Errorf("encode alert: %w", err)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO alerts (record, kind, instance, body) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body`,
				string(p.Alert.Key.Record), p.Alert.Key.Kind, p.Alert.Key.Instance, body); err != nil {
				return err
			}
			if err := putIncident(ctx, tx, p.Alert); err != nil {
				return err
			}
		}
		for _, a := range b.Ended {
			if _, err := tx.ExecContext(ctx, `DELETE FROM alerts WHERE record = ? AND kind = ? AND instance = ?`, string(a.Key.Record), a.Key.Kind, a.Key.Instance); err != nil {
				return err
			}
			if err := putIncident(ctx, tx, a); err != nil {
				return err
			}
		}
		if err := putEntries(ctx, tx, b.Entries); err != nil {
			return err
		}
		for _, n := range b.Notices {
			body, err := json.Marshal(n)
			if err != nil {
				return fmt.Errorf("encode notice: %w", err)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO notices (body) VALUES (?)`, body); err != nil {
				return err
			}
		}
		return nil
	})
}

func putIncident(ctx context.Context, tx *sql.Tx, a alert.Alert) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode incident: %w", err)
	}
	var ended any
	if !a.Ended.IsZero() {
		ended = a.Ended.UnixMilli()
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO incidents (id, alert, resource, severity, started, ended, body) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET severity = excluded.severity, ended = excluded.ended, body = excluded.body`,
		a.Incident, a.ID, a.ResourceID, string(a.Severity), a.Started.UnixMilli(), ended, body)
	return err
}

func putEntries(ctx context.Context, tx *sql.Tx, entries []alert.Entry) error {
	for _, e := range entries {
		body, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode entry: %w", err)
		}
		// An incident that was trimmed meanwhile takes no more entries.
		if _, err := tx.ExecContext(ctx, `INSERT INTO incident_entries (incident, body) SELECT id, ? FROM incidents WHERE id = ?`, body, e.Incident); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM incident_entries WHERE seq IN (SELECT seq FROM incident_entries WHERE incident = ? ORDER BY seq DESC LIMIT -1 OFFSET ?)`,
			e.Incident, maxEntries); err != nil {
			return err
		}
	}
	return nil
}

// History answers with incidents, the newest first.
func (s *Alerts) History(ctx context.Context, q alert.HistoryQuery) ([]alert.Alert, error) {
	var where []string
	var args []any
	add := func(clause string, arg any) { where, args = append(where, clause), append(args, arg) }
	if !q.From.IsZero() {
		add("started >= ?", q.From.UnixMilli())
	}
	if !q.To.IsZero() {
		add("started <= ?", q.To.UnixMilli())
	}
	if q.Severity != "" {
		add("severity = ?", string(q.Severity))
	}
	if q.ResourceID != "" {
		add("resource = ?", q.ResourceID)
	}
	if q.AlertID != "" {
		add("alert = ?", q.AlertID)
	}
	if q.Incident != "" {
		add("id = ?", q.Incident)
	}
	query := `SELECT body FROM incidents`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = -1
	}
	return bodies[alert.Alert](ctx, s.db, "incident", query+` ORDER BY started DESC, id LIMIT ? OFFSET ?`, append(args, limit, q.Offset)...)
}

// Entries returns the timeline of an incident, the oldest first.
func (s *Alerts) Entries(ctx context.Context, incident string) ([]alert.Entry, error) {
	return bodies[alert.Entry](ctx, s.db, "timeline", `SELECT body FROM incident_entries WHERE incident = ? ORDER BY seq`, incident)
}

// Trim forgets incidents that ended before a time.
func (s *Alerts) Trim(ctx context.Context, before time.Time) error {
	_, err := s.db.Write.ExecContext(ctx, `DELETE FROM incidents WHERE ended < ?`, before.UnixMilli())
	return s.db.mapError(err)
}

// ClearHistory forgets all incidents that have ended.
func (s *Alerts) ClearHistory(ctx context.Context) error {
	_, err := s.db.Write.ExecContext(ctx, `DELETE FROM incidents WHERE ended IS NOT NULL`)
	return s.db.mapError(err)
}
