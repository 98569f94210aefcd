// Package pluginhost keeps the catalogue of plugins and the desired state of integrations, and hands out live powers.
// How a process is run is sdk/host's business; what an integration is, core/integration's.
package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/host"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// Config says where plugins are and what they are lent.
type Config struct {
	// Dir holds the binaries and their manifests that came with the server.
	Dir string
	// Installed holds those that an operator installed from archives; empty when none can be.
	Installed string
	// Work is the directory under which each plugin gets a working directory.
	Work string
	Log  hclog.Logger
	// Back returns what an integration may use of the server: state, sealed secrets, proposals. It may be nil.
	Back func(integration id.Integration) sdk.Host
	// Accept says whether plugins may declare this beside one another; the last one is new. It may be nil.
	Accept func([]sdk.Description) error
	// Changed is called after the catalogue has become another one. It may be nil.
	Changed func()
	// Ready is called when the process of a kind has become ready. It may be nil, and must not wait.
	Ready func(kind string)
	// Upgraded is called with each configuration that a plugin has upgraded and works with. It may be nil, and must not wait.
	Upgraded func(host.Upgraded)
	// Timing is how patient the server is with a process; zero members take their defaults.
	Timing host.Timing
	Now    func() time.Time
}

// Integration is a configured use of a plugin that should be live.
type Integration struct {
	ID       id.Integration
	Kind     string
	Name     string
	Revision int64
	// Config is a JSON object, secrets in clear.
	Config json.RawMessage
	// ConfigVersion is the version of the schema that Config was written for, 0 for the plugin's own.
	ConfigVersion int
	Network       integration.Network
	Settings      map[string]json.RawMessage
}

// Plugins is the catalogue with the processes.
type Plugins struct {
	cfg Config
	// rescan is held while the catalogue changes, mu only for a look at it.
	rescan sync.Mutex

	mu       sync.Mutex
	entries  []Entry
	plugins  map[string]*host.Plugin // by kind, those that can be used
	reports  map[string]string       // report kind to plugin kind
	switches map[string]bool         // by kind, what the operator switched on or off
	wanted   map[id.Integration]Integration
	started  map[*host.Plugin]bool
	life     context.Context //nolint:containedctx // of the processes, set by Run: the catalogue grows later

	stopping sync.Once
	stopped  chan struct{}
}

// Open reads the catalogue. Nothing is started.
func Open(cfg Config) (*Plugins, error) {
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	p := &Plugins{
		cfg: cfg, plugins: map[string]*host.Plugin{}, wanted: map[id.Integration]Integration{}, stopped: make(chan struct{}),
		started: map[*host.Plugin]bool{},
	}
	var err error
	if p.switches, err = readSwitches(cfg.Work); err != nil {
		return nil, err
	}
	entries, err := p.scan()
	if err != nil {
		return nil, err
	}
	p.adopt(entries)
	return p, nil
}

// Run looks after the processes until ctx ends, then drains them. Implicit plugins are started at once, without being
// waited for; the others when they are needed. Plugins whose files change are replaced, new ones are added.
func (p *Plugins) Run(ctx context.Context) error {
	p.mu.Lock()
	p.life = context.WithoutCancel(ctx) // Stop drains the processes
	p.mu.Unlock()
	p.apply()
	for kind := range p.all() {
		p.start(kind)
	}
	tick := time.NewTicker(scanEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			p.drain()
			return nil
		case <-tick.C:
			if err := p.Rescan(); err != nil {
				p.cfg.Log.Warn("plugins cannot be looked for", "error", err)
			}
		}
	}
}

// start begins to look after a plugin once others run. An implicit one is needed at once.
func (p *Plugins) start(kind string) {
	p.mu.Lock()
	plugin := p.plugins[kind]
	due := plugin != nil && p.life != nil && !p.started[plugin]
	if due {
		p.started[plugin] = true
		plugin.Start(p.life)
	}
	p.mu.Unlock()
	if d, _ := p.Description(kind); due && d.Implicit {
		plugin.Need()
	}
}

