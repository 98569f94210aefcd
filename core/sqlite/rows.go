package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/rows"
)

// Rows keeps the rows of lists. It implements rows.Store.
type Rows struct{ db *DB }

// NewRows returns the store on an open state database.
func NewRows(db *DB) *Rows { return &Rows{db} }

var _ rows.Store = (*Rows)(nil)

const rowColumns = `integration, task, partition, list, owner, key, time, subject, doc`

// EachRow calls f for every row, list by list.
func (r *Rows) EachRow(ctx context.Context, f func(rows.ListKey, rows.Row) error) error {
	found, err := r.db.Read.QueryContext(ctx, `SELECT `+rowColumns+` FROM list_rows ORDER BY integration, task, partition, list, owner, key`)
	if err != nil {
		return r.db.mapError(fmt.Errorf("read rows: %w", err))
	}
	return r.each(found, func(one rows.Found) error { return f(one.ListKey, one.Row) })
}

// ListRows returns the rows of one list.
func (r *Rows) ListRows(ctx context.Context, list rows.ListKey) ([]rows.Row, error) {
	found, err := r.db.Read.QueryContext(ctx, `SELECT `+rowColumns+` FROM list_rows
		WHERE integration = ? AND task = ? AND partition = ? AND list = ? AND owner = ?`,
		string(list.Integration), list.Task, list.Partition, list.Rows, string(list.Owner))
	if err != nil {
		return nil, r.db.mapError(fmt.Errorf("read rows: %w", err))
	}
	var all []rows.Row
	err = r.each(found, func(one rows.Found) error { all = append(all, one.Row); return nil })
	return all, err
}

func (r *Rows) each(found *sql.Rows, f func(rows.Found) error) error {
	defer found.Close() //nolint:errcheck // rows.Err tells
	for found.Next() {
		var one rows.Found
		var at int64
		var doc []byte
		err := found.Scan((*string)(&one.Integration), &one.Task, &one.Partition, &one.Rows, (*string)(&one.Owner), &one.Key, &at, &one.Subject, &doc)
		if err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		one.Doc = doc
		if at != 0 {
			one.Time = time.Unix(0, at).UTC()
		}
		if err := f(one); err != nil {
			return err
		}
	}
	return r.db.mapError(found.Err())
}

// ChangeRows applies changes, all or none.
func (r *Rows) ChangeRows(ctx context.Context, changes []rows.Change) error {
	return r.db.Tx(ctx, func(tx *sql.Tx) error {
		put, err := tx.PrepareContext(ctx, `INSERT INTO list_rows (`+rowColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET time = excluded.time, subject = excluded.subject, doc = excluded.doc`)
		if err != nil {
			return err
		}
		defer put.Close() //nolint:errcheck // the transaction ends it
		for _, c := range changes {
			if err := changeList(ctx, tx, put, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func changeList(ctx context.Context, tx *sql.Tx, put *sql.Stmt, c rows.Change) error {
	l := c.List
	const where = `DELETE FROM list_rows WHERE integration = ? AND task = ? AND partition = ? AND list = ? AND owner = ?`
	of := []any{string(l.Integration), l.Task, l.Partition, l.Rows, string(l.Owner)}
	if c.All {
		_, err := tx.ExecContext(ctx, where, of...)
		return err
	}
	for _, key := range c.Drop {
		if _, err := tx.ExecContext(ctx, where+` AND key = ?`, append(of, key)...); err != nil {
			return err
		}
	}
	for _, row := range c.Put {
		var at int64
		if !row.Time.IsZero() {
			at = row.Time.UnixNano()
		}
		if _, err := put.ExecContext(ctx, append(of, row.Key, at, row.Subject, []byte(row.Doc))...); err != nil {
			return err
		}
	}
	return nil
}

// likely takes the meaning from what stands for other text in LIKE.
var likely = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// FindRows returns a page and how many rows there are in all.
func (r *Rows) FindRows(ctx context.Context, q rows.Query) ([]rows.Found, int, error) {
	where, args := `list = ?`, []any{q.Rows}
	if q.Owner != "" || len(q.Subjects) > 0 {
		of := []string{}
		if q.Owner != "" {
			of, args = append(of, `owner = ?`), append(args, string(q.Owner))
		}
		if len(q.Subjects) > 0 {
			of = append(of, `subject IN (?`+strings.Repeat(`, ?`, len(q.Subjects)-1)+`)`)
			for _, s := range q.Subjects {
				args = append(args, s)
			}
		}
		where += ` AND (` + strings.Join(of, ` OR `) + `)`
	}
	if q.Text != "" {
		where += ` AND CAST(doc AS TEXT) LIKE ? ESCAPE '\'`
		args = append(args, "%"+likely.Replace(q.Text)+"%")
	}
	var total int
	if err := r.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM list_rows WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, r.db.mapError(fmt.Errorf("count rows: %w", err))
	}
	found, err := r.db.Read.QueryContext(ctx, `SELECT `+rowColumns+` FROM list_rows WHERE `+where+` ORDER BY time DESC, key LIMIT ? OFFSET ?`,
		append(args, q.Limit, q.Offset)...)
	if err != nil {
		return nil, 0, r.db.mapError(fmt.Errorf("find rows: %w", err))
	}
	page := []rows.Found{}
	err = r.each(found, func(one rows.Found) error { page = append(page, one); return nil })
	return page, total, err
}
