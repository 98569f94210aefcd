package charts

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	topItems  = 10
	topMost   = 500
	topPoints = 60 // by which a range is judged
)

type topIn struct {
	// Metric is a name on the wire or a metric's own.
	Metric string `query:"metric" required:"true"`
	// Type limits it to one type, or several with commas between; without it all that have the metric are compared.
	Type string `query:"resourceType"`
	// Range is a word such as 24h or 7d, or a duration; without it an hour.
	Range string `query:"range" default:"1h"`
	// End is where the range ends, in Unix milliseconds; without it, or in the future, it ends now.
	End   int64  `query:"end"`
	Limit int    `query:"limit" default:"10"`
	By    string `query:"by" enum:"average,max,min,last" default:"average"`
	Order string `query:"order" enum:"desc,asc" default:"desc"`
}

// topOut is the answer. Start and End are Unix milliseconds; Of is how many series were compared.
type topOut struct {
	Metric string    `json:"metric"`
	By     string    `json:"by"`
	Start  int64     `json:"start"`
	End    int64     `json:"end"`
	Of     int       `json:"of"`
	Items  []topItem `json:"items"`
}

// topItem is what one series was like over the range. Value is that by which it was judged.
type topItem struct {
	UID      id.UID  `json:"uid"`
	Type     string  `json:"type"`
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Metric   string  `json:"metric"`
	Instance string  `json:"instance,omitempty"`
	Value    float64 `json:"value"`
	Average  float64 `json:"average"`
	Min      float64 `json:"min"`
	Max      float64 `json:"max"`
	Last     float64 `json:"last"`
	// Time is that of Last, in Unix milliseconds.
	Time int64 `json:"time"`
}

// top answers with the resources that have the most of a metric over a range, or the least.
func (a *Area) top(ctx context.Context, in topIn) (topOut, error) {
	limit := cmp.Or(in.Limit, topItems)
	if limit < 1 || limit > topMost {
		return topOut{}, errs.New(errs.Invalid, "limit is from 1 to %d", topMost).WithField("limit")
	}
	q, err := a.over(in.Range, in.End, topPoints)
	if err != nil {
		return topOut{}, err
	}
	out := topOut{Metric: in.Metric, By: in.By, Start: q.From.UnixMilli(), End: q.To.UnixMilli(), Items: []topItem{}}
	q.To = q.To.Add(time.Second) // with what has just come
	known := false
	for _, kind := range a.comparedTypes(in.Type) {
		m, ok := a.metric(kind, in.Metric)
		if !ok {
			continue
		}
		known = true
		items, err := a.judged(ctx, q, kind, m, in.By)
		if err != nil {
			return topOut{}, err
		}
		out.Items, out.Of = append(out.Items, items...), out.Of+len(items)
	}
	if !known {
		return topOut{}, errs.New(errs.Invalid, "no type has a metric %q: GET /api/types lists them", in.Metric).WithField("metric")
	}
	slices.SortFunc(out.Items, func(x, y topItem) int {
		c := cmp.Compare(y.Value, x.Value)
		if in.Order == "asc" {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(x.Name, y.Name), cmp.Compare(x.UID, y.UID), cmp.Compare(x.Instance, y.Instance))
	})
	out.Items = out.Items[:min(limit, len(out.Items))]
	return out, nil
}

// comparedTypes returns the types of a list with commas, by their names in history queries or their own; all without one.
func (a *Area) comparedTypes(list string) (kinds []string) {
	catalog := a.inv.Catalog()
	if list == "" {
		for _, t := range catalog.Types() {
			kinds = append(kinds, t.Name)
		}
		return kinds
	}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		for _, section := range catalog.Sections() {
			if section.HistoryType == name && section.Type != name {
				kinds = append(kinds, section.Type)
			}
		}
		kinds = append(kinds, name)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// judged returns what a metric was like with each resource of a type that has it.
func (a *Area) judged(ctx context.Context, q metric.Query, kind string, m sdk.Metric, by string) (items []topItem, err error) {
	q.Metrics, q.Instances = []string{m.Name}, []string{""}
	if m.Instance != "" {
		q.Instances = nil
	}
	for records := range slices.Chunk(a.inv.Snapshot().Type(kind), batch) {
		of := make(map[id.UID]*inventory.Record, len(records))
		q.Records = q.Records[:0]
		for _, r := range records {
			of[r.UID] = r
			q.Records = append(q.Records, r.UID)
		}
		series, err := a.store.Query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("query the top: %w", err)
		}
		for _, s := range series {
			items = append(items, judge(of[s.Record], s, m, by))
		}
	}
	return items, nil
}

// judge sums up a series, which has points.
func judge(r *inventory.Record, s metric.Series, m sdk.Metric, by string) topItem {
	sum, count, low, high := 0.0, 0.0, math.Inf(1), math.Inf(-1)
	for _, p := range s.Points {
		sum, count = sum+p.Value*float64(p.Count), count+float64(p.Count)
		low, high = min(low, p.Min), max(high, p.Max)
	}
	last := s.Points[len(s.Points)-1]
	item := topItem{
		UID: r.UID, Type: r.Type, ID: r.WireID, Name: cmp.Or(r.Name, r.WireID), Metric: wireName(m), Instance: s.Instance,
		Average: scaled(sum/count, m), Min: scaled(low, m), Max: scaled(high, m), Last: scaled(last.Value, m), Time: last.At,
	}
	item.Value = map[string]float64{"average": item.Average, "max": item.Max, "min": item.Min, "last": item.Last}[by]
	return item
}
