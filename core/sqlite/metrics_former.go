package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// former are the layouts of former versions: their tables, and what the key of a row becomes. The first had series (32 bits) and
// window, or second of raw samples; the second window, series and part (8 bits).
var former = []struct{ table, rows string }{
	{"blocks_%d", `SELECT (w << 40) + (min(63, row_number() OVER (PARTITION BY w, s ORDER BY key) - 1) << 32) + s, n, data
		FROM (SELECT (key & 4294967295) / ?1 AS w, key >> 32 AS s, key, n, data FROM %s)`},
	{"chunks_%d", `SELECT (key >> 40 << 40) + ((key & 255) << 32) + (key >> 8 & 4294967295), n, data FROM %s WHERE ?1 ORDER BY 1`},
}

// convert moves the rows of former versions.
func (t tierTable) convert(ctx context.Context, tx *sql.Tx) error {
	slots := int64(1)
	if t.Step == 0 {
		slots = int64(rawWindow.Seconds())
	}
	for _, f := range former {
		table := fmt.Sprintf(f.table, t.seconds())
		if there, err := hasTable(ctx, tx, table); err != nil || !there {
			if err != nil {
				return err
			}
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO `+t.table+` (key, n, data) `+fmt.Sprintf(f.rows, table), slots)
		if err == nil {
			_, err = tx.ExecContext(ctx, `DROP TABLE `+table)
		}
		if err != nil {
			return fmt.Errorf("take over %s: %w", table, err)
		}
	}
	return nil
}

func hasTable(ctx context.Context, tx interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, name string) (there bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)`, name).Scan(&there)
	return there, err
}
