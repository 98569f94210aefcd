// Package state holds the route of the state document.
package state

import (
	"context"
	"strconv"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
)

// Document is the state document; it is an inventory.State.
type Document interface {
	// JSON returns the document and its revision.
	JSON() ([]byte, uint64)
}

// Area serves the document.
type Area struct {
	document Document
	epoch    string
}

// New returns the area. Epoch tells apart the revisions of different starts of the server.
func New(document Document, epoch string) *Area { return &Area{document, epoch} }

// Routes returns the rows.
func (a *Area) Routes() []route.Route {
	return []route.Route{
		route.Get("/api/state", "getState", "The state of everything that is monitored", a.get).Scope(auth.ScopeMonitoringRead),
	}
}

func (a *Area) get(context.Context, route.None) (route.Raw, error) {
	body, revision := a.document.JSON()
	return route.Raw{ContentType: "application/json", ETag: a.epoch + "-" + strconv.FormatUint(revision, 10), Body: body}, nil
}
