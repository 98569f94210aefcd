package schema

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/pulse-platform/pulse/sdk"
)

// Unconfigured gives a plugin the powers that it has before anybody has configured it: those of the F that construct
// makes, which is an [sdk.Prober], an [sdk.Onboarder] or both. The server makes such an instance without a configuration
// ([sdk.Instance].Config is empty) when it looks for things in the network or hands out a setup script.
func Unconfigured[F any](p sdk.Plugin, construct func(deps sdk.Deps) (F, error)) sdk.Plugin {
	d := p.Describe()
	d.Capabilities = slices.Clone(d.Capabilities)
	for _, c := range powersOf(reflect.TypeFor[F]()) {
		if !slices.Contains(d.Capabilities, c) {
			d.Capabilities = append(d.Capabilities, c)
		}
	}
	return unconfigured{Plugin: p, desc: d, construct: func(deps sdk.Deps) (any, error) { return construct(deps) }}
}

type unconfigured struct {
	sdk.Plugin
	desc      sdk.Description
	construct func(sdk.Deps) (any, error)
}

var _ sdk.ConfigUpgrader = unconfigured{}

func (u unconfigured) Describe() sdk.Description { return u.desc }

func (u unconfigured) Configure(ctx context.Context, in sdk.Instance, deps sdk.Deps) (any, error) {
	if len(in.Config) > 0 {
		return u.Plugin.Configure(ctx, in, deps)
	}
	instance, err := u.construct(deps)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", u.desc.Kind, err)
	}
	return instance, nil
}

// UpgradeConfig is that of the plugin itself.
func (u unconfigured) UpgradeConfig(ctx context.Context, config json.RawMessage, from int) (json.RawMessage, error) {
	inner, ok := u.Plugin.(sdk.ConfigUpgrader)
	if !ok {
		return nil, sdk.Errorf(sdk.KindUnsupported, "The plugin has no earlier versions of its configuration.")
	}
	return inner.UpgradeConfig(ctx, config, from)
}
