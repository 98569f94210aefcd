package secret

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// OpenFile returns a sealer for the key in a file, which is made if it is not there. Retired names files with keys
// that are only used to open. Whoever calls it holds the lock of the data directory.
func OpenFile(path string, retired ...string) (*Sealer, error) {
	current, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createKey(path); err == nil {
			current, err = readKey(path)
		}
	}
	if err != nil {
		return nil, err
	}
	var old [][]byte
	for _, name := range retired {
		b, err := readKey(name)
		if err != nil {
			return nil, err
		}
		old = append(old, b)
	}
	return New(current, old...)
}

// RotateFile moves the key at path to retired, which must not exist, and makes a new key at path. Pass both names to
// OpenFile afterwards.
func RotateFile(path, retired string) error {
	if _, err := readKey(path); err != nil {
		return err
	}
	if err := os.Link(path, retired); err != nil {
		return fmt.Errorf("retire key: %w", err)
	}
	fresh, err := writeKey(path)
	if err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("replace key: %w", err)
	}
	return syncDir(path)
}

func readKey(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read key %s: it is not a regular file", path)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read key %s: others may read or change it (mode %04o): run chmod 600 %s, and replace the secrets it protects if someone may have read it",
			path, info.Mode().Perm(), path)
	}
	if info.Size() != keySize {
		return nil, fmt.Errorf("read key %s: it has %d bytes instead of %d: restore it from a backup, or remove it and enter all secrets again",
			path, info.Size(), keySize)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	return b, nil
}

// createKey makes the file at once or not at all: a crash between create and write must not leave half a key.
func createKey(path string) error {
	fresh, err := writeKey(path)
	if err != nil {
		return err
	}
	switch err := os.Link(fresh, path); {
	case err == nil, errors.Is(err, fs.ErrExist): // it exists when another process was first: use its key
		err = os.Remove(fresh)
		if err != nil {
			return fmt.Errorf("create key: %w", err)
		}
	default: // no hard links on this file system; the lock of the data directory keeps others away
		if err := os.Rename(fresh, path); err != nil {
			return errors.Join(fmt.Errorf("create key: %w", err), os.Remove(fresh))
		}
	}
	return syncDir(path)
}

// writeKey writes a new key beside path and returns its name.
func writeKey(path string) (string, error) {
	b := make([]byte, keySize)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("create key: %w", err)
	}
	// CreateTemp opens with O_EXCL and mode 0600.
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return "", fmt.Errorf("create key: %w", err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("create key: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// syncDir makes the directory entry durable. Not every system can; the key itself is synced in any case.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("sync key: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync key: %w", err)
	}
	return nil
}
