package sqlite

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
)

const removeRows = 2000 // that a transaction deletes

// Retain deletes what is older than its tier keeps, and series of which nothing is left, now.
func (m *Metrics) Retain(ctx context.Context) error {
	m.maintain.Lock()
	defer m.maintain.Unlock()
	return m.retain(ctx)
}

// retain is Retain for a caller that holds maintain.
func (m *Metrics) retain(ctx context.Context) error {
	now := m.opt.Now()
	m.mu.RLock()
	closed := m.closed
	m.mu.RUnlock()
	if closed {
		return errClosed
	}
	if err := m.rollIdle(ctx, now); err != nil {
		return err
	}
	touched := map[uint32]bool{}
	for i := range m.tiers {
		if err := m.retainTier(ctx, i, now, touched); err != nil {
			return err
		}
	}
	if err := m.retainSize(ctx, now, touched); err != nil {
		return err
	}
	empty, err := m.emptyOf(ctx, touched)
	if err != nil {
		return err
	}
	m.forgetEmpty(empty)
	if err := m.deleteForgotten(ctx); err != nil {
		return m.db.mapError(err)
	}
	m.mu.Lock()
	m.stats.LastRetention = now
	m.mu.Unlock()
	return nil
}

// rollIdle rolls up what is due when no samples wait to be packed; else that is done when they are.
func (m *Metrics) rollIdle(ctx context.Context, now time.Time) error {
	m.mu.RLock()
	idle := m.buffered == 0
	m.mu.RUnlock()
	if !idle {
		return nil
	}
	return m.roll(ctx, now)
}

// retainTier deletes what is too old in a tier. It adds the series of which it deleted something to touched when nothing
// is kept longer than in this tier.
func (m *Metrics) retainTier(ctx context.Context, tier int, now time.Time, touched map[uint32]bool) error {
	for {
		var names []uint32
		err := m.db.Tx(ctx, func(tx *sql.Tx) (err error) {
			ctx := context.WithoutCancel(ctx)
			var shrunk int64
			if names, shrunk, err = m.tiers[tier].removeOld(ctx, tx, m.keepFrom(tier, now.Add(-m.tiers[tier].Retention))); err != nil {
				return err
			}
			return m.tiers[tier].count(ctx, tx, -shrunk)
		})
		if err != nil || len(names) == 0 {
			return err
		}
		if tier == len(m.tiers)-1 {
			for _, name := range names {
				touched[name] = true
			}
		}
	}
}

// retainSize deletes the oldest of the largest tier until the database is as small as it should be. What came within the
// last hour stays.
func (m *Metrics) retainSize(ctx context.Context, now time.Time, touched map[uint32]bool) error {
	for m.opt.MaxBytes > 0 {
		used, err := m.db.usedBytes(ctx)
		if err != nil || used <= m.opt.MaxBytes {
			return m.db.mapError(err)
		}
		tier, err := m.largest(ctx)
		if err != nil {
			return m.db.mapError(err)
		}
		var names []uint32
		err = m.db.Tx(ctx, func(tx *sql.Tx) (err error) {
			ctx := context.WithoutCancel(ctx)
			var shrunk int64
			if names, shrunk, err = m.tiers[tier].removeOld(ctx, tx, m.keepFrom(tier, now.Add(-time.Hour))); err != nil {
				return err
			}
			return m.tiers[tier].count(ctx, tx, -shrunk)
		})
		if err != nil {
			return err
		}
		if len(names) == 0 {
			m.log.Warn("the store of series is larger than it should be with what came within the last hour alone: allow it more", "bytes", used, "allowed", m.opt.MaxBytes)
			return nil
		}
		m.mu.Lock()
		m.stats.Shortened = now
		m.mu.Unlock()
		for _, name := range names {
			touched[name] = true
		}
	}
	return nil
}

// largest returns the tier whose blocks take the most.
func (m *Metrics) largest(ctx context.Context) (tier int, err error) {
	most := int64(-1)
	for i, t := range m.tiers {
		var bytes int64
		if err := m.db.Read.QueryRowContext(ctx, `SELECT coalesce(sum(length(data)), 0) FROM `+t.table).Scan(&bytes); err != nil {
			return 0, err
		}
		if bytes > most {
			tier, most = i, bytes
		}
	}
	return tier, nil
}

// usedBytes returns how much of the database holds something.
func (d *DB) usedBytes(ctx context.Context) (int64, error) {
	var pages, free, size int64
	err := d.Read.QueryRowContext(ctx, `SELECT (SELECT * FROM pragma_page_count), (SELECT * FROM pragma_freelist_count), (SELECT * FROM pragma_page_size)`).Scan(&pages, &free, &size)
	return (pages - free) * size, err
}

// emptyOf returns those of the series of which nothing is left.
func (m *Metrics) emptyOf(ctx context.Context, touched map[uint32]bool) (empty map[uint32]bool, err error) {
	empty = map[uint32]bool{}
	names := slices.Sorted(maps.Keys(touched))
	for group := range slices.Chunk(names, groupSeries) {
		if err := m.db.Tx(ctx, func(tx *sql.Tx) error {
			for _, name := range group {
				left := false
				for i := len(m.tiers) - 1; i >= 0 && !left; i-- {
					if left, err = m.tiers[i].holds(context.WithoutCancel(ctx), tx, name); err != nil {
						return err
					}
				}
				if !left {
					empty[name] = true
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return empty, nil
}

// keepFrom returns the time from which on a tier's blocks are kept that should be kept from another on: by a step of the next tier
// longer, so that a bucket of that one can be computed anew as long as samples for it are taken, and until that one is rolled up.
func (m *Metrics) keepFrom(tier int, from time.Time) int64 {
	if tier+1 == len(m.tiers) {
		return from.UnixMilli()
	}
	next := m.tiers[tier+1]
	return min(from.Add(-next.Step).UnixMilli(), next.rolled.Load())
}

// forgetEmpty takes series out of memory that have nothing anywhere.
func (m *Metrics) forgetEmpty(empty map[uint32]bool) {
	if len(empty) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var gone []*series
	for _, s := range m.byKey {
		if empty[s.id] && len(s.head.chunks)+len(s.packing.chunks) == 0 {
			gone = append(gone, s)
		}
	}
	for _, s := range gone {
		m.unregister(s)
		m.forgotten = append(m.forgotten, s.id)
	}
}

// formerTiers returns the tables of tiers that are not configured any more: they are kept as they are, but what is
// deleted is deleted there too.
func (m *Metrics) formerTiers(ctx context.Context) ([]tierTable, error) {
	steps, err := tierSteps(ctx, m.db.Read)
	if err != nil {
		return nil, err
	}
	var former []tierTable
	for _, seconds := range steps {
		if slices.ContainsFunc(m.tiers, func(t tierTable) bool { return t.seconds() == seconds }) {
			continue
		}
		t, err := newTierTable(ctx, m.db, metric.Tier{Step: time.Duration(seconds) * time.Second}, m.opt.Now(), m.log)
		if err != nil {
			return nil, err
		}
		former = append(former, t)
	}
	return former, nil
}

// tierSteps returns the steps of all tiers that the database has ever had, in seconds.
func tierSteps(ctx context.Context, db *sql.DB) (steps []int64, err error) {
	rows, err := db.QueryContext(ctx, `SELECT step FROM tiers ORDER BY step`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var seconds int64
		if err := rows.Scan(&seconds); err != nil {
			return nil, err
		}
		steps = append(steps, seconds)
	}
	return steps, rows.Err()
}
