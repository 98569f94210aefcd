// Package views holds the routes that show parts of the state document by themselves. Which parts is data of core/compat.
package views

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/inventory"
)

// Document is the state document; it is an inventory.State.
type Document interface {
	// JSON returns the document and its revision.
	JSON() ([]byte, uint64)
}

// Area serves the parts. It is safe for concurrent use.
type Area struct {
	document Document
	inv      *inventory.Inventory
	epoch    string
	now      func() time.Time

	mu       sync.Mutex
	revision uint64
	members  map[string]json.RawMessage // of the document at revision, nil before somebody asked
}

// New returns the area. Epoch tells apart the revisions of different starts of the server.
func New(document Document, inv *inventory.Inventory, epoch string, now func() time.Time) *Area {
	return &Area{document: document, inv: inv, epoch: epoch, now: now}
}

// Routes returns the rows.
func (a *Area) Routes() []route.Route {
	read := auth.ScopeMonitoringRead
	var out []route.Route
	for _, v := range compat.Views() {
		show := func() (route.Raw, error) { return a.show(v) }
		if strings.Contains(v.Path, "{view}") {
			out = append(out, route.Get(v.Path, v.Operation, v.Text, func(context.Context, viewIn) (route.Raw, error) { return show() }).Scope(read))
			continue
		}
		out = append(out, route.Get(v.Path, v.Operation, v.Text, func(context.Context, route.None) (route.Raw, error) { return show() }).Scope(read))
	}
	return append(out,
		route.Get("/api/storage", "getNoStorage", "Says that the id of a storage is missing", func(ctx context.Context, _ route.None) (Storage, error) {
			return a.storage(ctx, storageIn{})
		}).Scope(read),
		route.Get("/api/storage/{id...}", "getStorage", "One storage, with its pool and path where they are known", a.storage).Scope(read),
	)
}

type viewIn struct {
	View string `path:"view"`
}

// parts returns the top-level members of the document. They are found once for each revision.
func (a *Area) parts() (map[string]json.RawMessage, uint64, error) {
	body, revision := a.document.JSON()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.members == nil || a.revision != revision {
		members := map[string]json.RawMessage{}
		if err := json.Unmarshal(body, &members); err != nil {
			return nil, 0, fmt.Errorf("read the state document: %w", err)
		}
		a.members, a.revision = members, revision
	}
	return a.members, a.revision, nil
}

func (a *Area) show(v compat.View) (route.Raw, error) {
	parts, revision, err := a.parts()
	if err != nil {
		return route.Raw{}, err
	}
	out := []byte{'{'}
	for i, m := range v.Members {
		value, err := at(parts, m.From)
		if err != nil {
			return route.Raw{}, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(strconv.AppendQuote(out, m.Name), ':')
		out = append(out, value...)
	}
	return route.Raw{ContentType: "application/json", ETag: a.epoch + "-" + strconv.FormatUint(revision, 10), Body: append(out, '}')}, nil
}

// at returns what stands at a dotted path.
func at(parts map[string]json.RawMessage, path string) (json.RawMessage, error) {
	name, rest, deeper := strings.Cut(path, ".")
	value, there := parts[name]
	if !there {
		return nil, fmt.Errorf("the state document has no %s", name)
	}
	if !deeper {
		return value, nil
	}
	var inner map[string]json.RawMessage
	if err := json.Unmarshal(value, &inner); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return at(inner, rest)
}

type storageIn struct {
	ID string `path:"id..."`
}

// Storage is one storage.
type Storage struct {
	Data      json.RawMessage `json:"data"`
	Timestamp int64           `json:"timestamp" help:"Unix seconds."`
}

func (a *Area) storage(_ context.Context, in storageIn) (Storage, error) {
	if in.ID == "" {
		return Storage{}, errs.New(errs.Invalid, "Storage ID is required: /api/storage/<id>").WithWord("missing_storage_id").WithField("id")
	}
	missing := errs.New(errs.NotFound, "Storage not found: %.200q", in.ID).WithWord("storage_not_found")
	r, found := a.find(in.ID)
	if !found {
		return Storage{}, missing
	}
	parts, _, err := a.parts()
	if err != nil {
		return Storage{}, err
	}
	var all []json.RawMessage
	if err := json.Unmarshal(parts[compat.StorageSection], &all); err != nil {
		return Storage{}, fmt.Errorf("read the section of storage: %w", err)
	}
	for _, doc := range all {
		var members map[string]json.RawMessage
		if json.Unmarshal(doc, &members) == nil && bytes.Equal(members["id"], quoted(r.WireID)) {
			for _, name := range compat.StorageOmits() {
				delete(members, name)
			}
			raw, err := json.Marshal(members)
			return Storage{Data: raw, Timestamp: a.now().Unix()}, err
		}
	}
	return Storage{}, missing
}

func quoted(text string) []byte {
	raw, _ := json.Marshal(text) // a text is always JSON
	return raw
}

// find returns the storage that has an id.
func (a *Area) find(name string) (*inventory.Record, bool) {
	snap := a.inv.Snapshot()
	for _, s := range a.inv.Catalog().Sections() {
		if s.Section != compat.StorageSection {
			continue
		}
		if r, found := snap.Find(s.Type, name); found {
			return r, true
		}
	}
	return nil, false
}
