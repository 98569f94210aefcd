package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/errs"
)

// sealedColumn is a column whose values lie sealed. All of them are listed here: what is not can neither be carried to
// another server nor be sealed anew under another key.
type sealedColumn struct {
	table, column string
	// It is sealed in rows whose column by has one of the values in, in all when by is empty.
	by string
	in []string
	// asJSON is a value that lies in a text column, as a JSON text in base64.
	asJSON bool
	// place are the columns that make up the place to which a value is sealed, behind its prefix.
	prefix string
	place  []string
}

var sealedColumns = []sealedColumn{
	{table: "integrations", column: "config", prefix: "integration/", place: []string{"id"}},
	{table: "plugin_values", column: "value", by: "secret", in: []string{"1"}, prefix: "plugin/", place: []string{"integration", "key"}},
	{table: "second_steps", column: "body", prefix: "second-step/", place: []string{"user"}},
	{table: "sso_grants", column: "body", prefix: "sso-grant/", place: []string{"session"}},
	{table: "audit_head", column: "key", prefix: "audit/", place: []string{"id"}},
	{table: "audit_webhooks", column: "url", prefix: "audit-webhook/", place: []string{"id"}},
	{table: "audit_webhook_secret", column: "secret", prefix: "audit-webhook-secret/", place: []string{"id"}},
	{table: "settings", column: "value", by: "name", in: []string{"metrics", "sso", "licence"}, asJSON: true, prefix: "settings/", place: []string{"name"}},
}

// holds tells whether the row's value is sealed.
func (s sealedColumn) holds(row map[string]any) bool {
	return s.by == "" || slices.Contains(s.in, fmt.Sprint(row[s.by]))
}

// sealedBytes returns what is sealed in a value as it lies in the table, nothing when there is none.
func (s sealedColumn) sealedBytes(value any) (sealed []byte) {
	switch v := value.(type) {
	case []byte:
		return v
	case string:
		if s.asJSON && json.Unmarshal([]byte(v), &sealed) != nil {
			return nil
		}
	}
	return sealed
}

// value is how sealed bytes lie in the table.
func (s sealedColumn) value(sealed []byte) (any, error) {
	if !s.asJSON {
		return sealed, nil
	}
	text, err := json.Marshal(sealed)
	return string(text), err
}

func (s sealedColumn) placeOf(row map[string]any) string {
	parts := make([]string, len(s.place))
	for i, c := range s.place {
		parts[i] = fmt.Sprint(row[c])
	}
	return s.prefix + strings.Join(parts, "/")
}

func sealedIn(table, column string) (sealedColumn, bool) {
	for _, s := range sealedColumns {
		if s.table == table && s.column == column {
			return s, true
		}
	}
	return sealedColumn{}, false
}

// Sealer seals and opens what lies at a place.
type Sealer interface {
	Seal(place string, plain []byte) ([]byte, error)
	Open(place string, sealed []byte) ([]byte, error)
}

// Reseal seals every secret anew, in one transaction: with opens it under the key of before, and to seals it under the
// present one. It returns how many there were.
func (d *DB) Reseal(ctx context.Context, with, to Sealer) (n int, err error) {
	err = d.Tx(ctx, func(tx *sql.Tx) error {
		for _, s := range sealedColumns {
			m, err := reseal(ctx, tx, s, with, to)
			if err != nil {
				return fmt.Errorf("seal %s.%s anew: %w", s.table, s.column, err)
			}
			n += m
		}
		return nil
	})
	return n, err
}

// Flush writes what is committed from the log to the file and syncs it, so that no value of before is left in the log.
func (d *DB) Flush(ctx context.Context) error {
	_, err := d.Write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return d.mapError(err)
}

func reseal(ctx context.Context, tx *sql.Tx, s sealedColumn, with, to Sealer) (n int, err error) {
	t, err := columnsOf(ctx, tx, s.table)
	if err != nil {
		return 0, err
	}
	rows, err := readRows(ctx, tx, s.table, t, "")
	if err != nil {
		return 0, err
	}
	set := make([]string, len(t.keys))
	for i, k := range t.keys {
		set[i] = k + " = ?"
	}
	update := fmt.Sprintf(`UPDATE %s SET %s = ? WHERE %s`, s.table, s.column, strings.Join(set, " AND "))
	for _, row := range rows {
		sealed := s.sealedBytes(row[s.column])
		if !s.holds(row) || sealed == nil {
			continue
		}
		plain, err := with.Open(s.placeOf(row), sealed)
		if err != nil {
			return 0, errs.Wrap(errs.Internal, err, "%s cannot be opened: is secret.key the one it was sealed with?", s.placeOf(row))
		}
		if sealed, err = to.Seal(s.placeOf(row), plain); err != nil {
			return 0, err
		}
		value, err := s.value(sealed)
		if err != nil {
			return 0, err
		}
		args := []any{value}
		for _, k := range t.keys {
			args = append(args, row[k])
		}
		if _, err := tx.ExecContext(ctx, update, args...); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// shape is what the schema says about a table: its columns, by the type that they declare, and its keys.
type shape struct {
	types map[string]string
	order []string
	keys  []string
}

// querier is a transaction or a database.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// columnsOf asks the schema. Table is a name from this package.
func columnsOf(ctx context.Context, q querier, table string) (shape, error) {
	rows, err := q.QueryContext(ctx, `SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid`, table)
	if err != nil {
		return shape{}, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	c := shape{types: map[string]string{}}
	keys := map[int]string{}
	for rows.Next() {
		var name, kind string
		var pk int
		if err := rows.Scan(&name, &kind, &pk); err != nil {
			return shape{}, err
		}
		c.types[name], c.order = kind, append(c.order, name)
		if pk > 0 {
			keys[pk] = name
		}
	}
	for i := 1; i <= len(keys); i++ {
		c.keys = append(c.keys, keys[i])
	}
	if len(c.order) == 0 && rows.Err() == nil {
		return shape{}, fmt.Errorf("there is no table %s", table)
	}
	return c, rows.Err()
}

// readRows returns the rows of a table as they lie there.
func readRows(ctx context.Context, q querier, table string, c shape, where string) ([]map[string]any, error) {
	query := fmt.Sprintf(`SELECT %s FROM %s`, strings.Join(c.order, ", "), table)
	if where != "" {
		query += ` WHERE ` + where
	}
	found, err := q.QueryContext(ctx, query+` ORDER BY `+strings.Join(c.keys, ", "))
	if err != nil {
		return nil, err
	}
	defer found.Close() //nolint:errcheck // rows.Err tells
	var out []map[string]any
	for found.Next() {
		values := make([]any, len(c.order))
		into := make([]any, len(c.order))
		for i := range values {
			into[i] = &values[i]
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		row := make(map[string]any, len(c.order))
		for i, name := range c.order {
			row[name] = values[i]
		}
		out = append(out, row)
	}
	return out, found.Err()
}
