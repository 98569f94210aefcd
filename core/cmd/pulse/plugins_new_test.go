package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// written makes a new plugin that builds against this checkout.
func written(t *testing.T, kind string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "new")
	var out, errs bytes.Buffer
	checkout, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"plugin", "new", kind, "--dir", dir, "--replace", checkout}, streams{&out, &errs}); code != 0 {
		t.Fatalf("code %d: %s", code, errs.String())
	}
	return dir
}

func TestANewPluginIsGreenAtOnce(t *testing.T) {
	dir := written(t, "cool-box")
	for _, args := range [][]string{{"vet", "./..."}, {"test", "./..."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, out)
		}
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil || !strings.Contains(string(readme), "pulse-plugin-cool-box") {
		t.Errorf("readme: %v", err)
	}
}

func TestANewPluginReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "precious"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"thing", "--dir", dir}, {"../thing"}, {"Thing"}, {"a--b"}} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), append([]string{"plugin", "new"}, args...), streams{&out, &errs}); code != 1 {
			t.Errorf("%v: code %d, %s", args, code, errs.String())
		}
	}
}
