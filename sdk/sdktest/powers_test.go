package sdktest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

type ableConfig struct {
	Word string     `name:"word" default:"hello" help:"A word."`
	Pass sdk.Secret `name:"pass" help:"A secret."`
}

// able has every power and says what it was asked.
type able struct {
	cfg    ableConfig
	deps   sdk.Deps
	closed chan struct{}
	once   sync.Once
}

func newAble(cfg ableConfig, deps sdk.Deps) (*able, error) {
	deps.Log.Info("made", "pass", cfg.Pass)
	return &able{cfg: cfg, deps: deps, closed: make(chan struct{})}, nil
}

func (a *able) Close() error { a.once.Do(func() { close(a.closed) }); return nil }

func (a *able) Health(context.Context) error {
	if a.cfg.Word == "sick" {
		return sdk.Errorf(sdk.KindUnreachable, "No answer.")
	}
	return nil
}

func (a *able) Collect(ctx context.Context, task string, sink sdk.Sink) error {
	switch task {
	case "all", "partly":
		p := sink.Partition("node/a")
		err := p.Emit(sdk.Record{Type: "thing", Key: "a", Name: "a", Status: sdk.StatusUp, Doc: json.RawMessage(`{"n":1}`)},
			sdk.Sample{Type: "thing", Key: "a", Metric: "cpu", Value: 0.5})
		if err := errors.Join(err, p.Done(nil)); err != nil || task == "all" {
			return err
		}
		return sink.Partition("node/b").Done(sdk.Errorf(sdk.KindUnreachable, "b is away."))
	case "wait":
		<-ctx.Done()
		return ctx.Err()
	case "panic":
		panic("on request")
	}
	return sdk.Errorf(sdk.KindInvalid, "There is no task %q.", task)
}

