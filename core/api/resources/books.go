package resources

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/event"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/core/rows/lead"
	"github.com/pulse-platform/pulse/sdk"
)

// Condition is a verdict that holds for a resource.
type Condition struct {
	Kind     string            `json:"kind"`
	Label    string            `json:"label"`
	Instance string            `json:"instance,omitempty"`
	Severity sdk.Severity      `json:"severity"`
	Message  string            `json:"message"`
	Since    time.Time         `json:"since"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// ActiveCondition is a condition with the resource that it holds for.
type ActiveCondition struct {
	ResourceID   string `json:"resourceId"`
	ResourceName string `json:"resourceName"`
	ResourceType string `json:"resourceType"`
	StateID      string `json:"stateId"`
	Condition
}

func (v *view) conditions(r *inventory.Record) []Condition {
	if v.books.Conditions == nil {
		return nil
	}
	var out []Condition
	for _, c := range v.books.Conditions.Of(r.UID) {
		out = append(out, v.condition(c))
	}
	return out
}

func (v *view) condition(c condition.Condition) Condition {
	kind, _ := v.catalog.Kind(c.Kind)
	label := kind.Label
	if label == "" {
		label = c.Kind
	}
	return Condition{Kind: c.Kind, Label: label, Instance: c.Instance, Severity: c.Severity, Message: c.Message, Since: c.Since.UTC(), Metadata: c.Metadata}
}

type conditionsOut struct {
	Conditions []ActiveCondition `json:"conditions"`
}

func (a *Area) allConditions(context.Context, route.None) (conditionsOut, error) {
	out := conditionsOut{Conditions: []ActiveCondition{}}
	if a.books.Conditions == nil {
		return out, nil
	}
	v := a.view()
	for _, c := range a.books.Conditions.All() {
		if r, ok := v.snapshot.Record(c.Record); ok {
			out.Conditions = append(out.Conditions, ActiveCondition{v.resourceID(r), r.DisplayName(), v.typeOf(r), r.WireID, v.condition(c)})
		}
	}
	return out, nil
}

// List is a declared list of rows that says something about a resource.
type List struct {
	Name    string   `json:"name"`
	Label   string   `json:"label"`
	Total   int      `json:"total"`
	Columns []Column `json:"columns"`
	// Reason says why the rows are not fresh, and Since since when.
	Reason string     `json:"staleReason,omitempty"`
	Since  *time.Time `json:"staleSince,omitempty"`
}

// Column is one column of a list. Path is dotted, into the row's data.
type Column struct {
	Name   string     `json:"name"`
	Label  string     `json:"label"`
	Path   string     `json:"path"`
	Format sdk.Format `json:"format"`
	Width  int        `json:"width,omitempty"`
}

type listsOut struct {
	Lists []List `json:"lists"`
}

// lists tells which rows belong to a resource or are about it.
func (a *Area) lists(ctx context.Context, in idIn) (listsOut, error) {
	v := a.view()
	r, err := v.find(in.ID)
	if err != nil {
		return listsOut{}, err
	}
	out := listsOut{Lists: []List{}}
	if a.books.Rows == nil {
		return out, nil
	}
	owned := map[string]rows.Summary{}
	for _, s := range a.books.Rows.Of(r.UID) {
		owned[s.Rows] = s
	}
	for _, kind := range v.catalog.Lists() {
		q, ok := a.query(r, kind)
		if _, owns := owned[kind.Name]; !owns && !ok {
			continue
		}
		q.Limit = 1
		_, total, err := a.books.Rows.Find(ctx, q)
		if err != nil {
			return out, err
		}
		one := List{Name: kind.Name, Label: kind.Label, Total: total, Columns: columns(kind), Reason: owned[kind.Name].Stale}
		if one.Reason != "" {
			since := owned[kind.Name].Since.UTC()
			one.Since = &since
		}
		out.Lists = append(out.Lists, one)
	}
	return out, nil
}

func columns(kind sdk.RowsType) []Column {
	out := []Column{}
	for _, c := range kind.Columns {
		out = append(out, Column{Name: c.Name, Label: c.Label, Path: c.Path, Format: c.Format, Width: c.Width})
	}
	return out
}

// query asks for what a list says about a record; ok is false when no row is about it.
func (a *Area) query(r *inventory.Record, kind sdk.RowsType) (q rows.Query, ok bool) {
	q = rows.Query{Rows: kind.Name, Owner: r.UID}
	if kind.SubjectType == "" || kind.SubjectType == r.Type {
		q.Subjects = a.books.Rows.Subjects(kind.Name, r.Evidence)
	}
	return q, len(q.Subjects) > 0
}

type rowsIn struct {
	ID     string `path:"id"`
	List   string `path:"list"`
	Limit  string `query:"limit"`
	Offset string `query:"offset"`
}

// Row is one row of a list.
type Row struct {
	Key  string          `json:"key"`
	Time *time.Time      `json:"time,omitempty"`
	Data json.RawMessage `json:"data"`
	// OwnerID is the resource that the row belongs to, when that is another one.
	OwnerID string `json:"ownerId,omitempty"`
	// AboutID and AboutName are the resource that the row is about, when that is another one.
	AboutID   string `json:"aboutId,omitempty"`
	AboutName string `json:"aboutName,omitempty"`
	// Leads are the resources that cells of the row name, by column, by their ids in the state.
	Leads map[string]string `json:"leads,omitempty"`
}

type rowsOut struct {
	Rows  []Row `json:"rows"`
	Total int   `json:"total"`
}

func (a *Area) rows(ctx context.Context, in rowsIn) (rowsOut, error) {
	v := a.view()
	r, err := v.find(in.ID)
	if err != nil {
		return rowsOut{}, err
	}
	kind, ok := v.catalog.Rows(in.List)
	if !ok || a.books.Rows == nil {
		return rowsOut{}, errs.New(errs.NotFound, "there is no list %q: GET /api/v2/resources/%s/rows names them", in.List, in.ID)
	}
	q, _ := a.query(r, kind)
	if q.Limit, err = number(in.Limit, "limit", 100, rows.MaxPage); err != nil {
		return rowsOut{}, err
	}
	if q.Offset, err = number(in.Offset, "offset", 0, rows.MaxPerIntegration); err != nil {
		return rowsOut{}, err
	}
	found, total, err := a.books.Rows.Find(ctx, q)
	out := rowsOut{Rows: []Row{}, Total: total}
	leads := lead.New(v.snapshot, v.catalog, kind)
	for _, f := range found {
		row := Row{Key: f.Key, Data: f.Doc, Leads: leads.Cells(f.Integration, f.Doc)}
		if about, ok := leads.About(f.Subject); ok && about.UID != r.UID {
			row.AboutID, row.AboutName = v.resourceID(about), about.DisplayName()
		}
		if !f.Time.IsZero() {
			at := f.Time.UTC()
			row.Time = &at
		}
		if owner, ok := v.snapshot.Record(f.Owner); ok && owner.UID != r.UID {
			row.OwnerID = v.resourceID(owner)
		}
		out.Rows = append(out.Rows, row)
	}
	return out, err
}

// number reads a parameter, the default when it is not given.
func number(text, name string, other, most int) (int, error) {
	if text == "" {
		return other, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, errs.New(errs.Invalid, "%s must be a number from 0 to %d", name, most).WithField(name)
	}
	return n, nil
}

// Event is something that happened.
type Event struct {
	ID         string            `json:"id"`
	Kind       string            `json:"kind"`
	Label      string            `json:"label"`
	Time       time.Time         `json:"time"`
	Severity   sdk.Severity      `json:"severity"`
	Text       string            `json:"text"`
	Attributes map[string]string `json:"attributes,omitempty"`
	ResourceID string            `json:"resourceId,omitempty"`
	// ResourceName and StateID, the id in the state document, are empty when the resource is gone.
	ResourceName string `json:"resourceName,omitempty"`
	StateID      string `json:"stateId,omitempty"`
}

type eventsIn struct {
	ID    string `path:"id"`
	Limit string `query:"limit"`
	// Before is the member next of the page before.
	Before string `query:"before"`
}

type allEventsIn struct {
	Limit  string `query:"limit"`
	Before string `query:"before"`
}

type eventsOut struct {
	Events []Event `json:"events"`
	// Next asks for the page after this one; empty when there is none.
	Next string `json:"next,omitempty"`
}

func (a *Area) events(ctx context.Context, in eventsIn) (eventsOut, error) {
	v := a.view()
	r, err := v.find(in.ID)
	if err != nil {
		return eventsOut{}, err
	}
	return a.page(ctx, v, []id.UID{r.UID}, in.Limit, in.Before)
}

func (a *Area) allEvents(ctx context.Context, in allEventsIn) (eventsOut, error) {
	return a.page(ctx, a.view(), nil, in.Limit, in.Before)
}

func (a *Area) page(ctx context.Context, v *view, of []id.UID, limit, before string) (eventsOut, error) {
	q := event.Query{Records: of}
	var err error
	if q.Limit, err = number(limit, "limit", 100, event.MaxPage); err != nil {
		return eventsOut{}, err
	}
	if q.Before, q.BeforeID, err = cursor(before); err != nil {
		return eventsOut{}, err
	}
	out := eventsOut{Events: []Event{}}
	if a.books.Events == nil || q.Limit == 0 {
		return out, nil
	}
	found, err := a.books.Events.List(ctx, q)
	if err != nil {
		return out, err
	}
	for _, e := range found {
		out.Events = append(out.Events, v.event(e))
	}
	if len(found) == q.Limit {
		last := found[len(found)-1]
		out.Next = strconv.FormatInt(last.Time.UnixNano(), 36) + "." + string(last.Integration) + "/" + last.ID
	}
	return out, nil
}

func cursor(text string) (at time.Time, name string, err error) {
	if text == "" {
		return at, "", nil
	}
	nanos, name, ok := strings.Cut(text, ".")
	n, err := strconv.ParseInt(nanos, 36, 64)
	if !ok || err != nil {
		return at, "", errs.New(errs.Invalid, "before must be the member next of another page").WithField("before")
	}
	return time.Unix(0, n), name, nil
}

func (v *view) event(e event.Event) Event {
	kind, _ := v.catalog.Kind(e.Kind)
	out := Event{ID: string(e.Integration) + "/" + e.ID, Kind: e.Kind, Label: kind.Label, Time: e.Time.UTC(), Severity: e.Severity, Text: e.Text, Attributes: e.Attributes}
	if out.Label == "" {
		out.Label = e.Kind
	}
	if r, ok := v.snapshot.Record(e.Record); ok {
		out.ResourceID, out.ResourceName, out.StateID = v.resourceID(r), r.DisplayName(), r.WireID
	}
	return out
}
