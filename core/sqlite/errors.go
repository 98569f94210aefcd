package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pulse-platform/pulse/core/errs"
)

// retryFull is how soon a caller may try again after the disk was full: somebody has to free space first.
const retryFull = 30 * time.Second

// mapError gives an error of the database its code: a violated constraint is a conflict, a full disk and a
// locked database are unavailable with what to do about them. Errors that have a code already, those of the
// context and all others come back as they are. Use [DB.mapError] where a database is at hand: it names the
// directory too.
func mapError(err error) error { return mapErrorIn("the data directory", err) }

// mapError is [mapError] with the name of the directory that is full.
func (d *DB) mapError(err error) error { return mapErrorIn(filepath.Dir(d.path), err) }

func mapErrorIn(dir string, err error) error {
	if err == nil {
		return nil
	}
	var coded *errs.Error
	if errors.As(err, &coded) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fullError(dir, err)
	}
	var fault *sqlite.Error
	if !errors.As(err, &fault) {
		return err
	}
	switch fault.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fullError(dir, err)
	case sqlite3.SQLITE_CONSTRAINT:
		return errs.Wrap(errs.Conflict, err, "it contradicts what is stored: it exists already, or something that it refers to does not")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		e := errs.Wrap(errs.Unavailable, err, "the database is busy: try again in a moment")
		e.RetryAfter = time.Second
		return e
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return errs.Wrap(errs.Unavailable, err, "the database in %s cannot be written: check that the server's user may write there", dir)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return errs.Wrap(errs.Internal, err, "the database in %s is damaged: restore it from a backup", dir)
	}
	return err
}

// damaged reports whether err says that a file is no database, or not a whole one.
func damaged(err error) bool {
	var fault *sqlite.Error
	if !errors.As(err, &fault) {
		return false
	}
	code := fault.Code() & 0xff
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

func fullError(dir string, err error) error {
	e := errs.Wrap(errs.Unavailable, err, "the disk that holds %s is full: free space there, then it goes on by itself", dir)
	e.RetryAfter = retryFull
	return e
}
