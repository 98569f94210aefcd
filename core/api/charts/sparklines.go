package charts

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	maxSparklines  = 500
	sparklineSteps = 60
	sparklineStep  = time.Minute
)

// sparkline names one line: a resource by its type and its id on the wire, and a metric that is not divided into instances.
type sparkline struct {
	Type   string `json:"type"`
	ID     string `json:"id"`
	Metric string `json:"metric"`
}

type sparklinesIn struct {
	Lines []sparkline `json:"lines"`
}

// sparklinesOut is the last hour, a value for each minute. Start is the first minute in Unix milliseconds, Step a minute's. Lines
// are in the order of the question; a minute without a sample is null, and so is a line that nobody has.
type sparklinesOut struct {
	Start int64       `json:"start"`
	Step  int64       `json:"step"`
	Lines [][]*coarse `json:"lines"`
}

// coarse is a value as exact as a small picture needs it.
type coarse float64

// MarshalJSON writes four significant digits.
func (c coarse) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(c), 'g', 4, 64), nil
}

// sparklines answers with the last hour of many resources at once.
func (a *Area) sparklines(ctx context.Context, in sparklinesIn) (sparklinesOut, error) {
	if len(in.Lines) > maxSparklines {
		return sparklinesOut{}, errs.New(errs.Invalid, "%d lines are more than %d: ask several times", len(in.Lines), maxSparklines).WithField("lines")
	}
	start := metric.Floor(a.now().UnixMilli(), sparklineStep) - (sparklineSteps-1)*sparklineStep.Milliseconds()
	out := sparklinesOut{Start: start, Step: sparklineStep.Milliseconds(), Lines: make([][]*coarse, len(in.Lines))}
	wanted := map[metric.Key][]int{}
	metrics := map[metric.Key]sdk.Metric{}
	q := metric.Query{
		From: time.UnixMilli(start), To: time.UnixMilli(start).Add(sparklineSteps * sparklineStep), MaxPoints: sparklineSteps + 1, Instances: []string{""},
	}
	records, names := map[id.UID]bool{}, map[string]bool{}
	snap := a.inv.Snapshot()
	for n, line := range in.Lines {
		r, there := snap.Find(line.Type, line.ID)
		m, declared := a.metric(line.Type, line.Metric)
		if !there || !declared {
			continue
		}
		key := metric.Key{Record: r.UID, Metric: m.Name}
		wanted[key], metrics[key] = append(wanted[key], n), m
		if !records[r.UID] {
			records[r.UID] = true
			q.Records = append(q.Records, r.UID)
		}
		if !names[m.Name] {
			names[m.Name] = true
			q.Metrics = append(q.Metrics, m.Name)
		}
	}
	if len(wanted) == 0 {
		return out, nil
	}
	series, err := a.store.Query(ctx, q)
	if err != nil {
		return sparklinesOut{}, fmt.Errorf("query sparklines: %w", err)
	}
	for _, s := range series {
		for _, n := range wanted[s.Key] {
			out.Lines[n] = perStep(s.Points, metrics[s.Key], start)
		}
	}
	return out, nil
}

// perStep returns the average of each step; nil where there is no point.
func perStep(points []metric.Point, m sdk.Metric, start int64) []*coarse {
	var sums, counts [sparklineSteps]float64
	for _, p := range points {
		at := (p.At - start) / sparklineStep.Milliseconds()
		if at < 0 || at >= sparklineSteps || math.IsNaN(p.Value) {
			continue
		}
		sums[at] += p.Value * float64(p.Count)
		counts[at] += float64(p.Count)
	}
	out := make([]*coarse, sparklineSteps)
	for n, count := range counts {
		if count > 0 {
			v := coarse(scaled(sums[n]/count, m))
			out[n] = &v
		}
	}
	return out
}
