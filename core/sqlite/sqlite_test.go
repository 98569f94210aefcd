package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

func openStateAt(t *testing.T, path string) *DB {
	t.Helper()
	db, err := OpenState(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestTx(t *testing.T) {
	db := openStateAt(t, filepath.Join(t.TempDir(), "pulse.db"))
	insert := func(name string) func(*sql.Tx) error {
		return func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO settings (name, value) VALUES (?, '1')`, name)
			return err
		}
	}
	if err := db.Tx(t.Context(), insert("kept")); err != nil {
		t.Fatal(err)
	}
	if err := db.Tx(t.Context(), insert("kept")); !errs.Is(err, errs.Conflict) {
		t.Errorf("the same again: %v", err)
	}
	broken := errors.New("broken")
	err := db.Tx(t.Context(), func(tx *sql.Tx) error { return errors.Join(insert("failed")(tx), broken) })
	if !errors.Is(err, broken) {
		t.Errorf("work that fails: %v", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = db.Tx(t.Context(), func(tx *sql.Tx) error { _ = insert("panicked")(tx); panic("broken") })
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Tx(ctx, insert("cancelled")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	var names string
	if err := db.Read.QueryRowContext(t.Context(), `SELECT group_concat(name) FROM settings`).Scan(&names); err != nil || names != "kept" {
		t.Errorf("stored %q, %v", names, err)
	}
	if _, err := db.Read.ExecContext(t.Context(), `DELETE FROM settings`); err == nil {
		t.Error("readers may write")
	}
}

func TestSettings(t *testing.T) {
	s := NewSettings(openStateAt(t, filepath.Join(t.TempDir(), "pulse.db")))
	type value struct{ A, B string }
	got := value{A: "default"}
	if found, err := s.Get(t.Context(), "x", &got); found || err != nil || got.A != "default" {
		t.Errorf("before it is set: %v, %v, %+v", found, err, got)
	}
	for _, b := range []string{"one", "two"} {
		if err := s.Set(t.Context(), "x", value{B: b}); err != nil {
			t.Fatal(err)
		}
		if found, err := s.Get(t.Context(), "x", &got); !found || err != nil || got.B != b {
			t.Errorf("got %+v, %v, %v", got, found, err)
		}
	}
	if _, err := s.Get(t.Context(), "x", new(int)); err == nil {
		t.Error("a value of another type is taken")
	}
	if err := s.Set(t.Context(), "y", func() {}); err == nil {
		t.Error("what is no JSON is stored")
	}
	if err := s.Delete(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Get(t.Context(), "x", &got); found || err != nil {
		t.Errorf("after the delete: %v, %v", found, err)
	}
}

func TestMapError(t *testing.T) {
	if mapError(nil) != nil {
		t.Error("nothing is an error")
	}
	plain := errors.New("plain")
	coded := errs.New(errs.NotFound, "no such thing")
	for _, err := range []error{plain, coded, sql.ErrNoRows, fmt.Errorf("read: %w", context.Canceled)} {
		if got := mapError(err); !errors.Is(got, err) || got.Error() != err.Error() {
			t.Errorf("%v became %v", err, got)
		}
	}
	if err := mapError(&os.PathError{Op: "write", Err: syscall.ENOSPC}); !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "free space") {
		t.Errorf("a full disk: %v", err)
	}
}

func TestStateFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pulse.db")
	db := openStateAt(t, path)
	pages := func(n int) {
		if _, err := db.Write.ExecContext(t.Context(), fmt.Sprintf(`PRAGMA max_page_count = %d`, n)); err != nil {
			t.Fatal(err)
		}
	}
	pages(60)
	s := NewSettings(db)
	var err error
	n := 0
	for ; n < 200 && err == nil; n++ {
		err = s.Set(t.Context(), fmt.Sprint(n), strings.Repeat("x", 4000))
	}
	var e *errs.Error
	if !errors.As(err, &e) || e.Code != errs.Unavailable || e.RetryAfter == 0 || !strings.Contains(e.Message, filepath.Dir(path)) || !strings.Contains(e.Message, "free space") {
		t.Fatalf("got %v", err)
	}
	pages(1000)
	if err := s.Set(t.Context(), "after", 1); err != nil {
		t.Errorf("with space again: %v", err)
	}
	if found, err := s.Get(t.Context(), "0", new(string)); !found || err != nil {
		t.Errorf("what was stored before: %v, %v", found, err)
	}
}

func TestDiskFullState(t *testing.T) {
	dir := smallDisk(t, "2m")
	s := NewSettings(openStateAt(t, filepath.Join(dir, "pulse.db")))
	ballast := filepath.Join(dir, "ballast")
	var err error
	fill(t, ballast)
	n := 0
	for ; n < 2000 && err == nil; n++ {
		err = s.Set(t.Context(), fmt.Sprint(n), strings.Repeat("x", 4000))
	}
	if !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("got %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(t.Context(), "after", 1); err != nil {
		t.Errorf("with space again: %v", err)
	}
	for i := range n - 1 {
		if found, err := s.Get(t.Context(), fmt.Sprint(i), new(string)); !found || err != nil {
			t.Errorf("value %d: %v, %v", i, found, err)
		}
	}
}

func TestDamagedState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pulse.db")
	db, err := OpenState(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := NewSettings(db).Set(t.Context(), fmt.Sprint(i), strings.Repeat("x", 500)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func([]byte) []byte{
		"no database": func([]byte) []byte { return []byte(strings.Repeat("not a database ", 1000)) },
		"garbage within": func(b []byte) []byte {
			for i := 5 * 4096; i < len(b); i++ {
				b[i] ^= 0x5a
			}
			return b
		},
	} {
		if err := os.WriteFile(path, damage(append([]byte(nil), whole...)), 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := OpenState(t.Context(), path)
		if err == nil {
			_ = db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), filepath.Dir(path)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenWhereNothingMayBeMade(t *testing.T) {
	if _, err := OpenState(t.Context(), filepath.Join(t.TempDir(), "missing", "pulse.db")); err == nil {
		t.Error("opened in a folder that is not there")
	}
}

func TestFilesArePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pulse.db")
	db := openStateAt(t, path)
	if err := NewSettings(db).Set(t.Context(), "x", 1); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestMigrations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	files := fstest.MapFS{"1.sql": {Data: []byte(`CREATE TABLE a (x); CREATE TABLE b (x)`)}}
	l := layout{synchronous: "NORMAL", readers: 1, cacheKiB: 64}
	openWith := func() error {
		db, err := open(t.Context(), path, files, l)
		if err != nil {
			return err
		}
		_, err = db.Read.ExecContext(t.Context(), `SELECT * FROM a, b`)
		return errors.Join(err, db.Close())
	}
	for range 2 {
		if err := openWith(); err != nil {
			t.Fatal(err)
		}
	}
	files["2.sql"] = &fstest.MapFile{Data: []byte(`DROP TABLE a; CREATE TABLE b (x)`)}
	if err := openWith(); err == nil || !strings.Contains(err.Error(), "2.sql") {
		t.Errorf("a migration that fails: %v", err)
	}
	delete(files, "2.sql")
	if err := openWith(); err != nil {
		t.Errorf("a migration that failed left traces: %v", err)
	}
}

func TestWalSync(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wal")
	w := walFile{path: path}
	defer w.close()
	if w.sync() {
		t.Error("synced what is not there")
	}
	for _, text := range []string{"one", "two"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, killStart, killStart.Add(time.Duration(text[0])*time.Second)); err != nil {
			t.Fatal(err)
		}
		for i, want := range []bool{true, true, false, false} {
			if got := w.sync(); got != want {
				t.Errorf("%s, look %d: synced %v", text, i, got)
			}
		}
	}
}
