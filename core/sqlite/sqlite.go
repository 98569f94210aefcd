// Package sqlite is all the SQL of the server: pulse.db for state and metrics.db for series. Each file
// implements the store interfaces of one domain package.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"sort"

	_ "modernc.org/sqlite" // registers the "sqlite" driver
)

//go:embed migrations/*.sql
var stateMigrations embed.FS

// DB is one open database: a single writer, several readers.
type DB struct {
	Write *sql.DB
	Read  *sql.DB
	path  string
}

// OpenState opens pulse.db at path and brings its schema up to date.
func OpenState(ctx context.Context, path string) (*DB, error) {
	sub, err := fs.Sub(stateMigrations, "migrations")
	if err != nil {
		return nil, err
	}
	return open(ctx, path, sub)
}

// open opens a database in WAL mode. A commit is written to the log by write() and so survives kill -9;
// the log is synced at checkpoints (synchronous=NORMAL).
func open(ctx context.Context, path string, migrations fs.FS) (*DB, error) {
	pragmas := url.Values{"_pragma": {
		"journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(ON)", "busy_timeout(5000)",
	}, "_txlock": {"immediate"}}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode()
	write, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read.SetMaxOpenConns(4)
	db := &DB{Write: write, Read: read, path: path}
	if err := db.migrate(ctx, migrations); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("migrate %s: %w", path, err)
	}
	return db, nil
}

// migrate runs the files that have not run, in the order of their names, each in one transaction.
func (d *DB) migrate(ctx context.Context, migrations fs.FS) error {
	if _, err := d.Write.ExecContext(ctx,
		`CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, at INTEGER NOT NULL DEFAULT (unixepoch()))`); err != nil {
		return err
	}
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return err
	}
	sort.Strings(names)
	for _, name := range names {
		script, err := fs.ReadFile(migrations, name)
		if err != nil {
			return err
		}
		if err := d.runMigration(ctx, name, string(script)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (d *DB) runMigration(ctx context.Context, name, script string) error {
	tx, err := d.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do
	var done int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM migrations WHERE name = ?`, name).Scan(&done); err != nil {
		return err
	}
	if done > 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, script); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO migrations (name) VALUES (?)`, name); err != nil {
		return err
	}
	return tx.Commit()
}

// Tx runs work in one transaction of the writer: it commits when work returns nil and rolls back otherwise, also
// when work panics. Errors come back with their codes ([DB.mapError]). Work must use the given transaction only:
// another statement on d.Write would wait for it for ever.
func (d *DB) Tx(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := d.Write.BeginTx(ctx, nil)
	if err != nil {
		return d.mapError(fmt.Errorf("begin transaction: %w", err))
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do
	if err := work(tx); err != nil {
		return d.mapError(err)
	}
	if err := tx.Commit(); err != nil {
		return d.mapError(fmt.Errorf("commit transaction: %w", err))
	}
	return nil
}

// Close ends all use of the database.
func (d *DB) Close() error {
	rerr := d.Read.Close()
	if err := d.Write.Close(); err != nil {
		return err
	}
	return rerr
}
