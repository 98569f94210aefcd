package pluginhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/host"
)

// PluginStatus tells how one plugin is.
type PluginStatus struct {
	Entry
	host.Status
	// State is a host.State, or unusable.
	State string
	// Enabled is false for a plugin that the operator switched off, or did not yet switch on.
	Enabled bool
}

// Status tells how all plugins are, by kind.
func (p *Plugins) Status() []PluginStatus {
	entries := p.Entries()
	out := make([]PluginStatus, 0, len(entries))
	for _, e := range entries {
		out = append(out, p.statusOf(e))
	}
	return out
}

// StatusOf tells how one plugin is; false when it is not there.
func (p *Plugins) StatusOf(kind string) (PluginStatus, bool) {
	for _, e := range p.Entries() {
		if e.Kind == kind {
			return p.statusOf(e), true
		}
	}
	return PluginStatus{}, false
}

func (p *Plugins) statusOf(e Entry) PluginStatus {
	s := PluginStatus{Entry: e, State: "unusable"}
	s.Status.Version = e.Manifest.Version
	p.mu.Lock()
	plugin := p.plugins[e.Kind]
	s.Enabled = p.enabled(e)
	p.mu.Unlock()
	if plugin != nil {
		s.Status = plugin.Status()
		s.State = string(s.Status.State)
	}
	return s
}

// Usage tells what a plugin's process uses of the machine.
func (p *Plugins) Usage(kind string) host.Usage {
	if plugin := p.plugin(kind); plugin != nil {
		return plugin.Usage()
	}
	return host.Usage{}
}

// Logs returns what a plugin wrote after the line with a number, the oldest first, at most limit of the newest lines.
func (p *Plugins) Logs(kind string, after int64, limit int) ([]host.LogLine, error) {
	plugin := p.plugin(kind)
	if plugin == nil {
		return nil, notInstalled(kind)
	}
	return plugin.Logs(after, limit), nil
}

// Integrations returns those that should be live on a plugin.
func (p *Plugins) Integrations(kind string) []id.Integration {
	var out []id.Integration
	if d, _ := p.Description(kind); d.Implicit {
		out = append(out, id.Integration(kind))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(p.wanted)) {
		if p.wanted[key].Kind == kind {
			out = append(out, key)
		}
	}
	return out
}

// Restart looks for a changed program, ends a quarantine and has a process that runs replaced by another one.
func (p *Plugins) Restart(kind string) error {
	if err := p.Rescan(); err != nil {
		return err
	}
	plugin := p.plugin(kind)
	if plugin == nil {
		return notInstalled(kind)
	}
	plugin.Restart()
	return nil
}

// Enable sets whether a plugin may run, for good.
func (p *Plugins) Enable(kind string, on bool) error {
	plugin := p.plugin(kind)
	if plugin == nil {
		return notInstalled(kind)
	}
	p.mu.Lock()
	switches := maps.Clone(p.switches)
	switches[kind] = on
	err := writeSwitches(p.cfg.Work, switches)
	if err == nil {
		p.switches = switches
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	p.cfg.Log.Info("a plugin was switched", "plugin", kind, "on", on)
	plugin.Enable(on)
	if d, _ := p.Description(kind); on && d.Implicit {
		plugin.Need()
	}
	return nil
}

// enabled tells what the operator wants. A plugin that opens connections beside the guarded client is off until
// somebody switches it on. The lock is held.
func (p *Plugins) enabled(e Entry) bool {
	if on, said := p.switches[e.Kind]; said {
		return on
	}
	return !e.Manifest.Description.DialsAlone
}

func switchesFile(work string) string { return filepath.Join(work, "switches.json") }

func readSwitches(work string) (map[string]bool, error) {
	out := map[string]bool{}
	if work == "" {
		return out, nil
	}
	raw, err := os.ReadFile(switchesFile(work))
	if errors.Is(err, os.ErrNotExist) {
		return out, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return nil, fmt.Errorf("read which plugins are switched off: %w", err)
	}
	return out, nil
}

func writeSwitches(work string, switches map[string]bool) error {
	raw, err := json.Marshal(switches)
	if err == nil {
		err = os.MkdirAll(work, 0o700)
	}
	if err == nil {
		err = writeFile(switchesFile(work), raw, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep which plugins are switched off: %w", err)
	}
	return nil
}

// writeFile puts a whole file in the place of another.
func writeFile(path string, content []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

func notInstalled(kind string) error {
	return &sdk.Error{Kind: sdk.KindUnsupported, Code: "plugin_missing", Message: fmt.Sprintf("The plugin %q is not installed.", kind)}
}
