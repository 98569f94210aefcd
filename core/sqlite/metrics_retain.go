package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
)

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
	names := make([]uint32, 0, len(m.byKey))
	for _, s := range m.byKey {
		names = append(names, s.id)
	}
	closed := m.closed
	m.mu.RUnlock()
	if closed {
		return errClosed
	}
	slices.Sort(names)
	empty := map[uint32]bool{}
	for group := range slices.Chunk(names, groupSeries) {
		if err := m.db.Tx(ctx, func(tx *sql.Tx) error { return m.retainGroup(context.WithoutCancel(ctx), tx, group, now, empty) }); err != nil {
			return err
		}
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

func (m *Metrics) retainGroup(ctx context.Context, tx *sql.Tx, group []uint32, now time.Time, empty map[uint32]bool) error {
	shrunk := make([]int64, len(m.tiers))
	for _, name := range group {
		left := false
		for i, t := range m.tiers {
			n, err := t.remove(ctx, tx, int64(name)<<32, t.first(name, m.keepFrom(i, now).UnixMilli()))
			if err != nil {
				return err
			}
			shrunk[i] -= n
			any, err := t.holds(ctx, tx, name)
			if err != nil {
				return err
			}
			left = left || any
		}
		if !left {
			empty[name] = true
		}
	}
	return m.countAll(ctx, tx, shrunk)
}

// keepFrom returns the time from which on a tier's blocks are kept: by a step of the next tier longer than its
// retention, so that a bucket of that one can be computed anew as long as samples for it are taken.
func (m *Metrics) keepFrom(tier int, now time.Time) time.Time {
	margin := time.Duration(0)
	if tier+1 < len(m.tiers) {
		margin = m.tiers[tier+1].Step
	}
	return now.Add(-m.tiers[tier].Retention - margin)
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
		if empty[s.id] && len(s.head)+len(s.packing) == 0 {
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
func formerTiers(ctx context.Context, db *DB, tiers []tierTable) ([]tierTable, error) {
	rows, err := db.Read.QueryContext(ctx, `SELECT step FROM tiers`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var former []tierTable
	for rows.Next() {
		var seconds int64
		if err := rows.Scan(&seconds); err != nil {
			return nil, err
		}
		t := tableOf(metric.Tier{Step: time.Duration(seconds) * time.Second})
		if !slices.ContainsFunc(tiers, func(o tierTable) bool { return o.table == t.table }) {
			former = append(former, t)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range former {
		if err := former[i].prepare(ctx, db); err != nil {
			return nil, err
		}
	}
	return former, nil
}
