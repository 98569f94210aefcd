package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
)

const (
	lookEvery   = time.Minute // at whether background work is due
	retainEvery = time.Hour
	closeWithin = 5 * time.Second // for packing at the end
)

// syncLoop syncs the log each interval in which it was written.
func (m *Metrics) syncLoop(ctx context.Context) {
	tick := time.NewTicker(m.opt.Sync)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := m.syncLog(); err != nil {
				m.log.Error("the samples' log cannot be synced: a power cut would cost what came since", "error", err)
			}
		}
	}
}

func (m *Metrics) syncLog() error {
	m.mu.Lock()
	file, dirty := m.wal.file, m.wal.dirty
	m.wal.dirty = false
	m.mu.Unlock()
	if !dirty {
		return nil
	}
	// A segment that was ended meanwhile has been synced by the one who ended it.
	if err := file.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
		m.mu.Lock()
		m.wal.dirty = true
		m.mu.Unlock()
		return err
	}
	m.mu.Lock()
	m.stats.LastFlush = m.opt.Now()
	m.mu.Unlock()
	return nil
}

// maintainLoop packs and ages when it is due.
func (m *Metrics) maintainLoop(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failed := false
	for {
		wake := m.wake
		if failed {
			wake = nil // what failed is not tried at each append, but at the next look
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-wake:
		}
		failed = m.maintainOnce(ctx) != nil
	}
}

// maintainOnce does what is due, and logs when that begins to fail and when it works again.
func (m *Metrics) maintainOnce(ctx context.Context) error {
	now := m.opt.Now()
	m.mu.RLock()
	pack := m.crowded() || !m.oldest.IsZero() && !now.Before(m.oldest.Add(m.opt.FlushAfter)) || now.Before(m.oldest)
	age := !now.Before(m.stats.LastRetention.Add(retainEvery))
	m.mu.RUnlock()
	m.maintain.Lock()
	defer m.maintain.Unlock()
	var err error
	if pack {
		err = m.flush(ctx)
	}
	if age && err == nil {
		err = m.retain(ctx)
	}
	if err != nil && ctx.Err() == nil && !m.failing {
		m.log.Error("samples cannot be packed; they stay in the log, and it is tried again each minute", "error", err)
	}
	if err == nil && m.failing {
		m.log.Info("samples are packed again")
	}
	m.failing = err != nil
	return err
}

// Flush packs what is in memory into blocks and rolls it up, now.
func (m *Metrics) Flush(ctx context.Context) error {
	m.maintain.Lock()
	defer m.maintain.Unlock()
	return m.flush(ctx)
}

// flush packs what is in memory and drops the part of the log that held it. The caller holds maintain. What fails
// stays in memory and log, and may be partly in the database too: doing it again changes nothing.
func (m *Metrics) flush(ctx context.Context) error {
	todo, upTo, err := m.take()
	if err != nil {
		return m.db.mapError(err)
	}
	if err := m.deleteForgotten(ctx); err != nil {
		m.restore(todo)
		return m.db.mapError(err)
	}
	for group := range slices.Chunk(todo, groupSeries) {
		// A group is packed in a moment. Watching for the end of ctx at each statement costs more than the statement.
		pack := func(tx *sql.Tx) error { return m.packGroup(context.WithoutCancel(ctx), tx, group) }
		if err := m.db.Tx(ctx, pack); err != nil {
			m.restore(todo)
			return err
		}
		m.packed(group)
	}
	m.mu.Lock()
	m.stats.LastRollup = m.opt.Now()
	m.mu.Unlock()
	if err := m.wal.drop(upTo); err != nil {
		return fmt.Errorf("drop packed log: %w", err)
	}
	return nil
}

// take ends the log's segment and moves the samples in memory aside for packing. It returns the number of the last
// segment that holds only these.
func (m *Metrics) take() (todo []*series, upTo uint64, err error) {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil, 0, errClosed
	}
	var ended *os.File
	if m.wal.size > 0 || m.wal.torn {
		if ended, err = m.wal.rotate(); err != nil {
			m.mu.Unlock()
			return nil, 0, err
		}
	}
	for _, s := range m.active {
		s.listed = false
		if s.deleted {
			continue
		}
		s.packing, s.head = s.head, nil
		todo = append(todo, s)
	}
	m.active, m.oldest = nil, time.Time{}
	upTo = m.wal.seq - 1
	m.mu.Unlock()
	if ended != nil {
		err = errors.Join(ended.Sync(), ended.Close())
		m.wal.syncFolder()
	}
	if err != nil {
		m.restore(todo)
	}
	slices.SortFunc(todo, func(a, b *series) int { return int(a.id) - int(b.id) })
	return todo, upTo, err
}

