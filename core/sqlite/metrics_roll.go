package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
)

// A tier is rolled up a span at a time, when the span is over: so its blocks are full and written once. What is newer is computed
// from the next finer tier when somebody asks ([view]), which keeps what is not rolled up yet for as long.

// rollAfter is how long after its end a span is rolled up: what comes later changes blocks that are written.
const rollAfter = 10 * time.Minute

// span returns how much of a tier is rolled up at a time: a part of a window, and not so much that to compute it takes long.
func (t tierTable) span() time.Duration {
	switch {
	case t.Step < time.Hour:
		return windowPoints * t.Step
	case t.Step < 24*time.Hour:
		return windowPoints / 5 * t.Step
	}
	return windowPoints / 15 * t.Step
}

// view is what there is of a series.
type view struct {
	m    *Metrics
	tx   *sql.Tx // nil outside of a transaction
	name uint32
	// newest is a time after which the database holds no raw samples.
	newest int64
	// memory are samples that the database does not hold yet, or in another state.
	memory []metric.Bucket
}

// buckets returns those of a tier in a range that begins with one. What is rolled up does not know of samples in memory.
func (v view) buckets(ctx context.Context, tier int, from, to int64) ([]metric.Bucket, error) {
	if tier == 0 {
		stored, err := v.raw(ctx, nil, from, to)
		return metric.Replace(stored, before(v.memory, to)[len(before(v.memory, from)):]), err
	}
	fresh, err := v.computed(ctx, tier, from, to)
	if err != nil {
		return nil, err
	}
	stored, err := v.m.tiers[tier].read(ctx, v.tx, v.name, from, to)
	return metric.Fuller(stored, fresh), err
}

// raw returns stored samples. It uses the memory of into.
func (v view) raw(ctx context.Context, into []metric.Bucket, from, to int64) ([]metric.Bucket, error) {
	switch {
	case from > v.newest:
		return nil, nil
	case v.tx != nil:
		return v.m.tiers[0].read(ctx, v.tx, v.name, from, to)
	}
	return v.m.tiers[0].readInto(ctx, into, v.name, from, to)
}

// computed returns those of the buckets that are not rolled up yet. It comes before the tier itself is read: what is rolled up and
// deleted meanwhile is then found there.
func (v view) computed(ctx context.Context, tier int, from, to int64) ([]metric.Bucket, error) {
	t := v.m.tiers[tier]
	from = max(from, t.rolled.Load())
	if from >= to {
		return nil, nil
	}
	end := metric.Floor(to-1, t.Step) + t.Step.Milliseconds()
	finer, err := v.buckets(ctx, tier-1, from, end)
	return metric.Rollup(finer, t.Step), err
}

// late calls visit with what samples change, in each tier, of what is rolled up already, and beside.
func (v view) late(ctx context.Context, upTo int, samples []metric.Bucket, visit func(tier int, changed []metric.Bucket) error) error {
	rolled := int64(math.MinInt64)
	for _, t := range v.m.tiers[1 : upTo+1] {
		rolled = max(rolled, t.rolled.Load())
	}
	read := func(tier int, from, to int64) ([]metric.Bucket, error) { return v.buckets(ctx, tier, from, to) }
	return metric.Climb(v.m.opt.Tiers, upTo, before(samples, rolled), read, func(tier int, changed []metric.Bucket) error {
		if tier == 0 {
			return nil
		}
		return visit(tier, changed)
	})
}

// roll rolls up the spans that were over for a while at a time up to which all samples are packed. The caller holds maintain.
func (m *Metrics) roll(ctx context.Context, packed time.Time) error {
	until := packed.Add(-rollAfter).UnixMilli()
	for tier := 1; tier < len(m.tiers); tier++ {
		t := m.tiers[tier]
		span := t.span().Milliseconds()
		if t.rolled.Load() > packed.UnixMilli() { // the clock was ahead
			t.rolled.Store(metric.Floor(until, t.span()))
		}
		for t.rolled.Load()+span <= until {
			if err := m.rollSpan(ctx, tier, t.rolled.Load(), until); err != nil {
				return fmt.Errorf("roll up %s: %w", t.Name, err)
			}
		}
		until = t.rolled.Load()
	}
	return nil
}

