// Package catalog holds the routes that tell what is declared and how the server itself is doing. The web page draws every type from them.
package catalog

import (
	"bytes"
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/inventory"
)

// Area serves the catalogue.
type Area struct {
	catalog func() *inventory.Catalog
	metrics prometheus.Gatherer
}

// New returns the area. The catalogue is the present one of each question.
func New(catalog func() *inventory.Catalog, metrics prometheus.Gatherer) *Area {
	return &Area{catalog, metrics}
}

// Routes returns the rows.
func (a *Area) Routes() []route.Route {
	read := auth.ScopeMonitoringRead
	return []route.Route{
		route.Get("/api/types", "listTypes", "What the plugins declare about types of resources", a.types).Scope(read),
		route.Get("/metrics", "getMetrics", "The server's own numbers, for Prometheus", a.exposition).Scope(read),
	}
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
