package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/rate"
)

// Ingester decodes the reports of all hosts. It remembers the last counters of each, in bounded memory.
type Ingester struct {
	exclude mounts.Excludes
	now     func() time.Time
	rates   *rate.Tracker[counter]
}

// counter names one counter of one reporter.
type counter struct{ reporter, metric, instance string }

// New returns an ingester.
func New(cfg Config, deps sdk.Deps) (*Ingester, error) {
	now := deps.Now
	if now == nil {
		now = time.Now
	}
	return &Ingester{exclude: cfg.DiskExclude, now: now, rates: rate.New[counter](rate.Options{})}, nil
}

// Ingest turns one report into claims and observations. What is wrong with a report is an *sdk.Error of kind invalid with
// the wire's code.
func (in *Ingester) Ingest(_ context.Context, r sdk.Report) (sdk.Ingested, error) {
	if r.Kind != kind {
		return sdk.Ingested{}, sdk.Errorf(sdk.KindInvalid, "The host plugin takes no reports of kind %q.", r.Kind)
	}
	report, err := wire.Decode(r.Body)
	if err != nil {
		return sdk.Ingested{}, refuse(err)
	}
	in.mend(report)
	at := report.Timestamp
	if at.IsZero() {
		at = in.received(r)
	}
	claims := claimsOf(report)
	kinds := kindsOf(report.Network)
	rates := in.ratesOf(reporter(r.TokenID, claims), report, kinds, at)
	doc, err := documentOf(report, rates.totals()).encode()
	if err != nil {
		return sdk.Ingested{}, sdk.Wrap(sdk.KindInternal, err, "The report could not be turned into a document.")
	}
	obs := []sdk.Observation{sdk.Record{
		Type: kind, Key: sdk.Self, Name: claims.DisplayName, Status: sdk.StatusUp, StatusWord: "online",
		Tags: report.Tags, Evidence: evidenceOf(report, kinds), Doc: doc,
	}}
	obs = append(obs, samplesOf(report, rates, at))
	obs = append(obs, verdicts(report)...)
	return sdk.Ingested{Claims: claims, Observations: obs}, nil
}

func (in *Ingester) received(r sdk.Report) time.Time {
	if r.ReceivedAt.IsZero() {
		return in.now()
	}
	return r.ReceivedAt
}

// refuse turns a decoding error into one that crosses the process boundary.
func refuse(err error) error {
	var e *wire.Error
	if !errors.As(err, &e) {
		return sdk.Wrap(sdk.KindInternal, err, "The report could not be read.")
	}
	return &sdk.Error{Kind: sdk.KindInvalid, Code: e.Code, Field: e.Field, Message: e.Message, Err: fmt.Errorf("decode report: %w", err)}
}

// claimsOf says who the report is from, the strongest identity first.
func claimsOf(r *wire.Report) sdk.Claims {
	c := sdk.Claims{
		MachineID: strings.TrimSpace(r.Host.MachineID), AgentID: strings.TrimSpace(r.Agent.ID), AgentVersion: strings.TrimSpace(r.Agent.Version),
		AgentType: strings.TrimSpace(r.Agent.Type), Hostname: r.Host.Hostname, DisplayName: name(strings.TrimSpace(r.Host.DisplayName), r.Host.Hostname),
		ReportedAt: r.Timestamp, CommandsEnabled: r.Agent.CommandsEnabled,
	}
	for _, id := range []string{strings.TrimSpace(r.Host.ID), c.MachineID, c.AgentID, c.Hostname} {
		if id != "" && !slices.Contains(c.IDs, id) {
			c.IDs = append(c.IDs, id)
		}
	}
	if s := r.Agent.IntervalSeconds; s > 0 && s <= int(24*time.Hour/time.Second) {
		c.Interval = time.Duration(s) * time.Second
	}
	return c
}

// reporter names who counts: two machines with one id and different names keep their counters apart.
func reporter(token string, c sdk.Claims) string {
	return strings.Join([]string{token, c.IDs[0], c.Hostname}, "\x00")
}
