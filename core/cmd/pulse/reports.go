package main

import (
	"context"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/api/charts"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/report"
)

// charts are the routes of numbers over time, with the alerts for their reports.
func (s *server) charts() *charts.Area {
	a := charts.New(s.inventory, s.metrics, time.Now)
	a.Alerts, a.Licensed = s.alertsWithin, s.licences.Check
	a.Exchange = func() charts.Exchange {
		in := s.metrics.inForce()
		return charts.Exchange{Expose: in.Expose, RemoteWrite: in.RemoteWrite}
	}
	return a
}

// alertsWithin returns the alerts that were there at any moment of a time, by resource, the oldest first.
func (s *server) alertsWithin(ctx context.Context, from, to time.Time) (map[id.UID][]report.Alert, error) {
	all, err := s.alerts.History(ctx, alert.HistoryQuery{To: to})
	if err != nil {
		return nil, err
	}
	out := map[id.UID][]report.Alert{}
	for _, a := range all {
		if a.Started.After(to) || !a.Ended.IsZero() && a.Ended.Before(from) {
			continue
		}
		one := report.Alert{Severity: string(a.Severity), Message: a.Message, Start: a.Started, End: a.Ended}
		out[a.Key.Record] = append(out[a.Key.Record], one)
	}
	for _, list := range out {
		slices.SortFunc(list, func(x, y report.Alert) int { return x.Start.Compare(y.Start) })
	}
	return out, nil
}
