package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// maxOutput bounds what is read of a program's output.
const maxOutput = 1 << 20

// program finds a program on the path, or where systems keep those of the administrator; empty when it is not there.
func program(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/local/bin"} {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// output runs a program, never through a shell, and returns what it wrote and its exit status. The error is set
// when it did not run or did not end in time.
func output(ctx context.Context, timeout time.Duration, path string, args ...string) (out []byte, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.WaitDelay = time.Second
	b := &bounded{}
	cmd.Stdout = b
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, 0, fmt.Errorf("run %s: %w", filepath.Base(path), ctx.Err())
	case errors.As(err, &exit):
		return b.kept.Bytes(), exit.ExitCode(), nil
	case err != nil:
		return nil, 0, fmt.Errorf("run %s: %w", filepath.Base(path), err)
	}
	return b.kept.Bytes(), 0, nil
}

// bounded keeps the first bytes and takes the rest without keeping it.
type bounded struct{ kept bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxOutput - b.kept.Len(); room > 0 {
		_, _ = b.kept.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

// every calls do at once and then at each interval until the context ends.
func every(ctx context.Context, interval time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
