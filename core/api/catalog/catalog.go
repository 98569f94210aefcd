// Package catalog holds the routes that tell what is declared, which plugins there are and how the server itself is
// doing. The web page draws every type from them.
package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/inventory"
)

// Plugins tells how the plugins are.
type Plugins interface {
	Status() []PluginStatus
	// Schema returns the JSON Schema of a plugin's configuration.
	Schema(kind string) (json.RawMessage, error)
}

// PluginStatus tells how one plugin is.
type PluginStatus struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Summary string `json:"summary,omitempty"`
	// Configurable tells that integrations of this kind can be made.
	Configurable bool   `json:"configurable"`
	State        string `json:"state"`
	PID          int    `json:"pid,omitempty"`
	Restarts     int    `json:"restarts"`
	// Since is when the state began, in Unix milliseconds.
	Since int64 `json:"since,omitempty"`
	// Error is the last one; Problem says why the plugin cannot be used at all.
	Error   string `json:"error,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Instances holds an empty text for an integration that works, else what is wrong.
	Instances map[string]string `json:"instances,omitempty"`
}

// Area serves the catalogue.
type Area struct {
	catalog *inventory.Catalog
	plugins Plugins
	metrics prometheus.Gatherer
}

// New returns the area.
func New(catalog *inventory.Catalog, plugins Plugins, metrics prometheus.Gatherer) *Area {
	return &Area{catalog, plugins, metrics}
}

// Routes returns the rows.
func (a *Area) Routes() []route.Route {
	read := auth.ScopeMonitoringRead
	return []route.Route{
		route.Get("/api/types", "listTypes", "What the plugins declare about types of resources", a.types).Scope(read),
		route.Get("/api/plugins", "listPlugins", "How the plugins are", a.status).Scope(read),
		route.Get("/api/plugins/{kind}/schema", "getPluginSchema", "The form of a plugin's configuration, as JSON Schema 2020-12", a.schema).Scope(read),
		route.Get("/metrics", "getMetrics", "The server's own numbers, for Prometheus", a.exposition).Scope(read),
	}
}

type pluginsOut struct {
	Plugins []PluginStatus `json:"plugins"`
}

func (a *Area) status(context.Context, route.None) (pluginsOut, error) {
	return pluginsOut{append([]PluginStatus{}, a.plugins.Status()...)}, nil
}

type schemaIn struct {
	Kind string `path:"kind"`
}

func (a *Area) schema(_ context.Context, in schemaIn) (route.Raw, error) {
	schema, err := a.plugins.Schema(in.Kind)
	if err != nil {
		return route.Raw{}, errs.Wrap(errs.NotFound, err, "there is no plugin %q: GET /api/plugins lists those that are installed", in.Kind)
	}
	return route.Raw{ContentType: "application/schema+json", Body: schema}, nil
}

func (a *Area) exposition(context.Context, route.None) (route.Raw, error) {
	families, err := a.metrics.Gather()
	if err != nil {
		return route.Raw{}, fmt.Errorf("gather metrics: %w", err)
	}
	var out bytes.Buffer
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	encoder := expfmt.NewEncoder(&out, format)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return route.Raw{}, fmt.Errorf("encode metrics: %w", err)
		}
	}
	return route.Raw{ContentType: string(format), Body: out.Bytes()}, nil
}
