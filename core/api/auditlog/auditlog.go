// Package auditlog serves the audit log: who changed what and who came in.
package auditlog

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/report"
)

// Log is what the area shows.
type Log interface {
	List(ctx context.Context, q audit.Query) ([]audit.Event, int, error)
	Verify(ctx context.Context, id string) (*audit.Break, error)
	VerifyAll(ctx context.Context) (audit.Report, error)
}

// The bounds of answers.
const (
	defaultPage = 100
	maxPage     = 1000
	maxExport   = 100_000
)

// Area is the area with what it needs.
type Area struct {
	Log   Log
	Hooks Hooks
	Now   func() time.Time
}

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	see := func(r route.Route) route.Route {
		return r.Scope(auth.ScopeSettingsRead).Needs(auth.ActRead, "audit_logs")
	}
	return append(a.hookRoutes(), []route.Route{
		see(route.Get("/api/audit", "listAuditEvents", "List who changed what and who came in, the newest first", a.list)),
		see(route.Get("/api/audit/verify", "verifyAuditLog", "Look through the whole log for what was changed or is missing", a.verifyAll)),
		see(route.Get("/api/audit/export", "exportAuditLog", "The log as a file, CSV or JSON", a.export)).Event("audit_log_exported"),
		see(route.Get("/api/audit/{id}/verify", "verifyAuditEvent", "Whether an event is as it was written", a.verify)),
	}...)
}

type filter struct {
	Limit     int    `query:"limit" default:"100" help:"At most 1000."`
	Offset    int    `query:"offset"`
	Event     string `query:"event"`
	User      string `query:"user"`
	Success   string `query:"success" help:"true or false."`
	StartTime string `query:"startTime" help:"RFC 3339."`
	EndTime   string `query:"endTime" help:"RFC 3339."`
	Text      string `query:"text" help:"Looked for in details, path and address."`
}

func (f filter) query(most int) (q audit.Query, err error) {
	q = audit.Query{Event: f.Event, User: f.User, Text: f.Text, Limit: f.Limit, Offset: f.Offset}
	switch {
	case f.Limit < 1 || f.Limit > most:
		return q, errs.New(errs.Invalid, "limit must be a number from 1 to %d", most).WithField("limit")
	case f.Offset < 0:
		return q, errs.New(errs.Invalid, "offset must not be negative").WithField("offset")
	}
	if f.Success != "" {
		ok, err := strconv.ParseBool(f.Success)
		if err != nil {
			return q, errs.New(errs.Invalid, "success must be true or false").WithField("success")
		}
		q.Success = &ok
	}
	if q.From, err = moment("startTime", f.StartTime); err != nil {
		return q, err
	}
	q.To, err = moment("endTime", f.EndTime)
	return q, err
}

func moment(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, errs.New(errs.Invalid, "%s must be a time such as 2026-01-02T15:04:05Z", field).WithField(field)
	}
	return t, nil
}

// Event is an event as the API shows it.
type Event struct {
	ID        string    `json:"id"`
	Seq       int64     `json:"seq" help:"Its place in the log; numbers have no gaps."`
	Timestamp time.Time `json:"timestamp"`
	Event     string    `json:"event"`
	User      string    `json:"user,omitempty"`
	IP        string    `json:"ip"`
	Via       string    `json:"via,omitempty" help:"How the user came in: session, api_token with its name, basic, ..."`
	Method    string    `json:"method,omitempty"`
	Path      string    `json:"path,omitempty"`
	Success   bool      `json:"success"`
	Details   string    `json:"details,omitempty"`
	RequestID string    `json:"requestId,omitempty"`
	Prev      string    `json:"prev,omitempty" help:"SHA-256 of the event before."`
	Hash      string    `json:"hash" help:"SHA-256 of the event with prev."`
	Signature string    `json:"signature" help:"HMAC-SHA256 of the hash."`
}

// Out is an event as the API shows it.
func Out(e audit.Event) Event {
	return Event{
		ID: e.ID, Seq: e.Seq, Timestamp: e.Time.UTC(), Event: e.Event, User: e.User, IP: e.IP, Via: e.Via, Method: e.Method, Path: e.Path,
		Success: e.Success, Details: e.Details, RequestID: e.Request, Prev: e.Prev, Hash: e.Hash, Signature: e.Signature,
	}
}

// Page is a page of events.
type Page struct {
	Events            []Event `json:"events"`
	Total             int     `json:"total" help:"How many match in all."`
	PersistentLogging bool    `json:"persistentLogging"`
}

