package schema_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

type kettle struct {
	URL string `name:"url" help:"." required:"true"`
}

type boiler struct{}

func (boiler) Collect(context.Context, string, sdk.Sink) error { return nil }

type greeter struct{ name string }

func (g greeter) Script(context.Context, sdk.ScriptRequest) (string, error) { return g.name, nil }

func TestUnconfiguredInstancesHavePowersOfTheirOwn(t *testing.T) {
	inner := schema.Define(sdk.Description{Kind: "kettle"}, func(kettle, sdk.Deps) (boiler, error) { return boiler{}, nil })
	p := schema.Unconfigured(inner, func(d sdk.Deps) (greeter, error) { return greeter{d.Name}, nil })
	if got := p.Describe().Capabilities; !slices.Equal(got, []sdk.Capability{sdk.CapCollect, sdk.CapOnboard}) {
		t.Errorf("capabilities: %v", got)
	}
	if got := inner.Describe().Capabilities; len(got) != 1 {
		t.Errorf("the inner plugin's changed: %v", got)
	}
	bare, err := p.Configure(t.Context(), sdk.Instance{}, sdk.Deps{Name: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := bare.(sdk.Onboarder).Script(t.Context(), sdk.ScriptRequest{}); err != nil || text != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	if x, err := p.Configure(t.Context(), sdk.Instance{Config: json.RawMessage(`{"url":"a"}`)}, sdk.Deps{}); err != nil || x != (boiler{}) {
		t.Errorf("configured: %v, %v", x, err)
	}
	if _, err := p.Configure(t.Context(), sdk.Instance{Config: json.RawMessage(`{}`)}, sdk.Deps{}); sdk.KindOf(err) != sdk.KindConfig {
		t.Errorf("configured wrongly: %v", err)
	}
	u := p.(sdk.ConfigUpgrader)
	if _, err := u.UpgradeConfig(t.Context(), json.RawMessage(`{}`), 1); sdk.KindOf(err) != sdk.KindUnsupported {
		t.Errorf("nothing to upgrade: %v", err)
	}
	second := schema.Define(sdk.Description{Kind: "kettle", ConfigVersion: 2}, func(kettle, sdk.Deps) (boiler, error) { return boiler{}, nil })
	up := schema.Unconfigured(schema.Upgrading(second, func(c map[string]any, _ int) (map[string]any, error) { c["url"] = "b"; return c, nil }),
		func(sdk.Deps) (greeter, error) { return greeter{}, nil })
	if got, err := up.(sdk.ConfigUpgrader).UpgradeConfig(t.Context(), json.RawMessage(`{}`), 1); err != nil || string(got) != `{"url":"b"}` {
		t.Errorf("an upgrade passes through: %s, %v", got, err)
	}
}
