package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// Options of [Conformance].
type Options struct {
	// Config is a working configuration, a JSON object; "{}" by default.
	Config string
	// Secrets are the secret values within Config: they must not come back.
	Secrets []string
	// Tasks are those to collect; by default all that are declared.
	Tasks []string
}

// Conformance tries what the server relies on, over a real connection. Each trial is a subtest.
func Conformance(t *testing.T, p sdk.Plugin, o Options) {
	t.Helper()
	if o.Config == "" {
		o.Config = "{}"
	}
	d := p.Describe()
	if o.Tasks == nil {
		for _, task := range d.Tasks {
			o.Tasks = append(o.Tasks, task.Name)
		}
	}
	t.Run("describe", func(t *testing.T) { tryDescribe(t, p) })
	t.Run("config", func(t *testing.T) { tryConfig(t, p, o) })
	t.Run("secrets", func(t *testing.T) { trySecrets(t, p, o) })
	t.Run("close", func(t *testing.T) { tryClose(t, p, o) })
	if slices.Contains(d.Capabilities, sdk.CapCollect) {
		for _, task := range o.Tasks {
			t.Run("identities/"+task, func(t *testing.T) { tryIdentities(t, p, o, task) })
			t.Run("cancel/"+task, func(t *testing.T) { tryCancel(t, p, o, task) })
			t.Run("declared/"+task, func(t *testing.T) { tryDeclared(t, p, o, task) })
		}
	}
	if slices.Contains(d.Capabilities, sdk.CapIngest) {
		t.Run("nonsense", func(t *testing.T) { tryNonsense(t, p, o) })
	}
}

// The description is the same every time, names itself, and refers to what it declares.
func tryDescribe(t testing.TB, p sdk.Plugin) {
	c := Conn(t, p)
	d := c.Describe(t)
	if !reflect.DeepEqual(d, c.Describe(t)) {
		t.Error("two calls of Describe differ")
	}
	if d.Kind == "" || d.Name == "" || d.Version == "" {
		t.Errorf("kind %q, name %q, version %q: none may be empty", d.Kind, d.Name, d.Version)
	}
	types := map[string]bool{}
	for _, k := range d.Types {
		types[k.Name] = true
	}
	metrics := map[string]bool{}
	for _, m := range d.Metrics {
		metrics[m.Name] = true
		for _, k := range m.Types {
			if !types[k] {
				t.Errorf("metric %s is of type %s, which is not declared", m.Name, k)
			}
		}
	}
	for _, k := range d.Types {
		for _, m := range k.Metrics {
			if !metrics[m] {
				t.Errorf("type %s has metric %s, which is not declared", k.Name, m)
			}
		}
	}
	for _, s := range d.Sections {
		if !types[s.Type] {
			t.Errorf("section %s is of type %s, which is not declared", s.Section, s.Type)
		}
	}
}

// The given configuration works; an unknown key does not; each key says what it is for.
func tryConfig(t testing.TB, p sdk.Plugin, o Options) {
	c := Conn(t, p)
	for _, d := range c.Validate(t, o.Config) {
		if d.Severity == sdk.DiagnosticError {
			t.Errorf("the sample configuration is refused: %s %s %s", d.Path, d.Summary, d.Detail)
		}
	}
	var config map[string]any
	if err := json.Unmarshal([]byte(o.Config), &config); err != nil {
		t.Fatal(err)
	}
	config["no_such_key"] = true
	odd, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(c.Validate(t, string(odd)), func(d sdk.Diagnostic) bool { return d.Severity == sdk.DiagnosticError }) {
		t.Error("an unknown key is taken")
	}
	s, err := schema.Parse(p.Describe().Config)
	if err != nil {
		t.Fatalf("the config schema: %v", err)
	}
	tryHelp(t, s.Root, "")
}

func tryHelp(t testing.TB, f *schema.Field, path string) {
	t.Helper()
	for _, m := range f.Fields {
		if m.Help == "" {
			t.Errorf("config key %s%s has no help", path, m.Name)
		}
		tryHelp(t, m, path+m.Name+".")
	}
}

// Secrets are in no description, diagnostic, log or error.
func trySecrets(t testing.TB, p sdk.Plugin, o Options) {
	c := Conn(t, p)
	i := c.Instance(t, o.Config)
	var said []string
	for _, task := range o.Tasks {
		if err := collectQuietly(t.Context(), i, task); err != nil {
			said = append(said, err.Error())
		}
	}
	for _, d := range c.Validate(t, strings.Replace(o.Config, "{", `{"no_such_key": true,`, 1)) {
		said = append(said, d.Summary, d.Detail)
	}
	described, err := json.Marshal(c.Describe(t))
	if err != nil {
		t.Fatal(err)
	}
	said = append(said, c.Log(), string(described))
	for _, secret := range o.Secrets {
		for _, text := range said {
			if strings.Contains(text, secret) {
				t.Errorf("a secret came back in %.200q", strings.ReplaceAll(text, secret, sdk.Masked))
			}
		}
	}
}

