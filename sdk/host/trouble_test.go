//go:build unix

package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// script makes a program that is no plugin, with a manifest that fits it.
func script(t *testing.T, c *Config, content string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pulse-plugin-faulty")
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	sum, err := checksum(path)
	if err != nil {
		t.Fatal(err)
	}
	c.Binary, c.Manifest.SHA256 = path, sum
}

func TestEachTroubleIsOneClearSentence(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*testing.T, *Config)
		want   string
	}{
		"no program": {func(t *testing.T, c *Config) { script(t, c, "\x7fELF nonsense", 0o700) },
			"plugin faulty does not start: its program is not one for this machine: install the build for it"},
		"not executable": {func(t *testing.T, c *Config) { script(t, c, "#!/bin/sh\n", 0o600) },
			"plugin faulty does not start: its program may not be executed: set its mode to 0755"},
		"garbage": {func(t *testing.T, c *Config) { script(t, c, "#!/bin/sh\necho good morning\nexec sleep 60\n", 0o700) },
			`plugin faulty does not start: it wrote "good morning" to its standard output instead of the greeting of a plugin`},
		"crash": {func(t *testing.T, c *Config) { script(t, c, "#!/bin/sh\necho no coffee >&2\nexit 3\n", 0o700) },
			`plugin faulty does not start: it ended before it greeted the server (exit status 3); it said last: "no coffee"`},
		"silence": {func(t *testing.T, c *Config) {
			script(t, c, "#!/bin/sh\nexec sleep 60\n", 0o700)
			c.Timing.Start = 200 * time.Millisecond
		}, "plugin faulty does not start: it did not greet the server within 200ms"},
		"endless line": {func(t *testing.T, c *Config) { script(t, c, "#!/bin/sh\nexec tr '\\0' x </dev/zero\n", 0o700) },
			"plugin faulty does not start: it "},
		"no output": {func(t *testing.T, c *Config) { script(t, c, "#!/bin/sh\nexec sleep 60 >&2\n", 0o700) },
			"plugin faulty does not start: it closed its standard output without the greeting of a plugin"},
		"endless chatter": {func(t *testing.T, c *Config) {
			script(t, c, "#!/bin/sh\nyes morning >&2\n", 0o700)
			c.Timing.Start = 3 * time.Second // in which it is heard on a busy machine too
		}, `plugin faulty does not start: it did not greet the server within 3s; it said last: "morning"`},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, func(cfg *Config) {
				cfg.Timing.Wait = time.Millisecond
				c.change(t, cfg)
			})
			p.Need()
			eventually(t, "an error", func() bool { return p.Status().LastError != "" })
			if s := p.Status(); !strings.HasPrefix(s.LastError, c.want) || strings.Contains(s.LastError, "\n") {
				t.Errorf("last error %q, want %q", s.LastError, c.want)
			}
			_, err := p.Instance(t.Context(), "one")
			if sdk.KindOf(err) != sdk.KindUnavailable {
				t.Errorf("a caller gets %v", err)
			}
		})
	}
}

func TestAPluginThatEndsSaysHow(t *testing.T) {
	p := start(t, nil)
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := ingest(t.Context(), p, "crash"); sdk.KindOf(err) != sdk.KindUnavailable {
		t.Errorf("the report under way: %v", err)
	}
	eventually(t, "the error says how", func() bool {
		return strings.HasPrefix(p.Status().LastError, "plugin faulty ended by itself (exit status 7)")
	})
}

func TestTooMuchMemoryEndsTheProcess(t *testing.T) {
	p := start(t, func(c *Config) { c.MemoryMax = 64 << 20; c.Timing.Watch = 10 * time.Millisecond })
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Fatal(err)
	}
	if _, ok := resident(p.Status().PID); !ok {
		t.Skip("this system does not tell how much memory a process holds")
	}
	if _, err := ingest(t.Context(), p, "eat"); sdk.KindOf(err) != sdk.KindUnavailable {
		t.Errorf("the report that eats: %v", err)
	}
	eventually(t, "the error says so", func() bool {
		return strings.Contains(p.Status().LastError, "more than its limit of 64 MiB, and was ended")
	})
	eventually(t, "it takes reports again", func() bool { _, err := ingest(t.Context(), p, "hello"); return err == nil })
}

