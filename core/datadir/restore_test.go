package datadir

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// write makes files of a map from name to content.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// content returns the files below a folder, without the lock.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == lockName {
			return err
		}
		raw, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		out[name] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A restore that is cut off when all is in place, but for the empty folder of what was to be put there, ends with the next
// start.
func TestRestoreCutOffAtTheEnd(t *testing.T) {
	path := t.TempDir()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, map[string]string{"pulse.db": "new", beforeName + "/pulse.db": "old"})
	if err := os.Mkdir(d.Path(stagedName), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Settle(); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); len(got) != 2 || got["pulse.db"] != "new" {
		t.Errorf("%v", got)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// Wherever a restore is cut off, the directory holds all of the old before the files count, and all of the new after the
// next start; nothing is mixed, and what was there is kept.
func TestRestoreCutOff(t *testing.T) {
	before := map[string]string{"pulse.db": "old", "pulse.db-wal": "old log", "log/1": "old", "secret.key": "old"}
	restored := map[string]string{"pulse.db": "new", "secret.key": "new", "log/2": "new"}
	for steps := 0; ; steps++ {
		path := t.TempDir()
		d, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, before)
		stage, err := d.Stage()
		if err != nil {
			t.Fatal(err)
		}
		write(t, stage, restored)
		if err := Seal(stage); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(stage, d.Path(stagedName)); err != nil {
			t.Fatal(err)
		}
		left := steps
		err = d.settle(func(from, to string) error {
			if left--; left < 0 {
				return errors.New("killed")
			}
			return os.Rename(from, to)
		})
		ended := err == nil
		if err := d.Settle(); err != nil {
			t.Fatalf("after %d steps: %v", steps, err)
		}
		want := maps.Clone(restored)
		for name, text := range before {
			want[filepath.Join(beforeName, name)] = text
		}
		if got := content(t, path); !maps.Equal(got, want) {
			t.Errorf("cut off after %d steps: %v", steps, got)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if ended {
			return
		}
	}
}

// A stage that was never complete is swept away and changes nothing.
func TestRestoreThatWasNotComplete(t *testing.T) {
	path := t.TempDir()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	write(t, path, map[string]string{"pulse.db": "old"})
	stage, err := d.Stage()
	if err != nil {
		t.Fatal(err)
	}
	write(t, stage, map[string]string{"pulse.db": "ne"})
	if err := d.Settle(); err != nil {
		t.Fatal(err)
	}
	if next, err := d.Stage(); err != nil || next == stage {
		t.Fatalf("%s, %v", next, err)
	}
	if got := content(t, path); !maps.Equal(got, map[string]string{"pulse.db": "old"}) {
		t.Errorf("got %v", got)
	}
}
