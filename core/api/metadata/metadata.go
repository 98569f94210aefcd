// Package metadata holds the routes for what people write about things. Which kinds of thing there are is data.
package metadata

import (
	"context"
	"encoding/json"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
)

// maxBody is how large a document may be, in bytes.
const maxBody = 16 << 10

// Store keeps the documents; it is an [inventory.Metadata].
type Store interface {
	All(kind compat.MetadataKind) map[string]json.RawMessage
	Get(kind compat.MetadataKind, id string) json.RawMessage
	Put(ctx context.Context, kind compat.MetadataKind, id string, body json.RawMessage) (json.RawMessage, error)
	Delete(ctx context.Context, kind compat.MetadataKind, id string) error
}

type one struct {
	ID string `path:"id"`
}

type put struct {
	ID   string `path:"id"`
	Body []byte `body:"raw"`
}

// Routes returns the rows of all kinds. Changed is called after each change.
func Routes(store Store, kinds []compat.MetadataKind, changed func()) []route.Route {
	var rows []route.Route
	for _, k := range kinds {
		rows = append(rows, kindRoutes(store, k, changed)...)
	}
	return rows
}

func kindRoutes(store Store, k compat.MetadataKind, changed func()) []route.Route {
	read, write := auth.ScopeMonitoringRead, auth.ScopeMonitoringWrite
	path, name, about := k.Base+"/{id}", k.Operation+"Metadata", " what was written about "
	list := func(context.Context, route.None) (map[string]json.RawMessage, error) { return store.All(k), nil }
	get := func(_ context.Context, in one) (json.RawMessage, error) { return store.Get(k, in.ID), nil }
	set := func(ctx context.Context, in put) (json.RawMessage, error) {
		written, err := store.Put(ctx, k, in.ID, in.Body)
		if err == nil {
			changed()
		}
		return written, err
	}
	remove := func(ctx context.Context, in one) (route.None, error) {
		err := store.Delete(ctx, k, in.ID)
		if err == nil {
			changed()
		}
		return route.None{}, err
	}
	return []route.Route{
		route.Get(k.Base, "list"+name, "List"+about+k.Title, list).Scope(read),
		route.Get(path, "get"+name, "Read"+about+"one of the "+k.Title, get).Scope(read),
		route.Put(path, "set"+name, "Replace"+about+"one of the "+k.Title, set).Scope(write).Body(maxBody),
		route.Post(path, "post"+name, "Replace"+about+"one of the "+k.Title, set).Scope(write).Body(maxBody),
		route.Delete(path, "delete"+name, "Delete"+about+"one of the "+k.Title, remove).Scope(write),
	}
}