func (a *able) Watch(ctx context.Context, sink sdk.Sink) error {
	p := sink.Partition("all")
	if err := errors.Join(p.Emit(sdk.Record{Type: "thing", Key: "w"}), p.Done(nil)); err != nil {
		return err
	}
	for i := range 3 {
		if err := sink.Emit(sdk.Record{Type: "thing", Key: fmt.Sprint("w", i)}); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func (a *able) Ingest(_ context.Context, r sdk.Report) (sdk.Ingested, error) {
	if len(r.Body) == 0 || r.Body[0] != '{' || !json.Valid(r.Body) || bytes.Contains(r.Body, []byte(`"host"`)) {
		return sdk.Ingested{}, sdk.Errorf(sdk.KindInvalid, "Not a report.")
	}
	out := sdk.Ingested{Claims: sdk.Claims{Hostname: r.Kind + " " + r.TokenID, Interval: time.Minute}, Reply: json.RawMessage(`{"ok":true}`)}
	for i := range len(r.Body) / 1000 {
		out.Observations = append(out.Observations, sdk.Sample{Type: "thing", Key: sdk.Self, Metric: "cpu", Instance: r.TokenID, Value: float64(i)})
	}
	out.Observations = append(out.Observations, sdk.Record{Type: "thing", Key: sdk.Self, Doc: r.Body[:min(len(r.Body), 100_000)]})
	return out, nil
}

func (a *able) Check(_ context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	progress(sdk.CheckStep{Name: "connect", Outcome: sdk.CheckPassed, Took: time.Second})
	progress(sdk.CheckStep{Name: "rights", Outcome: sdk.CheckFailed})
	return sdk.CheckResult{Product: a.cfg.Word}, nil
}

func (a *able) Act(_ context.Context, r sdk.ActRequest, progress func(sdk.Progress)) (sdk.ActResult, error) {
	progress(sdk.Progress{Message: r.Action, Ratio: 0.5})
	return sdk.ActResult{Command: &sdk.Command{Type: r.Key, Payload: r.Params}}, nil
}

func (a *able) Acknowledge(_ context.Context, k sdk.Acknowledgement) (sdk.AckResult, error) {
	return sdk.AckResult{Done: true, Result: k.Payload, Observations: []sdk.Observation{sdk.Event{ID: k.CommandID}}}, nil
}

func (a *able) Query(_ context.Context, q sdk.QueryRequest, w io.Writer) (sdk.QueryResult, error) {
	_, err := io.WriteString(w, strings.Repeat("x", q.Limit))
	return sdk.QueryResult{MediaType: "text/plain", Truncated: true}, err
}

func (a *able) Send(_ context.Context, m sdk.Message, channel json.RawMessage) ([]sdk.Receipt, error) {
	return []sdk.Receipt{{Target: m.Title + string(channel), OK: true, Status: 200}}, nil
}

func (a *able) Preview(_ context.Context, m sdk.Message, _ json.RawMessage) (sdk.Preview, error) {
	return sdk.Preview{Body: []byte(m.Text)}, nil
}

func (a *able) Models(context.Context) ([]sdk.Model, error) { return []sdk.Model{{ID: "m"}}, nil }

func (a *able) Chat(_ context.Context, r sdk.ChatRequest, emit func(sdk.ChatDelta) error) (sdk.ChatResult, error) {
	for _, m := range r.Messages {
		if err := emit(sdk.ChatDelta{Text: m.Role}); err != nil {
			return sdk.ChatResult{}, err
		}
	}
	return sdk.ChatResult{Message: r.Messages[len(r.Messages)-1], StopReason: "end_turn"}, nil
}

func (a *able) Test(context.Context) error { return sdk.Errorf(sdk.KindAuth, "No.") }

func (a *able) AuthURL(_ context.Context, state, challenge, redirect string) (string, error) {
	return state + challenge + redirect, nil
}

func (a *able) Exchange(_ context.Context, code, _, _ string) error {
	return a.deps.Host.SetSecret(context.Background(), "token", code)
}

func (a *able) Probe(_ context.Context, address string) (sdk.Candidate, error) {
	return sdk.Candidate{Name: address}, nil
}

func (a *able) Script(_ context.Context, r sdk.ScriptRequest) (string, error) {
	return r.Name + r.Token, nil
}

func ablePlugin() sdk.Plugin {
	return schema.Define(sdk.Description{
		Kind: "able", Name: "Able", Version: "1.0.0",
		Types:   []sdk.ResourceType{{Name: "thing", Metrics: []string{"cpu"}}},
		Metrics: []sdk.Metric{{Name: "cpu", Types: []string{"thing"}, Unit: sdk.UnitRatio, Kind: sdk.Gauge}},
		Tasks:   []sdk.Task{{Name: "all", Interval: time.Second}},
		Reports: []sdk.ReportKind{{Name: "able"}},
	}, newAble)
}

// mute has no power at all.
type mute struct{}

func mutePlugin() sdk.Plugin {
	return schema.Define(sdk.Description{Kind: "mute", Name: "Mute", Version: "1"}, func(ableConfig, sdk.Deps) (mute, error) { return mute{}, nil })
}

func TestEveryPowerCrosses(t *testing.T) {
	ctx := t.Context()
	i := Conn(t, ablePlugin()).Instance(t, `{"word":"box"}`)
	check := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", what, got, want)
		}
	}
	var steps []string
	result, err := i.Check(ctx, func(s sdk.CheckStep) { steps = append(steps, s.Name) })
	check("check", []any{steps, result.Product, err}, []any{[]string{"connect", "rights"}, "box", nil})

	var progress []string
	act, err := i.Act(ctx, sdk.ActRequest{Action: "start", Key: "k", Params: json.RawMessage(`{}`)}, func(p sdk.Progress) { progress = append(progress, p.Message) })
	check("act", []any{progress, act, err}, []any{[]string{"start"}, sdk.ActResult{Command: &sdk.Command{Type: "k", Payload: json.RawMessage(`{}`)}}, nil})

	ack, err := i.Acknowledge(ctx, sdk.Acknowledgement{CommandID: "c", Payload: json.RawMessage(`1`)})
	check("acknowledge", []any{ack, err}, []any{sdk.AckResult{Done: true, Result: json.RawMessage(`1`), Observations: []sdk.Observation{sdk.Event{ID: "c"}}}, nil})

	var out bytes.Buffer
	q, err := i.Query(ctx, sdk.QueryRequest{Limit: 3_000_000}, &out)
	check("query", []any{q, out.Len(), err}, []any{sdk.QueryResult{MediaType: "text/plain", Truncated: true}, 3_000_000, nil})

	receipts, err := i.Send(ctx, sdk.Message{Title: "t"}, json.RawMessage(`{}`))
	check("send", []any{receipts, err}, []any{[]sdk.Receipt{{Target: "t{}", OK: true, Status: 200}}, nil})
	preview, err := i.Preview(ctx, sdk.Message{Text: "body"}, nil)
	check("preview", []any{string(preview.Body), err}, []any{"body", nil})

	models, err := i.Models(ctx)
	check("models", []any{models, err}, []any{[]sdk.Model{{ID: "m"}}, nil})
	check("test", sdk.KindOf(i.Test(ctx)), sdk.KindAuth)
	url, err := i.AuthURL(ctx, "a", "b", "c")
	check("auth", []any{url, err}, []any{"abc", nil})
	candidate, err := i.Probe(ctx, "10.0.0.1")
	check("probe", []any{candidate.Name, err}, []any{"10.0.0.1", nil})
	script, err := i.Script(ctx, sdk.ScriptRequest{Name: "n", Token: "t"})
	check("script", []any{script, err}, []any{"nt", nil})
	check("health", i.Health(ctx), nil)

	long := strings.Repeat("word ", 500_000)
	var deltas string
	chat, err := i.Chat(ctx, sdk.ChatRequest{Messages: []sdk.ChatMessage{{Role: "user", Text: "hi"}, {Role: "tool", Text: long}}},
		func(d sdk.ChatDelta) error { deltas += d.Text; return nil })
	check("chat", []any{deltas, len(chat.Message.Text), chat.StopReason, err}, []any{"usertool", len(long), "end_turn", nil})
}

