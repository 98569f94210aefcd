// Command pulse-plugin-knocker is a plugin for tests: it asks one address, and knows no more of it than that it answers.
package main

import (
	"context"
	"net/http"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
	"github.com/pulse-platform/pulse/sdk/serve"
)

type config struct {
	URL string `name:"url" required:"true" help:"What to ask."`
}

type knocker struct {
	config
	http *http.Client
}

func (k *knocker) knock(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.URL, nil)
	if err != nil {
		return sdk.Wrap(sdk.KindConfig, err, "The address cannot be asked.")
	}
	res, err := k.http.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func (k *knocker) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	err := k.knock(ctx)
	if err == nil {
		progress(sdk.CheckStep{Name: "knock", Outcome: sdk.CheckPassed})
	}
	return sdk.CheckResult{Product: "Door"}, err
}

func (k *knocker) Collect(ctx context.Context, _ string, sink sdk.Sink) error {
	if err := k.knock(ctx); err != nil {
		return err
	}
	return sink.Emit(sdk.Record{Type: "door", Key: k.URL, WireID: "door", Name: "door", Status: sdk.StatusUp})
}

func main() {
	serve.Main(schema.Define(sdk.Description{
		Kind: "knocker", Name: "Knocker", Summary: "Asks one address.", Version: "1.0.0",
		Types:    []sdk.ResourceType{{Name: "door", Label: "Door", Plural: "Doors", Icon: "door-open", Family: "infrastructure"}},
		Sections: []sdk.StateSection{{Section: "doors", Type: "door", Inject: []sdk.Inject{{Member: "status", Value: sdk.InjectStatus}}}},
		Tasks:    []sdk.Task{{Name: "knock", Interval: time.Second, Types: []string{"door"}}},
	}, func(c config, d sdk.Deps) (*knocker, error) { return &knocker{c, d.HTTP}, nil }))
}
