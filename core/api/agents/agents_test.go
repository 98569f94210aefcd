package agents

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/fleet"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

type taker struct {
	kind string
	body string
	meta fleet.Meta
}

func (t *taker) Report(_ context.Context, kind string, body []byte, m fleet.Meta) (fleet.Reply, error) {
	t.kind, t.body, t.meta = kind, string(body), m
	return fleet.Reply{HostID: "h"}, nil
}

func TestReportRow(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	k := &taker{}
	kinds := []inventory.Report{{ReportKind: sdk.ReportKind{Name: "probe-x", Limit: 7, Scope: "probe:report"}}}
	rows := New(Config{Reports: kinds, Taker: k, Now: func() time.Time { return now }}).Routes()
	if len(rows) == 0 || rows[0].Path != "/api/agents/probe-x/report" || rows[0].Name != "reportProbeX" || rows[0].Limits.Body != 7 ||
		!reflect.DeepEqual(rows[0].Access.Scopes, []auth.Scope{"probe:report"}) {
		t.Fatalf("%+v", rows)
	}
	ctx := auth.WithPrincipal(t.Context(), auth.Principal{Method: auth.MethodToken, Token: &auth.TokenInfo{ID: "t"}})
	ctx = route.WithRequest(ctx, &route.Request{Peer: "192.0.2.1", Received: now})
	for header, want := range map[string]time.Time{
		now.Add(time.Second).Format(time.RFC3339Nano): now.Add(time.Second), "yesterday": {}, "": {},
	} {
		if _, err := rows[0].Handle(ctx, &reportIn{SentAt: header, Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		if k.kind != "probe-x" || k.body != "x" || k.meta.Token.ID != "t" || k.meta.Peer != "192.0.2.1" || !k.meta.SentAt.Equal(want) || !k.meta.Received.Equal(now) {
			t.Fatalf("%q: %+v", header, k)
		}
	}
}

func TestReportsOfAKindThatCameLater(t *testing.T) {
	k := &taker{}
	declared := func(kind string) (inventory.Report, bool) {
		return inventory.Report{ReportKind: sdk.ReportKind{Name: "late", Limit: 3, Scope: "late:report"}}, kind == "late"
	}
	a := New(Config{Taker: k, Declared: declared, Now: time.Now})
	as := func(scopes ...auth.Scope) context.Context {
		return auth.WithPrincipal(t.Context(), auth.Principal{Method: auth.MethodToken, Token: &auth.TokenInfo{ID: "t", Scopes: scopes}})
	}
	if _, err := a.reportLater(as("late:report"), laterIn{Kind: "late", Body: []byte("abc")}); err != nil || k.kind != "late" || k.body != "abc" {
		t.Errorf("%v, %+v", err, k)
	}
	for name, c := range map[string]struct {
		ctx  context.Context
		in   laterIn
		code errs.Code
	}{
		"of no kind":     {as("late:report"), laterIn{Kind: "never"}, errs.NotFound},
		"too large":      {as("late:report"), laterIn{Kind: "late", Body: []byte("abcd")}, errs.TooLarge},
		"without rights": {as("host-agent:report"), laterIn{Kind: "late"}, errs.Forbidden},
	} {
		if _, err := a.reportLater(c.ctx, c.in); !errs.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