// Stop waits until [Plugins.Run] has drained the processes, but not longer than ctx. Run's context must have ended.
func (p *Plugins) Stop(ctx context.Context) error {
	select {
	case <-p.stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop plugins: %w", ctx.Err())
	}
}

func (p *Plugins) drain() {
	p.stopping.Do(func() {
		p.rescan.Lock() // nothing is added any more
		defer p.rescan.Unlock()
		var all sync.WaitGroup
		for _, plugin := range p.all() {
			all.Go(plugin.Stop)
		}
		all.Wait()
		close(p.stopped)
	})
}

// Reconcile sets which integrations should be live; it may be called before Run. The error names those whose plugin is
// missing; the others are seen to all the same, and what becomes of them is in the status.
func (p *Plugins) Reconcile(_ context.Context, all []Integration) error {
	wanted := make(map[id.Integration]Integration, len(all))
	var missing []error
	for _, in := range all {
		if p.plugin(in.Kind) == nil {
			missing = append(missing, fmt.Errorf("integration %s: plugin %s is not installed", in.ID, in.Kind))
			continue
		}
		wanted[in.ID] = in
	}
	p.mu.Lock()
	p.wanted = wanted
	p.mu.Unlock()
	p.apply()
	return errors.Join(missing...)
}

// apply tells each plugin its instances. An implicit plugin has one of its own.
func (p *Plugins) apply() {
	byKind := map[string][]host.Wanted{}
	all := p.all()
	for kind := range all {
		if d, _ := p.Description(kind); d.Implicit {
			byKind[kind] = append(byKind[kind], host.Wanted{Instance: sdk.Instance{Integration: kind, Name: d.Name, Revision: 1, Config: json.RawMessage("{}")}})
		}
	}
	p.mu.Lock()
	for _, key := range slices.Sorted(maps.Keys(p.wanted)) {
		in := p.wanted[key]
		byKind[in.Kind] = append(byKind[in.Kind], host.Wanted{ConfigVersion: in.ConfigVersion, Instance: sdk.Instance{
			Integration: string(in.ID), Name: in.Name, Revision: in.Revision, Config: in.Config, Settings: in.Settings,
			Pins: in.Network.Pins, AllowLoopback: in.Network.AllowLoopback, AllowNetworks: in.Network.AllowNetworks,
		}})
	}
	p.mu.Unlock()
	for kind, plugin := range all {
		plugin.Want(byKind[kind])
	}
}

func (p *Plugins) plugin(kind string) *host.Plugin {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.plugins[kind]
}

func (p *Plugins) all() map[string]*host.Plugin {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.plugins)
}

// Entries returns the whole catalogue, with what is wrong with plugins that cannot be used.
func (p *Plugins) Entries() []Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.entries)
}

// Catalog returns what the usable plugins declare, by kind.
func (p *Plugins) Catalog() []sdk.Description {
	var out []sdk.Description
	for _, e := range p.Entries() {
		if e.usable() {
			out = append(out, e.Manifest.Description)
		}
	}
	return out
}

// Description returns what a usable plugin declares.
func (p *Plugins) Description(kind string) (sdk.Description, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.entries {
		if e := &p.entries[i]; e.Kind == kind && e.usable() {
			return e.Manifest.Description, true
		}
	}
	return sdk.Description{}, false
}

// Schema returns the form of a plugin's configuration, from its manifest.
func (p *Plugins) Schema(kind string) (*schema.Schema, error) {
	d, ok := p.Description(kind)
	if !ok {
		return nil, notInstalled(kind)
	}
	s, err := schema.Parse(d.Config)
	if err != nil {
		return nil, fmt.Errorf("read the schema of plugin %s: %w", kind, err)
	}
	return s, nil
}
