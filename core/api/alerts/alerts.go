package alerts

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
)

// Limits of request bodies and answers.
const (
	maxConfig  = 64 << 10
	maxSmall   = 8 << 10
	maxBulk    = 32 << 10
	maxHistory = 10_000
)

// Area is the routes about alerts.
type Area struct {
	Engine  *alert.Engine
	Metrics metric.Store
	// Find returns a resource by any of its ids.
	Find func(id string) (*inventory.Record, bool)
	Now  func() time.Time
}

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	read, write := auth.ScopeMonitoringRead, auth.ScopeMonitoringWrite
	return route.About("alerts", []route.Route{
		route.Get("/api/alerts/config", "getAlertConfig", "Read the alert configuration", a.config).Scope(read),
		route.Put("/api/alerts/config", "setAlertConfig", "Replace the alert configuration", a.setConfig).Scope(write).Body(maxConfig),
		route.Post("/api/alerts/activate", "activateAlerts", "Let alerts be told from now on", a.activate).Scope(write),
		route.Get("/api/alerts/active", "listActiveAlerts", "List what fires", a.active).Scope(read),
		route.Get("/api/alerts/history", "listAlertHistory", "List what fires and what has fired, the newest first", a.history).Scope(read),
		route.Delete("/api/alerts/history", "clearAlertHistory", "Forget what is over", a.clearHistory).Scope(write),
		route.Get("/api/alerts/incidents", "listIncidents", "Read one incident with its timeline, or those of a resource", a.incidents).Scope(read),
		route.Post("/api/alerts/incidents/note", "noteIncident", "Add a note to an incident", a.note).Scope(write).Body(maxSmall),
		route.Post("/api/alerts/acknowledge", "acknowledgeAlert", "Acknowledge an alert", a.byBody(a.Engine.Acknowledge)).Scope(write).Body(maxSmall),
		route.Post("/api/alerts/unacknowledge", "unacknowledgeAlert", "Take an acknowledgement back", a.byBody(a.Engine.Unacknowledge)).Scope(write).Body(maxSmall),
		route.Post("/api/alerts/clear", "clearAlert", "End an alert by hand; what is still wrong fires again", a.byBody(a.Engine.Clear)).Scope(write).Body(maxSmall),
		route.Post("/api/alerts/snooze", "snoozeAlert", "Silence an alert for some minutes, 0 to end it", a.snooze).Scope(write).Body(maxSmall),
		route.Post("/api/alerts/bulk/acknowledge", "acknowledgeAlerts", "Acknowledge several alerts", a.bulk(a.Engine.Acknowledge)).Scope(write).Body(maxBulk),
		route.Post("/api/alerts/bulk/clear", "clearAlerts", "End several alerts by hand", a.bulk(a.Engine.Clear)).Scope(write).Body(maxBulk),
		route.Post("/api/alerts/simulate", "simulateRule", "Tell what a rule would have done, by the stored numbers", a.simulate).Scope(read).Unaudited().Body(maxSmall),
		route.Get("/api/alerts/why", "whyAlert", "Tell how an alert, or a kind of finding on a resource, is judged and what the last numbers were", a.why).Scope(read),
		route.Get("/api/alerts/limits", "listAlertLimits", "Tell from when on each number of a resource is an alert, after all rules", a.limits).Scope(read),
		route.Post("/api/alerts/{id}/acknowledge", "acknowledgeAlertByPath", "Acknowledge an alert; ids with a slash go into the body form", a.byPath(a.Engine.Acknowledge)).Scope(write),
		route.Post("/api/alerts/{id}/unacknowledge", "unacknowledgeAlertByPath", "Take an acknowledgement back", a.byPath(a.Engine.Unacknowledge)).Scope(write),
		route.Post("/api/alerts/{id}/clear", "clearAlertByPath", "End an alert by hand", a.byPath(a.Engine.Clear)).Scope(write),
		route.Get("/api/rules", "listRules", "List all rules in the order in which they are put over one another", a.rules).Scope(read),
		route.Post("/api/rules", "addRule", "Add a rule", a.addRule).Scope(write).Body(maxSmall),
		route.Put("/api/rules/{id}", "changeRule", "Change a rule of yours", a.changeRule).Scope(write).Body(maxSmall),
		route.Delete("/api/rules/{id}", "deleteRule", "Delete a rule of yours", a.deleteRule).Scope(write),
		route.Get("/api/maintenance", "listMaintenance", "List maintenance windows", a.windows).Scope(read),
		route.Post("/api/maintenance", "addMaintenance", "Add a maintenance window", a.addWindow).Scope(write).Body(maxSmall),
		route.Put("/api/maintenance/{id}", "changeMaintenance", "Change a maintenance window", a.changeWindow).Scope(write).Body(maxSmall),
		route.Delete("/api/maintenance/{id}", "deleteMaintenance", "Delete a maintenance window", a.deleteWindow).Scope(write),
	})
}

