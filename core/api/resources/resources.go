// Package resources holds the routes of everything that is monitored as one flat list, whatever its type: find, count
// and look into it.
package resources

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/ingest"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// Inventory is where the resources are.
type Inventory interface {
	Snapshot() *inventory.Snapshot
	Catalog() *inventory.Catalog
	// Decide records what somebody says about who is who.
	Decide(ctx context.Context, pairs []inventory.Pair, v inventory.Verdict) error
}

// Area serves the rows.
type Area struct {
	inventory Inventory
	books     ingest.Books
	alerts    func() []alert.Alert
}

// New returns the area. Alerts returns what fires; it may be nil.
func New(inv Inventory, books ingest.Books, alerts func() []alert.Alert) *Area {
	return &Area{inv, books, alerts}
}

// Routes returns the rows.
func (a *Area) Routes() []route.Route {
	read := auth.ScopeMonitoringRead
	return []route.Route{
		route.Get("/api/v2/resources", "listResources", "Everything that is monitored, filtered, sorted and in pages", a.list).Scope(read),
		route.Get("/api/v2/resources/stats", "getResourceStats", "How many resources there are, by type, status and source", a.stats).Scope(read),
		route.Get("/api/v2/resources/merges", "listOfferedMerges", "Pairs of resources that may be one machine and that nobody has decided about", a.offers).Scope(read),
		route.Get("/api/v2/resources/{id}", "getResource", "One resource", a.get).Scope(read),
		route.Get("/api/v2/resources/{id}/children", "listResourceChildren", "What runs on a resource or belongs to it", a.children).Scope(read),
		route.Get("/api/v2/resources/{id}/rows", "listResourceLists", "Which lists say something about a resource: backups, snapshots, tasks", a.lists).Scope(read),
		route.Get("/api/v2/resources/{id}/rows/{list}", "listResourceRows", "The rows of a list that belong to a resource or are about it, the newest first", a.rows).Scope(read),
		route.Get("/api/v2/resources/{id}/events", "listResourceEvents", "What happened to a resource, the newest first", a.events).Scope(read),
		route.Get("/api/v2/resources/{id}/metrics", "getResourceMetrics", "The numbers of a resource as they are now", a.values).Scope(read),
		route.Post("/api/v2/resources/{id}/link", "linkResource", "Say that two resources are one machine; that lasts", a.link).Scope(auth.ScopeMonitoringWrite),
		route.Post("/api/v2/resources/{id}/unlink", "unlinkResource", "Say that two resources are two machines; that lasts", a.unlink).Scope(auth.ScopeMonitoringWrite),
		route.Post("/api/v2/resources/{id}/report-merge", "reportResourceMerge", "Say that the sources of a resource are not one machine", a.reportMerge).Scope(auth.ScopeMonitoringWrite),
		route.Get("/api/resources", "listLegacyResources", "Everything that is monitored, as the first version of this API has it", a.legacyList).Scope(read),
		route.Get("/api/resources/stats", "getLegacyResourceStats", "How many resources there are, as the first version has it", a.legacyStats).Scope(read),
		route.Get("/api/resources/{id...}", "getLegacyResource", "One resource, as the first version has it", a.legacyGet).Scope(read),
		route.Get("/simple-stats", "simpleStats", "A light page with the main numbers, without scripts", a.simple).Scope(read),
		route.Get("/api/v2/events", "listEvents", "What happened, the newest first", a.allEvents).Scope(read),
		route.Get("/api/v2/conditions", "listConditions", "What is wrong now, as the plugins judge it, the most severe first", a.allConditions).Scope(read),
	}
}

// view is the inventory at one moment with what the list needs of it.
type view struct {
	snapshot *inventory.Snapshot
	catalog  *inventory.Catalog
	books    ingest.Books
	all      []*inventory.Record
	parents  map[id.UID]*inventory.Record
	children map[id.UID]int
	active   func() []alert.Alert
	alerts   map[id.UID][]LegacyAlert // made when it is asked for
}

func (a *Area) view() *view {
	v := &view{
		snapshot: a.inventory.Snapshot(), catalog: a.inventory.Catalog(), books: a.books,
		parents: map[id.UID]*inventory.Record{}, children: map[id.UID]int{}, active: a.alerts,
	}
	for _, t := range v.catalog.Types() {
		for _, r := range v.snapshot.Type(t.Name) {
			if v.lead(r) == r { // the others are shown with it
				v.all = append(v.all, r)
			}
		}
	}
	for _, r := range v.all {
		if p := v.parent(r); p != nil {
			v.parents[r.UID] = p
			v.children[p.UID]++
		}
	}
	return v
}

// parent is the first record above this one that is there.
func (v *view) parent(r *inventory.Record) *inventory.Record {
	for _, rel := range r.Relations {
		if rel.Key == "" || rel.Kind != sdk.RunsOn && rel.Kind != sdk.MemberOf && rel.Kind != sdk.OwnedBy {
			continue
		}
		if p, ok := v.snapshot.Record(id.Record(r.Integration, rel.Key)); ok {
			return v.lead(p)
		}
	}
	return nil
}

// lead is the record that speaks for a machine which several sources see, else the record itself.
func (v *view) lead(r *inventory.Record) *inventory.Record { return v.snapshot.Same(v.catalog, r)[0] }