// restore gives samples that could not be packed back to memory; what came since stands.
func (m *Metrics) restore(todo []*series) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range todo {
		if s.deleted || len(s.packing) == 0 {
			continue
		}
		newer := s.head
		s.head, s.packing = s.packing, nil
		m.buffered -= int64(len(newer))
		for _, p := range newer {
			before := len(s.head)
			s.head = insert(s.head, p)
			m.buffered += int64(len(s.head) - before)
		}
		if !s.listed {
			s.listed = true
			m.active = append(m.active, s)
		}
		m.oldest = m.opt.Now().Add(-m.opt.FlushAfter) // due at the next look
	}
}

// packed lets go of samples that the database holds.
func (m *Metrics) packed(group []*series) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range group {
		m.buffered -= int64(len(s.packing))
		s.packing, s.stored = nil, true
	}
}

func (m *Metrics) packGroup(ctx context.Context, tx *sql.Tx, group []*series) error {
	grown := make([]int64, len(m.tiers))
	for _, s := range group {
		if err := m.packSeries(ctx, tx, s, grown); err != nil {
			return fmt.Errorf("pack series %d: %w", s.id, err)
		}
	}
	return m.countAll(ctx, tx, grown)
}

func (m *Metrics) packSeries(ctx context.Context, tx *sql.Tx, s *series, grown []int64) error {
	if !s.stored { // only changed under maintain
		if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO series (id, record, metric, instance) VALUES (?, ?, ?, ?)`,
			s.id, string(s.key.Record), s.key.Metric, s.key.Instance); err != nil {
			return err
		}
	}
	last := make([]block, len(m.tiers))
	read := func(tier int, from, to int64) ([]metric.Bucket, error) {
		if all, ok := last[tier].holds(m.tiers[tier], from, to); ok {
			return all, nil
		}
		return m.tiers[tier].read(ctx, tx, s.id, from, to)
	}
	samples := buckets(s.packing, s.packing[0].at, s.packing[len(s.packing)-1].at+1)
	return metric.Climb(m.opt.Tiers, len(m.tiers)-1, samples, read, func(tier int, changed []metric.Bucket) (err error) {
		var n int64
		n, last[tier], err = m.tiers[tier].put(ctx, tx, s.id, changed)
		grown[tier] += n
		return err
	})
}

func (m *Metrics) countAll(ctx context.Context, tx *sql.Tx, by []int64) error {
	for i, t := range m.tiers {
		if err := t.count(ctx, tx, by[i]); err != nil {
			return err
		}
	}
	return nil
}

// deleteForgotten deletes the series that the log says are gone. The caller holds maintain.
func (m *Metrics) deleteForgotten(ctx context.Context) error {
	for len(m.forgotten) > 0 {
		group := m.forgotten[:min(groupSeries, len(m.forgotten))]
		if err := m.db.Tx(ctx, func(tx *sql.Tx) error {
			shrunk := make([]int64, len(m.tiers))
			for _, name := range group {
				if err := m.removeSeries(ctx, tx, name, shrunk); err != nil {
					return err
				}
			}
			return m.countAll(ctx, tx, shrunk)
		}); err != nil {
			return err
		}
		m.forgotten = m.forgotten[len(group):]
	}
	return nil
}

func (m *Metrics) removeSeries(ctx context.Context, tx *sql.Tx, name uint32, shrunk []int64) error {
	for i, t := range m.tiers {
		n, err := t.remove(ctx, tx, int64(name)<<32, (int64(name)+1)<<32)
		if err != nil {
			return err
		}
		shrunk[i] -= n
	}
	for _, t := range m.former {
		n, err := t.remove(ctx, tx, int64(name)<<32, (int64(name)+1)<<32)
		if err == nil {
			err = t.count(ctx, tx, -n)
		}
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM series WHERE id = ?`, name)
	return err
}
