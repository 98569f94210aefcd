//go:build unix

package state

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Lock holds a directory for this process until it ends. The error tells that another agent uses it.
func Lock(dir string) error {
	fd, err := unix.Open(filepath.Join(dir, "agent.lock"), os.O_RDWR|os.O_CREATE|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("lock the state directory: %w", err)
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("another agent uses the state directory %s; give each its own with --state-dir", dir)
	}
	return nil // the descriptor stays open for as long as the process lives
}