// Done is the answer to a change.
type Done struct {
	Success bool   `json:"success"`
	Message string `json:"message,omitempty"`
}

func (a Area) config(context.Context, route.None) (alert.Document, error) {
	return a.Engine.Document(), nil
}

type configIn struct {
	Body []byte `body:"raw"`
}

func (a Area) setConfig(ctx context.Context, in configIn) (Done, error) {
	d, err := alert.ParseDocument(in.Body)
	if err != nil {
		return Done{}, err
	}
	if err := a.Engine.SetDocument(ctx, d); err != nil {
		return Done{}, err
	}
	return Done{true, "Alert configuration updated successfully"}, nil
}

// activated is the answer to the activation.
type activated struct {
	Success        bool             `json:"success"`
	Message        string           `json:"message"`
	State          alert.Activation `json:"state"`
	ActivationTime *time.Time       `json:"activationTime,omitempty"`
}

func (a Area) activate(ctx context.Context, _ route.None) (activated, error) {
	d, fresh, err := a.Engine.Activate(ctx)
	message := "Alerts are active now"
	if !fresh {
		message = "Alerts were active already"
	}
	return activated{err == nil, message, d.ActivationState, d.ActivationTime}, err
}

func (a Area) active(context.Context, route.None) ([]Alert, error) {
	return wires(a.Engine.Active()), nil
}

func wires(all []alert.Alert) []Alert {
	out := make([]Alert, 0, len(all))
	for _, one := range all {
		out = append(out, Wire(one))
	}
	return out
}

type historyIn struct {
	Limit      string `query:"limit"`
	Offset     string `query:"offset"`
	StartTime  string `query:"startTime"`
	EndTime    string `query:"endTime"`
	Severity   string `query:"severity"`
	ResourceID string `query:"resourceId"`
}

func (a Area) history(ctx context.Context, in historyIn) ([]Alert, error) {
	q := alert.HistoryQuery{ResourceID: in.ResourceID, Limit: 100}
	if n, err := strconv.Atoi(in.Limit); err == nil {
		q.Limit = n
	}
	q.Offset, _ = strconv.Atoi(in.Offset)
	switch {
	case q.Limit < 0:
		return nil, errs.New(errs.Invalid, "limit must not be negative").WithField("limit")
	case q.Offset < 0:
		return nil, errs.New(errs.Invalid, "offset must not be negative").WithField("offset")
	}
	if q.Limit > maxHistory || q.Limit == 0 {
		q.Limit = maxHistory
	}
	var err error
	if q.From, err = instant("startTime", in.StartTime); err != nil {
		return nil, err
	}
	if q.To, err = instant("endTime", in.EndTime); err != nil {
		return nil, err
	}
	if !q.To.IsZero() && q.To.Before(q.From) {
		return nil, errs.New(errs.Invalid, "endTime is before startTime").WithField("endTime")
	}
	if in.Severity == "warning" || in.Severity == "critical" {
		q.Severity = severity(in.Severity)
	}
	all, err := a.Engine.History(ctx, q)
	return wires(all), err
}

func instant(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, errs.New(errs.Invalid, "%s: %.40q is not a time such as 2026-01-02T15:04:05Z", field, text).WithField(field)
	}
	return t, nil
}

// forgotten is the contract's answer to clearing the history.
type forgotten struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func (a Area) clearHistory(ctx context.Context, _ route.None) (forgotten, error) {
	return forgotten{"success", "Alert history cleared"}, a.Engine.ClearHistory(ctx)
}

type incidentsIn struct {
	AlertID    string `query:"alert_id"`
	IncidentID string `query:"incident_id"`
	ResourceID string `query:"resource_id"`
	StartedAt  string `query:"started_at"`
	StartTime  string `query:"start_time"`
	Limit      int    `query:"limit"`
}

// near is how far from the asked time an incident may have opened.
const near = 10 * time.Minute

func (a Area) incidents(ctx context.Context, in incidentsIn) (json.RawMessage, error) {
	at, err := instant("started_at", cmp.Or(in.StartedAt, in.StartTime))
	if err != nil {
		return nil, err
	}
	q := alert.HistoryQuery{AlertID: in.AlertID, Incident: in.IncidentID, ResourceID: in.ResourceID, Limit: min(in.Limit, maxHistory)}
	one := in.AlertID != "" || in.IncidentID != ""
	switch {
	case !one && in.ResourceID == "":
		return nil, errs.New(errs.Invalid, "alert_id or resource_id is missing").WithField("alert_id")
	case one:
		q.ResourceID, q.Limit = "", 1
		if !at.IsZero() {
			q.From, q.To = at.Add(-near), at.Add(near)
		}
	case q.Limit <= 0:
		q.Limit = 100
	}
	found, err := a.Engine.History(ctx, q)
	if err != nil || len(found) == 0 {
		return json.RawMessage("null"), err
	}
	out := make([]Incident, 0, len(found))
	for _, x := range found {
		events, err := a.Engine.Timeline(ctx, x.Incident)
		if err != nil {
			return nil, err
		}
		out = append(out, incident(x, events))
	}
	if one {
		return json.Marshal(out[0])
	}
	return json.Marshal(out)
}

