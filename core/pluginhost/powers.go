package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/host"
)

var _ integration.Plugins = (*Plugins)(nil)

// How long a plugin may take.
const (
	ingestPatience = 10 * time.Second // for a report: one that hangs must not hold its reporters
	judgePatience  = 30 * time.Second // for judging or upgrading a configuration
	checkPatience  = 2 * time.Minute  // for trying one
)

// Ingest hands a report to the plugin that declares its kind. Errors are *sdk.Error: unsupported when no plugin does,
// unavailable when it is not ready or was lost, else the plugin's own; or ctx's when the caller gave up.
func (p *Plugins) Ingest(ctx context.Context, kind string, r sdk.Report) (sdk.Ingested, error) {
	p.mu.Lock()
	plugin, ok := p.reports[kind]
	p.mu.Unlock()
	if !ok {
		return sdk.Ingested{}, &sdk.Error{Kind: sdk.KindUnsupported, Code: "unknown_report", Message: "No plugin takes reports of this kind."}
	}
	limited, cancel := context.WithTimeout(ctx, ingestPatience)
	defer cancel()
	i, err := p.instance(limited, plugin, id.Integration(plugin), sdk.CapIngest)
	if err != nil {
		return sdk.Ingested{}, err
	}
	r.Kind = kind
	done := p.plugin(plugin).Exchange()
	out, err := i.Ingest(limited, r)
	done(err)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		late := sdk.Wrap(sdk.KindUnavailable, err, "The plugin did not answer in time.")
		late.Code, late.RetryAfter = "plugin_slow", 5*time.Second
		err = late
	}
	return out, err
}

// Collector returns the live collector of an integration.
func (p *Plugins) Collector(ctx context.Context, integration id.Integration) (sdk.Collector, error) {
	return power[sdk.Collector](ctx, p, integration, sdk.CapCollect)
}

// Watcher returns the live watcher of an integration.
func (p *Plugins) Watcher(ctx context.Context, integration id.Integration) (sdk.Watcher, error) {
	return power[sdk.Watcher](ctx, p, integration, sdk.CapWatch)
}

// Actor returns what changes things for an integration.
func (p *Plugins) Actor(ctx context.Context, integration id.Integration) (sdk.Actor, error) {
	return power[sdk.Actor](ctx, p, integration, sdk.CapAct)
}

// Acknowledger returns what understands agents' words on commands.
func (p *Plugins) Acknowledger(ctx context.Context, integration id.Integration) (sdk.CommandAcknowledger, error) {
	return power[sdk.CommandAcknowledger](ctx, p, integration, sdk.CapAct)
}

// Querier returns what reads on demand for an integration.
func (p *Plugins) Querier(ctx context.Context, integration id.Integration) (sdk.Querier, error) {
	return power[sdk.Querier](ctx, p, integration, sdk.CapQuery)
}

// Notifier returns what delivers messages for an integration.
func (p *Plugins) Notifier(ctx context.Context, integration id.Integration) (sdk.Notifier, error) {
	return power[sdk.Notifier](ctx, p, integration, sdk.CapNotify)
}

// ModelProvider returns what talks to a language model for an integration.
func (p *Plugins) ModelProvider(ctx context.Context, integration id.Integration) (sdk.ModelProvider, error) {
	return power[sdk.ModelProvider](ctx, p, integration, sdk.CapModel)
}

// Probe asks a plugin whether an address, host:port, is one of its own.
func (p *Plugins) Probe(ctx context.Context, kind, address string, network integration.Network) (out sdk.Candidate, err error) {
	err = p.unconfigured(ctx, kind, sdk.CapProbe, network, func(i *host.Instance) error {
		out, err = i.Probe(ctx, address)
		return err
	})
	return out, err
}

// Script has a plugin write a setup script.
func (p *Plugins) Script(ctx context.Context, kind string, r sdk.ScriptRequest) (out string, err error) {
	err = p.unconfigured(ctx, kind, sdk.CapOnboard, integration.Network{}, func(i *host.Instance) error {
		out, err = i.Script(ctx, r)
		return err
	})
	return out, err
}

// unconfigured lends an instance that nobody has configured.
func (p *Plugins) unconfigured(ctx context.Context, kind string, c sdk.Capability, network integration.Network, use func(*host.Instance) error) error {
	plugin := p.plugin(kind)
	if plugin == nil {
		return notInstalled(kind)
	}
	if err := p.declares(kind, c); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, judgePatience)
	defer cancel()
	return plugin.Try(ctx, sdk.Instance{
		Integration: "bare/" + id.Random(8), Pins: network.Pins, AllowLoopback: network.AllowLoopback, AllowNetworks: network.AllowNetworks,
	}, use)
}

