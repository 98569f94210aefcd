package influx

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/api/query"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

const (
	lookEvery = time.Minute
	ageEvery  = time.Hour
	// rollAfter is how long after its end an hour is rolled up: most of what is late has come by then.
	rollAfter = 5 * time.Minute
	// countFor is how long counted points are told again: to count them costs InfluxDB a look at everything.
	countFor = 5 * time.Minute
)

// upkeepLoop rolls up and ages when it is due.
func (s *Store) upkeepLoop(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for !s.opt.WriteOnly {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		away, aged := s.problem != "", s.stats.LastRetention
		seed := s.index.fresh
		s.mu.Unlock()
		if away {
			continue
		}
		var err error
		if seed {
			err = s.Discover(ctx)
		}
		if err == nil {
			err = s.Roll(ctx, s.opt.Now().Add(-rollAfter))
		}
		if err == nil && s.opt.Now().Sub(aged) >= ageEvery {
			err = s.Age(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("the store in InfluxDB cannot be looked after now; it is tried again each minute", "error", err)
		}
	}
}

// Roll rolls up the hours that end before a time and of which samples came since they were rolled up last.
func (s *Store) Roll(ctx context.Context, before time.Time) error {
	s.mu.Lock()
	var hours []int64
	for h := range s.index.hours {
		if h+unit.Milliseconds() <= before.UnixMilli() {
			hours = append(hours, h)
		}
	}
	s.mu.Unlock()
	slices.Sort(hours)
	for _, h := range hours {
		if err := s.rollHour(ctx, h); err != nil {
			return fmt.Errorf("roll up %s: %w", moment(h), err)
		}
	}
	s.mu.Lock()
	s.stats.LastRollup = s.opt.Now()
	if len(hours) > 0 {
		s.counted = counted{}
	}
	s.mu.Unlock()
	return nil
}

// rollHour computes what the samples of an hour make of each tier and writes it. Until that is done, queries compute it.
func (s *Store) rollHour(ctx context.Context, h int64) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mu.Lock()
	before := s.index.hours[h]
	s.mu.Unlock()
	if err := s.drainHeld(ctx); err != nil {
		return err
	}
	from, to := h, h+unit.Milliseconds()
	for tier := 1; tier < len(s.opt.Tiers); tier++ {
		step := s.opt.Tiers[tier].Step
		if step > unit {
			from, to = metric.Floor(h, step), metric.Floor(h, step)+step.Milliseconds()
		}
		if err := s.rollTier(ctx, tier, from, to); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index.hours[h] != before {
		return nil // more came meanwhile: it stays open
	}
	return s.index.write(indexLine{Rolled: []int64{h}})
}

// rollTier computes the buckets of a tier in a range from raw samples, or from the tier before when they are wider than
// what is rolled up as one. A 1.8 does it by itself: its Flux is slow.
func (s *Store) rollTier(ctx context.Context, tier int, from, to int64) error {
	source := 0
	if s.opt.Tiers[tier].Step > unit {
		source = tier - 1
	}
	if s.remote.former() {
		return s.remote.roll(ctx, source, tier, from, to)
	}
	var found buckets
	var err error
	if source == 0 {
		found, err = s.aggregated(ctx, tier, selector{}, from, to)
	} else if found, err = s.stored(ctx, source, selector{}, from, to); err == nil {
		for k, list := range found {
			found[k] = metric.Rollup(list, s.opt.Tiers[tier].Step)
		}
	}
	if err != nil {
		return err
	}
	return s.writeBuckets(ctx, tier, found)
}

// writeBuckets writes buckets of a tier in batches.
func (s *Store) writeBuckets(ctx context.Context, tier int, found buckets) error {
	var w lineWriter
	flush := func() error {
		if len(w.buf) == 0 {
			return nil
		}
		refused, says, err := s.remote.put(ctx, tier, string(w.buf))
		if refused > 0 {
			s.log.Error("InfluxDB refused rollups", "bucket", s.remote.bucket(tier), "refused", refused, "says", says)
		}
		w.buf = w.buf[:0]
		return err
	}
	for k, list := range found {
		for _, b := range list {
			if tier == 0 {
				w.sample(k, b.At, b.Min)
			} else {
				w.bucket(k, b)
			}
			if len(w.buf) >= batchBytes {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// Discover learns from InfluxDB which series there are: for a spool that begins anew.
func (s *Store) Discover(ctx context.Context) error {
	found, err := s.seen(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []metric.Key
	for k := range found {
		keys = append(keys, k)
	}
	if err := s.index.add(keys, nil); err != nil {
		return diskError(s.spool.dir, err)
	}
	s.index.fresh = false
	return nil
}

// seen returns the series that have something within the retention of a tier.
func (s *Store) seen(ctx context.Context) (map[metric.Key]bool, error) {
	found := map[metric.Key]bool{}
	now := s.opt.Now()
	for tier, t := range s.opt.Tiers {
		flux := s.source(tier, selector{}, now.Add(-t.Retention).UnixMilli(), now.Add(metric.MaxAhead).UnixMilli()) +
			` |> filter(fn: (r) => r._field == "value" or r._field == "count") |> first() |> keep(columns: ["_measurement", "` + tagRecord + `", "` + tagInstance + `", "_value", "_time"])`
		if err := s.remote.rows(ctx, flux, func(row *query.FluxRecord) { found[keyOf(row)] = true }); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Age forgets series of which nothing is left. InfluxDB deletes what is too old by itself.
func (s *Store) Age(ctx context.Context) error {
	began := s.opt.Now()
	if err := s.drain(ctx); err != nil {
		return err
	}
	found, err := s.seen(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.LastRetention = s.opt.Now()
	s.counted = counted{}
	empty := map[id.UID]bool{}
	for record := range s.index.byRecord {
		empty[record] = true
	}
	for k, last := range s.index.keys {
		if found[k] || last >= began.Add(-ageEvery).UnixMilli() {
			delete(empty, k.Record)
		}
	}
	var gone []id.UID
	for record := range empty {
		gone = append(gone, record)
	}
	if len(gone) == 0 {
		return nil
	}
	return s.index.remove(gone)
}

// counted are points by tier, and when they were counted.
type counted struct {
	at     time.Time
	points map[string]int64
}

// Stats tells how the store is doing. SizeBytes is what it takes on this machine. Points are those within their tier's
// retention, counted some minutes ago at most; they are missing while InfluxDB is away.
func (s *Store) Stats(ctx context.Context) (metric.Stats, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return metric.Stats{}, errClosed
	}
	out := s.stats
	out.Series, out.Buffered, out.Problem = int64(s.index.len()), s.spool.lines, s.problem
	out.SizeBytes = s.spool.bytes + s.index.size
	if s.spool.lines > 0 {
		out.Oldest = s.spool.oldest()
	}
	c := s.counted
	s.mu.Unlock()
	if c.points != nil && s.opt.Now().Sub(c.at) < countFor {
		out.Points = c.points
		return out, nil
	}
	if out.Problem != "" || s.opt.WriteOnly {
		return out, nil
	}
	points, err := s.count(ctx)
	if err != nil {
		out.Problem = err.Error()
		return out, nil //nolint:nilerr // it is told
	}
	s.mu.Lock()
	s.counted = counted{s.opt.Now(), points}
	s.mu.Unlock()
	out.Points = points
	return out, nil
}

func (s *Store) count(ctx context.Context) (map[string]int64, error) {
	points := map[string]int64{}
	now := s.opt.Now()
	for tier, t := range s.opt.Tiers {
		field := map[bool]string{true: fieldValue, false: "count"}[tier == 0]
		flux := s.source(tier, selector{}, now.Add(-t.Retention).UnixMilli(), now.Add(metric.MaxAhead).UnixMilli()) +
			` |> filter(fn: (r) => r._field == "` + field + `") |> count() |> group() |> sum()`
		points[t.Name] = 0
		if err := s.remote.rows(ctx, flux, func(row *query.FluxRecord) {
			n, _ := number(row.Value())
			points[t.Name] = int64(n)
		}); err != nil {
			return nil, err
		}
	}
	return points, nil
}

// SetUp makes the buckets, with their retention unless limits is false.
func (s *Store) SetUp(ctx context.Context, limits bool) error { return s.remote.setUp(ctx, limits) }

// SetUp makes the buckets that options name, with their retention.
func SetUp(ctx context.Context, opt Options) error {
	r := newRemote(opt.withDefaults())
	defer r.close()
	return r.setUp(ctx, true)
}