func (a Area) list(ctx context.Context, in filter) (Page, error) {
	q, err := in.query(maxPage)
	if err != nil {
		return Page{}, err
	}
	found, total, err := a.Log.List(ctx, q)
	if err != nil {
		return Page{}, err
	}
	out := Page{Events: []Event{}, Total: total, PersistentLogging: true}
	for _, e := range found {
		out.Events = append(out.Events, Out(e))
	}
	return out, nil
}

// Verified is the verdict on one event.
type Verified struct {
	Available bool   `json:"available"`
	Verified  bool   `json:"verified"`
	Message   string `json:"message"`
}

var eventID = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

type idIn struct {
	ID string `path:"id"`
}

func (a Area) verify(ctx context.Context, in idIn) (Verified, error) {
	if !eventID.MatchString(in.ID) {
		return Verified{}, errs.New(errs.Invalid, "the id of an event has letters, digits and hyphens").WithWord("invalid_id").WithField("id")
	}
	wrong, err := a.Log.Verify(ctx, in.ID)
	switch {
	case err != nil:
		return Verified{}, err
	case wrong != nil:
		return Verified{Available: true, Message: wrong.Text}, nil
	}
	return Verified{Available: true, Verified: true, Message: "The event is as it was written, and follows the one before."}, nil
}

// Report is the verdict on the whole log.
type Report struct {
	Available bool       `json:"available"`
	Verified  bool       `json:"verified"`
	Events    int        `json:"events"`
	From      *time.Time `json:"from,omitempty"`
	To        *time.Time `json:"to,omitempty"`
	Hash      string     `json:"hash" help:"That of the newest event: kept elsewhere, it shows later that nothing before was changed."`
	Breaks    []Break    `json:"breaks"`
}

// Break is a place where the log is not what was written.
type Break struct {
	Seq  int64  `json:"seq"`
	ID   string `json:"id,omitempty"`
	Text string `json:"text"`
}

func (a Area) verifyAll(ctx context.Context, _ route.None) (Report, error) {
	r, err := a.Log.VerifyAll(ctx)
	if err != nil {
		return Report{}, err
	}
	out := Report{Available: true, Verified: len(r.Breaks) == 0, Events: r.Events, Hash: r.Hash, Breaks: []Break{}}
	if r.Events > 0 {
		from, to := r.From.UTC(), r.To.UTC()
		out.From, out.To = &from, &to
	}
	for _, b := range r.Breaks {
		out.Breaks = append(out.Breaks, Break(b))
	}
	return out, nil
}

type exportIn struct {
	Format    string `query:"format" default:"csv" enum:"csv,json"`
	Limit     int    `query:"limit" default:"100000" help:"At most 100000."`
	Offset    int    `query:"offset"`
	Event     string `query:"event"`
	User      string `query:"user"`
	Success   string `query:"success"`
	StartTime string `query:"startTime"`
	EndTime   string `query:"endTime"`
	Text      string `query:"text"`
}

func (a Area) export(ctx context.Context, in exportIn) (route.Raw, error) {
	f := filter{in.Limit, in.Offset, in.Event, in.User, in.Success, in.StartTime, in.EndTime, in.Text}
	q, err := f.query(maxExport)
	if err != nil {
		return route.Raw{}, err
	}
	found, total, err := a.Log.List(ctx, q)
	if err != nil {
		return route.Raw{}, err
	}
	audit.Detail(ctx, "%d events as %s", len(found), in.Format)
	out := route.Raw{ContentType: "text/csv; charset=utf-8", Header: http.Header{
		"Content-Disposition": {fmt.Sprintf(`attachment; filename="pulse-audit-%s.%s"`, a.Now().UTC().Format("20060102-150405"), in.Format)},
		"X-Total-Count":       {strconv.Itoa(total)},
	}}
	if in.Format == "json" {
		out.ContentType = "application/json; charset=utf-8"
		page := Page{Events: []Event{}, Total: total, PersistentLogging: true}
		for _, e := range found {
			page.Events = append(page.Events, Out(e))
		}
		out.Body, err = json.MarshalIndent(page, "", " ")
		return out, err
	}
	out.Body, err = asCSV(found)
	return out, err
}

func asCSV(events []audit.Event) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{"seq", "id", "timestamp", "event", "user", "ip", "via", "method", "path", "success", "details", "requestId", "prev", "hash", "signature"}}
	for _, e := range events {
		rows = append(rows, []string{
			strconv.FormatInt(e.Seq, 10), e.ID, e.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00"), report.Cell(e.Event), report.Cell(e.User), report.Cell(e.IP), report.Cell(e.Via), report.Cell(e.Method), report.Cell(e.Path),
			strconv.FormatBool(e.Success), report.Cell(e.Details), report.Cell(e.Request), e.Prev, e.Hash, e.Signature,
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write CSV: %w", err)
	}
	return b.Bytes(), nil
}
