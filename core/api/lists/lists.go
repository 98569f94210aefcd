// Package lists holds the routes of declared lists as a whole, whoever owns their rows, and what the lists of backups say
// about each thing that is to be backed up. They go beyond the contract of the reference.
package lists

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/core/rows/lead"
	"github.com/pulse-platform/pulse/sdk"
)

// Area serves the rows.
type Area struct {
	Inventory  *inventory.Inventory
	Rows       *rows.Book
	Conditions *condition.Board
	Metrics    metric.Store
	Now        func() time.Time
}

// Routes returns the rows.
func (a *Area) Routes() []route.Route {
	read := auth.ScopeMonitoringRead
	return []route.Route{
		route.Get("/api/lists", "getLists", "All lists that plugins keep: backups, snapshots, jobs", a.all).Scope(read),
		route.Get("/api/lists/{name}", "getList", "A page of one list, the newest rows first", a.page).Scope(read),
		route.Get("/api/protection", "getProtection", "What is backed up, since when and what is not, day by day", a.protection).Scope(read),
	}
}

// List is a declared list.
type List struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	// Family is the section of the menu that shows the list, if any.
	Family  string   `json:"family,omitempty"`
	Total   int      `json:"total"`
	Columns []Column `json:"columns"`
	// StaleReason says why some of its rows are not fresh, and StaleSince since when.
	StaleReason string     `json:"staleReason,omitempty"`
	StaleSince  *time.Time `json:"staleSince,omitempty"`
}

// Column is one column of a list. Path is dotted, into the row's data.
type Column struct {
	Name    string     `json:"name"`
	Label   string     `json:"label"`
	Path    string     `json:"path"`
	Format  sdk.Format `json:"format"`
	Default bool       `json:"default"`
}

type listsOut struct {
	Lists []List `json:"lists"`
}

func (a *Area) all(context.Context, route.None) (listsOut, error) {
	out := listsOut{Lists: []List{}}
	totals := a.Rows.Totals()
	for _, kind := range a.Inventory.Catalog().Lists() {
		out.Lists = append(out.Lists, list(kind, totals[kind.Name]))
	}
	slices.SortStableFunc(out.Lists, func(x, y List) int { return strings.Compare(x.Label, y.Label) })
	return out, nil
}

func list(kind sdk.RowsType, s rows.Summary) List {
	one := List{Name: kind.Name, Label: kind.Label, Family: kind.Family, Total: s.Count, Columns: []Column{}, StaleReason: s.Stale}
	if s.Stale != "" {
		since := s.Since.UTC()
		one.StaleSince = &since
	}
	for _, c := range kind.Columns {
		one.Columns = append(one.Columns, Column{c.Name, c.Label, c.Path, c.Format, c.Default})
	}
	return one
}

type pageIn struct {
	Name   string `path:"name"`
	Query  string `query:"q" help:"A text that stands in the row."`
	Limit  int    `query:"limit" default:"100"`
	Offset int    `query:"offset"`
}

// Page is a part of a list.
type Page struct {
	List
	Rows []Row `json:"rows"`
	// Found is how many rows the query finds, of Total.
	Found int `json:"found"`
}

// Row is one row.
type Row struct {
	Key  string          `json:"key"`
	Time *time.Time      `json:"time,omitempty"`
	Data json.RawMessage `json:"data"`
	// OwnerID and OwnerName are what the row belongs to, when that is a resource; OwnerStateID is its id in the state.
	OwnerID      string `json:"ownerId,omitempty"`
	OwnerStateID string `json:"ownerStateId,omitempty"`
	OwnerName    string `json:"ownerName,omitempty"`
	// AboutID and AboutName are what the row is about, when that is a resource: the guest of a backup; AboutStateID is its id
	// in the state.
	AboutID      string `json:"aboutId,omitempty"`
	AboutStateID string `json:"aboutStateId,omitempty"`
	AboutName    string `json:"aboutName,omitempty"`
	// Leads are the resources that cells of the row name, by column, by their ids in the state.
	Leads map[string]string `json:"leads,omitempty"`
	// Integration brought the row.
	Integration string `json:"integration"`
}

// maxText is how long a query may be.
const maxText = 200

func (a *Area) page(ctx context.Context, in pageIn) (Page, error) {
	kind, known := a.Inventory.Catalog().Rows(in.Name)
	switch {
	case !known:
		return Page{}, errs.New(errs.NotFound, "there is no list %.80q: GET /api/lists names them", in.Name)
	case in.Limit < 1 || in.Limit > rows.MaxPage:
		return Page{}, errs.New(errs.Invalid, "limit must be from 1 to %d", rows.MaxPage).WithField("limit")
	case in.Offset < 0 || in.Offset > rows.MaxPerIntegration:
		return Page{}, errs.New(errs.Invalid, "offset must be from 0 to %d", rows.MaxPerIntegration).WithField("offset")
	case len(in.Query) > maxText:
		return Page{}, errs.New(errs.Invalid, "q has at most %d bytes", maxText).WithField("q")
	}
	found, total, err := a.Rows.Find(ctx, rows.Query{Rows: kind.Name, Text: in.Query, Limit: in.Limit, Offset: in.Offset})
	if err != nil {
		return Page{}, err
	}
	out := Page{List: list(kind, a.Rows.Totals()[kind.Name]), Rows: []Row{}, Found: total}
	snap := a.Inventory.Snapshot()
	leads := lead.New(snap, a.Inventory.Catalog(), kind)
	for _, f := range found {
		row := Row{Key: f.Key, Data: f.Doc, Integration: string(f.Integration), Leads: leads.Cells(f.Integration, f.Doc)}
		if r, there := leads.About(f.Subject); there {
			row.AboutID, row.AboutStateID, row.AboutName = string(r.UID), r.WireID, r.DisplayName()
		}
		if !f.Time.IsZero() {
			at := f.Time.UTC()
			row.Time = &at
		}
		if owner, there := snap.Record(f.Owner); there {
			row.OwnerID, row.OwnerStateID, row.OwnerName = string(owner.UID), owner.WireID, owner.DisplayName()
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}
