package sdktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/sdk/host"
)

// Verdict is the outcome of one trial of a program.
type Verdict struct {
	Trial string
	// Faults are what was found; none when all is well.
	Faults []string
	Took   time.Duration
}

// TryBinary tries a plugin's program, in whatever language it is written, as [Conformance] tries a Go one: in a process
// of its own, started as the server does. The manifest beside it is asked for when it is not there. Report hears of
// each trial. The error says why there could be no trial at all.
func TryBinary(ctx context.Context, binary string, o Options, report func(Verdict)) error {
	m, err := manifestOf(ctx, binary)
	if err != nil {
		return err
	}
	if err := m.Verify(binary); err != nil {
		return err
	}
	s := subject{description: m.Description, connect: func(t testing.TB) *Connection { t.Helper(); return start(t, binary, m) }}
	eachTrial(s, o.withDefaults(m.Description), func(name string, try func(testing.TB)) {
		if ctx.Err() == nil {
			report(judge(ctx, name, try))
		}
	})
	if ctx.Err() == nil {
		report(judge(ctx, "leaves", func(t testing.TB) { tryLeaving(t, binary, m) }))
	}
	return ctx.Err()
}

// manifestOf reads the manifest beside a program, or has the program say it.
func manifestOf(ctx context.Context, binary string) (host.Manifest, error) {
	m, err := host.ReadManifest(binary + ".json")
	if !errors.Is(err, os.ErrNotExist) {
		return m, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, "manifest").Output()
	if err != nil {
		return m, fmt.Errorf("there is no manifest beside %s, and it does not say one: %w", filepath.Base(binary), err)
	}
	return host.ParseManifest(out)
}

// start runs the program until the trial ends.
func start(t testing.TB, binary string, m host.Manifest) *Connection {
	t.Helper()
	dir, err := os.MkdirTemp("", "pulse-try-")
	if err != nil {
		t.Fatal(err)
	}
	log := &lockedBuffer{}
	p := host.New(host.Config{
		Binary: binary, Manifest: m, Dir: dir, Timing: host.Timing{Wait: 15 * time.Second},
		Log: hclog.New(&hclog.LoggerOptions{Output: log, Level: hclog.Debug, JSONFormat: true}),
	})
	p.Start(t.Context())
	stop := func() {
		p.Stop()
		_ = os.RemoveAll(dir) // a file that is left in the system's temporary folder does no harm
	}
	t.Cleanup(stop)
	client, err := p.Client(t.Context())
	if err != nil {
		if said := p.Status().LastError; said != "" {
			err = errors.New(said)
		}
		t.Fatalf("it does not start: %v", err)
	}
	return &Connection{client: client, log: log, close: stop}
}

// tryLeaving asks the program to leave. One that does not is killed after a while, which is when its work is lost.
func tryLeaving(t testing.TB, binary string, m host.Manifest) {
	c := start(t, binary, m)
	began := time.Now()
	c.Close()
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("it was asked to leave and had to be killed after %s", took.Round(time.Millisecond))
	}
}

// judge runs a trial to its end, also when it gives up or panics.
func judge(ctx context.Context, name string, try func(testing.TB)) Verdict {
	began := time.Now()
	b := &bench{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer b.clean()
		defer func() {
			if r := recover(); r != nil {
				b.Errorf("the trial broke off: %v", r)
			}
		}()
		try(b)
	}()
	<-done
	return Verdict{name, b.faults, time.Since(began)}
}

// bench stands in for a test where there is none.
type bench struct {
	testing.TB // what trials do not use
	ctx        context.Context
	faults     []string
	cleanup    []func()
}

func (b *bench) Helper()                  {}
func (b *bench) Context() context.Context { return b.ctx }
func (b *bench) Cleanup(f func())         { b.cleanup = append(b.cleanup, f) }
func (b *bench) Error(args ...any) {
	b.faults = append(b.faults, strings.TrimSpace(fmt.Sprintln(args...)))
}
func (b *bench) Errorf(f string, a ...any) {
	b.faults = append(b.faults, fmt.Sprintf(f, a...))
}
func (b *bench) Fatal(args ...any)         { b.Error(args...); runtime.Goexit() }
func (b *bench) Fatalf(f string, a ...any) { b.Errorf(f, a...); runtime.Goexit() }

func (b *bench) clean() {
	for i := len(b.cleanup) - 1; i >= 0; i-- {
		b.cleanup[i]()
	}
}
