package sdk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/pulse-platform/pulse/sdk"
)

// lamp is switched on and off.
type lamp struct{}

func (lamp) Act(_ context.Context, r sdk.ActRequest, progress func(sdk.Progress)) (sdk.ActResult, error) {
	if r.Action != "switch" {
		return sdk.ActResult{}, sdk.Errorf(sdk.KindInvalid, "There is no action %q.", r.Action)
	}
	if r.DryRun { // say what would happen, and change nothing
		return sdk.ActResult{Result: json.RawMessage(`{"would":"switch the lamp"}`)}, nil
	}
	progress(sdk.Progress{Message: "switching", Ratio: 0.5})
	return sdk.ActResult{Result: json.RawMessage(`{"on":true}`)}, nil
}

// An actor changes things, after somebody approved it.
func ExampleActor() {
	var a sdk.Actor = lamp{}
	report := func(p sdk.Progress) { fmt.Println(p.Message, p.Ratio) }
	for _, dry := range []bool{true, false} {
		got, err := a.Act(context.Background(), sdk.ActRequest{Action: "switch", Type: "lamp", Key: "hall", DryRun: dry}, report)
		fmt.Println(string(got.Result), err)
	}
	// Output:
	// {"would":"switch the lamp"} <nil>
	// switching 0.5
	// {"on":true} <nil>
}

// journal holds lines to read on demand.
type journal struct{ lines []string }

func (j journal) Query(_ context.Context, q sdk.QueryRequest, w io.Writer) (sdk.QueryResult, error) {
	shown := j.lines[max(0, len(j.lines)-q.Limit):]
	_, err := io.WriteString(w, strings.Join(shown, "\n")+"\n")
	return sdk.QueryResult{MediaType: "text/plain", Truncated: len(shown) < len(j.lines)}, err
}

// A querier reads what is too much to collect all the time.
func ExampleQuerier() {
	var q sdk.Querier = journal{lines: []string{"one", "two", "three"}}
	var out strings.Builder
	got, err := q.Query(context.Background(), sdk.QueryRequest{Query: "tail", Limit: 2}, &out)
	fmt.Print(out.String())
	fmt.Println(got.MediaType, got.Truncated, err)
	// Output:
	// two
	// three
	// text/plain true <nil>
}

// bell rings at one place after the other.
type bell struct{}

func (bell) Send(_ context.Context, m sdk.Message, channel json.RawMessage) ([]sdk.Receipt, error) {
	var at struct{ Doors []string }
	if err := json.Unmarshal(channel, &at); err != nil {
		return nil, sdk.Errorf(sdk.KindConfig, "The channel names no doors.")
	}
	var receipts []sdk.Receipt
	for _, door := range at.Doors {
		fmt.Println("ring at", door+":", m.Title)
		// A receipt per target: the server tries again where it makes sense, and only there.
		receipts = append(receipts, sdk.Receipt{Target: door, OK: door != "attic", Permanent: door == "attic"})
	}
	return receipts, nil
}

// A notifier delivers a message that the server has grouped and routed, and tells what became of it.
func ExampleNotifier() {
	var n sdk.Notifier = bell{}
	got, err := n.Send(context.Background(), sdk.Message{Kind: "firing", Title: "Disk of atlas is full"}, json.RawMessage(`{"doors":["front","attic"]}`))
	for _, r := range got {
		fmt.Println(r.Target, r.OK, r.Permanent)
	}
	fmt.Println(err)
	// Output:
	// ring at front: Disk of atlas is full
	// ring at attic: Disk of atlas is full
	// front true false
	// attic false true
	// <nil>
}

// parrot is a language model of few words.
type parrot struct{}

func (parrot) Models(context.Context) ([]sdk.Model, error) {
	return []sdk.Model{{ID: "parrot-1", Name: "Parrot"}}, nil
}

func (parrot) Chat(_ context.Context, r sdk.ChatRequest, emit func(sdk.ChatDelta) error) (sdk.ChatResult, error) {
	said := r.Messages[len(r.Messages)-1].Text
	for word := range strings.FieldsSeq(said) {
		if err := emit(sdk.ChatDelta{Text: word + " "}); err != nil {
			return sdk.ChatResult{}, err
		}
	}
	return sdk.ChatResult{Message: sdk.ChatMessage{Role: "assistant", Text: said}, StopReason: "end_turn"}, nil
}

func (parrot) Test(context.Context) error { return nil }

// A model provider streams an answer and returns the whole of it.
func ExampleModelProvider() {
	var m sdk.ModelProvider = parrot{}
	got, err := m.Chat(context.Background(), sdk.ChatRequest{Model: "parrot-1", Messages: []sdk.ChatMessage{{Role: "user", Text: "why is it slow"}}},
		func(d sdk.ChatDelta) error { fmt.Printf("%q\n", d.Text); return nil })
	fmt.Println(got.Message.Text, err)
	// Output:
	// "why "
	// "is "
	// "it "
	// "slow "
	// why is it slow <nil>
}

// finder recognises its own kind by the first words that it hears.
type finder struct{ hear func(address string) string }

func (f finder) Probe(_ context.Context, address string) (sdk.Candidate, error) {
	name, ok := strings.CutPrefix(f.hear(address), "UPS ")
	if !ok {
		return sdk.Candidate{}, sdk.Errorf(sdk.KindUnsupported, "This is something else.")
	}
	return sdk.Candidate{Kind: "ups", Name: name}, nil
}

// A prober is asked about addresses that a network scan found.
func ExampleProber() {
	var p sdk.Prober = finder{hear: func(string) string { return "UPS rack" }}
	got, err := p.Probe(context.Background(), "192.0.2.7:3493")
	fmt.Println(got.Kind, got.Name, err)
	// Output: ups rack <nil>
}

// joiner writes the script that lets a machine in.
type joiner struct{}

func (joiner) Script(_ context.Context, r sdk.ScriptRequest) (string, error) {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	return "join --name " + quote(r.Params["name"]) + " --token " + quote(r.Token), nil
}

// An onboarder writes setup scripts; quoting what people entered is its duty.
func ExampleOnboarder() {
	var o sdk.Onboarder = joiner{}
	script, err := o.Script(context.Background(), sdk.ScriptRequest{Name: "join", Params: map[string]string{"name": "it's; rm -rf"}, Token: "once"})
	fmt.Println(script, err)
	// Output: join --name 'it'\''s; rm -rf' --token 'once' <nil>
}
