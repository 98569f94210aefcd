//go:build unix

package datadir

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user without rights, as the server's is.
const nobody = 65534

// ofNobody returns a directory that belongs to another user than root, who runs the test.
func ofNobody(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can act for another user")
	}
	top, err := os.MkdirTemp("", "pulse-owner-") // the folders of a test are root's only
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	path := filepath.Join(top, "data")
	if err := os.Chmod(top, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatRootRestoresBelongsToTheServersUser(t *testing.T) {
	path := ofNobody(t)
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	stage, err := d.Stage()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(stage, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stage, "folder", "file"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Seal(stage); err != nil {
		t.Fatal(err)
	}
	if err := d.Replace(stage); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"folder", "folder/file", beforeName, lockName} {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != nobody || s.Gid != nobody {
			t.Errorf("%s: %+v", name, info.Sys())
		}
	}
}

// After a restore by hand some files are root's. The first word about it names the file and the command.
func TestFilesOfSomebodyElseAreToldWithTheRemedy(t *testing.T) {
	path := ofNobody(t)
	if err := os.WriteFile(filepath.Join(path, "some.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(filepath.Dir(path), "program")
	if err := os.WriteFile(program, binary, 0o755); err != nil { //nolint:gosec // the other user runs it
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), holdVariable+"="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.Output()
	if err == nil || !strings.Contains(string(out), "some.db") || !strings.Contains(string(out), "chown -R 65534 "+path) {
		t.Errorf("%v: %s", err, out)
	}
}
