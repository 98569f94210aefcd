package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
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
	if !dirty || file == nil {
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
		err = m.flushAndRoll(ctx)
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
	return m.flushAndRoll(ctx)
}

// flushAndRoll packs what is in memory and rolls up what is due then. The caller holds maintain.
func (m *Metrics) flushAndRoll(ctx context.Context) error {
	now := m.opt.Now()
	if err := m.flush(ctx); err != nil {
		return err
	}
	return m.roll(ctx, now)
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
	if err := m.pack(ctx, todo); err != nil {
		m.restore(todo)
		return err
	}
	m.mu.Lock()
	m.stats.LastRollup = m.opt.Now()
	m.mu.Unlock()
	if err := m.wal.drop(upTo); err != nil {
		return fmt.Errorf("drop packed log: %w", err)
	}
	return nil
}

// pack stores what was taken, window by window, so that rows come in the order of their keys, and lets go of it.
func (m *Metrics) pack(ctx context.Context, todo []*series) error {
	for _, from := range m.windowsOf(todo) {
		to := from + window(m.tiers[0].Tier)
		var run int64
		err := m.db.Tx(ctx, func(tx *sql.Tx) (err error) {
			run, err = m.tiers[0].nextRun(context.WithoutCancel(ctx), tx, from)
			return err
		})
		if err != nil {
			return err
		}
		for group := range slices.Chunk(todo, groupSeries) {
			// A group is packed in a moment. Watching for the end of ctx at each statement costs more than the statement.
			pack := func(tx *sql.Tx) error { return m.packGroup(context.WithoutCancel(ctx), tx, group, from, to, run) }
			if err := m.db.Tx(ctx, pack); err != nil {
				return err
			}
			m.packed(group, to)
		}
	}
	return nil
}

// windowsOf returns the starts of the windows in which the series have samples to pack, in order.
func (m *Metrics) windowsOf(todo []*series) []int64 {
	width := window(m.tiers[0].Tier)
	found := map[int64]bool{}
	for _, s := range todo {
		first, last := s.packing.span()
		for at := first / width; at <= last/width; at++ {
			found[at*width] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
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
		s.packing, s.head, s.packedTo = s.head, head{}, 0
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
		if s.deleted || len(s.packing.chunks) == 0 {
			continue
		}
		older, newer := s.packing, s.head
		m.release(&s.head)
		if s.packedTo == 0 {
			s.head, s.packing = older, head{}
		} else {
			m.release(&s.packing)
			older.each(func(p point) {
				if p.at >= s.packedTo {
					m.place(placed{s, p})
				}
			})
		}
		newer.each(func(p point) { m.place(placed{s, p}) })
		if !s.listed {
			s.listed = true
			m.active = append(m.active, s)
		}
		m.oldest = m.opt.Now().Add(-m.opt.FlushAfter) // due at the next look
	}
}

// packed notes what the database holds now, and lets go of samples of which all before a time are there.
func (m *Metrics) packed(group []*series, before int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range group {
		if s.packed == nil {
			continue
		}
		s.stored, s.newest, s.packedTo = true, s.packed, before
		if _, last := s.packing.span(); last < before {
			m.release(&s.packing)
		}
	}
}

// packGroup packs the samples of some series in a window of time, as part of a run.
func (m *Metrics) packGroup(ctx context.Context, tx *sql.Tx, group []*series, from, to, run int64) error {
	grown := make([]int64, len(m.tiers))
	for _, s := range group {
		s.packed = nil
		samples := s.packing.buckets(from, to)
		if len(samples) == 0 {
			continue
		}
		if err := m.packSeries(ctx, tx, s, samples, run, grown); err != nil {
			return fmt.Errorf("pack series %d: %w", s.id, err)
		}
	}
	return m.countAll(ctx, tx, grown)
}

func (m *Metrics) packSeries(ctx context.Context, tx *sql.Tx, s *series, samples []metric.Bucket, run int64, grown []int64) error {
	if err := storeSeries(ctx, tx, s); err != nil {
		return err
	}
	newest, err := m.newestOf(ctx, tx, s)
	if err != nil {
		return err
	}
	n, err := m.tiers[0].put(ctx, tx, s.id, samples, newest, run)
	if err != nil {
		return err
	}
	grown[0] += n
	newest = max(newest, samples[len(samples)-1].At)
	s.packed = &newest
	v := view{m: m, tx: tx, name: s.id, newest: newest}
	return v.late(ctx, len(m.tiers)-1, samples, func(tier int, changed []metric.Bucket) error {
		t := m.tiers[tier]
		n, err := t.merge(ctx, tx, s.id, before(changed, t.rolled.Load()))
		grown[tier] += n
		return err
	})
}

// before returns the buckets, of some ordered by time, that begin before a time.
func before(buckets []metric.Bucket, at int64) []metric.Bucket {
	n, _ := slices.BinarySearchFunc(buckets, at, compareBucket)
	return buckets[:n]
}

// storeSeries writes the series' row unless it is there.
func storeSeries(ctx context.Context, tx *sql.Tx, s *series) error {
	if s.stored { // only changed under maintain
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO series (id, record, metric, instance) VALUES (?, ?, ?, ?)`,
		s.id, string(s.key.Record), s.key.Metric, s.key.Instance)
	return err
}

// newestOf returns a time after which the database holds no raw samples of a series.
func (m *Metrics) newestOf(ctx context.Context, tx *sql.Tx, s *series) (int64, error) {
	switch { // only changed under maintain
	case s.newest != nil:
		return *s.newest, nil
	case !s.stored:
		return -1, nil
	}
	return m.tiers[0].newest(ctx, tx, s.id)
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
		n, err := t.remove(ctx, tx, name)
		if err != nil {
			return err
		}
		shrunk[i] -= n
	}
	for _, t := range m.former {
		n, err := t.remove(ctx, tx, name)
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
