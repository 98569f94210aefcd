// Package pluginhost keeps the catalogue of plugins and the desired state of integrations, and hands out live powers.
// How a process is run is sdk/host's business; what an integration is, core/integration's.
package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/host"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// Config says where plugins are and what they are lent.
type Config struct {
	// Dir holds the binaries and their manifests.
	Dir string
	// Work is the directory under which each plugin gets a working directory.
	Work string
	Log  hclog.Logger
	// Back returns what an integration may use of the server: state, sealed secrets, proposals. It may be nil.
	Back func(integration id.Integration) sdk.Host
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
	Config   json.RawMessage
	Pins     map[string]string
	Settings map[string]json.RawMessage
}

// Plugins is the catalogue with the processes.
type Plugins struct {
	cfg     Config
	entries []Entry
	plugins map[string]*host.Plugin // by kind, those that can be used
	reports map[string]string       // report kind to plugin kind

	mu     sync.Mutex
	wanted map[id.Integration]Integration

	stopping sync.Once
	stopped  chan struct{}
}

// Open reads the catalogue. Nothing is started.
func Open(cfg Config) (*Plugins, error) {
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	entries, err := Scan(cfg.Dir)
	if err != nil {
		return nil, err
	}
	p := &Plugins{
		cfg: cfg, entries: entries, plugins: map[string]*host.Plugin{}, reports: map[string]string{},
		wanted: map[id.Integration]Integration{}, stopped: make(chan struct{}),
	}
	for _, e := range entries {
		if e.Problem != "" {
			cfg.Log.Warn("plugin cannot be used", "plugin", e.Kind, "problem", e.Problem)
			continue
		}
		p.add(e)
	}
	return p, nil
}

func (p *Plugins) add(e Entry) {
	c := host.Config{
		Binary: e.Binary, Manifest: e.Manifest, Dir: filepath.Join(p.cfg.Work, e.Kind),
		Log: p.cfg.Log, Timing: p.cfg.Timing, Now: p.cfg.Now,
	}
	if p.cfg.Back != nil {
		c.Host = func(integration string) sdk.Host { return p.cfg.Back(id.Integration(integration)) }
	}
	p.plugins[e.Kind] = host.New(c)
	for _, r := range e.Manifest.Description.Reports {
		if other, taken := p.reports[r.Name]; taken {
			p.cfg.Log.Warn("two plugins take the same reports", "report", r.Name, "plugin", other, "ignored", e.Kind)
			continue
		}
		p.reports[r.Name] = e.Kind
	}
}

// Run looks after the processes until ctx ends, then drains them. Implicit plugins are started at once, without being
// waited for; the others when they are needed.
func (p *Plugins) Run(ctx context.Context) error {
	p.apply()
	for kind, plugin := range p.plugins {
		plugin.Start(context.WithoutCancel(ctx)) // Stop drains it
		if d, _ := p.Description(kind); d.Implicit {
			plugin.Need()
		}
	}
	<-ctx.Done()
	p.drain()
	return nil
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
		var all sync.WaitGroup
		for _, plugin := range p.plugins {
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
		if p.plugins[in.Kind] == nil {
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
	byKind := map[string][]sdk.Instance{}
	for kind := range p.plugins {
		if d, _ := p.Description(kind); d.Implicit {
			byKind[kind] = append(byKind[kind], sdk.Instance{Integration: kind, Name: d.Name, Revision: 1, Config: json.RawMessage("{}")})
		}
	}
	p.mu.Lock()
	for _, key := range slices.Sorted(maps.Keys(p.wanted)) {
		in := p.wanted[key]
		byKind[in.Kind] = append(byKind[in.Kind], sdk.Instance{
			Integration: string(in.ID), Name: in.Name, Revision: in.Revision, Config: in.Config, Pins: in.Pins, Settings: in.Settings,
		})
	}
	p.mu.Unlock()
	for kind, plugin := range p.plugins {
		plugin.Want(byKind[kind])
	}
}

// Entries returns the whole catalogue, with what is wrong with plugins that cannot be used.
func (p *Plugins) Entries() []Entry { return slices.Clone(p.entries) }

// Catalog returns what the usable plugins declare, by kind.
func (p *Plugins) Catalog() []sdk.Description {
	var out []sdk.Description
	for _, e := range p.entries {
		if e.Problem == "" {
			out = append(out, e.Manifest.Description)
		}
	}
	return out
}

// Description returns what a usable plugin declares.
func (p *Plugins) Description(kind string) (sdk.Description, bool) {
	for _, e := range p.entries {
		if e.Kind == kind && e.Problem == "" {
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

// PluginStatus tells how one plugin is.
type PluginStatus struct {
	Kind      string
	Name      string
	Version   string
	State     string
	PID       int
	Since     time.Time
	Restarts  int
	LastError string
	// Instances holds an empty text for an instance that works, else what is wrong, by integration.
	Instances map[string]string
	Stderr    []string
	// Problem says why the plugin cannot be used at all.
	Problem string
}

// Status tells how all plugins are, by kind.
func (p *Plugins) Status() []PluginStatus {
	out := make([]PluginStatus, 0, len(p.entries))
	for _, e := range p.entries {
		s := PluginStatus{Kind: e.Kind, Name: e.Manifest.Name, Version: e.Manifest.Version, Problem: e.Problem, State: "unusable"}
		if plugin := p.plugins[e.Kind]; plugin != nil {
			st := plugin.Status()
			s.State, s.PID, s.Since, s.Restarts = string(st.State), st.PID, st.Since, st.Restarts
			s.LastError, s.Instances, s.Stderr = st.LastError, st.Instances, st.Stderr
		}
		out = append(out, s)
	}
	return out
}

// Restart ends the quarantine of a plugin.
func (p *Plugins) Restart(kind string) error {
	plugin := p.plugins[kind]
	if plugin == nil {
		return notInstalled(kind)
	}
	plugin.Restart()
	return nil
}

func notInstalled(kind string) error {
	return &sdk.Error{Kind: sdk.KindUnsupported, Code: "plugin_missing", Message: fmt.Sprintf("The plugin %q is not installed.", kind)}
}
