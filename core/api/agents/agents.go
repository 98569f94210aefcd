// Package agents holds the routes by which agents report. There is a row for each declared kind of report; the package
// knows none of them.
package agents

import (
	"context"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/fleet"
	"github.com/pulse-platform/pulse/core/inventory"
)

// Taker takes reports; it is a [fleet.Fleet].
type Taker interface {
	Report(ctx context.Context, kind string, body []byte, m fleet.Meta) (fleet.Reply, error)
}

// Area serves reports.
type Area struct {
	reports []inventory.Report
	taker   Taker
	now     func() time.Time
}

// New returns the area for the declared kinds of report.
func New(reports []inventory.Report, taker Taker, now func() time.Time) *Area {
	return &Area{reports, taker, now}
}

type reportIn struct {
	SentAt string `header:"X-Pulse-Sent-At"`
	Body   []byte `body:"raw"`
}

// Routes returns the rows.
func (a *Area) Routes() []route.Route {
	rows := make([]route.Route, 0, len(a.reports))
	for _, kind := range a.reports {
		h := func(ctx context.Context, in reportIn) (fleet.Reply, error) { return a.report(ctx, kind.Name, in) }
		r := route.Post("/api/agents/"+kind.Name+"/report", "report"+title(kind.Name), "Take a report of kind "+kind.Name, h)
		rows = append(rows, r.Scope(auth.Scope(kind.Scope)).Body(int64(kind.Limit)).Class("reports"))
	}
	return rows
}

func title(kind string) string {
	out, up := []byte{}, true
	for _, c := range []byte(kind) {
		switch {
		case c == '-' || c == '_':
			up = true
			continue
		case up && c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		}
		out, up = append(out, c), false
	}
	return string(out)
}

func (a *Area) report(ctx context.Context, kind string, in reportIn) (fleet.Reply, error) {
	r := route.RequestFrom(ctx)
	m := fleet.Meta{Token: auth.PrincipalFrom(ctx).Token, Peer: r.Peer, Received: r.Received}
	if m.Received.IsZero() {
		m.Received = a.now()
	}
	// A header that cannot be read is one that was not sent: the report is worth more than its clock.
	if t, err := time.Parse(time.RFC3339Nano, in.SentAt); err == nil {
		m.SentAt = t
	}
	return a.taker.Report(ctx, kind, in.Body, m)
}
