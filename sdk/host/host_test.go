//go:build unix

package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/sdk"
)

// binary is the faulty plugin, built once.
var binary string

func TestMain(m *testing.M) {
	if dir := os.Getenv("FAULTY_HOST"); dir != "" {
		hostForever(dir)
	}
	os.Exit(withBinary(m))
}

func withBinary(m *testing.M) int {
	dir, err := os.MkdirTemp("", "faulty")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "pulse-plugin-faulty")
	out, err := exec.Command("go", "build", "-o", binary, "./testdata/faulty").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "build the faulty plugin: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

var readManifest = sync.OnceValues(func() (Manifest, error) {
	raw, err := exec.Command(binary, "manifest").Output()
	if err != nil {
		return Manifest{}, err
	}
	return ParseManifest(raw)
})

func manifest(t testing.TB) Manifest {
	t.Helper()
	m, err := readManifest()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// patience is how long something may take on a busy machine.
const patience = 3 * time.Minute

// quick is a timing for tests: what is done again and again is done soon, and nothing that works is taken for dead because the
// machine is busy.
var quick = Timing{Start: patience, Health: 100 * time.Millisecond, Answer: patience, Wait: patience, Delay: time.Millisecond, DelayMax: 5 * time.Millisecond}

// start runs the faulty plugin with one instance.
func start(t testing.TB, change func(*Config)) *Plugin {
	t.Helper()
	c := Config{Binary: binary, Manifest: manifest(t), Dir: t.TempDir(), Timing: quick}
	if change != nil {
		change(&c)
	}
	p := New(c)
	p.Want([]Wanted{instanceOf("one", 1, `{"word":"first"}`)})
	p.Start(t.Context())
	t.Cleanup(p.Stop)
	return p
}

func instanceOf(id string, revision int64, config string) Wanted {
	return Wanted{Instance: sdk.Instance{Integration: id, Revision: revision, Config: json.RawMessage(config)}}
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(patience)
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

func ingest(ctx context.Context, p *Plugin, body string) (string, error) {
	i, err := p.Instance(ctx, "one")
	if err != nil {
		return "", err
	}
	out, err := i.Ingest(ctx, sdk.Report{Kind: "faulty", Body: []byte(body)})
	return out.Claims.Hostname, err
}

func query(t testing.TB, p *Plugin, name string) string {
	t.Helper()
	i, err := p.Instance(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := i.Query(t.Context(), sdk.QueryRequest{Query: name}, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestStartsOnFirstNeedInACleanPlace(t *testing.T) {
	t.Setenv("DATABASE_PASSWORD", "hunter2")
	var dir string
	p := start(t, func(c *Config) { dir = c.Dir })
	if s := p.Status(); s.State != StateIdle || s.PID != 0 {
		t.Errorf("before the first need: %+v", s)
	}
	if word, err := ingest(t.Context(), p, "hello"); err != nil || word != "first" {
		t.Fatalf("ingest: %q, %v", word, err)
	}
	got := query(t, p, "env")
	if !strings.HasPrefix(got, dir+"\n") {
		t.Errorf("the working directory is %q, want %q", strings.SplitN(got, "\n", 2)[0], dir)
	}
	for _, bad := range []string{"hunter2", "\nHOME="} {
		if strings.Contains(got, bad) {
			t.Errorf("the environment holds %q:\n%s", bad, got)
		}
	}
	if s := p.Status(); s.State != StateReady || s.PID == 0 || s.Restarts != 0 || s.Instances["one"] != "" {
		t.Errorf("status %+v", s)
	}
}

func TestLogsComeThroughWithoutSecrets(t *testing.T) {
	var mu sync.Mutex
	var out bytes.Buffer
	p := start(t, func(c *Config) {
		c.Log = hclog.New(&hclog.LoggerOptions{Output: &out, Mutex: &mu, Level: hclog.Info, JSONFormat: true})
	})
	p.Want([]Wanted{instanceOf("one", 2, `{"word":"chatty","pass":"hunter2"}`)})
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Fatal(err)
	}
	var text string
	eventually(t, "the plugin's line is in the log", func() bool {
		mu.Lock()
		defer mu.Unlock()
		text = out.String()
		return strings.Contains(text, "chatty")
	})
	for line := range strings.Lines(text) {
		if strings.Contains(line, "chatty") && (!strings.Contains(line, `"plugin":"faulty"`) || !strings.Contains(line, `"integration":"one"`)) {
			t.Errorf("the line lacks who said it: %s", line)
		}
	}
	if strings.Contains(text, "hunter2") {
		t.Error("a secret is in the log")
	}
}

func TestAPluginKilledUnderAReportIsUnavailableAndComesBack(t *testing.T) {
	var dir string
	p := start(t, func(c *Config) { dir = c.Dir })
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := ingest(t.Context(), p, "hang")
		failed <- err
	}()
	eventually(t, "the plugin works on the report", func() bool {
		_, err := os.Stat(filepath.Join(dir, "hanging"))
		return err == nil
	})
	pid := p.Status().PID
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	err := <-failed
	var e *sdk.Error
	if !errors.As(err, &e) || e.Kind != sdk.KindUnavailable || e.RetryAfter <= 0 {
		t.Errorf("the report under way failed with %v", err)
	}
	eventually(t, "the plugin takes reports again", func() bool {
		word, err := ingest(t.Context(), p, "hello")
		return err == nil && word == "first"
	})
	if s := p.Status(); s.PID == pid || s.Restarts != 1 || s.LastError == "" {
		t.Errorf("status %+v", s)
	}
}

func TestAPanicIsOneReportsFailure(t *testing.T) {
	p := start(t, nil)
	if _, err := ingest(t.Context(), p, "panic"); sdk.KindOf(err) != sdk.KindInternal {
		t.Errorf("panic: %v", err)
	}
	if word, err := ingest(t.Context(), p, "hello"); err != nil || word != "first" {
		t.Errorf("after it: %q, %v", word, err)
	}
	if s := p.Status(); s.Restarts != 0 {
		t.Errorf("the process was started %d times again", s.Restarts)
	}
}

func TestACallerThatGivesUpIsNotADeadPlugin(t *testing.T) {
	p := start(t, nil)
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := ingest(ctx, p, "hang"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if word, err := ingest(t.Context(), p, "hello"); err != nil || word != "first" {
		t.Errorf("after it: %q, %v", word, err)
	}
}

func TestAPluginThatHangsIsReplaced(t *testing.T) {
	p := start(t, func(c *Config) { c.Timing.Answer = time.Second })
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Fatal(err)
	}
	// On a busy machine it may have been slow, and replaced, before.
	var pid int
	eventually(t, "it hangs", func() bool {
		pid = p.Status().PID
		return pid != 0 && syscall.Kill(pid, syscall.SIGSTOP) == nil
	})
	eventually(t, "another process is ready", func() bool {
		s := p.Status()
		return s.State == StateReady && s.PID != pid
	})
	eventually(t, "the old process is gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}

func TestStopIsBoundedEvenForAHungPlugin(t *testing.T) {
	p := start(t, func(c *Config) { c.Timing.Health = time.Hour; c.Timing.Drain = 0; c.Timing.Kill = 0 })
	if _, err := ingest(t.Context(), p, "hello"); err != nil {
		t.Fatal(err)
	}
	pid := p.Status().PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() { p.Stop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the process is still there: %v", err)
	}
	if _, err := p.Instance(t.Context(), "one"); sdk.KindOf(err) != sdk.KindUnavailable {
		t.Errorf("after the stop: %v", err)
	}
}

// A plugin that has not greeted the server yet has nothing to lose: whoever stops it does not wait until it is given up.
func TestAStopDoesNotWaitForASilentStart(t *testing.T) {
	p := start(t, func(c *Config) {
		write(t, filepath.Join(c.Dir, "mode"), "mute")
		c.Timing.Start = time.Hour
	})
	p.Need()
	eventually(t, "the start is under way", func() bool { return p.Status().State == StateStarting })
	stopped := make(chan struct{})
	go func() { p.Stop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(patience):
		t.Fatal("it waits for the greeting")
	}
}

func TestAPluginThatCannotStartIsQuarantined(t *testing.T) {
	for mode, want := range map[string]string{"garbage": "good morning", "exit": "no coffee"} {
		t.Run(mode, func(t *testing.T) {
			p := start(t, func(c *Config) { write(t, filepath.Join(c.Dir, "mode"), mode); c.Timing.Wait = time.Millisecond })
			if _, err := p.Instance(t.Context(), "one"); sdk.KindOf(err) != sdk.KindUnavailable {
				t.Errorf("while it tries: %v", err)
			}
			eventually(t, "quarantine", func() bool { return p.Status().State == StateQuarantined })
			s := p.Status()
			if !strings.Contains(s.LastError+strings.Join(s.Stderr, "\n"), want) || s.Restarts != 4 {
				t.Errorf("status %+v says nothing of %q", s, want)
			}
			_, err := p.Instance(t.Context(), "one")
			var e *sdk.Error
			if !errors.As(err, &e) || e.Kind != sdk.KindUnavailable || e.RetryAfter == 0 {
				t.Errorf("in quarantine: %v", err)
			}
			write(t, filepath.Join(p.cfg.Dir, "mode"), "")
			p.Restart()
			eventually(t, "it works after the restart", func() bool { _, err := ingest(t.Context(), p, "hello"); return err == nil })
		})
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCallersDoNotWaitForASlowStart(t *testing.T) {
	p := start(t, func(c *Config) {
		write(t, filepath.Join(c.Dir, "mode"), "mute")
		c.Timing.Wait = 10 * time.Millisecond
	})
	if _, err := p.Instance(t.Context(), "one"); sdk.KindOf(err) != sdk.KindUnavailable {
		t.Errorf("got %v", err)
	}
	eventually(t, "the start is under way", func() bool { return p.Status().State == StateStarting })
	if s := p.Status(); s.LastError != "" {
		t.Errorf("the caller waited for a plugin that says nothing until it was given up: %+v", s)
	}
	write(t, filepath.Join(p.cfg.Dir, "mode"), "")
	eventually(t, "it is ready in the end", func() bool { _, err := ingest(t.Context(), p, "hello"); return err == nil })
}

func TestRefusesWhatIsNotWhatItsManifestSays(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"checksum":    {func(c *Config) { c.Manifest.SHA256 = strings.Repeat("0", 64) }, "checksum"},
		"description": {func(c *Config) { c.Manifest.Description.Name = "Harmless" }, "manifest"},
		"missing":     {func(c *Config) { c.Binary += "x" }, "is missing"},
		"link": {func(c *Config) {
			link := filepath.Join(c.Dir, "link")
			if err := os.Symlink(c.Binary, link); err != nil {
				t.Fatal(err)
			}
			c.Binary = link
		}, "no regular file"},
		"newer": {func(c *Config) { c.Manifest.ProtocolMin, c.Manifest.ProtocolMax = 3, 3 },
			"plugin faulty 1.0.0 needs protocol 3; this server speaks 1: update the server or install an older faulty"},
		"machine": {func(c *Config) { c.Manifest.OS = "plan9" }, "is built for plan9"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, c.change)
			p.Need()
			eventually(t, "an error", func() bool { return p.Status().LastError != "" })
			if s := p.Status(); !strings.Contains(s.LastError, c.want) {
				t.Errorf("last error %q, want %q", s.LastError, c.want)
			}
		})
	}
}

func TestInstancesFollowWhatIsWanted(t *testing.T) {
	p := start(t, nil)
	p.Want([]Wanted{instanceOf("one", 1, `{"word":"first"}`), instanceOf("two", 1, `{"bad":true}`)})
	if word, err := ingest(t.Context(), p, "x"); err != nil || word != "first" {
		t.Fatalf("a bad neighbour: %q, %v", word, err)
	}
	if _, err := p.Instance(t.Context(), "two"); sdk.KindOf(err) != sdk.KindConfig {
		t.Errorf("a bad instance: %v", err)
	}
	if _, err := p.Instance(t.Context(), "three"); sdk.KindOf(err) != sdk.KindUnavailable {
		t.Errorf("an unknown instance: %v", err)
	}
	p.Want([]Wanted{instanceOf("one", 2, `{"word":"second"}`), instanceOf("two", 2, `{}`)})
	eventually(t, "the second revision works", func() bool { word, err := ingest(t.Context(), p, "x"); return err == nil && word == "second" })
	eventually(t, "the neighbour is mended", func() bool { _, err := p.Instance(t.Context(), "two"); return err == nil })
	p.Want([]Wanted{instanceOf("one", 3, `{"bad":true}`)})
	eventually(t, "the failure shows", func() bool { return p.Status().Instances["one"] != "" })
	if word, err := ingest(t.Context(), p, "x"); err != nil || word != "second" {
		t.Errorf("a revision that fails must leave the old one: %q, %v", word, err)
	}
	if s := p.Status(); s.Restarts != 0 {
		t.Errorf("%d restarts", s.Restarts)
	}
}

// keeper keeps state in memory.
type keeper struct {
	sdk.Host
	mu    sync.Mutex
	value []byte
}

func (k *keeper) State(context.Context, string) ([]byte, int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.value, 1, nil
}

func (k *keeper) SetState(_ context.Context, _ string, value []byte, _ int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.value = value
	return nil
}

func TestTheWayBack(t *testing.T) {
	k := &keeper{}
	p := start(t, func(c *Config) { c.Host = func(string) sdk.Host { return k } })
	if got := query(t, p, "state"); got != "v 1" {
		t.Errorf("state %q", got)
	}
}

// What is only tried may ask for what is kept: there is nothing, and nothing of it stays.
func TestTheWayBackOfATrial(t *testing.T) {
	k := &keeper{value: []byte("theirs")}
	p := start(t, func(c *Config) { c.Host = func(string) sdk.Host { return k } })
	err := p.Try(t.Context(), sdk.Instance{Integration: "check/1", Config: json.RawMessage(`{}`)}, func(i *Instance) error {
		var out bytes.Buffer
		_, err := i.Query(t.Context(), sdk.QueryRequest{Query: "state"}, &out)
		if out.String() != " 0" {
			t.Errorf("state %q", out.String())
		}
		return err
	})
	if err != nil || string(k.value) != "theirs" {
		t.Errorf("%v, kept %q", err, k.value)
	}
}

// hostForever runs the plugin in a process that is killed.
func hostForever(dir string) {
	raw, err := exec.Command(os.Getenv("FAULTY_BINARY"), "manifest").Output()
	if err != nil {
		panic(err)
	}
	m, err := ParseManifest(raw)
	if err != nil {
		panic(err)
	}
	p := New(Config{Binary: os.Getenv("FAULTY_BINARY"), Manifest: m, Dir: dir})
	p.Want([]Wanted{instanceOf("one", 1, `{}`)})
	p.Start(context.Background())
	for {
		if _, err := ingest(context.Background(), p, "x"); err == nil {
			break
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(p.Status().PID)), 0o600); err != nil {
		panic(err)
	}
	select {}
}

func TestAPluginDoesNotOutliveItsHost(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FAULTY_HOST="+dir, "FAULTY_BINARY="+binary)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	eventually(t, "the host runs the plugin", func() bool {
		raw, err := os.ReadFile(filepath.Join(dir, "pid"))
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(string(raw))
		return err == nil
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, "the plugin is gone", func() bool { return !alive(pid) })
}

func alive(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(raw), ") Z ")
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"manifest":1,"kind":"x","version":"1","protocol":{"min":1,"max":1},"sha256":"","description":{"kind":"x"}}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := ParseManifest(raw)
		if err == nil && (m.Kind == "" || len(m.SHA256) != 64) {
			t.Errorf("taken: %+v", m)
		}
	})
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p := start(b, func(c *Config) { c.Timing = Timing{Wait: time.Minute} })
		if _, err := ingest(b.Context(), p, "hello"); err != nil {
			b.Fatal(err)
		}
		p.Stop()
	}
}

func BenchmarkIngest(b *testing.B) {
	p := start(b, func(c *Config) { c.Timing = Timing{Wait: time.Minute} })
	body := `{"pad":"` + strings.Repeat("x", 8<<10) + `"}`
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := ingest(b.Context(), p, body); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
