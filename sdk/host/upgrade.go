package host

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/pulse-platform/pulse/sdk"
)

// Wanted is an instance that should be live.
type Wanted struct {
	sdk.Instance
	// ConfigVersion is the version of the schema that Config was written for: what is older is upgraded by the plugin
	// before it is used. 0 is the version of the plugin itself.
	ConfigVersion int
}

// Upgraded is a configuration that a plugin has turned into one of its present version, and that works.
type Upgraded struct {
	Integration string
	// Revision is that of the configuration that was upgraded.
	Revision int64
	Config   json.RawMessage
	Version  int
}

// same tells whether an instance was made of this, as it was written or as it was upgraded.
func (c configured) same(in Wanted) bool {
	return reflect.DeepEqual(c.instance, in) || c.upgraded != nil && reflect.DeepEqual(*c.upgraded, in)
}

// configure makes an instance; a configuration of an earlier version is upgraded first.
func (p *Plugin) configure(ctx context.Context, proc *process, in Wanted) (upgraded *Wanted, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timing.Config)
	defer cancel()
	d := proc.what.Manifest.Description
	switch {
	case in.ConfigVersion > d.ConfigVersion:
		return nil, sdk.Errorf(sdk.KindConfig, "The configuration was written for a newer version of the plugin than %s. Install that one, or save the configuration again.", proc.what.Manifest.Version)
	case in.ConfigVersion > 0 && in.ConfigVersion < d.ConfigVersion && slices.Contains(d.Capabilities, sdk.CapUpgrade):
		config, err := proc.UpgradeConfig(ctx, in.Config, in.ConfigVersion)
		if err != nil {
			return nil, err
		}
		in.Config, in.ConfigVersion = config, d.ConfigVersion
		upgraded = &in
	}
	return upgraded, proc.Configure(ctx, in.Instance)
}

// tell hands upgraded configurations to the server, once they work in the process that everybody uses.
func (p *Plugin) tell(proc *process) {
	if p.cfg.Upgraded == nil {
		return
	}
	p.mu.Lock()
	ready := p.proc == proc
	p.mu.Unlock()
	for id, c := range proc.configured {
		if !ready || c.upgraded == nil || c.told || c.err != nil {
			continue
		}
		c.told = true
		proc.configured[id] = c
		p.cfg.Upgraded(Upgraded{Integration: id, Revision: c.upgraded.Revision, Config: c.upgraded.Config, Version: c.upgraded.ConfigVersion})
	}
}
