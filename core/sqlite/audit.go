package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/errs"
)

// Audit keeps who changed what. It implements audit.Store.
type Audit struct{ db *DB }

// NewAudit returns the store on an open state database.
func NewAudit(db *DB) *Audit { return &Audit{db} }

var _ audit.Store = (*Audit)(nil)

// auditKeyPlace is what the key that signs is sealed for; sealedColumns knows the same.
const auditKeyPlace = "audit/1"

// Key returns the key that signs the log, and makes it with a new log.
func (a *Audit) Key(ctx context.Context, sealer Sealer, fresh func() []byte) (key []byte, err error) {
	err = a.db.Tx(ctx, func(tx *sql.Tx) error {
		var sealed []byte
		err := tx.QueryRowContext(ctx, `SELECT key FROM audit_head`).Scan(&sealed)
		if err == nil {
			key, err = sealer.Open(auditKeyPlace, sealed)
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		key = fresh()
		if sealed, err = sealer.Seal(auditKeyPlace, key); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO audit_head (id, key, floor, floor_hash, seq, hash, signature) VALUES (1, ?, 0, '', 0, '', '')`, sealed)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the key of the audit log: %w; the database and the file with its key must come from the same backup", err)
	}
	return key, nil
}

// Head returns the head, the zero value when the log is new.
func (a *Audit) Head(ctx context.Context) (h audit.Head, err error) {
	err = a.db.Read.QueryRowContext(ctx, `SELECT floor, floor_hash, seq, hash, signature FROM audit_head`).Scan(&h.Floor, &h.FloorHash, &h.Seq, &h.Hash, &h.Signature)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Head{}, nil
	}
	return h, a.db.mapError(err)
}

const auditColumns = `seq, id, time, event, user, ip, via, method, path, success, details, request, prev, hash, signature`

func saveHead(ctx context.Context, tx *sql.Tx, h audit.Head) error {
	_, err := tx.ExecContext(ctx, `UPDATE audit_head SET floor = ?, floor_hash = ?, seq = ?, hash = ?, signature = ?`, h.Floor, h.FloorHash, h.Seq, h.Hash, h.Signature)
	return err
}

// Append stores an event and the head after it.
func (a *Audit) Append(ctx context.Context, e audit.Event, h audit.Head) error {
	return a.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO audit_events (`+auditColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			e.Seq, e.ID, e.Time.UnixMilli(), e.Event, e.User, e.IP, e.Via, e.Method, e.Path, e.Success, e.Details, e.Request, e.Prev, e.Hash, e.Signature); err != nil {
			return err
		}
		return saveHead(ctx, tx, h)
	})
}

// scanner is a row or the current one of several.
type scanner interface{ Scan(dest ...any) error }

func scanAudit(r scanner) (e audit.Event, err error) {
	var at int64
	err = r.Scan(&e.Seq, &e.ID, &at, &e.Event, &e.User, &e.IP, &e.Via, &e.Method, &e.Path, &e.Success, &e.Details, &e.Request, &e.Prev, &e.Hash, &e.Signature)
	e.Time = time.UnixMilli(at)
	return e, err
}

func (a *Audit) page(ctx context.Context, query string, args ...any) ([]audit.Event, error) {
	rows, err := a.db.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, a.db.mapError(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	out := []audit.Event{}
	for rows.Next() {
		e, err := scanAudit(rows)
		if err != nil {
			return nil, a.db.mapError(err)
		}
		out = append(out, e)
	}
	return out, a.db.mapError(rows.Err())
}

// Events returns a page, the newest first, and how many there are in all.
func (a *Audit) Events(ctx context.Context, q audit.Query) ([]audit.Event, int, error) {
	where, args := auditWhere(q)
	total := 0
	if err := a.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM audit_events WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, a.db.mapError(err)
	}
	out, err := a.page(ctx, `SELECT `+auditColumns+` FROM audit_events WHERE `+where+` ORDER BY seq DESC LIMIT ? OFFSET ?`, append(args, q.Limit, q.Offset)...)
	return out, total, err
}

func auditWhere(q audit.Query) (string, []any) {
	where, args := []string{`1`}, []any{}
	add := func(condition string, values ...any) { where, args = append(where, condition), append(args, values...) }
	if q.Event != "" {
		add(`event = ?`, q.Event)
	}
	if q.User != "" {
		add(`user = ?`, q.User)
	}
	if q.Success != nil {
		add(`success = ?`, *q.Success)
	}
	if !q.From.IsZero() {
		add(`time >= ?`, q.From.UnixMilli())
	}
	if !q.To.IsZero() {
		add(`time <= ?`, q.To.UnixMilli())
	}
	if q.Text != "" {
		add(`instr(lower(details || ' ' || path || ' ' || ip || ' ' || via), lower(?)) > 0`, q.Text)
	}
	return strings.Join(where, ` AND `), args
}

// Event returns an event by its id.
func (a *Audit) Event(ctx context.Context, id string) (audit.Event, error) {
	e, err := scanAudit(a.db.Read.QueryRowContext(ctx, `SELECT `+auditColumns+` FROM audit_events WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return e, errs.New(errs.NotFound, "there is no such event: it may be older than what is kept")
	}
	return e, a.db.mapError(err)
}

// After returns the next events after a number, the oldest first.
func (a *Audit) After(ctx context.Context, seq int64, limit int) ([]audit.Event, error) {
	return a.page(ctx, `SELECT `+auditColumns+` FROM audit_events WHERE seq > ? ORDER BY seq LIMIT ?`, seq, limit)
}

// Trim stores the head and removes the events up to its floor.
func (a *Audit) Trim(ctx context.Context, h audit.Head) error {
	return a.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := saveHead(ctx, tx, h); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM audit_events WHERE seq <= ?`, h.Floor)
		return err
	})
}

// Due returns the newest event that is not kept any more.
func (a *Audit) Due(ctx context.Context, before time.Time, most int) (audit.Event, bool, error) {
	e, err := scanAudit(a.db.Read.QueryRowContext(ctx, `SELECT `+auditColumns+` FROM audit_events
		WHERE seq <= max(coalesce((SELECT max(seq) FROM audit_events WHERE time < ?), 0), (SELECT seq FROM audit_head) - ?) ORDER BY seq DESC LIMIT 1`, before.UnixMilli(), most))
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, a.db.mapError(err)
}
