package sdktest

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// verdicts stands in for the test of a plugin that should fail, and keeps what it is accused of.
type verdicts struct {
	testing.TB
	said    []string
	cleanup []func()
}

func (v *verdicts) Helper()                   {}
func (v *verdicts) Cleanup(f func())          { v.cleanup = append(v.cleanup, f) }
func (v *verdicts) Error(args ...any)         { v.said = append(v.said, fmt.Sprint(args...)) }
func (v *verdicts) Errorf(f string, a ...any) { v.said = append(v.said, fmt.Sprintf(f, a...)) }
func (v *verdicts) Fatal(args ...any)         { v.Error(args...); runtime.Goexit() }
func (v *verdicts) Fatalf(f string, a ...any) { v.Errorf(f, a...); runtime.Goexit() }

// try runs one trial to its end, also when it gives up.
func try(t *testing.T, trial func(testing.TB)) []string {
	t.Helper()
	v := &verdicts{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for _, f := range v.cleanup {
				f()
			}
		}()
		trial(v)
	}()
	<-done
	return v.said
}

// seeded is a plugin with one fault.
type seeded struct {
	sdk.Plugin
	describe func(*sdk.Description)
	validate func(json.RawMessage) []sdk.Diagnostic
	collect  func(ctx context.Context, in sdk.Instance, deps sdk.Deps, sink sdk.Sink) error
	ingest   func() error
}

func (s seeded) Describe() sdk.Description {
	d := s.Plugin.Describe()
	if s.describe != nil {
		s.describe(&d)
	}
	return d
}

func (s seeded) Validate(ctx context.Context, config json.RawMessage) []sdk.Diagnostic {
	if s.validate != nil {
		return s.validate(config)
	}
	return s.Plugin.Validate(ctx, config)
}

func (s seeded) Configure(_ context.Context, in sdk.Instance, deps sdk.Deps) (any, error) {
	return seededInstance{s, in, deps}, nil
}

type seededInstance struct {
	s    seeded
	in   sdk.Instance
	deps sdk.Deps
}

func (i seededInstance) Collect(ctx context.Context, _ string, sink sdk.Sink) error {
	return i.s.collect(ctx, i.in, i.deps, sink)
}

func (i seededInstance) Ingest(context.Context, sdk.Report) (sdk.Ingested, error) {
	return sdk.Ingested{}, i.s.ingest()
}

func emit(obs ...sdk.Observation) func(context.Context, sdk.Instance, sdk.Deps, sdk.Sink) error {
	return func(_ context.Context, _ sdk.Instance, _ sdk.Deps, sink sdk.Sink) error { return sink.Emit(obs...) }
}

// forAll fixes the task of a trial.
func forAll(trial func(testing.TB, sdk.Plugin, Options, string)) func(testing.TB, sdk.Plugin, Options) {
	return func(t testing.TB, p sdk.Plugin, o Options) { trial(t, p, o, "all") }
}

func TestSeededFaultsAreFound(t *testing.T) {
	o := Options{Config: `{"pass":"hunter2"}`, Secrets: []string{"hunter2"}, Tasks: []string{"all"}}
	calls := 0
	release := make(chan struct{})
	defer close(release)
	fine := emit()
	for name, c := range map[string]struct {
		trial func(testing.TB, sdk.Plugin, Options)
		fault seeded
		want  string
	}{
		"describe changes": {
			func(t testing.TB, p sdk.Plugin, _ Options) { tryDescribe(t, p) },
			seeded{describe: func(d *sdk.Description) { calls++; d.Summary = fmt.Sprint(calls) }}, "differ",
		},
		"metric of no type": {
			func(t testing.TB, p sdk.Plugin, _ Options) { tryDescribe(t, p) },
			seeded{describe: func(d *sdk.Description) { d.Types = nil }}, "not declared",
		},
		"unknown key": {tryConfig, seeded{validate: func(json.RawMessage) []sdk.Diagnostic { return nil }}, "unknown key"},
		"key without help": {tryConfig, seeded{describe: func(d *sdk.Description) {
			d.Config = json.RawMessage(strings.ReplaceAll(string(d.Config), "A word.", ""))
		}}, "no help"},
		"secret in log": {trySecrets, seeded{collect: func(_ context.Context, in sdk.Instance, deps sdk.Deps, _ sdk.Sink) error {
			deps.Log.Info("got " + string(in.Config))
			return nil
		}}, "secret"},
		"secret in error": {trySecrets, seeded{collect: func(_ context.Context, in sdk.Instance, _ sdk.Deps, _ sdk.Sink) error {
			return sdk.Errorf(sdk.KindAuth, "%s", in.Config)
		}}, "secret"},
		"goroutine left": {tryClose, seeded{collect: func(context.Context, sdk.Instance, sdk.Deps, sdk.Sink) error { go func() { <-release }(); return nil }}, "goroutines were left"},
		"keys change": {forAll(tryIdentities), seeded{collect: func(_ context.Context, _ sdk.Instance, _ sdk.Deps, s sdk.Sink) error {
			calls++
			return s.Emit(sdk.Record{Type: "thing", Key: fmt.Sprint(calls)})
		}}, "different things"},
		"key twice": {forAll(tryIdentities), seeded{collect: emit(sdk.Record{Type: "thing", Key: "a"}, sdk.Record{Type: "thing", Key: "a"})}, "named twice"},
		"partition open": {forAll(tryIdentities), seeded{collect: func(_ context.Context, _ sdk.Instance, _ sdk.Deps, s sdk.Sink) error {
			return s.Partition("p").Emit(sdk.Record{Type: "thing", Key: "a"})
		}}, "open"},
		"cancel ignored": {forAll(tryCancel), seeded{collect: func(context.Context, sdk.Instance, sdk.Deps, sdk.Sink) error {
			<-time.After(3 * time.Second)
			return nil
		}}, "went on"},
		"oversize":          {forAll(tryIdentities), seeded{collect: emit(sdk.Record{Type: "thing", Key: "fat", Doc: make([]byte, 2<<20)})}, "larger than"},
		"type not declared": {forAll(tryDeclared), seeded{collect: emit(sdk.Record{Type: "ghost", Key: "a"})}, "must be declared"},
		"metric unknown":    {forAll(tryDeclared), seeded{collect: emit(sdk.Sample{Type: "thing", Key: "a", Metric: "ghost"})}, "not declared"},
		"percent as ratio":  {forAll(tryDeclared), seeded{collect: emit(sdk.Sample{Type: "thing", Key: "a", Metric: "cpu", Value: 55})}, "between 0 and 1"},
		"stray instance":    {forAll(tryDeclared), seeded{collect: emit(sdk.Sample{Type: "thing", Key: "a", Metric: "cpu", Instance: "0"})}, "instance"},
		"document a list":   {forAll(tryDeclared), seeded{collect: emit(sdk.Record{Type: "thing", Key: "a", Doc: json.RawMessage(`[]`)})}, "no JSON object"},
		"nonsense taken":    {tryNonsense, seeded{ingest: func() error { return nil }}, "want an error of kind invalid"},
		"nonsense panics":   {tryNonsense, seeded{ingest: func() error { panic("nonsense") }}, "want an error of kind invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			c.fault.Plugin = ablePlugin()
			if c.fault.collect == nil {
				c.fault.collect = fine
			}
			said := try(t, func(tb testing.TB) { c.trial(tb, c.fault, o) })
			if !strings.Contains(strings.Join(said, "\n"), c.want) {
				t.Errorf("not found; the verdicts were %.500q", said)
			}
		})
	}
}
