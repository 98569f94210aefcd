package charts

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/report"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	reportPoints = 1000 // of a series
	maxResources = 50
	maxTitle     = 200
	formatPDF    = "pdf"
	formatCSV    = "csv"
)

type reportIn struct {
	Format string `query:"format"`
	Type   string `query:"resourceType"`
	ID     string `query:"resourceId"`
	Metric string `query:"metricType"`
	// Start and End are RFC 3339; what cannot be read is the last day.
	Start string `query:"start"`
	End   string `query:"end"`
	Title string `query:"title"`
}

type reportsIn struct {
	Resources []reportOf `json:"resources"`
	Format    string     `json:"format,omitempty"`
	Start     string     `json:"start,omitempty"`
	End       string     `json:"end,omitempty"`
	Title     string     `json:"title,omitempty"`
	Metric    string     `json:"metricType,omitempty"`
}

type reportOf struct {
	Type string `json:"resourceType"`
	ID   string `json:"resourceId"`
}

var (
	typePattern = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)
	idPattern   = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,128}$`)
)

func (a *Area) report(ctx context.Context, in reportIn) (route.Raw, error) {
	if in.Type == "" || in.ID == "" {
		return route.Raw{}, errs.New(errs.Invalid, "say which resource: resourceType and resourceId are needed").WithWord("missing_params")
	}
	title := cmp.Or(in.Title, fmt.Sprintf("%s Report: %s", in.Type, in.ID))
	r := reportsIn{Resources: []reportOf{{in.Type, in.ID}}, Format: in.Format, Start: in.Start, End: in.End, Title: title, Metric: in.Metric}
	return a.write(ctx, r, "report-"+in.ID)
}

// reports writes one report about several resources.
func (a *Area) reports(ctx context.Context, in reportsIn) (route.Raw, error) {
	switch n := len(in.Resources); {
	case n == 0:
		return route.Raw{}, errs.New(errs.Invalid, "say which resources: the list is empty").WithWord("no_resources").WithField("resources")
	case n > maxResources:
		return route.Raw{}, errs.New(errs.Invalid, "a report is about at most %d resources", maxResources).WithWord("too_many_resources").WithField("resources")
	}
	in.Title = cmp.Or(in.Title, "Fleet Report")
	return a.write(ctx, in, "fleet-report")
}

// write makes the report and names its file.
func (a *Area) write(ctx context.Context, in reportsIn, name string) (route.Raw, error) {
	if in.Format = cmp.Or(in.Format, formatPDF); in.Format != formatPDF && in.Format != formatCSV {
		return route.Raw{}, errs.New(errs.Invalid, "the format is pdf or csv").WithWord("invalid_format").WithField("format")
	}
	if len(in.Title) > maxTitle {
		return route.Raw{}, errs.New(errs.Invalid, "the title has more than %d bytes", maxTitle).WithField("title")
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return route.Raw{}, errs.Wrap(errs.Unavailable, ctx.Err(), "too many reports are asked for at the same time: try again")
	}
	r := report.Report{Title: in.Title, Generated: a.now()}
	r.From, r.To = period(in.Start, in.End, r.Generated)
	alerts := map[id.UID][]report.Alert{}
	if a.Alerts != nil {
		var err error
		if alerts, err = a.Alerts(ctx, r.From, r.To); err != nil {
			return route.Raw{}, fmt.Errorf("read alerts: %w", err)
		}
	}
	for _, of := range in.Resources {
		part, err := a.part(ctx, of, in.Metric, r.From, r.To, alerts)
		if err != nil {
			return route.Raw{}, err
		}
		r.Parts = append(r.Parts, part)
	}
	var b bytes.Buffer
	render, kind := r.PDF, "application/pdf"
	if in.Format == formatCSV {
		render, kind = r.CSV, "text/csv; charset=utf-8"
	}
	if err := render(&b); err != nil {
		return route.Raw{}, err
	}
	return attachment(name, r.Generated, in.Format, kind, b.Bytes()), nil
}

// attachment is an answer that a browser stores as a file.
func attachment(name string, at time.Time, suffix, kind string, body []byte) route.Raw {
	name = strings.NewReplacer(":", "-", "/", "-").Replace(name)
	file := fmt.Sprintf("%s-%s.%s", name[:min(len(name), 64)], at.UTC().Format("20060102"), suffix)
	return route.Raw{ContentType: kind, Body: body, Header: http.Header{"Content-Disposition": {fmt.Sprintf("attachment; filename=%q", file)}}}
}

// period reads the ends of a time; by default it is the last day.
func period(start, end string, now time.Time) (from, to time.Time) {
	to, err := time.Parse(time.RFC3339, end)
	if err != nil || to.After(now) {
		to = now
	}
	if from, err = time.Parse(time.RFC3339, start); err != nil || !from.Before(to) {
		from = to.Add(-24 * time.Hour)
	}
	if to.Sub(from) > maxSpan {
		from = to.Add(-maxSpan)
	}
	return from, to
}

// part is what a report says of one resource. One that is not there, or has nothing, has an empty part.
func (a *Area) part(ctx context.Context, of reportOf, name string, from, to time.Time, alerts map[id.UID][]report.Alert) (report.Part, error) {
	if !typePattern.MatchString(of.Type) {
		return report.Part{}, errs.New(errs.Invalid, "resourceType has up to 64 letters, digits and . _ : -").WithWord("invalid_resource_type").WithField("resourceType")
	}
	if !idPattern.MatchString(of.ID) {
		return report.Part{}, errs.New(errs.Invalid, "resourceId has up to 128 letters, digits and . _ : / -").WithWord("invalid_resource_id").WithField("resourceId")
	}
	p := report.Part{Type: of.Type, ID: of.ID, Name: of.ID}
	r, err := a.find(of.Type, of.ID)
	if err != nil || r == nil {
		return p, err
	}
	p.Name, p.Alerts = cmp.Or(r.Name, of.ID), alerts[r.UID]
	p.Facts = facts(r)
	q := metric.Query{Records: []id.UID{r.UID}, From: from, To: to, MaxPoints: reportPoints}
	if name != "" {
		m, ok := a.metric(r.Type, name)
		if !ok {
			return p, nil
		}
		q.Metrics = []string{m.Name}
	}
	series, err := a.store.Query(ctx, q)
	if err != nil {
		return p, fmt.Errorf("query report: %w", err)
	}
	for _, s := range series {
		p.Series = append(p.Series, a.presentable(r.Type, s))
	}
	slices.SortStableFunc(p.Series, func(x, y report.Series) int { return strings.Compare(x.Name, y.Name) })
	return p, nil
}

func facts(r *inventory.Record) [][2]string {
	out := [][2]string{{"Status", string(r.Status)}, {"Watched since", r.FirstSeen.UTC().Format("2006-01-02 15:04 UTC")}, {"Last seen", r.LastSeen.UTC().Format("2006-01-02 15:04 UTC")}}
	if tags := r.AllTags(); len(tags) > 0 {
		out = append(out, [2]string{"Tags", strings.Join(tags, ", ")})
	}
	return out
}

// presentable puts a series into the names and units that people know.
func (a *Area) presentable(kind string, s metric.Series) report.Series {
	m, declared := a.inv.Catalog().Metric(kind, s.Metric)
	if !declared {
		m = sdk.Metric{Name: s.Metric}
	}
	scale, unit := forPeople(m)
	out := report.Series{Name: strings.TrimSpace(wireName(m) + " " + s.Instance), Label: strings.TrimSpace(cmp.Or(m.Label, wireName(m)) + " " + s.Instance), Unit: unit, Step: s.Step, Points: s.Points}
	if scale != 1 {
		out.Points = slices.Clone(s.Points)
		for i, p := range out.Points {
			p.Value, p.Min, p.Max = p.Value*scale, p.Min*scale, p.Max*scale
			out.Points[i] = p
		}
	}
	return out
}

// forPeople returns what to multiply a metric with, and its unit then.
func forPeople(m sdk.Metric) (scale float64, unit string) {
	scale = cmp.Or(m.WireScale, 1)
	switch m.Unit {
	case sdk.UnitRatio:
		return 100, "%"
	case sdk.UnitBytes:
		unit = "B"
	case sdk.UnitBytesPerSecond:
		unit = "B/s"
	case sdk.UnitPerSecond:
		unit = "1/s"
	case sdk.UnitSeconds:
		unit = "s"
	case sdk.UnitCelsius:
		unit = "°C"
	case sdk.UnitWatt:
		unit = "W"
	case sdk.UnitRPM:
		unit = "rpm"
	case sdk.UnitCount:
	}
	return scale, unit
}