func TestAnIdlePluginEndsAndIsStartedAgain(t *testing.T) {
	p := start(t, func(c *Config) {
		c.Timing.Idle = time.Second
		c.Timing.Health = 10 * time.Millisecond
	})
	p.Want(nil) // only what somebody tries is left
	if _, err := p.Validate(t.Context(), []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is idle", func() bool { s := p.Status(); return s.State == StateIdle && s.PID == 0 })
	if s := p.Status(); s.LastError != "" {
		t.Errorf("ending for idleness is no error: %+v", s)
	}
	if _, err := p.Validate(t.Context(), []byte(`{}`)); err != nil {
		t.Errorf("when it is needed again: %v", err)
	}
}

// A process that takes longer to start than it may be idle is there for who has waited for it.
func TestAPluginThatSomebodyWaitsForIsNotIdle(t *testing.T) {
	clock := time.Unix(1_800_000_000, 0)
	p := New(Config{Binary: binary, Manifest: manifest(t), Dir: t.TempDir(), Timing: quick, Now: func() time.Time { return clock }})
	proc := &process{calls: &gauge{meter: p.meter}}
	p.Need()
	done := p.expect()
	clock = clock.Add(time.Hour)
	if p.idle(proc) {
		t.Error("it ends although somebody waits for it")
	}
	done()
	if p.idle(proc) {
		t.Error("it ends before it could be called")
	}
	clock = clock.Add(time.Hour)
	if !p.idle(proc) {
		t.Error("it runs on although nobody needs it")
	}
}

// A channel's plugin ends while there is nothing to tell. Its channel is none the worse for that: it was an alert, each few minutes.
func TestAnIdlePluginsInstancesWork(t *testing.T) {
	p := New(Config{Binary: binary, Manifest: manifest(t), Dir: t.TempDir(), Timing: quick})
	p.Want([]Wanted{instanceOf("one", 1, `{"word":"first"}`)})
	if s := p.Status(); s.State != StateIdle || s.Instances["one"] != "" {
		t.Errorf("%s: %v", s.State, s.Instances)
	}
}

func TestADisabledPluginEndsAndSaysSo(t *testing.T) {
	p := start(t, nil)
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Fatal(err)
	}
	p.Enable(false)
	eventually(t, "it is off", func() bool { s := p.Status(); return s.State == StateDisabled && s.PID == 0 })
	_, err := p.Instance(t.Context(), "one")
	var e *sdk.Error
	if !errors.As(err, &e) || e.Code != "plugin_disabled" || e.Message != "The plugin faulty is switched off." {
		t.Errorf("a caller gets %v", err)
	}
	p.Enable(true)
	eventually(t, "it is back", func() bool { _, err := ingest(t.Context(), p, "hello"); return err == nil })
}

func TestARestartHandsOverWithoutAGap(t *testing.T) {
	p := start(t, nil)
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Fatal(err)
	}
	old := p.Status().PID
	i, err := p.Instance(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	slow := make(chan error, 1)
	go func() { slow <- i.Collect(context.WithoutCancel(t.Context()), "slow", nowhere{}) }()
	eventually(t, "the slow call is under way", func() bool { return p.Status().Calls.Total >= 1 && underWay(p) > 0 })
	p.Restart()
	for p.Status().PID == old {
		if _, err := ingest(t.Context(), p, "hello"); err != nil {
			t.Fatalf("a report while the other process starts: %v", err)
		}
	}
	if err := <-slow; err != nil {
		t.Errorf("the call that was under way: %v", err)
	}
	if s := p.Status(); s.State != StateReady || s.LastError != "" || s.Restarts != 1 {
		t.Errorf("status %+v", s)
	}
	eventually(t, "the old process is gone", func() bool { return !alive(old) })
}

func TestAnUpgradeThatDoesNotStartLeavesTheOldOne(t *testing.T) {
	p := start(t, nil)
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Fatal(err)
	}
	old := p.Status().PID
	bad := p.desired().Manifest
	bad.SHA256 = strings.Repeat("0", 64)
	p.Upgrade(binary, bad)
	eventually(t, "the error shows", func() bool {
		return strings.Contains(p.Status().LastError, "could not take over, the running process of version 1.0.0 goes on: ")
	})
	if word, err := ingest(t.Context(), p, "hello"); err != nil || word != "first" || p.Status().PID != old {
		t.Errorf("the old one: %q, %v, process %d, was %d", word, err, p.Status().PID, old)
	}
}

func underWay(p *Plugin) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proc.calls.under.Load()
}

// nowhere is a sink that forgets.
type nowhere struct{}

func (nowhere) Emit(...sdk.Observation) error  { return nil }
func (nowhere) Partition(string) sdk.Partition { return nowhere{} }
func (nowhere) Done(err error) error           { return err }
