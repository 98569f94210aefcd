package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
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
func forAll(trial func(testing.TB, subject, Options, string)) func(testing.TB, subject, Options) {
	return func(t testing.TB, s subject, o Options) { trial(t, s, o, "all") }
}

func TestSeededFaultsAreFound(t *testing.T) {
	o := Options{Config: `{"pass":"hunter2"}`, Secrets: []string{"hunter2"}, Tasks: []string{"all"}, Blind: map[string]string{"nobody answers": `{"word":"blind"}`}, patience: 100 * time.Millisecond}
	calls := 0
	release := make(chan struct{})
	defer close(release)
	fine := emit()
	for name, c := range map[string]struct {
		trial func(testing.TB, subject, Options)
		fault seeded
		want  string
	}{
		"describe changes": {
			tryDescribe,
			seeded{describe: func(d *sdk.Description) { calls++; d.Summary = fmt.Sprint(calls) }}, "differ",
		},
		"metric of no type": {
			tryReferences,
			seeded{describe: func(d *sdk.Description) { d.Types = nil }}, "not declared",
		},
		"unknown key": {tryConfig, seeded{validate: func(json.RawMessage) []sdk.Diagnostic { return nil }}, "unknown key"},
		"key without help": {trySchema, seeded{describe: func(d *sdk.Description) {
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
			<-release
			return nil
		}}, "went on"},
		"oversize":          {forAll(tryIdentities), seeded{collect: emit(sdk.Record{Type: "thing", Key: "fat", Doc: make([]byte, 2<<20)})}, "larger than"},
		"type not declared": {forAll(tryDeclared), seeded{collect: emit(sdk.Record{Type: "ghost", Key: "a"})}, "must be declared"},
		"metric unknown":    {forAll(tryDeclared), seeded{collect: emit(sdk.Sample{Type: "thing", Key: "a", Metric: "ghost"})}, "not declared"},
		"percent as ratio":  {forAll(tryDeclared), seeded{collect: emit(sdk.Sample{Type: "thing", Key: "a", Metric: "cpu", Value: 55})}, "between 0 and 1"},
		"stray instance":    {forAll(tryDeclared), seeded{collect: emit(sdk.Sample{Type: "thing", Key: "a", Metric: "cpu", Instance: "0"})}, "instance"},
		"document a list":   {forAll(tryDeclared), seeded{collect: emit(sdk.Record{Type: "thing", Key: "a", Doc: json.RawMessage(`[]`)})}, "no JSON object"},
		"counter as gauge": {tryUnits, seeded{describe: func(d *sdk.Description) {
			d.Metrics = append(d.Metrics, sdk.Metric{Name: "in", Unit: sdk.UnitBytesPerSecond, Kind: sdk.Gauge})
		}}, "a counter becomes a rate"},
		"unit of its own": {tryUnits, seeded{describe: func(d *sdk.Description) {
			d.Metrics = append(d.Metrics, sdk.Metric{Name: "size", Unit: "MiB"})
		}}, "no canonical unit"},
		"secret in the clear": {trySchema, seeded{describe: func(d *sdk.Description) {
			d.Config = json.RawMessage(strings.ReplaceAll(string(d.Config), `"word"`, `"api_token"`))
		}}, "looks like a secret"},
		"task without interval": {tryReferences, seeded{describe: func(d *sdk.Description) { d.Tasks = []sdk.Task{{Name: "all"}} }}, "no interval"},
		"column of nothing": {tryReferences, seeded{describe: func(d *sdk.Description) {
			d.Types[0].Columns = []sdk.Column{{Name: "ghost", Metric: "ghost"}}
		}}, "does not have"},
		"threshold upside down": {tryReferences, seeded{describe: func(d *sdk.Description) {
			d.Types[0].Metrics = []string{"cpu"}
			d.Types[0].Thresholds = []sdk.Threshold{{Metric: "cpu", Trigger: 0.8, Clear: 0.9}}
		}}, "clears at"},
		"type twice": {tryReferences, seeded{describe: func(d *sdk.Description) { d.Types = append(d.Types, d.Types[0]) }}, "declared twice"},
		"zero for missing": {forAll(tryHonest), seeded{collect: emit(
			sdk.Record{Type: "thing", Key: "a", Name: "a", Status: sdk.StatusOff}, sdk.Sample{Type: "thing", Key: "a", Metric: "cpu"},
		)}, "what was not read is left out"},
		"removal without rights": {forAll(tryBlind), seeded{collect: emit()}, "would be taken as gone"},
		"error without a kind": {forAll(tryBlind), seeded{collect: func(context.Context, sdk.Instance, sdk.Deps, sdk.Sink) error {
			return errors.New("dial tcp: refused")
		}}, "has no kind"},
		"sample of nothing": {forAll(tryHonest), seeded{collect: emit(
			sdk.Record{Type: "thing", Key: "a", Name: "a"}, sdk.Sample{Type: "thing", Key: "b", Metric: "cpu", Value: 0.5},
		)}, "not named"},
		"sample twice": {forAll(tryHonest), seeded{collect: emit(
			sdk.Record{Type: "thing", Key: "a", Name: "a"}, sdk.Sample{Type: "thing", Key: "a", Metric: "cpu", Value: 0.5}, sdk.Sample{Type: "thing", Key: "a", Metric: "cpu", Value: 0.6},
		)}, "sent twice"},
		"relation to nowhere": {forAll(tryHonest), seeded{collect: emit(
			sdk.Record{Type: "thing", Key: "a", Name: "a", Relations: []sdk.Relation{{Kind: sdk.RunsOn, Type: "thing", Key: "b"}}},
		)}, "relation"},
		"no name":           {forAll(tryHonest), seeded{collect: emit(sdk.Record{Type: "thing", Key: "a"})}, "no name"},
		"status of its own": {forAll(tryDeclared), seeded{collect: emit(sdk.Record{Type: "thing", Key: "a", Status: "running"})}, "StatusWord"},
		"the server's member": {forAll(tryDeclared), seeded{
			describe: func(d *sdk.Description) {
				d.Sections = []sdk.StateSection{{Section: "things", Type: "thing", Inject: []sdk.Inject{{Member: "lastSeen", Value: sdk.InjectLastSeen}}}}
			},
			collect: emit(sdk.Record{Type: "thing", Key: "a", Doc: json.RawMessage(`{"lastSeen":0}`)}),
		}, "leaves to the server"},
		"condition unknown": {forAll(tryDeclared), seeded{collect: emit(sdk.Condition{Type: "thing", Key: "a", Kind: "ghost"})}, "not declared"},
		"from the future":   {forAll(tryDeclared), seeded{collect: emit(sdk.Sample{Type: "thing", Key: "a", Metric: "cpu", Value: 0.5, Time: time.Now().AddDate(1, 0, 0)})}, "to come"},
		"not a number":      {forAll(tryDeclared), seeded{collect: emit(sdk.Sample{Type: "thing", Key: "a", Metric: "cpu", Value: math.NaN()})}, "not known"},
		"nonsense taken":    {tryNonsense, seeded{ingest: func() error { return nil }}, "want an error of kind invalid"},
		"nonsense panics":   {tryNonsense, seeded{ingest: func() error { panic("nonsense") }}, "want an error of kind invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			c.fault.Plugin = ablePlugin()
			if c.fault.collect == nil {
				c.fault.collect = fine
			}
			said := try(t, func(tb testing.TB) { c.trial(tb, inProcess(c.fault), o) })
			if !strings.Contains(strings.Join(said, "\n"), c.want) {
				t.Errorf("not found; the verdicts were %.500q", said)
			}
		})
	}
}
