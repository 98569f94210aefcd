package sqlite

import (
	"context"
	"math"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// Query answers q; see metric.Store.
func (m *Metrics) Query(ctx context.Context, q metric.Query) ([]metric.Series, error) {
	m.mu.RLock()
	closed := m.closed
	keys := q.Select(m.keysOf)
	m.mu.RUnlock()
	if closed {
		return nil, errClosed
	}
	plan, err := metric.NewPlan(q, m.opt.Tiers, m.opt.Now(), len(keys))
	if err != nil {
		return nil, err
	}
	answer := make([]metric.Series, 0, len(keys))
	scratch, _ := m.scratch.Get().(*[]metric.Bucket)
	if scratch == nil {
		scratch = new([]metric.Bucket)
	}
	defer m.scratch.Put(scratch)
	for _, k := range keys {
		in, err := m.querySeries(ctx, k, plan, scratch)
		if err != nil {
			return nil, m.db.mapError(err)
		}
		if step, points := plan.Reduce(in); len(points) > 0 {
			answer = append(answer, metric.Series{Key: k, Step: step, Points: points})
		}
	}
	return answer, nil
}

// maxScratch is how many buckets a scratch keeps room for between queries.
const maxScratch = 1 << 15

// querySeries returns the buckets of a series in the plan's tier and range: those stored, and over them what the
// samples in memory change. Memory is read first: what is packed meanwhile is then found in both, which is harmless.
// The buckets may lie in scratch, and are good until that is used again.
func (m *Metrics) querySeries(ctx context.Context, k metric.Key, plan metric.Plan, scratch *[]metric.Bucket) ([]metric.Bucket, error) {
	from := metric.Floor(plan.From, plan.Tier.Step)
	v, found := m.view(k, from, plan.To)
	if !found {
		return nil, nil
	}
	if plan.Index == 0 {
		stored, err := v.raw(ctx, *scratch, from, plan.To)
		if cap(stored) > cap(*scratch) && cap(stored) <= maxScratch {
			*scratch = stored
		}
		return metric.Replace(stored, v.memory), err
	}
	buckets, err := v.buckets(ctx, plan.Index, from, plan.To)
	if err != nil {
		return nil, err
	}
	err = v.late(ctx, plan.Index, v.memory, func(tier int, changed []metric.Bucket) error {
		if tier == plan.Index {
			buckets = metric.Replace(buckets, changed)
		}
		return nil
	})
	return buckets, err
}

// view returns what there is of a series in a range, and false when it was deleted meanwhile.
func (m *Metrics) view(k metric.Key, from, to int64) (v view, found bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s := m.byKey[k]
	if s == nil {
		return v, false
	}
	v = view{m: m, name: s.id, newest: math.MaxInt64, memory: metric.Replace(s.packing.buckets(from, to), s.head.buckets(from, to))}
	if s.newest != nil {
		v.newest = *s.newest
	}
	return v, true
}

// Delete forgets all series of the records.
func (m *Metrics) Delete(ctx context.Context, records []id.UID) error {
	m.maintain.Lock()
	defer m.maintain.Unlock()
	if err := m.forget(records); err != nil {
		return m.db.mapError(err)
	}
	return m.db.mapError(m.deleteForgotten(ctx))
}

// forget notes in the log that the records' series are gone, and takes them out of memory.
func (m *Metrics) forget(records []id.UID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	var gone []*series
	m.frames.reset()
	for _, record := range records {
		for _, s := range m.byRecord[record] {
			m.frames.forget(s.id)
			gone = append(gone, s)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	m.frames.close()
	if err := m.wal.write(m.frames.buf); err != nil {
		return err
	}
	for _, s := range gone {
		if !s.deleted { // a record may be named twice
			m.unregister(s)
			m.forgotten = append(m.forgotten, s.id)
		}
	}
	return nil
}