func TestAMissingPowerIsUnsupported(t *testing.T) {
	i := Conn(t, mutePlugin()).Instance(t, `{}`)
	_, ingest := i.Ingest(t.Context(), sdk.Report{})
	_, send := i.Send(t.Context(), sdk.Message{}, nil)
	for what, err := range map[string]error{
		"collect": i.Collect(t.Context(), "all", NewCycle()), "ingest": ingest, "send": send, "watch": i.Watch(t.Context(), NewCycle()),
	} {
		if sdk.KindOf(err) != sdk.KindUnsupported {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestManyReportsShareOneStream(t *testing.T) {
	i := Conn(t, ablePlugin()).Instance(t, `{}`)
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			size := 1000 + n*40_000
			body := `{"pad":"` + strings.Repeat("x", size) + `"}`
			out, err := i.Ingest(t.Context(), sdk.Report{Kind: "able", TokenID: fmt.Sprint(n), Body: []byte(body)})
			if err != nil || out.Claims.Hostname != fmt.Sprint("able ", n) || len(sdk.Single(out.Observations)) != len(body)/1000+1 || string(out.Reply) != `{"ok":true}` {
				t.Errorf("report %d: %+v, %d observations, %v", n, out.Claims, len(out.Observations), err)
			}
			for _, o := range sdk.Single(out.Observations) {
				if s, ok := o.(sdk.Sample); ok && (s.Instance != fmt.Sprint(n) || s.Key != sdk.Self || s.Metric != "cpu") {
					t.Errorf("report %d: sample %+v", n, s)
				}
			}
		})
	}
	all.Wait()
	_, err := i.Ingest(t.Context(), sdk.Report{Body: make([]byte, 9<<20)})
	if sdk.KindOf(err) != sdk.KindInvalid {
		t.Errorf("a report over the limit: %v", err)
	}
}

func TestPartitionsEndOnTheirOwn(t *testing.T) {
	i := Conn(t, ablePlugin()).Instance(t, `{}`)
	c := Collect(t, i, "partly")
	if c.Err != nil || c.Info.Task != "partly" || c.Info.Integration != "test" || c.Info.Epoch == 0 || c.Info.Sequence != 1 {
		t.Errorf("%v, cycle %+v", c.Err, c.Info)
	}
	if a := c.Part("node/a"); !a.Ended || a.Err != nil || len(a.Observations) != 2 {
		t.Errorf("node/a: %+v", a)
	}
	if b := c.Part("node/b"); !b.Ended || sdk.KindOf(b.Err) != sdk.KindUnreachable {
		t.Errorf("node/b: %+v", b)
	}
	if err := i.Collect(t.Context(), "panic", NewCycle()); sdk.KindOf(err) != sdk.KindInternal {
		t.Errorf("panic: %v", err)
	}
	if c := Collect(t, i, "all"); c.Err != nil || c.Info.Sequence != 3 {
		t.Errorf("after a panic: %v, %+v", c.Err, c.Info)
	}
}

func TestAReplacedInstanceFinishesItsCallsAndIsClosed(t *testing.T) {
	c := Conn(t, ablePlugin())
	i := c.Instance(t, `{"word":"old"}`)
	watched := make(chan error, 1)
	cycle := NewCycle()
	go func() { watched <- i.Watch(t.Context(), cycle) }()
	deadline := time.After(3 * time.Minute)
	for len(cycle.Part("").Observations) < 3 {
		select {
		case <-deadline:
			t.Fatal("the watch sent no changes")
		case <-time.After(time.Millisecond):
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- i.Collect(ctx, "wait", NewCycle()) }()
	next := c.Instance(t, `{"word":"sick"}`)
	if err := <-watched; sdk.KindOf(err) != sdk.KindUnavailable {
		t.Errorf("the watch on the replaced instance ended with %v", err)
	}
	if err := next.Health(t.Context()); sdk.KindOf(err) != sdk.KindUnreachable {
		t.Errorf("the new instance is not the one that answers: %v", err)
	}
	select {
	case err := <-waiting:
		t.Errorf("a call under way was cut off: %v", err)
	default:
	}
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled call: %v", err)
	}
}

type vault struct {
	sdk.Host
	mu   sync.Mutex
	kept string
}

func (v *vault) SetSecret(_ context.Context, name, value string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.kept = name + "=" + value
	return nil
}

func TestTheWayBackIsOptional(t *testing.T) {
	v := &vault{}
	if err := Conn(t, ablePlugin(), WithHost(v)).Instance(t, `{}`).Exchange(t.Context(), "code", "", ""); err != nil || v.kept != "token=code" {
		t.Errorf("kept %q, %v", v.kept, err)
	}
	if err := Conn(t, ablePlugin()).Instance(t, `{}`).Exchange(t.Context(), "code", "", ""); sdk.KindOf(err) != sdk.KindUnsupported {
		t.Errorf("without a way back: %v", err)
	}
}

func TestConformanceOfAGoodPlugin(t *testing.T) {
	p := ablePlugin()
	Conformance(t, p, Options{Config: `{"word":"x","pass":"hunter2"}`, Secrets: []string{"hunter2"}})
}
