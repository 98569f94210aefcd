package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

var _ metric.Archive = (*Metrics)(nil)

// Keys returns all series, in order.
func (m *Metrics) Keys(context.Context) ([]metric.Key, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return nil, errClosed
	}
	records := make([]id.UID, 0, len(m.byRecord))
	for record := range m.byRecord {
		records = append(records, record)
	}
	return metric.Query{Records: records}.Select(m.keysOf), nil
}

// Read returns what a tier keeps of series.
func (m *Metrics) Read(ctx context.Context, tier int, keys []metric.Key) ([]metric.History, error) {
	now := m.opt.Now()
	t := m.opt.Tiers[tier]
	plan := metric.Plan{Index: tier, Tier: t, From: now.Add(-t.Retention).UnixMilli(), To: now.Add(metric.MaxAhead).UnixMilli()}
	out := make([]metric.History, 0, len(keys))
	for _, k := range keys {
		buckets, err := m.querySeries(ctx, k, plan, new([]metric.Bucket))
		if err != nil {
			return nil, m.db.mapError(err)
		}
		if len(buckets) > 0 {
			out = append(out, metric.History{Key: k, Buckets: buckets})
		}
	}
	return out, nil
}

// Import stores the buckets of a tier.
func (m *Metrics) Import(ctx context.Context, tier int, of []metric.History) error {
	if tier == 0 {
		return m.importRaw(ctx, of)
	}
	m.maintain.Lock()
	defer m.maintain.Unlock()
	all := make([]*series, 0, len(of))
	for _, h := range of {
		s, err := m.seriesOf(h.Key)
		if err != nil {
			return m.db.mapError(err)
		}
		all = append(all, s)
	}
	err := m.db.Tx(ctx, func(tx *sql.Tx) error {
		ctx := context.WithoutCancel(ctx)
		var grown int64
		for i, s := range all {
			err := storeSeries(ctx, tx, s)
			if err != nil {
				return err
			}
			n, err := m.tiers[tier].merge(ctx, tx, s.id, of[i].Buckets)
			if err != nil {
				return fmt.Errorf("import series %d: %w", s.id, err)
			}
			grown += n
		}
		return m.tiers[tier].count(ctx, tx, grown)
	})
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range all {
		s.stored = true
	}
	return nil
}

// importRaw appends samples as if they came now. What is too much for the memory is packed in between.
func (m *Metrics) importRaw(ctx context.Context, of []metric.History) error {
	var samples []metric.Sample
	for _, h := range of {
		samples = samples[:0]
		for _, b := range h.Buckets {
			samples = append(samples, metric.Sample{Key: h.Key, Time: time.UnixMilli(b.At), Value: b.Min})
		}
		err := m.Append(ctx, samples)
		if errs.Is(err, errs.Unavailable) {
			if err = m.Flush(ctx); err == nil {
				err = m.Append(ctx, samples)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// seriesOf returns the series of a key and begins it when there is none.
func (m *Metrics) seriesOf(k metric.Key) (*series, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errClosed
	}
	if s := m.byKey[k]; s != nil {
		return s, nil
	}
	if len(m.byKey) >= m.opt.MaxSeries {
		return nil, errs.New(errs.TooLarge, "the store keeps %d series and takes no more", m.opt.MaxSeries)
	}
	s := &series{id: m.nextID, key: k}
	m.frames.reset()
	m.frames.define(s.id, k)
	m.frames.close()
	if err := m.wal.write(m.frames.buf); err != nil {
		return nil, err
	}
	m.register(s)
	return s, nil
}

// Settle packs what is in memory.
func (m *Metrics) Settle(ctx context.Context) error { return m.Flush(ctx) }
