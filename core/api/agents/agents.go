// Package agents holds the routes by which agents report, with a row for each declared kind of report, and those by which
// the reporters of the contract's host reports are looked after.
package agents

import (
	"context"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/fleet"
	"github.com/pulse-platform/pulse/core/inventory"
)

// Taker takes reports; it is a [fleet.Fleet].
type Taker interface {
	Report(ctx context.Context, kind string, body []byte, m fleet.Meta) (fleet.Reply, error)
}

// Area serves reports.
type Area struct {
	reports   []inventory.Report
	declared  func(kind string) (inventory.Report, bool)
	taker     Taker
	hosts     Reporters
	overrides Overrides
	linker    Linker
	word      func(*inventory.Record) string
	now       func() time.Time
}

// Config is what the area stands on.
type Config struct {
	// Reports are the declared kinds, Declared those that are declared by now.
	Reports   []inventory.Report
	Declared  func(kind string) (inventory.Report, bool)
	Taker     Taker
	Hosts     Reporters
	Overrides Overrides
	Linker    Linker
	// Word is what is shown as a record's status.
	Word func(*inventory.Record) string
	Now  func() time.Time
}

// New returns the area.
func New(c Config) *Area {
	return &Area{c.Reports, c.Declared, c.Taker, c.Hosts, c.Overrides, c.Linker, c.Word, c.Now}
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
	later := route.Post("/api/agents/{kind}/report", "reportOfKind", "Take a report of a kind that a plugin brought since the server was started", a.reportLater).
		With(func(x *route.Access) { x.Level, x.AnyToken = route.Authenticated, true }).Needs(auth.ActWrite, "nodes").Body(maxLater).Class("reports")
	return slices.Concat(rows, []route.Route{later}, a.hostRoutes(), a.configRoutes(), a.linkRoutes())
}

// maxLater is the largest body of a report whose kind may allow less.
const maxLater = 8 << 20

type laterIn struct {
	Kind   string `path:"kind"`
	SentAt string `header:"X-Pulse-Sent-At"`
	Body   []byte `body:"raw"`
}

// reportLater takes reports of kinds that had no row of their own when the server was started. What a row says of access
// and size is judged here, by the present declaration.
func (a *Area) reportLater(ctx context.Context, in laterIn) (fleet.Reply, error) {
	kind, ok := a.declared(in.Kind)
	if !ok {
		return fleet.Reply{}, errs.New(errs.NotFound, "no plugin takes reports of the kind %q", in.Kind).WithWord("unknown_report")
	}
	if p := auth.PrincipalFrom(ctx); p.Token != nil && !p.May(auth.Scope(kind.Scope)) {
		return fleet.Reply{}, auth.MissingScope(auth.Scope(kind.Scope))
	}
	if kind.Limit > 0 && len(in.Body) > kind.Limit {
		return fleet.Reply{}, errs.New(errs.TooLarge, "a report of the kind %q has up to %d bytes", in.Kind, kind.Limit)
	}
	return a.report(ctx, kind.Name, reportIn{SentAt: in.SentAt, Body: in.Body})
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
