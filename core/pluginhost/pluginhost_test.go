//go:build unix

package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/host"
)

// plugins is a directory with the meter plugin, newer one with a later version of it; both are built once.
var plugins, newer string

func TestMain(m *testing.M) { os.Exit(withPlugins(m)) }

func withPlugins(m *testing.M) int {
	dir, err := os.MkdirTemp("", "plugins")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	plugins, newer = filepath.Join(dir, "1"), filepath.Join(dir, "2")
	if err := errors.Join(build(plugins, "1.0.0"), build(newer, "1.1.0")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func build(dir, version string) error {
	binary := filepath.Join(dir, "pulse-plugin-meter")
	flags := "-s -w -X github.com/pulse-platform/pulse/sdk/serve.version=" + version
	if out, err := exec.Command("go", "build", "-ldflags", flags, "-o", binary, "./testdata/meter").CombinedOutput(); err != nil {
		return fmt.Errorf("build the meter plugin: %w\n%s", err, out)
	}
	manifest, err := exec.Command(binary, "manifest").Output()
	if err != nil {
		return err
	}
	return os.WriteFile(binary+".json", manifest, 0o600)
}

func run(t *testing.T, all ...Integration) *Plugins { return runWith(t, Config{Dir: plugins}, all...) }

func runWith(t *testing.T, cfg Config, all ...Integration) *Plugins {
	t.Helper()
	cfg.Work = t.TempDir()
	cfg.Timing = host.Timing{Start: time.Minute, Wait: time.Minute, Delay: time.Millisecond, DelayMax: 5 * time.Millisecond}
	p, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Reconcile(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(3 * time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

func TestAnImplicitPluginTakesReportsByItself(t *testing.T) {
	p := run(t)
	eventually(t, "the plugin runs before anyone asks", func() bool { return p.Status()[0].State == "ready" })
	out, err := p.Ingest(t.Context(), "reading", sdk.Report{Body: []byte("good")})
	if err != nil || out.Claims.Hostname != "meter" {
		t.Fatalf("%+v, %v", out, err)
	}
	_, err = p.Ingest(t.Context(), "reading", sdk.Report{Body: []byte("bad")})
	var e *sdk.Error
	if !errors.As(err, &e) || e.Kind != sdk.KindInvalid || e.Code != "invalid_report" {
		t.Errorf("a bad report: %v", err)
	}
	if _, err := p.Ingest(t.Context(), "unheard-of", sdk.Report{}); sdk.KindOf(err) != sdk.KindUnsupported {
		t.Errorf("an unknown kind: %v", err)
	}
}

func TestAKilledPluginIsUnavailableThenBack(t *testing.T) {
	p := run(t)
	if _, err := p.Ingest(t.Context(), "reading", sdk.Report{Body: []byte("good")}); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := p.Ingest(t.Context(), "reading", sdk.Report{Body: []byte("hang")})
		failed <- err
	}()
	eventually(t, "the plugin works on the report", func() bool {
		_, err := os.Stat(filepath.Join(p.cfg.Work, "meter", "hanging"))
		return err == nil
	})
	if err := syscall.Kill(p.Status()[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; sdk.KindOf(err) != sdk.KindUnavailable {
		t.Errorf("the report under way: %v", err)
	}
	eventually(t, "it takes reports again", func() bool {
		_, err := p.Ingest(t.Context(), "reading", sdk.Report{Body: []byte("good")})
		return err == nil
	})
}

// keys is a sink that keeps the keys of records.
type keys struct{ got []string }

func (k *keys) Emit(obs ...sdk.Observation) error {
	for _, o := range obs {
		if r, ok := o.(sdk.Record); ok {
			k.got = append(k.got, r.Key)
		}
	}
	return nil
}
func (k *keys) Partition(string) sdk.Partition { return nil }

func TestIntegrationsAreIsolatedByConfig(t *testing.T) {
	p := run(t,
		Integration{ID: "meter/a", Kind: "meter", Revision: 1, Config: json.RawMessage(`{"name":"a"}`)},
		Integration{ID: "meter/b", Kind: "meter", Revision: 1, Config: json.RawMessage(`{"nam":"b"}`)},
	)
	c, err := p.Collector(t.Context(), "meter/a")
	if err != nil {
		t.Fatal(err)
	}
	var k keys
	if err := c.Collect(t.Context(), "all", &k); err != nil || len(k.got) != 1 || k.got[0] != "a" {
		t.Errorf("collected %v, %v", k.got, err)
	}
	if _, err := p.Collector(t.Context(), "meter/b"); sdk.KindOf(err) != sdk.KindConfig {
		t.Errorf("a wrong configuration: %v", err)
	}
	if _, err := p.Notifier(t.Context(), "meter/a"); sdk.KindOf(err) != sdk.KindUnsupported {
		t.Errorf("a power that is not declared: %v", err)
	}
	if _, err := p.Collector(t.Context(), "meter/c"); sdk.KindOf(err) != sdk.KindUnavailable {
		t.Errorf("an unknown integration: %v", err)
	}
	if err := p.Reconcile(t.Context(), []Integration{{ID: "x", Kind: "nothing"}}); err == nil || !strings.Contains(err.Error(), "plugin nothing is not installed") {
		t.Errorf("a missing plugin: %v", err)
	}
	eventually(t, "what is not wanted is gone", func() bool { _, err := p.Collector(t.Context(), "meter/a"); return err != nil })
}

func TestUnsavedConfigurationsAreJudgedAndTried(t *testing.T) {
	p := run(t)
	d, err := p.Validate(t.Context(), "meter", json.RawMessage(`{"nam":"b"}`))
	if err != nil || len(d) == 0 || d[0].Path != "nam" {
		t.Errorf("validate: %+v, %v", d, err)
	}
	var steps []string
	r, err := p.Check(t.Context(), "meter", json.RawMessage(`{"name":"new"}`), integration.Network{}, func(s sdk.CheckStep) { steps = append(steps, s.Name) })
	if err != nil || r.Product != "new" || len(steps) != 1 {
		t.Errorf("check: %+v, %v, %v", r, steps, err)
	}
	if _, err := p.Validate(t.Context(), "nothing", nil); sdk.KindOf(err) != sdk.KindUnsupported {
		t.Errorf("a missing plugin: %v", err)
	}
	if s, err := p.Schema("meter"); err != nil || s.Field("name") == nil {
		t.Errorf("schema: %v", err)
	}
}

func TestTheCatalogueSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	good, err := os.ReadFile(filepath.Join(plugins, "pulse-plugin-meter.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"pulse-plugin-broken.json": "{", "pulse-plugin-other.json": string(good), "pulse-plugin-meter.json": string(good), "readme.json": "{",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := Scan(dir)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%+v, %v", entries, err)
	}
	for i, want := range []string{"parse manifest", "is missing", "holds the manifest of plugin meter"} {
		if !strings.Contains(entries[i].Problem, want) {
			t.Errorf("%s: problem %q, want %q", entries[i].Kind, entries[i].Problem, want)
		}
	}
	p, err := Open(Config{Dir: dir, Work: t.TempDir()})
	if err != nil || len(p.Catalog()) != 0 || len(p.Status()) != 3 || p.Status()[0].Problem == "" {
		t.Errorf("%+v, %v", p.Status(), err)
	}
	if none, err := Scan(filepath.Join(dir, "none")); err != nil || len(none) != 0 {
		t.Errorf("a missing directory: %v, %v", none, err)
	}
}
