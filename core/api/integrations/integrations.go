// Package integrations holds the routes of configured uses of plugins: list, make, try, change and remove them. They
// go beyond the contract of the reference, whose routes for single products stand on the same service.
package integrations

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
)

// Service keeps the integrations.
type Service interface {
	List() []integration.Integration
	Save(ctx context.Context, x integration.Integration, revision int64) (integration.Integration, []sdk.Diagnostic, error)
	Delete(ctx context.Context, name id.Integration, revision int64) error
	Try(ctx context.Context, x integration.Integration) (integration.Trial, error)
}

// Task is how one task of an integration is doing. Times are Unix milliseconds, 0 when it never came to it.
type Task struct {
	Name        string `json:"name"`
	Running     bool   `json:"running"`
	LastSuccess int64  `json:"lastSuccess,omitempty"`
	// LastTook is in milliseconds.
	LastTook int64 `json:"lastTook,omitempty"`
	Next     int64 `json:"next,omitempty"`
	// Failures counts those in a row.
	Failures int    `json:"failures,omitempty"`
	Error    string `json:"error,omitempty"`
}

// Status is how an integration is doing.
type Status struct {
	// State is ok, failing, starting or disabled.
	State string `json:"state"`
	Error string `json:"error,omitempty"`
	Tasks []Task `json:"tasks"`
}

// Area serves the rows.
type Area struct {
	Service Service
	// Status tells how an integration is doing.
	Status func(id id.Integration) Status
	// Probe asks the plugin of a kind whether an address, host:port, is one of its own.
	Probe func(ctx context.Context, kind, address string, network integration.Network) (sdk.Candidate, error)
	// Again has all that an integration brings be asked for soon; nil for when it is time.
	Again func(name id.Integration)
	// Ports are where what a kind asks usually listens.
	Ports func(kind string) []int
}

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	read, write := auth.ScopeSettingsRead, auth.ScopeSettingsWrite
	return []route.Route{
		route.Get("/api/integrations", "listIntegrations", "All integrations with how they are doing; secrets are masked", a.list).Admin(read),
		route.Post("/api/integrations", "createIntegration", "Make an integration; its plugin checks the configuration first", a.create).Admin(write),
		route.Post("/api/integrations/test", "tryIntegration", "Try a configuration without saving it, step by step", a.try).Admin(write),
		route.Post("/api/integrations/probe", "probeAddress", "Look who answers at an address, before there are credentials", a.probe).Admin(write).Body(8 << 10),
		route.Get("/api/integrations/{kind}/{name}", "getIntegration", "One integration; secrets are masked", a.get).Admin(read),
		route.Put("/api/integrations/{kind}/{name}", "saveIntegration", "Change an integration; a masked secret keeps its value", a.save).Admin(write),
		route.Delete("/api/integrations/{kind}/{name}", "deleteIntegration", "Remove an integration with its resources and their history", a.remove).Admin(write),
	}
}

// Out is an integration as the API shows it.
type Out struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Title is what people call it, empty for the name.
	Title    string          `json:"title,omitempty"`
	Enabled  bool            `json:"enabled"`
	Revision int64           `json:"revision"`
	Config   json.RawMessage `json:"config"`
	// Network is what the integration may dial and believe beyond what is usual.
	Network integration.Network `json:"network"`
	// Origin is the file and line that own the integration; then it is read-only here.
	Origin string `json:"origin,omitempty"`
	// Joined is the integration that asks in the place of this one, because both ask the same cluster. Enabling this one
	// makes it ask by itself again.
	Joined string `json:"joined,omitempty"`
	Status Status `json:"status"`
	// Diagnostics are remarks of the plugin that did not prevent saving.
	Diagnostics []Diagnostic `json:"diagnostics,omitempty"`
}

// Diagnostic is a finding about a configuration at a dotted path.
type Diagnostic struct {
	Severity string `json:"severity"`
	Path     string `json:"path,omitempty"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail,omitempty"`
}

func (a Area) out(x integration.Integration) Out {
	o := Out{ID: string(x.ID), Kind: x.Kind, Name: x.Name, Title: x.Title, Enabled: x.Enabled, Revision: x.Revision, Config: x.Config, Network: x.Network, Origin: x.Origin, Joined: string(x.Joined)}
	if o.Status = a.Status(x.ID); !x.Enabled {
		o.Status = Status{State: "disabled"}
	}
	if o.Status.Tasks == nil {
		o.Status.Tasks = []Task{}
	}
	return o
}

type listOut struct {
	Integrations []Out `json:"integrations"`
}

func (a Area) list(context.Context, route.None) (listOut, error) {
	all := listOut{Integrations: []Out{}}
	for _, x := range a.Service.List() {
		all.Integrations = append(all.Integrations, a.out(x))
	}
	return all, nil
}

type nameIn struct {
	Kind string `path:"kind"`
	Name string `path:"name"`
}

func nameOf(kind, name string) id.Integration { return id.Integration(kind + "/" + name) }

