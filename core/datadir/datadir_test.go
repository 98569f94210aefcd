package datadir

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The test binary run with this variable opens the directory, says so and waits.
const holdVariable = "PULSE_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdVariable); path != "" {
		if _, err := Open(path); err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Stdout.WriteString("open\n")
		select {}
	}
	os.Exit(m.Run())
}

func hold(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdVariable+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	return cmd
}

func TestOneProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "data")
	other := hold(t, path)
	_, err := Open(path)
	var held *HeldError
	if !errors.As(err, &held) || held.PID != other.Process.Pid || !strings.Contains(err.Error(), path) {
		t.Fatalf("got %v, want the pid %d and the path", err, other.Process.Pid)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait()
	d, err := Open(path)
	if err != nil {
		t.Fatalf("after the other was killed: %v", err)
	}
	if _, err := Open(path); !errors.As(err, &held) || held.PID != os.Getpid() {
		t.Errorf("twice in one process: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if d, err = Open(path); err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
}

func openTemp(t *testing.T) *Dir {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("access follows the folder's rights")
	}
	d := openTemp(t)
	s := d.Secret("secret.key")
	if err := s.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	mode := func(path string) fs.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if mode(d.Path()) != 0o700 || mode(s.Path()) != 0o600 || mode(d.Path(lockName)) != 0o600 {
		t.Errorf("modes are %o, %o, %o", mode(d.Path()), mode(s.Path()), mode(d.Path(lockName)))
	}
	if err := os.Chmod(s.Path(), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(); err != nil || mode(s.Path()) != 0o600 {
		t.Errorf("an exposed secret stays exposed: %o, %v", mode(s.Path()), err)
	}
}

// A slip of the hand such as --data /tmp must not lock everybody else out of it.
func TestDirectoryOfOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are not what protects there")
	}
	for mode, fine := range map[os.FileMode]bool{0o755: true, 0o775: true, 0o777: false} {
		path := t.TempDir()
		var err error
		if err := os.WriteFile(filepath.Join(path, "letter.txt"), []byte("dear"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time it has a lock in it
			d, openErr := Open(path)
			if err = openErr; err == nil {
				_ = d.Close()
			}
		}
		if (err == nil) != fine {
			t.Errorf("a directory of mode %v with other things in it: %v", mode, err)
		}
		if err != nil && (!strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "--data")) {
			t.Errorf("the message does not say what to do: %v", err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("mode %v has become %v (%v)", mode, info.Mode().Perm(), err)
		}
	}
}

func TestSecret(t *testing.T) {
	d := openTemp(t)
	s := d.Secret("token")
	if _, err := s.Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before it exists: %v", err)
	}
	if made, err := s.Create([]byte("one")); !made || err != nil {
		t.Errorf("create: %v, %v", made, err)
	}
	if made, err := s.Create([]byte("two")); made || err != nil {
		t.Errorf("create again: %v, %v", made, err)
	}
	if got, err := s.Read(); string(got) != "one" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := s.Write([]byte("three")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Read(); string(got) != "three" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if left, _ := filepath.Glob(d.Path(".token.new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := s.Remove(); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(); err != nil {
		t.Errorf("removed twice: %v", err)
	}
	if err := s.Write(make([]byte, MaxSecret+1)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(); err == nil {
		t.Error("a huge secret was read")
	}
}

func TestSecretIsNoLink(t *testing.T) {
	d := openTemp(t)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.WriteFile(elsewhere, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := d.Secret("token")
	if err := os.Symlink(elsewhere, s.Path()); err != nil {
		t.Skip("no links here")
	}
	if _, err := s.Read(); err == nil {
		t.Error("a link was followed")
	}
	if err := s.Write([]byte("ours")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(elsewhere); string(got) != "theirs" {
		t.Errorf("the write went elsewhere: %q", got)
	}
}

func TestSecretNames(t *testing.T) {
	d := openTemp(t)
	for _, name := range []string{"", ".", "..", "a/b", "../a"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was taken", name)
				}
			}()
			d.Secret(name)
		}()
	}
}

func TestFree(t *testing.T) {
	if free, err := openTemp(t).Free(); free == 0 || err != nil {
		t.Errorf("got %d, %v", free, err)
	}
}
