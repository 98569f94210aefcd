package sqlite

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/bundle"
	"github.com/pulse-platform/pulse/core/errs"
)

// portable are the tables that a bundle carries, a section after the other. What the server finds out by itself
// (records, alerts, deliveries, sessions) stays at home.
var portable = []bundle.Table{
	{Section: "integrations", Name: "integrations", Lax: []string{"revision"}},
	{Section: "integrations", Name: "plugin_values", Lax: []string{"version"}},
	{Section: "settings", Name: "settings"},
	{Section: "notes", Name: "metadata"},
	{Section: "notes", Name: "links"},
	{Section: "notes", Name: "identity_verdicts"},
	{Section: "tokens", Name: "tokens", Label: []string{"name", "prefix"}, Lax: []string{"last_used"}},
	{Section: "tokens", Name: "fleet_bindings"},
	{Section: "users", Name: "roles"},
	{Section: "users", Name: "users", Lax: []string{"last_login", "link_until"}},
	{Section: "users", Name: "second_steps", Lax: []string{"body"}},
	{Section: "users", Name: "passkeys", Label: []string{"user", "name"}, Lax: []string{"last_used", "body"}},
}

// Portable reads and writes the configuration as a bundle carries it, secrets in clear.
type Portable struct {
	db     *DB
	sealer Sealer
}

// NewPortable returns it for an open state database.
func NewPortable(db *DB, sealer Sealer) *Portable { return &Portable{db, sealer} }

// Tables describes what can be carried.
func (p *Portable) Tables(ctx context.Context) ([]bundle.Table, error) {
	out := slices.Clone(portable)
	for i := range out {
		c, err := columnsOf(ctx, p.db.Read, out[i].Name)
		if err != nil {
			return nil, p.db.mapError(err)
		}
		out[i].Keys = c.keys
	}
	return out, nil
}

