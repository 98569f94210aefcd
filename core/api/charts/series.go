package charts

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

// maxSeries is how many series one question may name.
const maxSeries = 100

// named is a series that is asked for: a resource by its type and id, or by its uid alone, and a metric by its name on the
// wire or its own.
type named struct {
	Type   string `json:"type,omitempty"`
	ID     string `json:"id" required:"true"`
	Metric string `json:"metric" required:"true"`
	// Instance is one of the metric's dimension; without it all of them come, each a series.
	Instance string `json:"instance,omitempty"`
}

type seriesIn struct {
	Series []named `json:"series" required:"true"`
	// Range is a word such as 24h or 7d, or a duration; without it a day.
	Range string `json:"range,omitempty"`
	// End is where the range ends, in Unix milliseconds; without it, or in the future, it ends now.
	End       int64 `json:"end,omitempty"`
	MaxPoints int   `json:"maxPoints,omitempty"`
	// Rate makes growth per second of metrics that only count up. A fall is a counter that began anew.
	Rate bool `json:"rate,omitempty"`
}

// seriesOut is the answer: Start and End are Unix milliseconds, Series are in the order of the question. What is not there, or
// has no point in the range, has no series.
type seriesOut struct {
	Start  int64   `json:"start"`
	End    int64   `json:"end"`
	Series []found `json:"series"`
}

// found is one series of an answer.
type found struct {
	// Of is the number of what asked for it, from 0.
	Of       int    `json:"of"`
	UID      id.UID `json:"uid"`
	Name     string `json:"name"`
	Metric   string `json:"metric"`
	Instance string `json:"instance,omitempty"`
	// Step is the distance of points in milliseconds when none is missing; 0 for samples as they came.
	Step   int64  `json:"step"`
	Points []span `json:"points"`
}

// series answers with several series at once, of whichever resources.
func (a *Area) series(ctx context.Context, in seriesIn) (seriesOut, error) {
	switch n := len(in.Series); {
	case n == 0:
		return seriesOut{}, errs.New(errs.Invalid, "say which series: the list is empty").WithField("series")
	case n > maxSeries:
		return seriesOut{}, errs.New(errs.Invalid, "%d series are more than %d: ask several times", n, maxSeries).WithField("series")
	}
	q, err := a.over(in.Range, in.End, in.MaxPoints)
	if err != nil {
		return seriesOut{}, err
	}
	out := seriesOut{Start: q.From.UnixMilli(), End: q.To.UnixMilli(), Series: []found{}}
	for n, of := range in.Series {
		r, m, err := a.resolve(of)
		if err != nil {
			return seriesOut{}, err.WithField(fmt.Sprintf("series[%d]", n))
		}
		if r == nil {
			continue
		}
		list, failed := a.one(ctx, q, r, m, of.Instance, in.Rate)
		if failed != nil {
			return seriesOut{}, failed
		}
		for _, f := range list {
			f.Of = n
			out.Series = append(out.Series, f)
		}
	}
	return out, nil
}

// over is the query of a range that ends at a time, or now.
func (a *Area) over(text string, end int64, points int) (metric.Query, error) {
	width, _ := lookBack(text)
	if err := a.longTerm(width); err != nil {
		return metric.Query{}, err
	}
	to := a.now()
	if end > 0 && end < to.UnixMilli() {
		to = time.UnixMilli(end)
	}
	q := metric.Query{From: to.Add(-width), To: to, MaxPoints: chartPoints}
	if points > 0 {
		q.MaxPoints = min(points, maxPoints)
	}
	return q, nil
}

// resolve finds what a question names; no record when it is not there or lacks the metric, for then the answer is empty.
func (a *Area) resolve(of named) (*inventory.Record, sdk.Metric, *errs.Error) {
	if of.ID == "" || of.Metric == "" {
		return nil, sdk.Metric{}, errs.New(errs.Invalid, "say which resource and which metric: id and metric are needed")
	}
	r, ok := a.inv.Snapshot().FindAny(of.ID)
	if of.Type != "" {
		r, _ = a.find(of.Type, of.ID) // it fails without a type only
		ok = r != nil
	}
	if !ok {
		return nil, sdk.Metric{}, nil
	}
	m, declared := a.metric(r.Type, of.Metric)
	if !declared {
		// What came by remote write is declared by nobody.
		m = sdk.Metric{Name: of.Metric}
	}
	return r, m, nil
}

// one queries a metric of a record.
func (a *Area) one(ctx context.Context, q metric.Query, r *inventory.Record, m sdk.Metric, instance string, rate bool) ([]found, error) {
	q.Records, q.Metrics = []id.UID{r.UID}, []string{m.Name}
	q.To = q.To.Add(time.Second) // with what has just come
	if instance != "" {
		q.Instances = []string{instance}
	}
	series, err := a.store.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("query series: %w", err)
	}
	out := make([]found, 0, len(series))
	for _, s := range series {
		if rate {
			s.Points = metric.Rates(s.Points)
		}
		if len(s.Points) == 0 {
			continue
		}
		out = append(out, found{
			UID: r.UID, Name: cmp.Or(r.Name, r.WireID), Metric: wireName(m), Instance: s.Instance, Step: s.Step.Milliseconds(), Points: spans(s.Points, m),
		})
	}
	return out, nil
}
