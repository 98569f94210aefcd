package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
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

// said runs the command line and returns what it wrote.
func said(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if code := run(t.Context(), args, streams{&out, &out}); code != want {
		t.Fatalf("pulse %v: code %d, want %d\n%s", args, code, want, out.String())
	}
	return out.String()
}

func TestANewPluginIsTriedPackedAndInstalled(t *testing.T) {
	dir, data := written(t, "shed"), t.TempDir()
	nobody := `{"url":"http://127.0.0.1:1"}`
	out := said(t, 1, "plugin", "test", dir, "--with", nobody, "--blind", "nobody answers="+nobody)
	if !strings.Contains(out, "FAULT identities/read") || !strings.Contains(out, "The server does not answer.") || !strings.Contains(out, "One fault.") {
		t.Errorf("with nobody there, only the cycle fails:\n%s", out)
	}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `[{"id":"a","name":"A","load":0.5}]`)
	}))
	defer upstream.Close()
	somebody := fmt.Sprintf(`{"url":%q}`, upstream.URL)
	if out := said(t, 0, "plugin", "test", dir, "--with", somebody, "--blind", "nobody answers="+nobody); !strings.Contains(out, "No faults.") {
		t.Errorf("against a server of this machine:\n%s", out)
	}
	archive := filepath.Join(t.TempDir(), "shed.tar.gz")
	sum, _, _ := strings.Cut(said(t, 0, "plugin", "pack", dir, "--out", archive), " ")
	if out := said(t, 1, "plugin", "install", archive, "--data", data, "--sha256", strings.Repeat("0", 64)); !strings.Contains(out, sum) {
		t.Errorf("a wrong checksum: %s", out)
	}
	none := filepath.Join(data, "none")
	said(t, 0, "plugin", "install", archive, "--data", data, "--plugins", none, "--sha256", sum)
	out = said(t, 0, "plugin", "list", "--plugins", filepath.Join(data, installedDir))
	if !strings.Contains(out, "shed") || !strings.Contains(out, "0.1.0") || strings.Contains(out, "unusable") {
		t.Errorf("after the installation:\n%s", out)
	}
	said(t, 0, "plugin", "verify", "--plugins", filepath.Join(data, installedDir))
	program := filepath.Join(data, installedDir, "pulse-plugin-shed")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out := said(t, 1, "plugin", "test", program); !strings.Contains(out, "checksum") {
		t.Errorf("a program that was changed: %s", out)
	}
}
