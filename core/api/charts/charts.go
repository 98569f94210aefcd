// Package charts holds the routes of numbers over time. What there is to chart is declared; the package knows no
// product.
package charts

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/licence"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/report"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	chartPoints = 500
	batch       = 100 // records that are asked for at once
)

// Area serves charts.
type Area struct {
	inv   *inventory.Inventory
	store metric.Store
	now   func() time.Time
	turn  chan struct{} // one report is made at a time: it takes the store and a processor for seconds
	// Exchange says what of Prometheus is on; nil is nothing.
	Exchange func() Exchange
	// Licensed returns why a feature is not open; nil opens all.
	Licensed func(feature string) error
	// Alerts returns the alerts that were there within a time, by resource; nil leaves them out of reports.
	Alerts func(ctx context.Context, from, to time.Time) (map[id.UID][]report.Alert, error)
}

// New returns the area.
func New(inv *inventory.Inventory, store metric.Store, now func() time.Time) *Area {
	return &Area{inv: inv, store: store, now: now, turn: make(chan struct{}, 1)}
}

// Routes returns the rows.
func (a *Area) Routes() []route.Route {
	read := auth.ScopeMonitoringRead
	reporting := func(x *route.Access) { x.Feature = licence.AdvancedReporting }
	return []route.Route{
		route.Get("/api/charts", "getCharts", "The charts of everything over a range", a.charts).Scope(read),
		route.Get("/api/storage-charts", "getStorageCharts", "The charts of storages over a number of minutes", a.storageCharts).Scope(read),
		route.Post("/api/v2/sparklines", "getSparklines", "The last hour of many resources, a value for each minute", a.sparklines).Scope(read).Unaudited(),
		route.Get("/api/metrics-store/history", "getMetricHistory", "One resource's numbers over a range", a.history).Scope(read),
		route.Get("/api/metrics-store/stats", "getMetricStats", "How the store of numbers is doing", a.stats).Scope(read),
		route.Post("/api/v2/metrics/series", "querySeries", "The numbers of several resources over a range, in one answer", a.series).Scope(read).Unaudited(),
		route.Get("/api/v2/metrics/top", "listTopResources", "The resources that have the most of a metric over a range, or the least", a.top).Scope(read),
		route.Get("/api/metrics-store/export", "exportMetrics", "The samples of a resource, or of all of a type, as CSV, OpenMetrics or line protocol", a.export).Scope(read),
		route.Get("/metrics/resources", "getPresentMetrics", "The present values of everything that is monitored, for Prometheus; off unless turned on", a.exposition).Scope(auth.ScopeMetricsRead),
		route.Post("/api/v1/write", "remoteWrite", "Take samples by Prometheus' remote write 1.0; off unless turned on", a.remoteWrite).Scope(auth.ScopeMetricsWrite).Body(maxWrite),
		route.Get("/api/admin/reports/generate", "generateReport", "A report about a resource, as PDF or CSV", a.report).Scope(auth.ScopeSettingsRead).Needs(auth.ActRead, "nodes").With(reporting),
		route.Post("/api/admin/reports/generate-multi", "generateReports", "A report about several resources, as PDF or CSV", a.reports).Scope(auth.ScopeSettingsRead).Needs(auth.ActRead, "nodes").With(reporting),
	}
}

// ranges are the words for spans of time.
var ranges = map[string]time.Duration{
	"5m": 5 * time.Minute, "15m": 15 * time.Minute, "30m": 30 * time.Minute, "1h": time.Hour, "4h": 4 * time.Hour, "6h": 6 * time.Hour,
	"8h": 8 * time.Hour, "12h": 12 * time.Hour, "24h": 24 * time.Hour, "1d": 24 * time.Hour, "7d": 7 * 24 * time.Hour,
	"30d": 30 * 24 * time.Hour, "90d": 90 * 24 * time.Hour, "1y": 365 * 24 * time.Hour,
}

type chartsIn struct {
	Range string `query:"range"`
	// ID limits the answer to one resource: its uid, id or a former one.
	ID string `query:"id"`
}

