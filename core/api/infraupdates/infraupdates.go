// Package infraupdates holds the routes of what has an update waiting: packages of servers, as plugins list them. Which lists
// these are is data.
package infraupdates

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/poll"
	"github.com/pulse-platform/pulse/core/rows"
)

// Area serves the rows.
type Area struct {
	Inventory *inventory.Inventory
	Rows      *rows.Book
	// Task returns how the task is doing that brings a list of an integration; false when there is none.
	Task func(of id.Integration, rows string) (poll.Status, bool)
	// Hurry has a task run now.
	Hurry func(of id.Integration, task string)
	Now   func() time.Time
}

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	read := auth.ScopeMonitoringRead
	return []route.Route{
		route.Get("/api/infra-updates", "listUpdates", "What has an update waiting", a.list).Scope(read),
		route.Get("/api/infra-updates/summary", "getUpdateSummary", "How many updates wait, host by host", a.summary).Scope(read),
		route.Post("/api/infra-updates/check", "checkUpdates", "Have the packages of a host read now", a.check).Scope(auth.ScopeMonitoringWrite).Body(8 << 10),
		route.Get("/api/infra-updates/host/{hostId}", "listUpdatesOfHost", "What has an update waiting on one host", a.host).Scope(read),
		route.Get("/api/infra-updates/{id...}", "getUpdate", "One update that waits", a.one).Scope(read),
	}
}

// Update is one thing that has an update waiting. What the contract calls a container and its image is a package here.
type Update struct {
	ID              string `json:"id"`
	HostID          string `json:"hostId"`
	HostName        string `json:"hostName"`
	ContainerID     string `json:"containerId"`
	ContainerName   string `json:"containerName"`
	Image           string `json:"image"`
	CurrentVersion  string `json:"currentVersion,omitempty"`
	LatestVersion   string `json:"latestVersion,omitempty"`
	UpdateAvailable bool   `json:"updateAvailable"`
	LastChecked     int64  `json:"lastChecked,omitempty" help:"When the list was read last, in Unix seconds."`
	ResourceType    string `json:"resourceType"`

	host *inventory.Record
	rows string
}

type listIn struct {
	HostID string `query:"hostId"`
	Type   string `query:"resourceType"`
}

type listOut struct {
	Updates []Update `json:"updates"`
	Total   int      `json:"total"`
}

func (a Area) list(ctx context.Context, in listIn) (listOut, error) {
	all, err := a.all(ctx)
	out := listOut{Updates: []Update{}}
	for _, u := range all {
		if (in.HostID == "" || u.on(in.HostID)) && (in.Type == "" || u.ResourceType == in.Type) {
			out.Updates = append(out.Updates, u)
		}
	}
	out.Total = len(out.Updates)
	return out, err
}

func (u Update) on(host string) bool { return u.HostID == host || string(u.host.UID) == host }

type hostIn struct {
	HostID string `path:"hostId"`
}

type hostOut struct {
	listOut
	HostID string `json:"hostId"`
}

func (a Area) host(ctx context.Context, in hostIn) (hostOut, error) {
	out, err := a.list(ctx, listIn{HostID: in.HostID})
	return hostOut{out, in.HostID}, err
}

// Summary counts the updates of one host.
type Summary struct {
	HostID     string `json:"hostId"`
	HostName   string `json:"hostName"`
	TotalCount int    `json:"totalCount"`
	Packages   int    `json:"packages"`
	Containers int    `json:"containers"`
}

type summaryOut struct {
	Summaries map[string]Summary `json:"summaries"`
	Total     int                `json:"totalUpdates"`
}

func (a Area) summary(ctx context.Context, _ route.None) (summaryOut, error) {
	all, err := a.all(ctx)
	out := summaryOut{Summaries: map[string]Summary{}, Total: len(all)}
	for _, u := range all {
		s := out.Summaries[u.HostID]
		s.HostID, s.HostName = u.HostID, u.HostName
		s.TotalCount++
		s.Packages++
		out.Summaries[u.HostID] = s
	}
	return out, err
}

type oneIn struct {
	ID string `path:"id..."`
}

func (a Area) one(ctx context.Context, in oneIn) (Update, error) {
	if in.ID == "host/" {
		return Update{}, errs.New(errs.Invalid, "Host ID is required: /api/infra-updates/host/<id>").WithWord("missing_host_id").WithField("hostId")
	}
	all, err := a.all(ctx)
	if err != nil {
		return Update{}, err
	}
	at := slices.IndexFunc(all, func(u Update) bool { return u.ID == in.ID })
	if at < 0 {
		return Update{}, errs.New(errs.NotFound, "there is no update %.200q: GET /api/infra-updates lists them", in.ID).WithWord("not_found")
	}
	return all[at], nil
}

// all reads every list of updates, by host and then by name.
func (a Area) all(ctx context.Context) ([]Update, error) {
	snap := a.Inventory.Snapshot()
	var out []Update
	checked := map[id.Integration]int64{}
	for _, list := range compat.UpdateLists() {
		q := rows.Query{Rows: list.Rows, Limit: rows.MaxPage}
		for {
			found, total, err := a.Rows.Find(ctx, q)
			if err != nil {
				return nil, err
			}
			for _, f := range found {
				owner, there := snap.Record(f.Owner)
				if !there {
					continue
				}
				u := update(list, owner, f)
				if _, known := checked[owner.Integration]; !known {
					checked[owner.Integration] = a.checked(owner.Integration, list.Rows)
				}
				u.LastChecked = checked[owner.Integration]
				out = append(out, u)
			}
			if q.Offset += len(found); len(found) == 0 || q.Offset >= total {
				break
			}
		}
	}
	slices.SortFunc(out, func(x, y Update) int { return strings.Compare(x.HostName+"\x00"+x.ID, y.HostName+"\x00"+y.ID) })
	return out, nil
}

func update(list compat.UpdateList, owner *inventory.Record, f rows.Found) Update {
	var doc map[string]any
	_ = json.Unmarshal(f.Doc, &doc) // a row without what is looked for has empty members
	text := func(member string) string { s, _ := doc[member].(string); return s }
	u := Update{
		ID: list.ResourceType + ":" + owner.WireID + "/" + f.Key, HostID: owner.WireID, HostName: owner.DisplayName(), ContainerID: f.Key,
		ContainerName: text(list.Package), CurrentVersion: text(list.Current), LatestVersion: text(list.Latest), UpdateAvailable: true,
		ResourceType: list.ResourceType, host: owner, rows: list.Rows,
	}
	u.Image = u.ContainerName
	return u
}
