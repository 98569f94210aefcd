package charts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/licence"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

// maxPoints is the most points per series that may be asked for.
const maxPoints = 10_000

// maxSpan is the longest range: longer than what is kept.
const maxSpan = 5 * 366 * 24 * time.Hour

type historyIn struct {
	// Type is the resource's type; it may be left out when the id is a uid.
	Type   string `query:"resourceType"`
	ID     string `query:"resourceId" required:"true"`
	Metric string `query:"metric"`
	// Instance is one of the metric's dimension: a mount point, an interface. Without it all of them come.
	Instance  string `query:"instance"`
	Range     string `query:"range"`
	MaxPoints int    `query:"maxPoints"`
	// End is where the range ends, in Unix milliseconds; without it, or in the future, it ends now.
	End int64 `query:"end"`
}

// span is one value of a history; Min and Max are those of what it stands for.
type span struct {
	Timestamp int64   `json:"timestamp"`
	Value     float64 `json:"value"`
	Min       float64 `json:"min"`
	Max       float64 `json:"max"`
}

// historyOut is the answer. Who asks for one metric gets Points, who asks for all gets Metrics; values of instances, such
// as mount points, are in Instances either way, by metric and instance. Start and End are Unix milliseconds.
type historyOut struct {
	Type      string                       `json:"resourceType"`
	ID        string                       `json:"resourceId"`
	UID       id.UID                       `json:"uid,omitempty"`
	Metric    string                       `json:"metric,omitempty"`
	Instance  string                       `json:"instance,omitempty"`
	Range     string                       `json:"range"`
	Start     int64                        `json:"start"`
	End       int64                        `json:"end"`
	Source    string                       `json:"source"`
	Points    []span                       `json:"points,omitzero"`
	Metrics   map[string][]span            `json:"metrics,omitzero"`
	Instances map[string]map[string][]span `json:"instances,omitempty"`
}

func (a *Area) history(ctx context.Context, in historyIn) (historyOut, error) {
	if in.ID == "" {
		return historyOut{}, errs.New(errs.Invalid, "say which resource: resourceId is missing").WithField("resourceId")
	}
	r, err := a.find(in.Type, in.ID)
	if err != nil {
		return historyOut{}, err
	}
	width, word := lookBack(in.Range)
	if err := a.longTerm(width); err != nil {
		return historyOut{}, err
	}
	end := a.now()
	if in.End > 0 && in.End < end.UnixMilli() {
		end = time.UnixMilli(in.End)
	}
	q := metric.Query{From: end.Add(-width), To: end.Add(time.Second), MaxPoints: chartPoints}
	if in.MaxPoints > 0 {
		q.MaxPoints = min(in.MaxPoints, maxPoints)
	}
	if in.Instance != "" {
		q.Instances = []string{in.Instance}
	}
	answer := historyOut{
		Type: in.Type, ID: in.ID, Metric: in.Metric, Instance: in.Instance,
		Range: cmp.Or(in.Range, word), Start: q.From.UnixMilli(), End: end.UnixMilli(), Source: "store",
	}
	var series []metric.Series
	kind := in.Type
	if r != nil {
		kind, q.Records = r.Type, []id.UID{r.UID}
		answer.UID = r.UID
		if m, ok := a.metric(kind, in.Metric); ok {
			q.Metrics = []string{m.Name}
		}
		if in.Metric == "" || len(q.Metrics) > 0 {
			if series, err = a.store.Query(ctx, q); err != nil {
				return historyOut{}, fmt.Errorf("query history: %w", err)
			}
		}
	}
	a.present(&answer, kind, series)
	return answer, nil
}

// present puts the series into the answer: those without an instance, or of the one asked for, by metric; the others by
// metric and instance.
func (a *Area) present(answer *historyOut, kind string, series []metric.Series) {
	metrics, instances := map[string][]span{}, map[string]map[string][]span{}
	for _, s := range series {
		m, declared := a.inv.Catalog().Metric(kind, s.Metric)
		if !declared {
			m = sdk.Metric{Name: s.Metric}
		}
		name := wireName(m)
		if s.Instance == answer.Instance {
			metrics[name] = spans(s.Points, m)
			continue
		}
		if instances[name] == nil {
			instances[name] = map[string][]span{}
		}
		instances[name][s.Instance] = spans(s.Points, m)
	}
	answer.Instances = instances
	if answer.Metric == "" {
		answer.Metrics = metrics
		return
	}
	answer.Points = []span{}
	for _, points := range metrics {
		answer.Points = points
	}
}