// point is one value of a chart.
type point struct {
	Timestamp int64   `json:"timestamp"`
	Value     float64 `json:"value"`
}

// group holds series by resource and metric.
type group map[string]map[string][]point

func (a *Area) charts(ctx context.Context, in chartsIn) (route.Raw, error) {
	span, ok := ranges[in.Range]
	if !ok {
		span = time.Hour
	}
	now := a.now()
	q := metric.Query{From: now.Add(-span), To: now.Add(time.Second), MaxPoints: chartPoints, Instances: []string{""}}
	answer, guests := map[string]any{}, map[string]string{}
	for _, name := range compat.ChartGroups() {
		answer[name] = group{}
	}
	snap := a.inv.Snapshot()
	oldest := now.UnixMilli()
	for _, section := range a.inv.Catalog().Sections() {
		if section.ChartGroup == "" {
			continue
		}
		g, _ := answer[section.ChartGroup].(group)
		if g == nil {
			g = group{}
			answer[section.ChartGroup] = g
		}
		records := snap.Type(section.Type)
		if in.ID != "" {
			records = nil
			if r, ok := snap.Find(section.Type, in.ID); ok {
				records = []*inventory.Record{r}
			}
		}
		first, err := a.fill(ctx, g, section, records, q)
		if err != nil {
			return route.Raw{}, err
		}
		oldest = min(oldest, first)
		if section.ChartGroup == compat.ChartGuests {
			for _, r := range records {
				guests[r.WireID] = cmp.Or(section.HistoryType, section.Type)
			}
		}
	}
	answer["guestTypes"], answer["timestamp"] = guests, now.UnixMilli()
	answer["stats"] = map[string]int64{"oldestDataTimestamp": oldest}
	return encode(answer)
}

// fill adds the series of records to a group and returns the time of the oldest point.
func (a *Area) fill(ctx context.Context, g group, section sdk.StateSection, records []*inventory.Record, q metric.Query) (int64, error) {
	oldest := int64(math.MaxInt64)
	wires := map[string]sdk.Metric{}
	q.Metrics = nil
	for _, wire := range section.ChartMetrics {
		if m, ok := a.inv.Catalog().WireMetric(section.Type, wire); ok && m.Instance == "" {
			wires[m.Name] = m
			q.Metrics = append(q.Metrics, m.Name)
		}
	}
	if len(q.Metrics) == 0 {
		return oldest, nil
	}
	for len(records) > 0 {
		some := records[:min(batch, len(records))]
		records = records[len(some):]
		names := make(map[id.UID]string, len(some))
		q.Records = q.Records[:0]
		for _, r := range some {
			names[r.UID] = r.WireID
			q.Records = append(q.Records, r.UID)
			g[r.WireID] = make(map[string][]point, len(wires))
			for _, m := range wires {
				g[r.WireID][compat.ChartName(section.ChartGroup, wireName(m))] = []point{}
			}
		}
		series, err := a.store.Query(ctx, q)
		if err != nil {
			return 0, fmt.Errorf("query charts: %w", err)
		}
		for _, s := range series {
			points := make([]point, len(s.Points))
			for n, p := range s.Points {
				points[n] = point{p.At / 1000 * 1000, scaled(p.Value, wires[s.Metric])}
			}
			oldest = min(oldest, points[0].Timestamp)
			g[names[s.Record]][compat.ChartName(section.ChartGroup, wireName(wires[s.Metric]))] = points
		}
	}
	return oldest, nil
}

func wireName(m sdk.Metric) string { return cmp.Or(m.WireName, m.Name) }

// scaled is the value on the wire.
func scaled(v float64, m sdk.Metric) float64 {
	if m.WireScale != 0 {
		v *= m.WireScale
	}
	// Six digits after the point are more than the store keeps.
	return math.Round(v*1e6) / 1e6
}

func encode(v any) (route.Raw, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return route.Raw{}, fmt.Errorf("encode charts: %w", err)
	}
	return route.Raw{ContentType: "application/json", Body: body}, nil
}