type noteIn struct {
	AlertID    string `json:"alert_id,omitempty"`
	IncidentID string `json:"incident_id,omitempty"`
	Note       string `json:"note"`
}

func (a Area) note(ctx context.Context, in noteIn) (Done, error) {
	err := a.Engine.Note(ctx, in.IncidentID, in.AlertID, user(ctx), in.Note)
	return Done{Success: err == nil}, err
}

// user is who asks: the user's name, or that of the token.
func user(ctx context.Context) string {
	p := auth.PrincipalFrom(ctx)
	if p.Token != nil {
		return cmp.Or(p.Token.Name, p.User, "unknown")
	}
	return cmp.Or(p.User, "unknown")
}

// act is one thing to do with an alert.
type act func(ctx context.Context, name, user string) error

type byID struct {
	ID string `json:"id"`
}

type byPath struct {
	ID string `path:"id"`
}

// checkID refuses what can be no id.
func checkID(name string) error {
	bad := len(name) == 0 || len(name) > 500 || strings.TrimSpace(name) != name || strings.Contains(name, "../") || strings.Contains(name, "/..")
	for _, r := range name {
		bad = bad || r < ' ' || r == 0x7f
	}
	if bad {
		return errs.New(errs.Invalid, "id is missing or is no id of an alert").WithField("id")
	}
	return nil
}

func (a Area) byBody(do act) func(context.Context, byID) (Done, error) {
	return func(ctx context.Context, in byID) (Done, error) { return once(ctx, do, in.ID) }
}

func (a Area) byPath(do act) func(context.Context, byPath) (Done, error) {
	return func(ctx context.Context, in byPath) (Done, error) { return once(ctx, do, in.ID) }
}

func once(ctx context.Context, do act, name string) (Done, error) {
	if err := checkID(name); err != nil {
		return Done{}, err
	}
	err := do(ctx, name, user(ctx))
	return Done{Success: err == nil}, err
}

type bulkIn struct {
	AlertIDs []string `json:"alertIds"`
}

// Result is what became of one of several.
type Result struct {
	AlertID string `json:"alertId"`
	Success bool   `json:"success"`
	Error   string `json:"error,omitempty"`
}

// Results are those of all.
type Results struct {
	Results []Result `json:"results"`
}

func (a Area) bulk(do act) func(context.Context, bulkIn) (Results, error) {
	return func(ctx context.Context, in bulkIn) (Results, error) {
		if len(in.AlertIDs) == 0 {
			return Results{}, errs.New(errs.Invalid, "alertIds is empty").WithField("alertIds")
		}
		out := Results{}
		for _, name := range in.AlertIDs {
			r := Result{AlertID: name, Success: true}
			if _, err := once(ctx, do, name); err != nil {
				if errs.Is(err, errs.Internal) {
					return out, err
				}
				r.Success, r.Error = false, err.Error()
			}
			out.Results = append(out.Results, r)
		}
		return out, nil
	}
}

type snoozeIn struct {
	ID      string `json:"id"`
	Minutes int    `json:"minutes"`
}

// maxSnooze is how long an alert may be silenced.
const maxSnooze = 30 * 24 * time.Hour

func (a Area) snooze(ctx context.Context, in snoozeIn) (Done, error) {
	d := time.Duration(in.Minutes) * time.Minute
	if in.Minutes < 0 || d > maxSnooze {
		return Done{}, errs.New(errs.Invalid, "minutes must be from 0 to %d", int(maxSnooze.Minutes())).WithField("minutes")
	}
	return once(ctx, func(ctx context.Context, name, user string) error {
		if d == 0 {
			return a.Engine.Snooze(ctx, name, user, time.Time{})
		}
		return a.Engine.Snooze(ctx, name, user, a.Now().Add(d))
	}, in.ID)
}

type simulateIn struct {
	Rule  alert.Rule `json:"rule"`
	Hours int        `json:"hours"`
}

func (a Area) simulate(ctx context.Context, in simulateIn) (alert.Simulation, error) {
	return a.Engine.Simulate(ctx, a.Metrics, in.Rule, time.Duration(in.Hours)*time.Hour)
}