func spans(points []metric.Point, m sdk.Metric) []span {
	out := make([]span, len(points))
	for n, p := range points {
		out[n] = span{p.At, scaled(p.Value, m), scaled(p.Min, m), scaled(p.Max, m)}
	}
	return out
}

// metric finds a metric by its name on the wire or its own.
func (a *Area) metric(kind, name string) (sdk.Metric, bool) {
	if m, ok := a.inv.Catalog().WireMetric(kind, name); ok {
		return m, true
	}
	return a.inv.Catalog().Metric(kind, name)
}

// find returns the record, nil when there is none: a chart of something that is gone is empty.
func (a *Area) find(kind, name string) (*inventory.Record, error) {
	snap := a.inv.Snapshot()
	if kind == "" {
		r, ok := snap.FindAny(name)
		if !ok {
			return nil, errs.New(errs.Invalid, "say of which type the resource is: resourceType is missing").WithField("resourceType")
		}
		return r, nil
	}
	if today := compat.HistoryTypes()[kind]; today != "" {
		kind = today
	}
	for _, section := range a.inv.Catalog().Sections() {
		guest := kind == compat.HistoryGuest && section.ChartGroup == compat.ChartGuests
		if section.HistoryType != kind && section.Type != kind && !guest {
			continue
		}
		if r, ok := snap.Find(section.Type, name); ok {
			return r, nil
		}
	}
	r, _ := snap.Find(kind, name)
	return r, nil
}

// shortTerm is how far everybody may look back.
const shortTerm = 7 * 24 * time.Hour

// longTerm returns why the caller may not look back as far as that, nil when they may.
func (a *Area) longTerm(width time.Duration) error {
	if width <= shortTerm || a.Licensed == nil {
		return nil
	}
	err := a.Licensed(licence.LongTermMetrics)
	var e *errs.Error
	if errors.As(err, &e) {
		e.Extra["max_free"] = "7d"
	}
	return err
}

// lookBack reads a range: a word, or a duration. Anything else is a day.
func lookBack(text string) (time.Duration, string) {
	if d, ok := ranges[text]; ok {
		return d, text
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return min(d, maxSpan), text
	}
	return 24 * time.Hour, "24h"
}

// statsOut is how the store is doing. Counts are points by resolution.
type statsOut struct {
	Enabled       bool      `json:"enabled"`
	DBSize        int64     `json:"dbSize"`
	Raw           int64     `json:"rawCount"`
	Minute        int64     `json:"minuteCount"`
	Hour          int64     `json:"hourlyCount"`
	Day           int64     `json:"dailyCount"`
	Series        int64     `json:"series"`
	Written       uint64    `json:"totalWrites"`
	Refused       uint64    `json:"refused"`
	Buffered      int64     `json:"bufferSize"`
	LastFlush     time.Time `json:"lastFlush"`
	LastRollup    time.Time `json:"lastRollup"`
	LastRetention time.Time `json:"lastRetention"`
	// Shortened is when something was last deleted before its time, because the store had become too large.
	Shortened time.Time `json:"lastShortened,omitzero"`
	// Oldest is when the oldest came of what waits for a store elsewhere, Problem why that takes nothing at the moment.
	Oldest  time.Time `json:"oldestWaiting,omitzero"`
	Problem string    `json:"problem,omitempty"`
}

func (a *Area) stats(ctx context.Context, _ route.None) (statsOut, error) {
	s, err := a.store.Stats(ctx)
	if err != nil {
		return statsOut{}, fmt.Errorf("read statistics: %w", err)
	}
	return statsOut{
		Enabled: true, DBSize: s.SizeBytes, Raw: s.Points["raw"], Minute: s.Points["minute"], Hour: s.Points["hour"], Day: s.Points["day"],
		Series: s.Series, Written: s.Written, Refused: s.Refused, Buffered: s.Buffered,
		LastFlush: s.LastFlush, LastRollup: s.LastRollup, LastRetention: s.LastRetention, Shortened: s.Shortened, Oldest: s.Oldest, Problem: s.Problem,
	}, nil
}
