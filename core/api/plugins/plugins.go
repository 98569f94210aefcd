// Package plugins holds the routes of the plugins: how they are, what they wrote, what their configuration looks like, and
// the switches of an operator. It does not know how plugins run.
package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
)

// Service looks after the plugins. Errors about a plugin that is not there have the code of errs.NotFound.
type Service interface {
	// List tells how all plugins are, by kind.
	List() []Plugin
	Get(kind string) (Detail, error)
	// Schema returns the JSON Schema of a plugin's configuration.
	Schema(kind string) (json.RawMessage, error)
	// Logs returns what a plugin wrote after the line with a number, at most limit of the newest lines.
	Logs(kind string, after int64, limit int) ([]Line, error)
	Restart(kind string) error
	Enable(kind string, on bool) error
	// Install takes an archive from the server's folder for such.
	Install(archive, sha256 string) (kind string, err error)
	Remove(kind string) error
}

// Plugin tells how one plugin is. Times are Unix milliseconds, 0 when it never came to it.
type Plugin struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Summary string `json:"summary,omitempty"`
	// Configurable tells that integrations of this kind can be made.
	Configurable bool `json:"configurable"`
	// Installed tells that an operator installed it; else it came with the server.
	Installed bool `json:"installed"`
	// Enabled is false for a plugin that is switched off, or not yet on.
	Enabled      bool     `json:"enabled"`
	Capabilities []string `json:"capabilities"`
	// State is idle, starting, ready, backoff, quarantined, disabled, stopped or unusable, and Since when it began.
	State string `json:"state"`
	Since int64  `json:"since,omitempty"`
	PID   int    `json:"pid,omitempty"`
	// Started is when the process was.
	Started  int64 `json:"started,omitempty"`
	Restarts int   `json:"restarts"`
	// Error is the last one, and ErrorAt when it was; Problem says why the plugin, or a newer one, cannot be used.
	Error   string `json:"error,omitempty"`
	ErrorAt int64  `json:"errorAt,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Throttled counts how often the plugin was slowed down because it wrote too much.
	Throttled int    `json:"throttled,omitempty"`
	Memory    Memory `json:"memory"`
	// CPUSeconds is the processor time of the process since it started.
	CPUSeconds float64 `json:"cpuSeconds"`
	Calls      Calls   `json:"calls"`
	// Records and Series are what its integrations own.
	Records int `json:"records"`
	Series  int `json:"series"`
	// Instances holds an empty text for an integration that works, else what is wrong.
	Instances map[string]string `json:"instances,omitempty"`
}

// Memory is that of a process, in bytes; 0 is not known. PSS counts shared pages by their share.
type Memory struct {
	RSS int64 `json:"rss,omitempty"`
	PSS int64 `json:"pss,omitempty"`
	// Limit is where the process is ended.
	Limit int64 `json:"limit,omitempty"`
}

// Calls tells how much a plugin is asked.
type Calls struct {
	Total     uint64  `json:"total"`
	Failed    uint64  `json:"failed"`
	PerMinute float64 `json:"perMinute"`
	Last      int64   `json:"last,omitempty"`
}

// Detail is a plugin with what it is busy with.
type Detail struct {
	Plugin   Plugin    `json:"plugin"`
	Tasks    []Task    `json:"tasks"`
	Warnings []Warning `json:"warnings"`
}

// Task is how one task of one integration is doing. Times are Unix milliseconds.
type Task struct {
	Integration string `json:"integration"`
	Name        string `json:"name"`
	// Interval and LastTook are in milliseconds.
	Interval    int64  `json:"interval"`
	Running     bool   `json:"running"`
	LastSuccess int64  `json:"lastSuccess,omitempty"`
	LastTook    int64  `json:"lastTook,omitempty"`
	Next        int64  `json:"next,omitempty"`
	Runs        uint64 `json:"runs"`
	// Failures counts those in a row.
	Failures int    `json:"failures,omitempty"`
	Error    string `json:"error,omitempty"`
}

// Warning says what of a plugin's observations was refused, how often and since when.
type Warning struct {
	Integration string `json:"integration"`
	Task        string `json:"task"`
	Text        string `json:"text"`
	Count       int    `json:"count"`
	First       int64  `json:"first"`
	Last        int64  `json:"last"`
}

// Line is one line that a plugin wrote.
type Line struct {
	// Seq grows with each line for as long as the server runs.
	Seq  int64 `json:"seq"`
	Time int64 `json:"time"`
	// Level is that of a log record; other lines have none.
	Level  string            `json:"level,omitempty"`
	Text   string            `json:"text"`
	Fields map[string]string `json:"fields,omitempty"`
}

// Area serves the rows.
type Area struct {
	Service Service
}

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	read, write := auth.ScopeSettingsRead, auth.ScopeSettingsWrite
	see := auth.ScopeMonitoringRead
	return []route.Route{
		route.Get("/api/plugins", "listPlugins", "How the plugins are", a.list).Scope(see),
		route.Get("/api/plugins/{kind}", "getPlugin", "How a plugin is, with its tasks and what of its observations was refused", a.get).Scope(see),
		route.Get("/api/plugins/{kind}/schema", "getPluginSchema", "The form of a plugin's configuration, as JSON Schema 2020-12", a.schema).Scope(see),
		route.Get("/api/plugins/{kind}/logs", "getPluginLogs", "What a plugin wrote last; with wait, the answer comes with the next line", a.logs).Admin(read),
		route.Post("/api/plugins/{kind}/restart", "restartPlugin", "Start a plugin anew: another process takes over without a gap", a.restart).Admin(write),
		route.Post("/api/plugins/{kind}/enable", "enablePlugin", "Switch a plugin on", a.enable).Admin(write),
		route.Post("/api/plugins/{kind}/disable", "disablePlugin", "Switch a plugin off; what it watches goes stale", a.disable).Admin(write),
		route.Post("/api/plugins/install", "installPlugin", "Install or update a plugin from an archive in the server's folder for them", a.install).Admin(write),
		route.Delete("/api/plugins/{kind}", "removePlugin", "Remove a plugin that was installed; its integrations stay", a.remove).Admin(write),
	}
}

type listOut struct {
	Plugins []Plugin `json:"plugins"`
}

func (a Area) list(context.Context, route.None) (listOut, error) {
	return listOut{append([]Plugin{}, a.Service.List()...)}, nil
}

type kindIn struct {
	Kind string `path:"kind"`
}

func (a Area) get(_ context.Context, in kindIn) (Detail, error) {
	d, err := a.Service.Get(in.Kind)
	return d, known(in.Kind, err)
}

func (a Area) schema(_ context.Context, in kindIn) (route.Raw, error) {
	schema, err := a.Service.Schema(in.Kind)
	if err != nil {
		return route.Raw{}, known(in.Kind, err)
	}
	return route.Raw{ContentType: "application/schema+json", Body: schema}, nil
}

func (a Area) restart(_ context.Context, in kindIn) (Detail, error) {
	if err := a.Service.Restart(in.Kind); err != nil {
		return Detail{}, known(in.Kind, err)
	}
	return a.Service.Get(in.Kind)
}

func (a Area) enable(_ context.Context, in kindIn) (Detail, error) { return a.turn(in.Kind, true) }

func (a Area) disable(_ context.Context, in kindIn) (Detail, error) { return a.turn(in.Kind, false) }

func (a Area) turn(kind string, on bool) (Detail, error) {
	if err := a.Service.Enable(kind, on); err != nil {
		return Detail{}, known(kind, err)
	}
	return a.Service.Get(kind)
}

type installIn struct {
	// Archive is the name of a file in the folder "archives" of the server's data directory.
	Archive string `json:"archive"`
	// SHA256 of the archive, hex, from whom one trusts.
	SHA256 string `json:"sha256"`
}

func (a Area) install(_ context.Context, in installIn) (route.Reply[Detail], error) {
	if in.Archive == "" {
		return route.Reply[Detail]{}, errs.New(errs.Invalid, "archive is the name of a file in the folder archives of the data directory").WithField("archive")
	}
	kind, err := a.Service.Install(in.Archive, in.SHA256)
	if err != nil {
		return route.Reply[Detail]{}, err
	}
	d, err := a.Service.Get(kind)
	return route.Reply[Detail]{Status: 201, Body: d}, err
}

func (a Area) remove(_ context.Context, in kindIn) (route.None, error) {
	return route.None{}, known(in.Kind, a.Service.Remove(in.Kind))
}

// known turns the plugins' own word for what is not there into the API's.
func known(kind string, err error) error {
	var e *sdk.Error
	if errors.As(err, &e) && e.Code == "plugin_missing" {
		return errs.New(errs.NotFound, "there is no plugin %q: GET /api/plugins lists those that are installed", kind)
	}
	return err
}

// How lines are handed out.
const (
	mostLines = 500
	mostWait  = 25 * time.Second
	lookEvery = 200 * time.Millisecond
)

type logsIn struct {
	Kind string `path:"kind"`
	// After is the number of the last line that is known; the answer holds later ones.
	After int64 `query:"after"`
	Limit int   `query:"limit" default:"200"`
	// Wait is how many seconds to wait for a line, at most 25.
	Wait int `query:"wait"`
}

type logsOut struct {
	Lines []Line `json:"lines"`
	// Next is what to ask for as after next time.
	Next int64 `json:"next"`
}

func (a Area) logs(ctx context.Context, in logsIn) (logsOut, error) {
	limit := min(max(in.Limit, 1), mostLines)
	ctx, cancel := context.WithTimeout(ctx, min(time.Duration(max(in.Wait, 0))*time.Second, mostWait))
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		lines, err := a.Service.Logs(in.Kind, in.After, limit)
		if err != nil {
			return logsOut{}, known(in.Kind, err)
		}
		if len(lines) > 0 {
			return logsOut{lines, lines[len(lines)-1].Seq}, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return logsOut{[]Line{}, in.After}, nil
		}
	}
}
