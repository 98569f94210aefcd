package pluginhost

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/host"
)

// scanEvery is how often the directories are looked through for plugins that changed.
const scanEvery = 5 * time.Second

// scan reads both directories. What came with the server wins over what was installed.
func (p *Plugins) scan() ([]Entry, error) {
	out, err := Scan(p.cfg.Dir)
	if err != nil || p.cfg.Installed == "" {
		return out, err
	}
	installed, err := Scan(p.cfg.Installed)
	if err != nil {
		return nil, err
	}
	for _, e := range installed {
		if slices.ContainsFunc(out, func(o Entry) bool { return o.Kind == e.Kind }) {
			p.cfg.Log.Debug("a plugin was installed that came with the server: the server's is used", "plugin", e.Kind)
			continue
		}
		e.Installed = true
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Kind, b.Kind) })
	return out, nil
}

// Rescan takes over what changed in the directories: new plugins are added, changed ones replaced side by side, those
// that are gone stopped. It reads files only.
func (p *Plugins) Rescan() error {
	p.rescan.Lock()
	defer p.rescan.Unlock()
	select {
	case <-p.stopped:
		return nil
	default:
	}
	entries, err := p.scan()
	if err != nil {
		return err
	}
	if slices.EqualFunc(entries, p.Entries(), func(a, b Entry) bool { return a.Kind == b.Kind && a.mark == b.mark }) {
		return nil
	}
	p.adopt(entries)
	p.apply()
	if p.cfg.Changed != nil {
		p.cfg.Changed()
	}
	return nil
}

// adopt makes the entries the catalogue. Those that are as they were come first, then what came with the server: whoever
// comes later and declares what another one has declared is not used.
func (p *Plugins) adopt(entries []Entry) {
	before := p.Entries()
	former := func(e Entry) (Entry, bool) {
		at := slices.IndexFunc(before, func(o Entry) bool { return o.Kind == e.Kind })
		if at < 0 {
			return Entry{}, false
		}
		return before[at], before[at].mark == e.mark
	}
	order := make([]int, 0, len(entries))
	for i := range entries {
		order = append(order, i)
	}
	rank := func(e Entry) int {
		if _, same := former(e); same {
			return 0
		} else if !e.Installed {
			return 1
		}
		return 2
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(entries[a]) - rank(entries[b]) })
	var declared []sdk.Description
	for _, i := range order {
		old, same := former(entries[i])
		if same {
			entries[i] = old
		} else {
			entries[i] = p.decide(old, p.judged(entries[i], declared))
		}
		if entries[i].usable() {
			declared = append(declared, entries[i].Manifest.Description)
		}
	}
	for _, e := range before {
		if !slices.ContainsFunc(entries, func(o Entry) bool { return o.Kind == e.Kind }) {
			p.forget(e.Kind)
		}
	}
	p.mu.Lock()
	p.entries = entries
	p.mu.Unlock()
	p.claim(entries)
	for _, e := range entries {
		p.start(e.Kind)
	}
}

// judged adds to a plugin's entry what is wrong with its declarations beside those of others.
func (p *Plugins) judged(e Entry, declared []sdk.Description) Entry {
	if e.Problem != "" || p.cfg.Accept == nil {
		return e
	}
	if err := p.cfg.Accept(append(slices.Clone(declared), e.Manifest.Description)); err != nil {
		e.Problem = err.Error()
	}
	return e
}

// decide takes over what a plugin's files say now.
func (p *Plugins) decide(old, e Entry) Entry {
	switch {
	case old.Kind != "" && old.usable():
		return p.change(old, e)
	case e.Problem != "":
		p.cfg.Log.Error("a plugin cannot be used", "plugin", e.Kind, "problem", e.Problem)
	default:
		p.add(e)
	}
	return e
}

// add makes a plugin that is not known yet.
func (p *Plugins) add(e Entry) {
	c := host.Config{
		Binary: e.Binary, Manifest: e.Manifest, Dir: filepath.Join(p.cfg.Work, e.Kind),
		Log: p.cfg.Log, Timing: p.cfg.Timing, Now: p.cfg.Now, Upgraded: p.cfg.Upgraded,
	}
	if p.cfg.Back != nil {
		c.Host = func(integration string) sdk.Host { return p.cfg.Back(id.Integration(integration)) }
	}
	if p.cfg.Ready != nil {
		c.Ready = func() { p.cfg.Ready(e.Kind) }
	}
	plugin := host.New(c)
	p.mu.Lock()
	plugin.Enable(p.enabled(e))
	p.plugins[e.Kind] = plugin
	p.mu.Unlock()
}

// change replaces a plugin that is used, if what lies there now can be; else the one that is used goes on.
func (p *Plugins) change(old, e Entry) Entry {
	err := errors.New(e.Problem)
	if e.Problem == "" {
		err = e.Manifest.Verify(e.Binary)
	}
	if err == nil && e.Manifest.SHA256 == old.Manifest.SHA256 && host.SameDescription(e.Manifest, old.Manifest) {
		return e // touched, not changed
	}
	if err != nil {
		old.Problem = fmt.Sprintf("what was put in its place cannot be used, version %s goes on: %s", old.Manifest.Version, err)
		old.mark, old.runs = e.mark, true
		p.cfg.Log.Error("a plugin was not replaced", "plugin", e.Kind, "problem", old.Problem)
		return old
	}
	p.cfg.Log.Info("a plugin has changed and is replaced", "plugin", e.Kind, "version", e.Manifest.Version, "former", old.Manifest.Version)
	p.plugin(e.Kind).Upgrade(e.Binary, e.Manifest)
	return e
}

// forget stops a plugin whose files are gone.
func (p *Plugins) forget(kind string) {
	p.mu.Lock()
	plugin := p.plugins[kind]
	delete(p.plugins, kind)
	delete(p.started, plugin)
	p.mu.Unlock()
	if plugin != nil {
		p.cfg.Log.Info("a plugin was removed", "plugin", kind)
		plugin.Stop()
	}
}

// claim says which plugin takes which reports.
func (p *Plugins) claim(entries []Entry) {
	reports := map[string]string{}
	for _, e := range entries {
		if !e.usable() {
			continue
		}
		for _, r := range e.Manifest.Description.Reports {
			if other, taken := reports[r.Name]; taken {
				p.cfg.Log.Warn("two plugins take the same reports", "report", r.Name, "plugin", other, "ignored", e.Kind)
				continue
			}
			reports[r.Name] = e.Kind
		}
	}
	p.mu.Lock()
	p.reports = reports
	p.mu.Unlock()
}
