// Package e2e runs the real programs the way people do: the server with its plugins as processes, the agent beside it,
// and faults done to all of them. It knows the command line and the wire and imports nothing of the project.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bin is the folder with pulse, pulse-agent and plugins/.
var bin string

// TestMain builds the programs once. PULSE_BIN names a folder where they lie already.
func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if bin = os.Getenv("PULSE_BIN"); bin != "" {
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "pulse-e2e-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := build(dir); err != nil {
		return 0, err
	}
	bin = dir
	return m.Run(), nil
}

// build makes the programs as `make build` does, with the race detector when the tests have it, so that a race between
// goroutines of a real server is found too.
func build(dir string) error {
	for output, pkg := range map[string]string{
		"pulse": "./core/cmd/pulse", "pulse-agent": "./agent/cmd/pulse-agent", "pulse-plugins": "./plugins/cmd/pulse-plugins",
	} {
		args := []string{"build", "-o", filepath.Join(dir, output)}
		if raceEnabled { // but not in scrypt, as in scripts/test.sh
			args = append(args, "-race", "-gcflags=golang.org/x/crypto/scrypt=-race=false")
		}
		if err := command("go", append(args, pkg)...); err != nil {
			return err
		}
	}
	return command("scripts/link-plugins.sh", filepath.Join(dir, "pulse-plugins"), filepath.Join(dir, "plugins"))
}

func command(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), compiling)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// skip leaves a test out by name and reason. CI does not allow it: there everything must be present.
func skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("cannot be tried here, and CI must: %s", reason)
	}
	t.Skip(reason)
}
