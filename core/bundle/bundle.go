// Package bundle is the configuration of a server as one file that only a passphrase opens: to keep it safe, to carry
// it to another server, to arrive from another product. It knows how such a file is written and read and what it would
// change. It does not know where a server keeps its configuration.
package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// Row is one row of a table: a text, a whole number, a [Blob] or nil by column.
type Row map[string]any

// Tables are the rows of each table.
type Tables map[string][]Row

// Content is what lies in a bundle.
type Content struct {
	// Format is that of this package's documents, [Format].
	Format int `json:"format"`
	// Server is the version of the server that wrote it.
	Server   string    `json:"server"`
	Exported time.Time `json:"exportedAt"`
	Tables   Tables    `json:"tables"`
}

// Format is the present format of Content. A bundle of a later one is refused.
const Format = 1

// Table says how the rows of a table are told from another and shown.
type Table struct {
	Name    string
	Section string
	// Keys are the columns that tell rows apart.
	Keys []string
	// Label are the columns that people know a row by; Keys when there are none.
	Label []string
	// Lax are columns in which rows may differ and still say the same.
	Lax []string
}

// Sections returns the names of the sections in their order.
func Sections(tables []Table) []string {
	var names []string
	for _, t := range tables {
		if !slices.Contains(names, t.Section) {
			names = append(names, t.Section)
		}
	}
	return names
}

// Encode writes the content as JSON.
func (c Content) Encode() ([]byte, error) { return json.Marshal(c) }

// maxRows is how many rows a bundle may have.
const maxRows = 500_000

// Decode reads what Encode wrote. Errors are errs.Invalid and say what is wrong.
func Decode(raw []byte) (Content, error) {
	var c Content
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&c); err != nil {
		return Content{}, errs.Wrap(errs.Invalid, err, "the bundle opened, but it holds no configuration").WithField("data")
	}
	if c.Format > Format {
		return Content{}, errs.New(errs.Invalid, "the bundle was written by a newer server (%s): update this one first", c.Server).WithField("data")
	}
	if c.Format < 1 || len(c.Tables) == 0 {
		return Content{}, errs.New(errs.Invalid, "the bundle opened, but it holds no configuration").WithField("data")
	}
	rows := 0
	for name, table := range c.Tables {
		rows += len(table)
		for i, row := range table {
			if err := tidy(row); err != nil {
				return Content{}, errs.New(errs.Invalid, "the bundle's %s, row %d: %s", name, i+1, err).WithField("data")
			}
		}
	}
	if rows > maxRows {
		return Content{}, errs.New(errs.TooLarge, "the bundle has %d rows, more than %d", rows, maxRows).WithField("data")
	}
	return c, nil
}

// tidy makes whole numbers of JSON numbers and refuses what no column holds.
func tidy(row Row) error {
	for column, value := range row {
		switch v := value.(type) {
		case nil, string:
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return fmt.Errorf("%s is not a whole number", column)
			}
			row[column] = n
		default:
			return fmt.Errorf("%s is neither a text nor a number", column)
		}
	}
	return nil
}

// key is what tells a row of the table from the others.
func (t Table) key(r Row) string { return join(r, t.Keys) }

// name is what people know the row by.
func (t Table) name(r Row) string {
	if len(t.Label) > 0 {
		return join(r, t.Label)
	}
	return join(r, t.Keys)
}

func join(r Row, columns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = fmt.Sprint(r[c])
	}
	return strings.Join(parts, "/")
}
