// Package datadir is the server's data directory: one process at a time may use it, secrets in it are files of mode
// 0600 that are never half written. It does not know what the files mean.
package datadir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// lockName is the file that the process in charge holds locked. Its content is that process' id, for people.
const lockName = "pulse.lock"

// MaxSecret is the most bytes that a secret file may have.
const MaxSecret = 1 << 20

// Dir is a data directory in use by this process.
type Dir struct {
	path  string
	lock  *os.File
	close func() error
}

// HeldError says that another process uses the directory.
type HeldError struct {
	Path string
	// PID is the other process' id, 0 when it could not be read.
	PID int
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("the data directory %s is in use by another process: stop it, or choose another directory", e.Path)
	}
	return fmt.Sprintf("the data directory %s is in use by process %d: stop it, or choose another directory", e.Path, e.PID)
}

// Open makes the directory, or takes an empty one, readable by its owner only, and takes it for this process. It fails with [*HeldError]
// when another process has it. The operating system lets go of it when the process ends, however it ends.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find data directory: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w; run as a user who may, or choose another directory (--data)", err)
	}
	if err := protect(path); err != nil {
		return nil, err
	}
	name := filepath.Join(path, lockName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock of data directory: %w; the directory must be writable and belong to the user who runs this: %s", err, remedy(path))
	}
	if err := errors.Join(adopt(name, path), readable(path)); err != nil {
		_ = f.Close()
		return nil, err
	}
	if err := lockFile(f); err != nil {
		_ = f.Close()
		if errors.Is(err, errHeld) {
			return nil, &HeldError{Path: path, PID: holder(name)}
		}
		return nil, fmt.Errorf("lock data directory %s: %w", path, err)
	}
	// Who holds the lock is a courtesy: a full disk must not keep the server from starting.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &Dir{path: path, lock: f, close: sync.OnceValue(f.Close)}, nil
}

// protect lets only the owner into an empty directory. One that holds something keeps its mode, since that may be
// /home after a slip of the hand; secrets are files of mode 0600 in any case. It is refused when anybody may write to it.
func protect(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("read data directory: %w; it must belong to the user who runs this", err)
	}
	if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() != "lost+found" }) {
		if err := os.Chmod(path, 0o700); err != nil {
			return fmt.Errorf("protect data directory: %w; it must belong to the user who runs this, or choose another (--data)", err)
		}
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read data directory: %w", err)
	}
	if info.Mode().Perm()&0o002 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("anybody may write to the data directory %s: chmod 700 it if it is Pulse's alone, or choose another (--data)", path)
	}
	return nil
}

// readable looks whether the files in the directory can be read: after a restore by hand some belong to somebody else, and
// the server would fail at one after the other.
func readable(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("read data directory: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() && !e.IsDir() || e.Name() == "lost+found" {
			continue
		}
		f, err := os.Open(filepath.Join(path, e.Name()))
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%w; all of the data directory must belong to the user who runs this: %s", err, remedy(path))
		}
		if err == nil {
			_ = f.Close()
		}
	}
	return nil
}

// remedy is the command that gives the directory to the user who runs this.
func remedy(path string) string {
	return fmt.Sprintf("chown -R %d %s", os.Geteuid(), path)
}

// holder reads the process id in a lock file, 0 when there is none.
func holder(name string) int {
	text, err := os.ReadFile(name)
	if err != nil || len(text) > 32 {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}

// Path returns the absolute path of a file or folder in the directory, of the directory itself without names.
func (d *Dir) Path(names ...string) string {
	return filepath.Join(append([]string{d.path}, names...)...)
}

// Close lets go of the directory. Closing twice is fine.
func (d *Dir) Close() error { return d.close() }

// Free returns how many bytes this process may still write to the disk that holds the directory.
func (d *Dir) Free() (uint64, error) {
	free, err := freeBytes(d.path)
	if err != nil {
		return 0, fmt.Errorf("measure free space of %s: %w", d.path, err)
	}
	return free, nil
}

// Secret is a small file that only the server's user may read.
type Secret struct{ path string }

// Secret returns the secret of a plain file name, whether or not it exists. A name with a path in it is a mistake of
// the programmer and panics.
func (d *Dir) Secret(name string) Secret {
	if name == "" || name != filepath.Base(name) || name == "." || name == ".." {
		panic("datadir: not a file name: " + strconv.Quote(name))
	}
	return Secret{d.Path(name)}
}

// Path returns the file's path, for messages.
func (s Secret) Path() string { return s.path }

// Read returns the content. The error is fs.ErrNotExist when there is none. A file that others may read is made
// private on the way; a link is refused, since it would lead the write elsewhere.
func (s Secret) Read() ([]byte, error) {
	info, err := os.Lstat(s.path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: not a regular file", s.path)
	}
	if exposed(info) {
		if err := os.Chmod(s.path, 0o600); err != nil {
			return nil, fmt.Errorf("protect %s: %w", s.path, err)
		}
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, MaxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.path, err)
	}
	if len(content) > MaxSecret {
		return nil, fmt.Errorf("read %s: larger than %d bytes", s.path, MaxSecret)
	}
	return content, nil
}

// Write replaces the content. Afterwards the file holds all of it, also after a power cut; after a failure it holds
// what it held before.
func (s Secret) Write(content []byte) (err error) {
	dir, name := filepath.Split(s.path)
	f, err := os.CreateTemp(dir, "."+name+".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", s.path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", s.path, err)
		}
	}()
	if _, err = f.Write(content); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), s.path); err != nil {
		return err
	}
	return syncFolder(dir)
}

// Create writes content unless the file exists, and reports whether it did.
func (s Secret) Create(content []byte) (bool, error) {
	if _, err := os.Lstat(s.path); err == nil {
		return false, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, s.Write(content)
}

// Remove deletes the file, if it exists.
func (s Secret) Remove() error {
	if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
