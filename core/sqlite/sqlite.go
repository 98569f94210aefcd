// Package sqlite is all the SQL of the server: pulse.db for state and metrics.db for series. Each file
// implements the store interfaces of one domain package.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"sort"

	_ "modernc.org/sqlite" // registers the "sqlite" driver

	"github.com/pulse-platform/pulse/core/errs"
)

//go:embed migrations/*.sql
var stateMigrations embed.FS

// DB is one open database: a single writer, several readers.
type DB struct {
	Write *sql.DB
	Read  *sql.DB
	path  string
	// stopSync ends the goroutine of startSync, nil without one.
	stopSync func()
}

// walBytes is the size to which the log is cut when it has been checkpointed.
const walBytes = 4 << 20

// OpenState opens pulse.db at path and brings its schema up to date. A damaged file is an error that says so. What
// is committed survives kill -9; the log is synced each second while it changes, so a power cut costs no more.
func OpenState(ctx context.Context, path string) (*DB, error) {
	sub, err := fs.Sub(stateMigrations, "migrations")
	if err != nil {
		return nil, err
	}
	db, err := open(ctx, path, sub, layout{synchronous: "NORMAL", readers: 4, cacheKiB: 1024, check: true})
	if err != nil {
		return nil, err
	}
	db.startSync(stateSync)
	return db, nil
}

// layout is how a database is opened.
type layout struct {
	// synchronous is NORMAL, which writes a commit to the log by write() and leaves the sync to [DB.startSync] and
	// checkpoints, or FULL, which syncs each commit.
	synchronous string
	readers     int
	cacheKiB    int  // of pages, per connection
	check       bool // looks through the whole file for damage
}

// source returns the driver's name for the file with the settings of a connection.
func (l layout) source(path string, writer bool) string {
	v := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(" + l.synchronous + ")", "foreign_keys(ON)",
		fmt.Sprintf("cache_size(-%d)", l.cacheKiB), fmt.Sprintf("journal_size_limit(%d)", walBytes), "wal_autocheckpoint(1024)",
	}}
	if writer {
		v.Set("_txlock", "immediate")
	} else {
		v.Add("_pragma", "query_only(ON)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + v.Encode()
}

// open opens a database in WAL mode and brings its schema up to date.
func open(ctx context.Context, path string, migrations fs.FS, l layout) (*DB, error) {
	write, err := sql.Open("sqlite", l.source(path, true))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", l.source(path, false))
	if err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read.SetMaxOpenConns(l.readers)
	read.SetMaxIdleConns(l.readers)
	db := &DB{Write: write, Read: read, path: path}
	if err := db.prepare(ctx, migrations, l.check); err != nil {
		_ = db.Close()
		return nil, db.mapError(err)
	}
	return db, nil
}

// openVolatile opens a database in memory. It has one connection for reading and writing, which is the database.
func openVolatile(ctx context.Context, migrations fs.FS) (*DB, error) {
	one, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, fmt.Errorf("open a database in memory: %w", err)
	}
	one.SetMaxOpenConns(1)
	one.SetMaxIdleConns(1)
	one.SetConnMaxLifetime(0)
	db := &DB{Write: one, Read: one, path: "memory"}
	if err := db.migrate(ctx, migrations); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// prepare makes the file private, looks for damage and runs what migrations are due.
func (d *DB) prepare(ctx context.Context, migrations fs.FS, check bool) error {
	if err := private(d.path); err != nil {
		return fmt.Errorf("protect database: %w", err)
	}
	if err := d.Write.PingContext(ctx); err != nil {
		return fmt.Errorf("open %s: %w", d.path, err)
	}
	if check {
		var verdict string
		if err := d.Write.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
			return fmt.Errorf("check %s: %w", d.path, err)
		}
		if verdict != "ok" {
			return errs.Wrap(errs.Internal, errors.New(verdict), "the database %s is damaged: restore it from a backup", d.path)
		}
	}
	if err := d.migrate(ctx, migrations); err != nil {
		return fmt.Errorf("migrate %s: %w", d.path, err)
	}
	return nil
}

// private makes the file the server's user's only, and makes it first when there is none: its log takes its mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return f.Close()
	}
	if errors.Is(err, fs.ErrExist) {
		return os.Chmod(path, 0o600)
	}
	return err
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
	if err := d.refuseNewer(ctx, names); err != nil {
		return err
	}
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

// refuseNewer tells when a later version has changed the schema: this one would write what that one does not expect.
func (d *DB) refuseNewer(ctx context.Context, known []string) error {
	rows, err := d.Write.QueryContext(ctx, `SELECT name FROM migrations`)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		if !slices.Contains(known, name) {
			return errs.New(errs.Conflict, "a newer version of Pulse has written %s (%s): start that version, or restore a backup from before it", d.path, name)
		}
	}
	return rows.Err()
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
	if d.stopSync != nil {
		d.stopSync()
	}
	rerr := d.Read.Close()
	if err := d.Write.Close(); err != nil {
		return err
	}
	return rerr
}
