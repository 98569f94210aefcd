//go:build unix

package host

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// sockets counts those below a directory.
func sockets(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type() == fs.ModeSocket {
			n++
		}
		return nil // what leaves meanwhile is none
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// shortDir is a directory for sockets, whose paths are limited to about 100 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "sockets")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Sockets of a process that was killed are of no use to anybody, and on a server that lives for years they would pile up.
func TestSocketsEndWithTheirProcess(t *testing.T) {
	dir, temporary := shortDir(t), shortDir(t)
	t.Setenv("TMPDIR", temporary)
	before := filepath.Join(dir, "plugin-dir123")
	if err := os.Mkdir(before, 0o700); err != nil {
		t.Fatal(err)
	}
	p := start(t, func(c *Config) { c.Dir = dir })
	works := func() bool { _, err := ingest(t.Context(), p, "hello"); return err == nil }
	eventually(t, "it works", works)
	if _, err := os.Stat(before); err == nil {
		t.Error("what a server left that was killed is still there")
	}
	first := sockets(t, dir)
	if first == 0 {
		t.Fatal("it has no socket in its own directory")
	}
	for range 3 {
		pid := p.Status().PID
		if pid == 0 {
			t.Fatal("there is no process")
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is another process", func() bool { now := p.Status().PID; return now != 0 && now != pid })
		eventually(t, "it works again", works)
	}
	eventually(t, "only the last one's sockets are there", func() bool { return sockets(t, dir) == first })
	p.Stop()
	if n := sockets(t, dir); n != 0 {
		t.Errorf("%d sockets are left", n)
	}
	if n := sockets(t, temporary); n != 0 {
		t.Errorf("%d sockets are left among the system's temporary files", n)
	}
}

func TestALongPathKeepsNoPluginFromStarting(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	p := start(t, func(c *Config) { c.Dir = long })
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Error(err, p.Status().LastError)
	}
	p.Stop()
}
