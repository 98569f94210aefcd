// Package metrictest holds the contract suite of metric.Store and a store in memory for the tests of others.
package metrictest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// Memory is a metric.Store that keeps raw samples in memory and rolls them up when asked. It passes the suite but
// for durability, and is safe for concurrent use.
type Memory struct {
	tiers []metric.Tier
	now   func() time.Time

	mu     sync.Mutex
	closed bool
	series map[id.UID]map[metric.Key][]metric.Bucket // ordered by time
	stats  metric.Stats
}

// NewMemory returns an empty store. Without tiers it has [metric.DefaultTiers].
func NewMemory(now func() time.Time, tiers ...metric.Tier) *Memory {
	if len(tiers) == 0 {
		tiers = metric.DefaultTiers()
	}
	return &Memory{tiers: tiers, now: now, series: map[id.UID]map[metric.Key][]metric.Bucket{}}
}

var (
	_         metric.Store = (*Memory)(nil)
	errClosed              = errors.New("the metric store is closed")
)

// Append stores samples.
func (m *Memory) Append(ctx context.Context, samples []metric.Sample) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	now, allow := m.now(), metric.AllowanceFrom(ctx)
	for _, s := range samples {
		if _, known := m.series[s.Record][s.Key]; !s.Acceptable(m.tiers[0], now) || !known && !allow.Take() {
			m.stats.Refused++
			continue
		}
		m.stats.Written++
		of := m.series[s.Record]
		if of == nil {
			of = map[metric.Key][]metric.Bucket{}
			m.series[s.Record] = of
		}
		b := metric.Single(s.Time.UnixMilli(), s.Value)
		list := of[s.Key]
		i, found := slices.BinarySearchFunc(list, b, func(a, b metric.Bucket) int { return cmp.Compare(a.At, b.At) })
		if found {
			list[i] = b
		} else {
			of[s.Key] = slices.Insert(list, i, b)
		}
	}
	m.stats.LastFlush = now
	return nil
}

// Query answers q.
func (m *Memory) Query(_ context.Context, q metric.Query) ([]metric.Series, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errClosed
	}
	keys := q.Select(func(record id.UID) []metric.Key {
		var keys []metric.Key
		for k := range m.series[record] {
			keys = append(keys, k)
		}
		return keys
	})
	plan, err := metric.NewPlan(q, m.tiers, m.now(), len(keys))
	if err != nil {
		return nil, err
	}
	var answer []metric.Series
	for _, k := range keys {
		buckets := m.series[k.Record][k]
		if plan.Tier.Step > 0 {
			buckets = metric.Rollup(buckets, plan.Tier.Step)
		}
		step, points := plan.Reduce(between(buckets, metric.Floor(plan.From, plan.Tier.Step), plan.To))
		if len(points) > 0 {
			answer = append(answer, metric.Series{Key: k, Step: step, Points: points})
		}
	}
	return answer, nil
}

func between(list []metric.Bucket, from, to int64) []metric.Bucket {
	at := func(b metric.Bucket, at int64) int { return cmp.Compare(b.At, at) }
	i, _ := slices.BinarySearchFunc(list, from, at)
	j, _ := slices.BinarySearchFunc(list, to, at)
	return list[i:max(i, j)]
}

// Delete forgets all series of the records.
func (m *Memory) Delete(_ context.Context, records []id.UID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	for _, r := range records {
		delete(m.series, r)
	}
	return nil
}

// Stats counts points as each tier would hold them.
func (m *Memory) Stats(context.Context) (metric.Stats, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return metric.Stats{}, errClosed
	}
	s := m.stats
	s.Points = map[string]int64{}
	now := m.now()
	for _, of := range m.series {
		for _, list := range of {
			if now.Sub(time.UnixMilli(list[len(list)-1].At)) > m.tiers[len(m.tiers)-1].Retention {
				continue
			}
			s.Series++
			s.SizeBytes += int64(len(list)) * 40
			for _, t := range m.tiers {
				kept := between(metric.Rollup(list, t.Step), now.Add(-t.Retention).UnixMilli(), 1<<62)
				s.Points[t.Name] += int64(len(kept))
			}
		}
	}
	s.LastRollup, s.LastRetention = now, now
	return s, nil
}

// Close ends the store. What it held is gone.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}