// Read returns the rows of sections, as of one moment.
func (p *Portable) Read(ctx context.Context, sections []string) (bundle.Tables, error) {
	tx, err := p.db.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, p.db.mapError(err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	out := bundle.Tables{}
	for _, t := range portable {
		if !slices.Contains(sections, t.Section) {
			continue
		}
		if out[t.Name], err = p.read(ctx, tx, t.Name); err != nil {
			return nil, p.db.mapError(fmt.Errorf("read %s: %w", t.Name, err))
		}
	}
	return out, nil
}

func (p *Portable) read(ctx context.Context, tx *sql.Tx, table string) ([]bundle.Row, error) {
	c, err := columnsOf(ctx, tx, table)
	if err != nil {
		return nil, err
	}
	rows, err := readRows(ctx, tx, table, c, "")
	if err != nil {
		return nil, err
	}
	out := make([]bundle.Row, 0, len(rows))
	for _, row := range rows {
		for column, value := range row {
			s, isSealed := sealedIn(table, column)
			if sealed := s.sealedBytes(value); isSealed && s.holds(row) && sealed != nil {
				plain, err := p.sealer.Open(s.placeOf(row), sealed)
				if err != nil {
					return nil, errs.Wrap(errs.Internal, err, "%s cannot be opened: is secret.key the one it was sealed with?", s.placeOf(row))
				}
				row[column] = string(plain)
			} else if blob, ok := value.([]byte); ok {
				row[column] = base64.StdEncoding.EncodeToString(blob)
			}
		}
		out = append(out, row)
	}
	return out, nil
}

// Write stores rows in one transaction. With replace each table holds exactly them afterwards; without, what they do not
// name stays. Errors of code invalid say what is wrong with the rows.
func (p *Portable) Write(ctx context.Context, tables bundle.Tables, replace bool) error {
	for name := range tables {
		if !slices.ContainsFunc(portable, func(t bundle.Table) bool { return t.Name == name }) {
			return errs.New(errs.Invalid, "the bundle has a table %q that this server does not know: update the server first", name).WithField("data")
		}
	}
	return p.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, t := range portable {
			if rows, named := tables[t.Name]; named {
				if err := p.write(ctx, tx, t, rows, replace); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (p *Portable) write(ctx context.Context, tx *sql.Tx, t bundle.Table, rows []bundle.Row, replace bool) error {
	c, err := columnsOf(ctx, tx, t.Name)
	if err != nil {
		return err
	}
	if replace {
		if err := deleteOthers(ctx, tx, t.Name, c.keys, rows); err != nil {
			return err
		}
	}
	for i, row := range rows {
		if row, err = p.stored(t.Name, c, row); err != nil {
			return errs.New(errs.Invalid, "the bundle's %s, row %d: %s", t.Name, i+1, err).WithField("data")
		}
		if err := upsert(ctx, tx, t.Name, c.keys, row); err != nil {
			return errs.Wrap(errs.Invalid, err, "the bundle's %s, row %d, does not fit into this server", t.Name, i+1).WithField("data")
		}
	}
	return nil
}

// stored returns a row as it lies in the table: blobs decoded, secrets sealed.
func (p *Portable) stored(table string, c shape, row bundle.Row) (bundle.Row, error) {
	out := bundle.Row{}
	for column, value := range row {
		kind, known := c.types[column]
		if !known {
			return nil, fmt.Errorf("this server does not know %q: update it first", column)
		}
		text, isText := value.(string)
		switch {
		case value == nil:
		case kind == "INTEGER" && isText, kind != "INTEGER" && !isText:
			return nil, fmt.Errorf("%s has the wrong type", column)
		default:
			var err error
			s, isSealed := sealedIn(table, column)
			switch {
			case isSealed && s.holds(row):
				var sealed []byte
				if sealed, err = p.sealer.Seal(s.placeOf(row), []byte(text)); err == nil {
					value, err = s.value(sealed)
				}
			case kind == "BLOB":
				value, err = base64.StdEncoding.DecodeString(text)
			}
			if err != nil {
				return nil, fmt.Errorf("%s cannot be read", column)
			}
		}
		out[column] = value
	}
	for _, k := range c.keys {
		if out[k] == nil {
			return nil, fmt.Errorf("%s is missing", k)
		}
	}
	return out, nil
}

// deleteOthers removes what rows do not name.
func deleteOthers(ctx context.Context, tx *sql.Tx, table string, keys []string, rows []bundle.Row) error {
	keep := map[string]bool{}
	for _, r := range rows {
		keep[keyOf(r, keys)] = true
	}
	c := shape{order: keys, keys: keys}
	have, err := readRows(ctx, tx, table, c, "")
	if err != nil {
		return err
	}
	where := strings.Join(keys, " = ? AND ") + " = ?"
	for _, r := range have {
		if keep[keyOf(r, keys)] {
			continue
		}
		args := make([]any, len(keys))
		for i, k := range keys {
			args[i] = r[k]
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(`DELETE FROM %s WHERE %s`, table, where), args...); err != nil {
			return err
		}
	}
	return nil
}

func keyOf(r map[string]any, keys []string) string {
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "%q ", fmt.Sprint(r[k]))
	}
	return b.String()
}

func upsert(ctx context.Context, tx *sql.Tx, table string, keys []string, row bundle.Row) error {
	names := slices.Sorted(maps.Keys(row))
	args := make([]any, len(names))
	var set []string
	for i, n := range names {
		args[i] = row[n]
		if !slices.Contains(keys, n) {
			set = append(set, n+" = excluded."+n)
		}
	}
	action := "NOTHING"
	if len(set) > 0 {
		action = "UPDATE SET " + strings.Join(set, ", ")
	}
	query := fmt.Sprintf(`INSERT INTO %s (%s) VALUES (?%s) ON CONFLICT (%s) DO %s`,
		table, strings.Join(names, ", "), strings.Repeat(", ?", len(names)-1), strings.Join(keys, ", "), action)
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}