func (a Area) get(_ context.Context, in nameIn) (Out, error) {
	for _, x := range a.Service.List() {
		if x.ID == nameOf(in.Kind, in.Name) {
			return a.out(x), nil
		}
	}
	return Out{}, errs.New(errs.NotFound, "there is no integration %q: GET /api/integrations lists them", nameOf(in.Kind, in.Name))
}

type createIn struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Title is what people call it, the name when it is left out.
	Title   string          `json:"title,omitempty"`
	Enabled *bool           `json:"enabled,omitempty"`
	Config  json.RawMessage `json:"config"`
	// Network is what the integration may dial and believe beyond what is usual.
	Network integration.Network `json:"network,omitzero"`
}

func (a Area) create(ctx context.Context, in createIn) (route.Reply[Out], error) {
	audit.Detail(ctx, "%.80s/%.80s", in.Kind, in.Name)
	config, err := object(in.Config)
	if err != nil {
		return route.Reply[Out]{}, err
	}
	x := integration.Integration{Kind: in.Kind, Name: in.Name, Title: in.Title, Enabled: in.Enabled == nil || *in.Enabled, Config: config, Network: in.Network}
	out, err := a.store(ctx, x, 0)
	return route.Reply[Out]{Status: 201, Body: out}, err
}

type saveIn struct {
	Kind string     `path:"kind"`
	Name string     `path:"name"`
	Body saveChange `body:"json"`
}

type saveChange struct {
	// Revision is the one that was loaded; when the store has another, somebody else was faster.
	Revision int64 `json:"revision"`
	// Title replaces what people call it; left out, it stays.
	Title   *string         `json:"title,omitempty"`
	Enabled *bool           `json:"enabled,omitempty"`
	Config  json.RawMessage `json:"config"`
	// Network replaces the stored one; left out, it stays.
	Network *integration.Network `json:"network,omitempty"`
}

var errRevision = errs.New(errs.Invalid, "revision is the number that was loaded with the integration, 1 or more").WithField("revision")

func (a Area) save(ctx context.Context, in saveIn) (Out, error) {
	if in.Body.Revision < 1 {
		return Out{}, errRevision
	}
	config, err := object(in.Body.Config)
	if err != nil {
		return Out{}, err
	}
	x := integration.Integration{Kind: in.Kind, Name: in.Name, Enabled: in.Body.Enabled == nil || *in.Body.Enabled, Config: config}
	stored := a.stored(in.Kind, in.Name)
	x.Title, x.Source, x.Network = stored.Title, stored.Source, stored.Network
	if in.Body.Title != nil {
		x.Title = *in.Body.Title
	}
	if in.Body.Network != nil {
		x.Network = *in.Body.Network
	}
	return a.store(ctx, x, in.Body.Revision)
}

// stored returns the integration as it is, an empty one when there is none.
func (a Area) stored(kind, name string) integration.Integration {
	for _, x := range a.Service.List() {
		if x.ID == nameOf(kind, name) {
			return x
		}
	}
	return integration.Integration{}
}

func (a Area) store(ctx context.Context, x integration.Integration, revision int64) (Out, error) {
	saved, findings, err := a.Service.Save(ctx, x, revision)
	if err != nil {
		return Out{}, err
	}
	if refused := refusal(findings); refused != nil {
		return Out{}, refused
	}
	out := a.out(saved)
	out.Diagnostics = diagnostics(findings)
	return out, nil
}

// refusal turns findings of severity error into the answer: the first as the text, all as details.
func refusal(findings []sdk.Diagnostic) error {
	err := integration.Refusal(findings, func(path string) string { return path })
	var e *errs.Error
	if errors.As(err, &e) {
		e.Extra = map[string]any{"diagnostics": diagnostics(findings)}
	}
	return err
}

func diagnostics(findings []sdk.Diagnostic) []Diagnostic {
	out := []Diagnostic{}
	for _, d := range findings {
		out = append(out, Diagnostic{Severity: string(d.Severity), Path: d.Path, Summary: d.Summary, Detail: d.Detail})
	}
	return out
}

type removeIn struct {
	Kind     string `path:"kind"`
	Name     string `path:"name"`
	Revision int64  `query:"revision"`
}

func (a Area) remove(ctx context.Context, in removeIn) (route.None, error) {
	if in.Revision < 1 {
		return route.None{}, errRevision
	}
	return route.None{}, a.Service.Delete(ctx, nameOf(in.Kind, in.Name), in.Revision)
}

// object returns a configuration, empty for none. It is an object.
func object(config json.RawMessage) (json.RawMessage, error) {
	switch text := bytes.TrimSpace(config); {
	case len(text) == 0, string(text) == "null":
		return json.RawMessage(`{}`), nil
	case text[0] != '{':
		return nil, errs.New(errs.Invalid, "config is an object with the keys of its plugin: GET /api/plugins tells which").WithField("config")
	}
	return config, nil
}
