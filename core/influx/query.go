package influx

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/api/query"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// unit is the span of time that is rolled up as one.
const unit = time.Hour

// waitSent is how long a query waits for what came before it to reach InfluxDB.
const waitSent = 2 * time.Second

// Query answers q; see metric.Store.
func (s *Store) Query(ctx context.Context, q metric.Query) ([]metric.Series, error) {
	if s.opt.WriteOnly {
		return nil, errs.New(errs.Unavailable, "this store is only written to, as its settings say: what it holds is read with its own tools")
	}
	s.mu.Lock()
	closed := s.closed
	keys := q.Select(s.index.keysOf)
	s.mu.Unlock()
	if closed {
		return nil, errClosed
	}
	plan, err := metric.NewPlan(q, s.opt.Tiers, s.opt.Now(), len(keys))
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	s.catchUp(ctx)
	found, err := s.fetch(ctx, plan.Index, selection(q, keys), metric.Floor(plan.From, plan.Tier.Step), plan.To)
	if err != nil {
		return nil, err
	}
	answer := make([]metric.Series, 0, len(keys))
	for _, k := range keys {
		if step, points := plan.Reduce(found[k]); len(points) > 0 {
			answer = append(answer, metric.Series{Key: k, Step: step, Points: points})
		}
	}
	return answer, nil
}

// catchUp sends what waits, but not for long: after an outage much may wait, and an answer without the newest is better
// than none.
func (s *Store) catchUp(ctx context.Context) {
	s.mu.Lock()
	idle := s.spool.lines == 0 || s.problem != ""
	s.mu.Unlock()
	if idle {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, waitSent)
	defer cancel()
	_ = s.drain(ctx) // the query tells when InfluxDB is away
}

// selector chooses series.
type selector struct {
	records, metrics []string
	instances        []string // nil is all
}

func selection(q metric.Query, keys []metric.Key) selector {
	sel := selector{metrics: q.Metrics, instances: q.Instances}
	for _, k := range keys {
		if n := len(sel.records); n == 0 || sel.records[n-1] != string(k.Record) {
			sel.records = append(sel.records, string(k.Record))
		}
	}
	return sel
}

// filter is the part of a query that chooses the series.
func (sel selector) filter() string {
	var b strings.Builder
	for _, by := range []struct {
		column string
		values []string
	}{{tagRecord, sel.records}, {"_measurement", sel.metrics}} {
		if len(by.values) > 0 {
			fmt.Fprintf(&b, ` |> filter(fn: (r) => r.%s %s)`, by.column, oneOf(by.values))
		}
	}
	if sel.instances != nil {
		var parts []string
		var named []string
		for _, name := range sel.instances {
			if name == "" {
				parts = append(parts, "not exists r."+tagInstance)
			} else {
				named = append(named, name)
			}
		}
		if len(named) > 0 {
			parts = append(parts, fmt.Sprintf("r.%s %s", tagInstance, oneOf(named)))
		}
		fmt.Fprintf(&b, ` |> filter(fn: (r) => %s)`, strings.Join(parts, " or "))
	}
	return b.String()
}

// oneOf compares with one of texts.
func oneOf(values []string) string {
	if len(values) == 1 {
		return `== "` + encode(values[0]) + `"`
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strings.ReplaceAll(regexp.QuoteMeta(encode(v)), "/", `\/`)
	}
	return "=~ /^(" + strings.Join(quoted, "|") + ")$/"
}

// buckets are what was found of each series, ordered by time.
type buckets map[metric.Key][]metric.Bucket

// fetch returns the buckets of a tier that begin in the range from to to: those stored, and over them what samples say
// that came since they were rolled up.
func (s *Store) fetch(ctx context.Context, tier int, sel selector, from, to int64) (buckets, error) {
	if tier == 0 {
		return s.raw(ctx, sel, from, to)
	}
	found, err := s.stored(ctx, tier, sel, from, to)
	if err != nil {
		return nil, err
	}
	step := s.opt.Tiers[tier].Step
	for _, span := range s.open(max(step, unit), from, to) {
		var fresh buckets
		if step <= unit {
			fresh, err = s.aggregated(ctx, tier, sel, span[0], span[1])
		} else if fresh, err = s.fetch(ctx, tier-1, sel, span[0], span[1]); err == nil {
			for k, list := range fresh {
				fresh[k] = metric.Rollup(list, step)
			}
		}
		if err != nil {
			return nil, err
		}
		for k, list := range fresh {
			list = slices.DeleteFunc(list, func(b metric.Bucket) bool { return b.At < from || b.At >= to })
			found[k] = metric.Replace(found[k], list)
		}
	}
	return found, nil
}

