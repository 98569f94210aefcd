package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
)

// Snapshot writes the database at path to a new file, as of one moment, also while a server uses it. The file is
// readable by its owner only.
func Snapshot(ctx context.Context, path, to string) (err error) {
	if err := private(to); err != nil {
		return fmt.Errorf("protect the copy: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer db.Close() //nolint:errcheck // it only read
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return mapError(fmt.Errorf("copy %s: %w", path, err))
	}
	return nil
}