// find returns the resource with an id, or with the id by which the state document knows it.
func (v *view) find(name string) (*inventory.Record, error) {
	r, err := v.single(name)
	if err != nil {
		return nil, err
	}
	return v.lead(r), nil
}

// single returns the record of one source, also when it is shown with others.
func (v *view) single(name string) (*inventory.Record, error) {
	// The word before the hash was the type's own name once, and such ids are still about.
	if at := strings.LastIndexByte(name, '-'); len(name)-at-1 == idDigits {
		for _, t := range v.catalog.Types() {
			if word := name[:max(at, 0)]; word != t.Name && word != apiName(t) {
				continue
			}
			for _, r := range v.snapshot.Type(t.Name) {
				if v.hasHash(r, name[at+1:]) {
					return r, nil
				}
			}
		}
	}
	if r, ok := v.snapshot.FindAny(name); ok {
		return r, nil
	}
	return nil, errs.New(errs.NotFound, "there is no resource %q: GET /api/v2/resources lists them", name)
}

// resourceID is the API's word for the type and a hash over what stays the same.
func (v *view) resourceID(r *inventory.Record) string { return v.typeOf(r) + "-" + idHash(r) }

// typeOf is the API's word for the type of a record.
func (v *view) typeOf(r *inventory.Record) string {
	if t, ok := v.catalog.Type(r.Type); ok {
		return apiName(t)
	}
	return r.Type
}

func apiName(t sdk.ResourceType) string { return cmp.Or(t.APIName, t.Name) }

// hasHash tells whether a hash is that of a record, or of one that was joined with it.
func (v *view) hasHash(r *inventory.Record, hash string) bool {
	return idHash(r) == hash || slices.ContainsFunc(v.snapshot.Former(r.UID), func(uid id.UID) bool { return hashOf(string(uid)) == hash })
}

// idDigits is how many digits of the hash an id has.
const idDigits = 16

// idHash is taken of what stays the same: for machines their machine id or mainboard, else the record's own identity.
func idHash(r *inventory.Record) string {
	key := string(r.UID)
	for _, kind := range []string{sdk.EvidenceDMIUUID, sdk.EvidenceMachineID} {
		for _, e := range r.Evidence {
			if e.Kind == kind && r.Source.Reporter {
				key = kind + ":" + e.Value
			}
		}
	}
	return hashOf(key)
}

func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:idDigits/2])
}

// sourceOf is the contract's word for what feeds a record.
func sourceOf(r *inventory.Record) string { return compat.ResourceSource(kindOf(r)) }

// kindOf is the kind of the plugin that brought a record: an integration's id is its kind and its name.
func kindOf(r *inventory.Record) string {
	kind := string(r.Integration)
	for i := range kind {
		if kind[i] == '/' {
			return kind[:i]
		}
	}
	return kind
}

// status is how a resource is: as its leading source says, but a warning while another source is not heard.
func (v *view) status(r *inventory.Record) string {
	status := statusOf(r)
	for _, other := range v.snapshot.Same(v.catalog, r)[1:] {
		if status == "online" && other.Stale != nil {
			return "warning"
		}
	}
	return status
}

// sources are the contract's words for what feeds a resource.
func (v *view) sources(r *inventory.Record) (out []string) {
	for _, one := range v.snapshot.Same(v.catalog, r) {
		if source := sourceOf(one); !slices.Contains(out, source) {
			out = append(out, source)
		}
	}
	return out
}

// statusOf is the contract's word for how a resource is. One that nobody heard of for a while is a warning: it may well
// be fine.
func statusOf(r *inventory.Record) string {
	switch r.Status {
	case sdk.StatusUp:
		if r.Stale != nil {
			return "warning"
		}
		return "online"
	case sdk.StatusDegraded:
		return "warning"
	case sdk.StatusDown, sdk.StatusOff:
		return "offline"
	}
	return "unknown"
}

type idIn struct {
	ID string `path:"id"`
}

func (a *Area) get(_ context.Context, in idIn) (Resource, error) {
	v := a.view()
	r, err := v.find(in.ID)
	if err != nil {
		return Resource{}, err
	}
	return v.resource(r), nil
}

type childrenOut struct {
	Data  []Resource `json:"data"`
	Count int        `json:"count"`
}

func (a *Area) children(_ context.Context, in idIn) (childrenOut, error) {
	v := a.view()
	r, err := v.find(in.ID)
	if err != nil {
		return childrenOut{}, err
	}
	out := childrenOut{Data: []Resource{}}
	for _, child := range v.all {
		if p := v.parents[child.UID]; p != nil && p.UID == r.UID {
			out.Data = append(out.Data, v.resource(child))
		}
	}
	out.Count = len(out.Data)
	return out, nil
}

// Aggregations count all resources.
type Aggregations struct {
	Total    int            `json:"total"`
	ByType   map[string]int `json:"byType"`
	ByStatus map[string]int `json:"byStatus"`
	BySource map[string]int `json:"bySource"`
}

func (v *view) aggregations() Aggregations {
	out := Aggregations{Total: len(v.all), ByType: map[string]int{}, ByStatus: map[string]int{}, BySource: map[string]int{}}
	for _, r := range v.all {
		out.ByType[v.typeOf(r)]++
		out.ByStatus[v.status(r)]++
		for _, source := range v.sources(r) {
			out.BySource[source]++
		}
	}
	return out
}

func (a *Area) stats(context.Context, route.None) (Aggregations, error) {
	return a.view().aggregations(), nil
}
