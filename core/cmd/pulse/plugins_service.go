package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pulse-platform/pulse/core/api/plugins"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/pluginhost"
	"github.com/pulse-platform/pulse/sdk"
)

// Folders of the data directory.
const (
	installedDir = "installed-plugins"
	archivesDir  = "archives" // where an operator puts archives to install
)

// acceptable says whether plugins may declare this beside one another.
func acceptable(all []sdk.Description) error {
	_, err := inventory.NewCatalog(all)
	return err
}

// redeclare takes over what the plugins declare after some have changed.
func (s *server) redeclare() {
	if s.inventory == nil {
		return // it is opened with the present declarations
	}
	c, err := inventory.NewCatalog(s.plugins.Catalog())
	if err != nil {
		s.log.Error("what the plugins declare cannot be taken over", "error", err)
		return
	}
	s.inventory.Declare(c)
	select {
	case s.redeclared <- struct{}{}:
	default:
	}
}

// supervised shows the plugins the way the API does.
type supervised struct{ *server }

var _ plugins.Service = supervised{}

func (s supervised) List() []plugins.Plugin {
	owned := s.owned()
	var out []plugins.Plugin
	for _, p := range s.plugins.Status() {
		out = append(out, s.shape(p, owned))
	}
	return out
}

func (s supervised) Get(kind string) (plugins.Detail, error) {
	p, there := s.plugins.StatusOf(kind)
	if !there {
		return plugins.Detail{}, missing(kind)
	}
	out := plugins.Detail{Plugin: s.shape(p, s.owned()), Tasks: []plugins.Task{}, Warnings: []plugins.Warning{}}
	mine := map[id.Integration]bool{}
	for _, name := range s.plugins.Integrations(kind) {
		mine[name] = true
	}
	for _, t := range s.poll.Status() {
		if mine[t.Integration] {
			out.Tasks = append(out.Tasks, plugins.Task{
				Integration: string(t.Integration), Name: t.Task, Interval: t.Interval.Milliseconds(), Running: t.Running,
				LastSuccess: millis(t.LastSuccess), LastTook: t.LastTook.Milliseconds(), Next: millis(t.Next), Runs: t.Runs,
				Failures: t.Failures, Error: t.LastError,
			})
		}
	}
	for _, w := range s.door.Warnings() {
		if mine[w.Integration] {
			out.Warnings = append(out.Warnings, plugins.Warning{
				Integration: string(w.Integration), Task: w.Task, Text: w.Text, Count: w.Count, First: millis(w.First), Last: millis(w.Last),
			})
		}
	}
	return out, nil
}

func (s supervised) shape(p pluginhost.PluginStatus, owned map[id.Integration]holding) plugins.Plugin {
	d := p.Manifest.Description
	usage := s.plugins.Usage(p.Kind)
	out := plugins.Plugin{
		Kind: p.Kind, Name: p.Manifest.Name, Version: p.Status.Version, Summary: d.Summary, Configurable: !d.Implicit && d.Kind != "",
		Installed: p.Installed, Enabled: p.Enabled, Capabilities: []string{}, State: p.State, Since: millis(p.Since), PID: p.PID,
		Started: millis(p.Started), Restarts: p.Restarts, Error: p.LastError, ErrorAt: millis(p.ErrorAt), Problem: p.Problem,
		Throttled: p.Held, Memory: plugins.Memory{RSS: usage.RSS, PSS: usage.PSS, Limit: p.MemoryMax}, CPUSeconds: usage.CPU.Seconds(),
		Calls:     plugins.Calls{Total: p.Calls.Total, Failed: p.Calls.Failed, PerMinute: p.Calls.PerMinute, Last: millis(p.Calls.Last)},
		Instances: p.Instances,
	}
	for _, c := range d.Capabilities {
		out.Capabilities = append(out.Capabilities, string(c))
	}
	for _, name := range s.plugins.Integrations(p.Kind) {
		out.Records += owned[name].records
		out.Series += owned[name].series
	}
	return out
}

// holding is what an integration owns.
type holding struct{ records, series int }

func (s supervised) owned() map[id.Integration]holding {
	of := map[id.Integration][]id.UID{}
	snap := s.inventory.Snapshot()
	for _, t := range s.inventory.Catalog().Types() {
		for _, r := range snap.Type(t.Name) {
			of[r.Integration] = append(of[r.Integration], r.UID)
		}
	}
	out := make(map[id.Integration]holding, len(of))
	for name, records := range of {
		out[name] = holding{len(records), s.metrics.CountSeries(records)}
	}
	return out
}

func (s supervised) Schema(kind string) (json.RawMessage, error) {
	form, err := s.plugins.Schema(kind)
	if err != nil {
		return nil, err
	}
	return form.JSON(), nil
}

func (s supervised) Logs(kind string, after int64, limit int) ([]plugins.Line, error) {
	lines, err := s.plugins.Logs(kind, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]plugins.Line, 0, len(lines))
	for _, l := range lines {
		out = append(out, plugins.Line{Seq: l.Seq, Time: millis(l.Time), Level: l.Level, Text: l.Text, Fields: l.Fields})
	}
	return out, nil
}

func (s supervised) Restart(kind string) error { return s.plugins.Restart(kind) }

func (s supervised) Enable(kind string, on bool) error { return s.plugins.Enable(kind, on) }

// Install takes a file of the folder for archives; its name leads nowhere else.
func (s supervised) Install(archive, sha256 string) (string, error) {
	raw, err := readArchive(s.base.dir.Path(archivesDir), archive)
	if err != nil {
		return "", err
	}
	m, err := s.plugins.Install(raw, sha256)
	return m.Kind, err
}

func (s supervised) Remove(kind string) error { return s.plugins.Remove(kind) }

func missing(kind string) error {
	return errs.New(errs.NotFound, "there is no plugin %q: GET /api/plugins lists those that are installed", kind)
}

// readArchive reads a file of a folder and no other one.
func readArchive(dir, name string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the folder of archives: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of archives: %w", err)
	}
	defer root.Close()
	info, err := root.Lstat(name)
	switch {
	case name != filepath.Base(name) || errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular():
		return nil, errs.New(errs.NotFound, "there is no file %.80q in %s: put the archive there", name, dir).WithField("archive")
	case err != nil:
		return nil, fmt.Errorf("look at the archive: %w", err)
	case info.Size() > pluginhost.MaxArchive:
		return nil, errs.New(errs.TooLarge, "the archive is larger than %d bytes", pluginhost.MaxArchive).WithField("archive")
	}
	raw, err := root.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	return raw, nil
}
