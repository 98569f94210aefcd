package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/errs"
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
		"version as a flag":  {[]string{"--version"}, 0, "pulse dev (", ""},
		"unknown command":    {[]string{"dance"}, 2, "", "pulse --help"},
		"unknown flag":       {[]string{"serve", "--nope"}, 2, "", "--nope"},
		"no bootstrap token": {[]string{"bootstrap-token", "--data", dir}, 1, "", "--data"},
		"good file":          {[]string{"config", "check", good}, 0, "is fine", ""},
		"unknown key":        {[]string{"config", "check", bad}, 1, "", "bad.hcl line 2"},
		"no file":            {[]string{"config", "check"}, 1, "", "pulse config check FILE"},
		"no plugins":         {[]string{"plugin", "list", "--plugins", dir}, 1, "", "--plugins"},
		"wrong level":        {[]string{"serve", "--log-level", "loud"}, 1, "", "log-level"},
		"defaults":           {[]string{"serve", "--help"}, 0, "/var/lib/pulse", ""},
		"variables":          {[]string{"--help"}, 0, "PULSE_DATA for --data", ""},
	} {
		code, out, err := pulse(t, c.args...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(err, c.err) {
			t.Errorf("%s: exit code %d\nout: %s\nerr: %s", name, code, out, err)
		}
	}
}

// A command that looks for a user makes no data directory where there is none.
func TestResetPasswordOfNoServer(t *testing.T) {
	data := filepath.Join(t.TempDir(), "mistyped")
	code, _, msg := pulse(t, "user", "reset-password", "admin", "--data", data)
	if code != 1 || !strings.Contains(msg, data) || !strings.Contains(msg, "--data") {
		t.Errorf("exit code %d: %s", code, msg)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("the directory was made")
	}
}

// Before the server is set up there is nobody to reset, and the message says what to do instead.
func TestResetPasswordBeforeSetup(t *testing.T) {
	cfg := &config.Config{}
	cfg.Server.Data = t.TempDir()
	err := resetPassword(t.Context(), cfg, "admin", "long enough for a password")
	if !errs.Is(err, errs.NotFound) || !strings.Contains(err.Error(), "bootstrap token") {
		t.Errorf("got %v", err)
	}
	if err := checkUsed(cfg.Server.Data); err != nil {
		t.Errorf("the directory was used: %v", err)
	}
}

// A demo that was killed leaves its data directory behind; the next one removes it, and leaves those in use alone.
func TestDemosRemoveWhatKilledOnesLeft(t *testing.T) {
	parent := t.TempDir()
	open := func(name string) *base {
		cfg := &config.Config{}
		cfg.Server.Data = filepath.Join(parent, name)
		b, err := openBase(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if err := open("pulse-demo-1").Close(); err != nil {
		t.Fatal(err)
	}
	if err := open("other").Close(); err != nil {
		t.Fatal(err)
	}
	used := open("pulse-demo-2")
	defer used.Close()
	if err := open("pulse-demo-3").Close(); err != nil { // it may just be starting
		t.Fatal(err)
	}
	for _, name := range []string{"pulse-demo-1", "pulse-demo-2", "other"} {
		ago := time.Now().Add(-2 * time.Hour)
		if err := os.Chtimes(filepath.Join(parent, name, keyFile), ago, ago); err != nil {
			t.Fatal(err)
		}
	}
	sweepDemos(parent)
	left, err := filepath.Glob(filepath.Join(parent, "*"))
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	if err != nil || strings.Join(left, " ") != "other pulse-demo-2 pulse-demo-3" {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A key that is lost is not replaced by a new one, which could open nothing.
func TestALostKeyIsToldAndNotReplaced(t *testing.T) {
	cfg := &config.Config{}
	cfg.Server.Data = t.TempDir()
	b, err := openBase(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(cfg.Server.Data, keyFile)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := openBase(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "pulse restore") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(key); err == nil {
		t.Error("a new key was made")
	}
}
