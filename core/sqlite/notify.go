package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/notify"
)

// keepTold is how long it is remembered that an incident was told after it is over.
const keepTold = 24 * time.Hour

// Notify keeps what is to be told and what was. It implements notify.Store.
type Notify struct{ db *DB }

// NewNotify returns the store on an open state database.
func NewNotify(db *DB) *Notify { return &Notify{db} }

var _ notify.Store = (*Notify)(nil)

// Notices returns those that are not done, the oldest first.
func (s *Notify) Notices(ctx context.Context, after int64, limit int) ([]alert.Notice, error) {
	found, err := s.db.Read.QueryContext(ctx, `SELECT seq, body FROM notices WHERE seq > ? ORDER BY seq LIMIT ?`, after, limit)
	if err != nil {
		return nil, s.db.mapError(fmt.Errorf("read notices: %w", err))
	}
	defer found.Close() //nolint:errcheck // rows.Err tells
	var all []alert.Notice
	for found.Next() {
		var seq int64
		var body []byte
		if err := found.Scan(&seq, &body); err != nil {
			return nil, fmt.Errorf("read notice: %w", err)
		}
		var n alert.Notice
		if err := json.Unmarshal(body, &n); err != nil {
			return nil, fmt.Errorf("decode notice: %w", err)
		}
		n.Seq = seq
		all = append(all, n)
	}
	return all, s.db.mapError(found.Err())
}

// Told returns who was told of what.
func (s *Notify) Told(ctx context.Context) ([]notify.Told, error) {
	return bodies[notify.Told](ctx, s.db, "told", `SELECT body FROM told`)
}

// Dispatch stores what one turn decided, all or nothing.
func (s *Notify) Dispatch(ctx context.Context, b notify.Batch) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, incident := range b.Cancel {
			if err := cancel(ctx, tx, incident); err != nil {
				return err
			}
		}
		for _, d := range b.Deliveries {
			if err := putDelivery(ctx, tx, d); err != nil {
				return err
			}
		}
		for _, t := range b.Told {
			body, err := json.Marshal(t)
			if err != nil {
				return fmt.Errorf("encode told: %w", err)
			}
			var ended any
			if !t.Ended.IsZero() {
				ended = t.Ended.UnixMilli()
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO told (incident, ended, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET ended = excluded.ended, body = excluded.body`,
				t.Incident, ended, body); err != nil {
				return err
			}
		}
		for _, seq := range b.Taken {
			if _, err := tx.ExecContext(ctx, `DELETE FROM notices WHERE seq = ?`, seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// cancel takes back what waits to be said of an incident that is over.
func cancel(ctx context.Context, tx *sql.Tx, incident string) error {
	_, err := tx.ExecContext(ctx, `UPDATE deliveries SET status = ?, body = json_set(body, '$.status', ?) WHERE single = ? AND status = ? AND kind = ?`,
		string(notify.Cancelled), string(notify.Cancelled), incident, string(notify.Waiting), notify.KindFiring)
	return err
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func putDelivery(ctx context.Context, to execer, d notify.Delivery) error {
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode delivery: %w", err)
	}
	single := ""
	if len(d.Incidents) == 1 {
		single = d.Incidents[0]
	}
	changed := d.Created
	for _, at := range []time.Time{d.LastAttempt, d.Completed} {
		if at.After(changed) {
			changed = at
		}
	}
	_, err = to.ExecContext(ctx, `INSERT INTO deliveries (id, status, kind, single, next, changed, body) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET status = excluded.status, next = excluded.next, changed = excluded.changed, body = excluded.body`,
		d.ID, string(d.Status), d.Message.Kind, single, d.Next.UnixMilli(), changed.UnixMilli(), string(body))
	return err
}

// Due returns waiting deliveries whose time has come, the oldest first.
func (s *Notify) Due(ctx context.Context, now time.Time, limit int) ([]notify.Delivery, error) {
	return bodies[notify.Delivery](ctx, s.db, "delivery", `SELECT body FROM deliveries WHERE status = ? AND next <= ? ORDER BY next LIMIT ?`, string(notify.Waiting), now.UnixMilli(), limit)
}

// NextDue is when the next waiting one is due.
func (s *Notify) NextDue(ctx context.Context) (time.Time, error) {
	var next sql.NullInt64
	if err := s.db.Read.QueryRowContext(ctx, `SELECT min(next) FROM deliveries WHERE status = ?`, string(notify.Waiting)).Scan(&next); err != nil {
		return time.Time{}, s.db.mapError(fmt.Errorf("read deliveries: %w", err))
	}
	if !next.Valid {
		return time.Time{}, nil
	}
	return time.UnixMilli(next.Int64), nil
}

// Save stores a delivery as it is.
func (s *Notify) Save(ctx context.Context, d notify.Delivery) error {
	return s.db.mapError(putDelivery(ctx, s.db.Write, d))
}

// Recover makes those that were being sent wait again.
func (s *Notify) Recover(ctx context.Context) error {
	_, err := s.db.Write.ExecContext(ctx, `UPDATE deliveries SET status = ?, body = json_set(body, '$.status', ?) WHERE status = ?`, string(notify.Waiting), string(notify.Waiting), string(notify.Sending))
	return s.db.mapError(err)
}

// List returns deliveries of some statuses, all without any, the newest first.
func (s *Notify) List(ctx context.Context, statuses []notify.Status, limit int) ([]notify.Delivery, error) {
	var args []any
	query := `SELECT body FROM deliveries`
	if len(statuses) > 0 {
		query += ` WHERE status IN (?` + strings.Repeat(", ?", len(statuses)-1) + `)`
		for _, status := range statuses {
			args = append(args, string(status))
		}
	}
	return bodies[notify.Delivery](ctx, s.db, "delivery", query+` ORDER BY changed DESC LIMIT ?`, append(args, limit)...)
}

// Delivery returns one.
func (s *Notify) Delivery(ctx context.Context, id string) (notify.Delivery, bool, error) {
	all, err := bodies[notify.Delivery](ctx, s.db, "delivery", `SELECT body FROM deliveries WHERE id = ?`, id)
	if err != nil || len(all) == 0 {
		return notify.Delivery{}, false, err
	}
	return all[0], true, nil
}

// Counts are deliveries by status.
func (s *Notify) Counts(ctx context.Context, since time.Time) (map[notify.Status]int, error) {
	found, err := s.db.Read.QueryContext(ctx, `SELECT status, count(*) FROM deliveries WHERE status IN (?, ?, ?) OR changed >= ? GROUP BY status`,
		string(notify.Waiting), string(notify.Sending), string(notify.Dead), since.UnixMilli())
	if err != nil {
		return nil, s.db.mapError(fmt.Errorf("count deliveries: %w", err))
	}
	defer found.Close() //nolint:errcheck // rows.Err tells
	out := map[notify.Status]int{}
	for found.Next() {
		var status string
		var n int
		if err := found.Scan(&status, &n); err != nil {
			return nil, fmt.Errorf("count deliveries: %w", err)
		}
		out[notify.Status(status)] = n
	}
	return out, s.db.mapError(found.Err())
}

// Trim forgets what is done since long.
func (s *Notify) Trim(ctx context.Context, done, dead time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM deliveries WHERE status IN (?, ?) AND changed < ? OR status = ? AND changed < ?`,
			string(notify.Sent), string(notify.Cancelled), done.UnixMilli(), string(notify.Dead), dead.UnixMilli()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM told WHERE ended < ?`, done.Add(7*24*time.Hour-keepTold).UnixMilli())
		return err
	})
}