// open returns the spans of time, in whole widths, that touch the range and are not rolled up, joined where they meet.
func (s *Store) open(width time.Duration, from, to int64) (spans [][2]int64) {
	s.mu.Lock()
	var starts []int64
	for h := range s.index.hours {
		if at := metric.Floor(h, width); at < to && at+width.Milliseconds() > from {
			starts = append(starts, at)
		}
	}
	s.mu.Unlock()
	slices.Sort(starts)
	for _, at := range slices.Compact(starts) {
		end := at + width.Milliseconds()
		if n := len(spans); n > 0 && spans[n-1][1] == at {
			spans[n-1][1] = end
		} else {
			spans = append(spans, [2]int64{at, end})
		}
	}
	return spans
}

// source is the beginning of a query: a tier's rows in a range.
func (s *Store) source(tier int, sel selector, from, to int64) string {
	return fmt.Sprintf(`from(bucket: "%s") |> range(start: %s, stop: %s)%s`, s.remote.bucket(tier), moment(from), moment(to), sel.filter())
}

func moment(at int64) string { return time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *Store) raw(ctx context.Context, sel selector, from, to int64) (buckets, error) {
	found := buckets{}
	err := s.remote.rows(ctx, s.source(0, sel, from, to)+` |> filter(fn: (r) => r._field == "value")`, func(row *query.FluxRecord) {
		at := row.Time().UnixMilli()
		if v, ok := number(row.Value()); ok && at < to { // a 1.8 takes the end in
			k := keyOf(row)
			found[k] = append(found[k], metric.Single(at, v))
		}
	})
	return found.ordered(), err
}

// stored reads the rollups of a tier.
func (s *Store) stored(ctx context.Context, tier int, sel selector, from, to int64) (buckets, error) {
	p := parts{}
	err := s.remote.rows(ctx, s.source(tier, sel, from, to), func(row *query.FluxRecord) { p.add(row, row.Field()) })
	return p.buckets(to), err
}

// aggregated computes the buckets of a tier from raw samples.
func (s *Store) aggregated(ctx context.Context, tier int, sel selector, from, to int64) (buckets, error) {
	every := fmt.Sprintf("%ds", int64(s.opt.Tiers[tier].Step.Seconds()))
	var b strings.Builder
	fmt.Fprintf(&b, "data = %s |> filter(fn: (r) => r._field == \"value\")\n", s.source(0, sel, from, to))
	for _, f := range fields {
		fmt.Fprintf(&b, "data |> aggregateWindow(every: %s, fn: %s, timeSrc: \"_start\", createEmpty: false) |> yield(name: \"%s\")\n", every, f, f)
	}
	p := parts{}
	err := s.remote.rows(ctx, b.String(), func(row *query.FluxRecord) { p.add(row, row.Result()) })
	return p.buckets(to), err
}

// parts gathers buckets whose fields come one by one.
type parts map[metric.Key]map[int64]*metric.Bucket

func (p parts) add(row *query.FluxRecord, field string) {
	v, ok := number(row.Value())
	if !ok {
		return
	}
	k, at := keyOf(row), row.Time().UnixMilli()
	of := p[k]
	if of == nil {
		of = map[int64]*metric.Bucket{}
		p[k] = of
	}
	b := of[at]
	if b == nil {
		b = &metric.Bucket{At: at}
		of[at] = b
	}
	switch field {
	case fields[0]:
		b.Min = v
	case fields[1]:
		b.Max = v
	case fields[2]:
		b.Sum = v
	case fields[3]:
		b.Count = uint32(v)
	}
}

// buckets returns those that begin before a time.
func (p parts) buckets(to int64) buckets {
	found := buckets{}
	for k, of := range p {
		for _, b := range of {
			if b.Count > 0 && b.At < to {
				found[k] = append(found[k], *b)
			}
		}
	}
	return found.ordered()
}

// ordered puts each list in the order of time. Two at one time are one: a series may lie in several tables.
func (b buckets) ordered() buckets {
	for k, list := range b {
		slices.SortStableFunc(list, func(a, o metric.Bucket) int { return cmp.Compare(a.At, o.At) })
		b[k] = slices.CompactFunc(list, func(a, o metric.Bucket) bool { return a.At == o.At })
	}
	return b
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	}
	return 0, false
}

// Keys returns all series, in order.
func (s *Store) Keys(context.Context) ([]metric.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	q := metric.Query{}
	for record := range s.index.byRecord {
		q.Records = append(q.Records, record)
	}
	return q.Select(s.index.keysOf), nil
}

// CountSeries returns how many series the records have.
func (s *Store) CountSeries(records []id.UID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, record := range records {
		n += len(s.index.byRecord[record])
	}
	return n
}
