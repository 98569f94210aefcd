package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pulse runs one command line.
func pulse(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, streams{&o, &e})
	return code, o.String(), e.String()
}

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.hcl")
	if err := os.WriteFile(bad, []byte("server {\n  lissten = \":1\"\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(dir, "good.hcl")
	if err := os.WriteFile(good, []byte("server {\n  listen = \":1\"\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args     []string
		code     int
		out, err string
	}{
		"help":               {[]string{"--help"}, 0, "bootstrap-token", ""},
		"version":            {[]string{"version"}, 0, "pulse dev (", ""},
		"unknown command":    {[]string{"dance"}, 2, "", "pulse --help"},
		"unknown flag":       {[]string{"serve", "--nope"}, 2, "", "--nope"},
		"no bootstrap token": {[]string{"bootstrap-token", "--data", dir}, 1, "", "--data"},
		"good file":          {[]string{"config", "check", good}, 0, "is fine", ""},
		"unknown key":        {[]string{"config", "check", bad}, 1, "", "bad.hcl line 2"},
		"no file":            {[]string{"config", "check"}, 1, "", "pulse config check FILE"},
		"no plugins":         {[]string{"plugin", "list", "--plugins", dir}, 1, "", "--plugins"},
		"wrong level":        {[]string{"serve", "--log-level", "loud"}, 1, "", "log-level"},
	} {
		code, out, err := pulse(t, c.args...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(err, c.err) {
			t.Errorf("%s: exit code %d\nout: %s\nerr: %s", name, code, out, err)
		}
	}
}