// Validate has a plugin judge a configuration. The plugin is started for it; the error is of kind unavailable while it
// is not ready.
func (p *Plugins) Validate(ctx context.Context, kind string, config json.RawMessage) ([]sdk.Diagnostic, error) {
	plugin := p.plugin(kind)
	if plugin == nil {
		return nil, notInstalled(kind)
	}
	ctx, cancel := context.WithTimeout(ctx, judgePatience)
	defer cancel()
	return plugin.Validate(ctx, config)
}

// Secrets returns what knows the secret members of a plugin's configuration, from its manifest.
func (p *Plugins) Secrets(kind string) (integration.Secrets, error) {
	s, err := p.Schema(kind)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// ConfigVersion is the version of a plugin's schema, 0 when the plugin is not there.
func (p *Plugins) ConfigVersion(kind string) int {
	d, _ := p.Description(kind)
	return d.ConfigVersion
}

// UpgradeConfig turns a configuration of an earlier version into a present one.
func (p *Plugins) UpgradeConfig(ctx context.Context, kind string, config json.RawMessage, from int) (json.RawMessage, error) {
	plugin := p.plugin(kind)
	if plugin == nil {
		return nil, notInstalled(kind)
	}
	ctx, cancel := context.WithTimeout(ctx, judgePatience)
	defer cancel()
	return plugin.UpgradeConfig(ctx, config, from)
}

// Check tries a configuration that is not saved; progress hears of each step.
func (p *Plugins) Check(ctx context.Context, kind string, config json.RawMessage, network integration.Network, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	plugin := p.plugin(kind)
	if plugin == nil {
		return sdk.CheckResult{}, notInstalled(kind)
	}
	if err := p.declares(kind, sdk.CapCheck); err != nil {
		return sdk.CheckResult{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	var out sdk.CheckResult
	err := plugin.Try(ctx, sdk.Instance{
		Integration: "check/" + id.Random(8), Config: config, Pins: network.Pins, AllowLoopback: network.AllowLoopback, AllowNetworks: network.AllowNetworks,
	}, func(i *host.Instance) error {
		var err error
		out, err = i.Check(ctx, progress)
		return err
	})
	return out, err
}

// TrySend sends a message with a configuration that is not saved.
func (p *Plugins) TrySend(ctx context.Context, kind string, config json.RawMessage, network integration.Network, m sdk.Message) ([]sdk.Receipt, error) {
	plugin := p.plugin(kind)
	if plugin == nil {
		return nil, notInstalled(kind)
	}
	if err := p.declares(kind, sdk.CapNotify); err != nil {
		return nil, err
	}
	var out []sdk.Receipt
	err := plugin.Try(ctx, sdk.Instance{
		Integration: "try/" + id.Random(8), Config: config, Pins: network.Pins, AllowLoopback: network.AllowLoopback, AllowNetworks: network.AllowNetworks,
	}, func(i *host.Instance) error {
		var err error
		out, err = i.Send(ctx, m, nil)
		return err
	})
	return out, err
}

// power returns one power of a live instance. The server trusts what the plugin declares.
func power[P any](ctx context.Context, p *Plugins, integration id.Integration, c sdk.Capability) (P, error) {
	var none P
	kind, err := p.kind(integration)
	if err != nil {
		return none, err
	}
	i, err := p.instance(ctx, kind, integration, c)
	if err != nil {
		return none, err
	}
	out, ok := any(i).(P)
	if !ok {
		return none, sdk.Errorf(sdk.KindUnsupported, "The plugin %q cannot do this.", kind)
	}
	return out, nil
}

func (p *Plugins) instance(ctx context.Context, kind string, integration id.Integration, c sdk.Capability) (*host.Instance, error) {
	if err := p.declares(kind, c); err != nil {
		return nil, err
	}
	plugin := p.plugin(kind)
	if plugin == nil {
		return nil, notInstalled(kind)
	}
	return plugin.Instance(ctx, string(integration))
}

func (p *Plugins) declares(kind string, c sdk.Capability) error {
	d, ok := p.Description(kind)
	if !ok {
		return notInstalled(kind)
	}
	if !slices.Contains(d.Capabilities, c) {
		return sdk.Errorf(sdk.KindUnsupported, "The plugin %q does not %s.", kind, c)
	}
	return nil
}

// kind returns the plugin of an integration, configured or implicit.
func (p *Plugins) kind(integration id.Integration) (string, error) {
	p.mu.Lock()
	in, ok := p.wanted[integration]
	p.mu.Unlock()
	if ok {
		return in.Kind, nil
	}
	if d, ok := p.Description(string(integration)); ok && d.Implicit {
		return d.Kind, nil
	}
	return "", &sdk.Error{Kind: sdk.KindUnavailable, Code: "unknown_integration", Message: "There is no such integration."}
}