// rollSpan rolls up the span of a tier that begins at a time, and passes over those after it, up to a time, in which nothing is:
// after a year in which the server was off they are thousands.
func (m *Metrics) rollSpan(ctx context.Context, tier int, from, until int64) error {
	t, finer := m.tiers[tier], m.tiers[tier-1]
	span := t.span().Milliseconds()
	to := from + span
	var names []uint32
	var run int64
	err := m.db.Tx(ctx, func(tx *sql.Tx) (err error) {
		ctx := context.WithoutCancel(ctx)
		if run, err = t.nextRun(ctx, tx, from); err == nil {
			names, err = finer.names(ctx, tx, from, to)
		}
		if err != nil || len(names) > 0 {
			return err
		}
		next, err := finer.next(ctx, tx, to)
		to += max(0, min(next, until)-to) / span * span
		return err
	})
	if err != nil {
		return err
	}
	for group := range slices.Chunk(names, groupSeries) {
		if err := m.db.Tx(ctx, func(tx *sql.Tx) error {
			ctx := context.WithoutCancel(ctx)
			var grown int64
			for _, name := range group {
				n, err := m.rollSeries(ctx, tx, tier, name, from, to, run)
				if err != nil {
					return fmt.Errorf("series %d: %w", name, err)
				}
				grown += n
			}
			return t.count(ctx, tx, grown)
		}); err != nil {
			return err
		}
	}
	if err := m.db.Tx(ctx, func(tx *sql.Tx) error { return t.markRolled(ctx, tx, to) }); err != nil {
		return err
	}
	t.rolled.Store(to)
	return nil
}

// rollSeries rolls up a span of a series and returns by how many points the tier grew.
func (m *Metrics) rollSeries(ctx context.Context, tx *sql.Tx, tier int, name uint32, from, to, run int64) (grown int64, err error) {
	t := m.tiers[tier]
	finer, err := m.tiers[tier-1].read(ctx, tx, name, from, to)
	if err != nil || len(finer) == 0 {
		return 0, err
	}
	stored, err := t.read(ctx, tx, name, from, to)
	if err != nil {
		return 0, err
	}
	fresh := metric.Rollup(finer, t.Step)
	if len(stored) > 0 { // it was imported, or rolled up before something failed
		same := slices.EqualFunc(stored, fresh, func(a, b metric.Bucket) bool {
			return a.At == b.At && a.Count == b.Count && a.Min == b.Min && a.Max == b.Max
		})
		if same {
			return 0, nil
		}
		return t.merge(ctx, tx, name, metric.Fuller(stored, fresh))
	}
	return t.put(ctx, tx, name, fresh, -1, run)
}

func (t tierTable) markRolled(ctx context.Context, tx *sql.Tx, until int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE tiers SET rolled = ? WHERE step = ?`, until, t.seconds())
	return err
}

// next is when the first of the windows begins, from that of a time on, that has a block.
func (t tierTable) next(ctx context.Context, tx *sql.Tx, from int64) (int64, error) {
	var key sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT min(key) FROM `+t.table+` WHERE key >= ?`, t.keysOf(from, from+1).first).Scan(&key)
	if err != nil {
		return 0, fmt.Errorf("look into %s: %w", t.table, err)
	}
	if !key.Valid {
		return math.MaxInt64, nil
	}
	return (key.Int64 >> windowShift) * window(t.Tier), nil
}

// names returns the series that have blocks in the windows of a range, in order.
func (t tierTable) names(ctx context.Context, tx *sql.Tx, from, to int64) (names []uint32, err error) {
	k := t.keysOf(from, to)
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT key & ? FROM `+t.table+` WHERE key BETWEEN ? AND ? ORDER BY 1`, seriesMask, k.first, k.last)
	if err != nil {
		return nil, fmt.Errorf("look into %s: %w", t.table, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var name uint32
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("look into %s: %w", t.table, err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
