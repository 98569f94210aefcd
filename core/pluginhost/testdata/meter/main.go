// Command meter is a plugin for tests: it needs no configuration, takes reports and collects one record.
package main

import (
	"context"
	"os"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
	"github.com/pulse-platform/pulse/sdk/serve"
)

type config struct {
	Name string `name:"name" default:"meter" help:"Name of the meter."`
}

type meter struct{ cfg config }

func (m *meter) Ingest(ctx context.Context, r sdk.Report) (sdk.Ingested, error) {
	switch string(r.Body) {
	case "bad":
		return sdk.Ingested{}, &sdk.Error{Kind: sdk.KindInvalid, Code: "invalid_report", Message: "It is bad."}
	case "hang":
		if err := os.WriteFile("hanging", nil, 0o600); err != nil {
			return sdk.Ingested{}, err
		}
		<-ctx.Done()
		return sdk.Ingested{}, ctx.Err()
	}
	return sdk.Ingested{Claims: sdk.Claims{Hostname: m.cfg.Name}}, nil
}

func (m *meter) Collect(_ context.Context, _ string, sink sdk.Sink) error {
	return sink.Emit(sdk.Record{Type: "meter", Key: m.cfg.Name})
}

func (m *meter) Check(_ context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	progress(sdk.CheckStep{Name: "look", Outcome: sdk.CheckPassed})
	return sdk.CheckResult{Product: m.cfg.Name}, nil
}

func main() {
	serve.Main(schema.Define(sdk.Description{
		Kind: "meter", Name: "Meter", Version: "1.0.0", Implicit: true,
		Types:   []sdk.ResourceType{{Name: "meter"}},
		Tasks:   []sdk.Task{{Name: "all", Interval: time.Second}},
		Reports: []sdk.ReportKind{{Name: "reading"}},
	}, func(cfg config, _ sdk.Deps) (*meter, error) { return &meter{cfg}, nil }))
}
