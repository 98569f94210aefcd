package influx

import (
	"context"

	"github.com/pulse-platform/pulse/core/metric"
)

var _ metric.Archive = (*Store)(nil)

// Read returns what a tier keeps of series.
func (s *Store) Read(ctx context.Context, tier int, keys []metric.Key) ([]metric.History, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	now := s.opt.Now()
	t := s.opt.Tiers[tier]
	s.catchUp(ctx)
	found, err := s.fetch(ctx, tier, selection(metric.Query{}, keys), metric.Floor(now.Add(-t.Retention).UnixMilli(), t.Step), now.Add(metric.MaxAhead).UnixMilli())
	if err != nil {
		return nil, err
	}
	out := make([]metric.History, 0, len(keys))
	for _, k := range keys {
		if len(found[k]) > 0 {
			out = append(out, metric.History{Key: k, Buckets: found[k]})
		}
	}
	return out, nil
}

// Import sends the buckets of a tier at once, past the spool: what fails is imported again.
func (s *Store) Import(ctx context.Context, tier int, of []metric.History) error {
	keys := make([]metric.Key, 0, len(of))
	found := make(buckets, len(of))
	for _, h := range of {
		keys = append(keys, h.Key)
		found[h.Key] = h.Buckets
	}
	s.sending.Lock()
	defer s.sending.Unlock()
	if err := s.drainHeld(ctx); err != nil {
		return err
	}
	if err := s.writeBuckets(ctx, tier, found); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.index.add(keys, nil); err != nil {
		return diskError(s.spool.dir, err)
	}
	return nil
}

// Settle has nothing to do: what Import sent is in InfluxDB.
func (s *Store) Settle(context.Context) error { return nil }