// Instances can be replaced, closed and closed again, and leave no goroutine behind.
func tryClose(t testing.TB, p sdk.Plugin, o Options) {
	before := runtime.NumGoroutine()
	c := Conn(t, p)
	for range 3 {
		i := c.Instance(t, o.Config)
		for _, task := range o.Tasks {
			// What comes of it is the business of other trials.
			_ = collectQuietly(t.Context(), i, task)
		}
	}
	for range 2 {
		if err := c.Release(t.Context(), "test"); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	c.Close()
	if left := settle(before); left > before {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines were left:\n%s", left-before, buf[:runtime.Stack(buf, true)])
	}
}

// settle waits until the goroutines are as few as before, but not long.
func settle(before int) int {
	deadline := time.NewTimer(5 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		n := runtime.NumGoroutine()
		if n <= before {
			return n
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return n
		}
	}
}

// Two cycles name the same things, each once, and every partition is ended.
func tryIdentities(t testing.TB, p sdk.Plugin, o Options, task string) {
	c := Conn(t, p)
	first := Collect(t, c.Instance(t, o.Config), task)
	second := Collect(t, c.Instance(t, o.Config), task)
	if first.Err != nil || second.Err != nil {
		t.Fatalf("collect: %v, %v", first.Err, second.Err)
	}
	if !slices.Equal(first.Keys(), second.Keys()) {
		t.Errorf("two cycles give different things:\n%v\n%v", first.Keys(), second.Keys())
	}
	if keys := first.Keys(); len(slices.Compact(slices.Clone(keys))) != len(keys) {
		t.Errorf("a thing is named twice: %v", keys)
	}
	for name, part := range first.parts {
		if name != "" && !part.Ended {
			t.Errorf("partition %q was left open", name)
		}
		if part.Err != nil {
			t.Errorf("partition %q: %v", name, part.Err)
		}
	}
}

// A cycle that is cancelled ends within a second.
func tryCancel(t testing.TB, p sdk.Plugin, o Options, task string) {
	i := Conn(t, p).Instance(t, o.Config)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := collectQuietly(ctx, i, task); !errors.Is(err, context.Canceled) {
		t.Errorf("a cycle cancelled before it began: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	begun, ended := make(chan struct{}), make(chan struct{})
	watched := watchedPlugin{Plugin: p, begun: begun, ended: ended}
	i = Conn(t, watched).Instance(t, o.Config)
	go func() {
		// The answer comes at once; it is the plugin's own work that counts.
		_ = collectQuietly(ctx, i, task)
	}()
	<-begun
	cancel()
	select {
	case <-ended:
	case <-time.After(time.Second):
		t.Error("the cycle went on for a second after it was cancelled")
	}
}

// What is sent is declared, and documents are JSON objects.
func tryDeclared(t testing.TB, p sdk.Plugin, o Options, task string) {
	d := p.Describe()
	types, metrics := map[string]bool{}, map[string]sdk.Metric{}
	for _, k := range d.Types {
		types[k.Name] = true
	}
	for _, m := range d.Metrics {
		for _, k := range m.Types {
			metrics[k+" "+m.Name] = m
		}
	}
	cycle := Collect(t, Conn(t, p).Instance(t, o.Config), task)
	for _, obs := range cycle.All() {
		switch x := obs.(type) {
		case sdk.Record:
			var doc map[string]any
			if !types[x.Type] || x.Key == "" {
				t.Errorf("record %q of type %q: the type must be declared, the key set", x.Key, x.Type)
			}
			if len(x.Doc) > 0 && json.Unmarshal(x.Doc, &doc) != nil {
				t.Errorf("record %s: its document is no JSON object", x.Key)
			}
		case sdk.Sample:
			m, ok := metrics[x.Type+" "+x.Metric]
			if !ok {
				t.Errorf("sample of metric %q of type %q, which is not declared", x.Metric, x.Type)
			}
			if m.Unit == sdk.UnitRatio && (x.Value < 0 || x.Value > 1) {
				t.Errorf("%s of %s is %v: a ratio lies between 0 and 1", x.Metric, x.Key, x.Value)
			}
			if (m.Instance == "") != (x.Instance == "") {
				t.Errorf("%s of %s has instance %q; declared is %q", x.Metric, x.Key, x.Instance, m.Instance)
			}
		}
	}
}

// A report that is nonsense is its sender's fault, and the plugin lives on.
func tryNonsense(t testing.TB, p sdk.Plugin, o Options) {
	i := Conn(t, p).Instance(t, o.Config)
	for _, k := range p.Describe().Reports {
		for _, body := range []string{"", "{", "null", "[]", `{"host": 7}`, "\x00\xff", strings.Repeat("[", 100_000)} {
			_, err := i.Ingest(t.Context(), sdk.Report{Kind: k.Name, Body: []byte(body), ReceivedAt: time.Now()})
			if sdk.KindOf(err) != sdk.KindInvalid {
				t.Errorf("report %s with body %.20q: %v, want an error of kind invalid", k.Name, body, err)
			}
		}
	}
}

// watchedPlugin tells when the collector of its instances begins and ends to work.
type watchedPlugin struct {
	sdk.Plugin
	begun, ended chan struct{}
}

func (p watchedPlugin) Configure(ctx context.Context, in sdk.Instance, deps sdk.Deps) (any, error) {
	i, err := p.Plugin.Configure(ctx, in, deps)
	if err != nil {
		return nil, err
	}
	c, ok := i.(sdk.Collector)
	if !ok {
		return i, nil
	}
	return watchedCollector{c, i, p}, nil
}

type watchedCollector struct {
	sdk.Collector
	instance any
	p        watchedPlugin
}

func (c watchedCollector) Collect(ctx context.Context, task string, sink sdk.Sink) error {
	close(c.p.begun)
	defer close(c.p.ended)
	return c.Collector.Collect(ctx, task, sink)
}

// Close closes what is watched.
func (c watchedCollector) Close() error {
	if closer, ok := c.instance.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}
