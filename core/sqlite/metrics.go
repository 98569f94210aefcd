package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

//go:embed metrics/*.sql
var metricsMigrations embed.FS

// Options are the settings of a [Metrics] store. The zero value is fine.
type Options struct {
	// Tiers, finest first; [metric.DefaultTiers] when empty.
	Tiers []metric.Tier
	// Now is the clock that ages samples; the machine's when nil.
	Now func() time.Time
	// Sync is how often the log of samples is synced: what a power cut may cost. Default 10 s.
	Sync time.Duration
	// FlushAfter is how long samples stay in log and memory before they are packed into blocks. Rarely is kind to
	// SSDs. Default 30 min.
	FlushAfter time.Duration
	// MaxSeries is the most series kept; samples of more are refused and counted. Default 100,000.
	MaxSeries int
	// MaxBytes is how large the database may grow: past it the oldest of the largest tier is deleted before its time.
	// 0 is without bound.
	MaxBytes int64
	// Volatile keeps everything in memory and writes no file: what is there ends with the process.
	Volatile bool
	Log      hclog.Logger
}

const (
	// packEvery is a compromise: an hour takes twice the memory, and a twentieth less of the disk.
	packEvery = 30 * time.Minute

	// Samples are packed, however young, when they take flushBytes of memory: to pack a series costs nearly the same
	// for one sample and for a hundred.
	flushBytes  = 24 << 20
	maxBytes    = 2 * flushBytes // in memory before Append refuses more: the database has not taken any for long
	groupSeries = 600            // series per transaction of the background work
)

// Metrics is the embedded metric.Store. Samples go to a log and to memory; at times they are packed into blocks,
// one row each, and rolled up, in a database. What the log holds beyond the database is read back at start.
type Metrics struct {
	opt   Options
	db    *DB
	tiers []tierTable
	log   hclog.Logger
	// former are tables of tiers that are not configured any more.
	former []tierTable

	// maintain is held by the one who packs, deletes or ages. It comes before mu.
	maintain  sync.Mutex
	forgotten []uint32 // series that the database still has to delete; under maintain
	failing   bool     // the last background work failed and was logged; under maintain

	mu       sync.RWMutex
	closed   bool
	wal      sampleLog
	frames   frameWriter
	byKey    map[metric.Key]*series
	byRecord map[id.UID][]*series
	active   []*series // with samples in memory
	nextID   uint32
	buffered int64 // samples in memory
	bytes    int64 // that they take
	placed   []placed
	stats    metric.Stats
	oldest   time.Time // when the first sample in memory came, zero without one

	scratch sync.Pool // of *[]metric.Bucket, for queries

	wake chan struct{}
	base context.Context // for work that has no caller
	stop context.CancelFunc
	done sync.WaitGroup
}

var _ metric.Store = (*Metrics)(nil)

// OpenMetrics opens metrics.db at path, and the log of samples in the folder metrics.log beside it, and reads back
// what the log holds. The path's folder must exist and be used by no other process. A damaged database is set aside
// under another name and an empty one begun.
func OpenMetrics(ctx context.Context, path string, opt Options) (*Metrics, error) {
	opt = opt.withDefaults()
	if err := metric.CheckTiers(opt.Tiers); err != nil {
		return nil, err
	}
	m, err := openMetrics(ctx, path, opt)
	if damaged(err) {
		aside, moveErr := setAside(path, opt.Now())
		if moveErr != nil {
			return nil, errors.Join(err, moveErr)
		}
		opt.Log.Error("the database of series is damaged: it was set aside and an empty one begun", "path", path, "aside", aside, "error", err)
		m, err = openMetrics(ctx, path, opt)
	}
	if err != nil {
		return nil, err
	}
	m.base = context.WithoutCancel(ctx)
	background, stop := context.WithCancel(m.base)
	m.stop = stop
	m.done.Go(func() { m.syncLoop(background) })
	m.done.Go(func() { m.maintainLoop(background) })
	return m, nil
}

// openMetrics is OpenMetrics without the work in the background.
func openMetrics(ctx context.Context, path string, opt Options) (*Metrics, error) {
	sub, err := fs.Sub(metricsMigrations, "metrics")
	if err != nil {
		return nil, err
	}
	var db *DB
	if opt.Volatile {
		db, err = openVolatile(ctx, sub)
	} else {
		db, err = open(ctx, path, sub, layout{synchronous: "FULL", readers: 2, cacheKiB: 512})
	}
	if err != nil {
		return nil, err
	}
	m := &Metrics{
		opt: opt, db: db, log: opt.Log, wake: make(chan struct{}, 1),
		byKey: map[metric.Key]*series{}, byRecord: map[id.UID][]*series{}, nextID: 1,
		wal: sampleLog{dir: logDir(path), volatile: opt.Volatile},
	}
	if err := m.load(ctx); err != nil {
		_ = db.Close()
		return nil, db.mapError(fmt.Errorf("open %s: %w", path, err))
	}
	return m, nil
}

// logDir is the folder of the samples' log beside a database.
func logDir(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".log" }

// setAside renames a damaged database and what belongs to it, so that somebody may look into it. Series are worth
// less than a server that starts.
func setAside(path string, now time.Time) (aside string, err error) {
	aside = fmt.Sprintf("%s.damaged-%d", path, now.Unix())
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("set damaged database aside: %w", err)
		}
	}
	return aside, nil
}

func (o Options) withDefaults() Options {
	if len(o.Tiers) == 0 {
		o.Tiers = metric.DefaultTiers()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sync <= 0 {
		o.Sync = 10 * time.Second
	}
	if o.FlushAfter <= 0 {
		o.FlushAfter = packEvery
	}
	if o.MaxSeries <= 0 {
		o.MaxSeries = 100_000
	}
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
	return o
}

// load makes the tiers' tables, reads the series and replays the log.
func (m *Metrics) load(ctx context.Context) error {
	for _, t := range m.opt.Tiers {
		table, err := newTierTable(ctx, m.db, t, m.opt.Now().Add(-m.opt.Tiers[0].Retention), m.opt.Log)
		if err != nil {
			return err
		}
		m.tiers = append(m.tiers, table)
	}
	var err error
	if m.former, err = m.formerTiers(ctx); err != nil {
		return err
	}
	rows, err := m.db.Read.QueryContext(ctx, `SELECT id, record, metric, instance FROM series ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	byID := map[uint32]*series{}
	for rows.Next() {
		s := &series{stored: true}
		if err := rows.Scan(&s.id, &s.key.Record, &s.key.Metric, &s.key.Instance); err != nil {
			return err
		}
		byID[s.id] = s
		m.register(s)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return m.replay(byID)
}

// replay reads the log into memory and begins a new segment.
func (m *Metrics) replay(byID map[uint32]*series) error {
	if m.opt.Volatile {
		_, err := m.wal.rotate()
		return err
	}
	if err := os.MkdirAll(m.wal.dir, 0o700); err != nil {
		return fmt.Errorf("make folder of the log: %w", err)
	}
	all, err := segments(m.wal.dir)
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	r := replayer{m: m, byID: byID}
	for _, seq := range all {
		name := m.wal.name(seq)
		whole, damaged, err := replay(name, &r)
		if damaged > 0 {
			m.log.Error("a part of the samples' log is damaged and left out", "segment", name, "bytes", damaged)
		}
		switch {
		case errors.Is(err, errTorn):
			m.log.Warn("a segment of the samples' log ends torn: what follows was not acknowledged", "segment", name, "whole_bytes", whole)
		case err != nil:
			return fmt.Errorf("replay %s: %w", name, err)
		}
		if whole == 0 {
			if err := os.Remove(name); err != nil {
				return fmt.Errorf("remove empty segment: %w", err)
			}
		}
		m.wal.seq = seq
	}
	if m.buffered > 0 {
		m.log.Info("read samples back from the log", "samples", m.buffered, "unknown", r.unknown)
		m.oldest = m.opt.Now()
	}
	if _, err = m.wal.rotate(); err == nil {
		m.wal.syncFolder()
	}
	return err
}

// Append stores samples; see metric.Store. A full disk and a database that takes nothing for long are
// [errs.Unavailable]; then nothing of the call is stored.
func (m *Metrics) Append(ctx context.Context, samples []metric.Sample) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := m.opt.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	if m.bytes > maxBytes {
		m.wakeUp()
		e := errs.New(errs.Unavailable, "samples come faster than %s takes them", m.db.path)
		e.RetryAfter = 10 * time.Second
		return e
	}
	batch := m.sort(samples, metric.AllowanceFrom(ctx), now)
	m.frames.close()
	if len(m.frames.buf) > 0 {
		if err := m.wal.write(m.frames.buf); err != nil {
			return m.db.mapError(err)
		}
	}
	for _, p := range batch.placed {
		m.place(p)
	}
	m.placed = reusable(batch.placed)
	m.stats.Written += uint64(len(batch.placed))
	m.stats.Refused += uint64(len(samples) - len(batch.placed))
	if m.oldest.IsZero() && len(batch.placed) > 0 {
		m.oldest = now
	}
	if m.crowded() {
		m.wakeUp()
	}
	return nil
}

var errClosed = errs.New(errs.Unavailable, "the metric store is closed")

// reusable empties a list for the next call, unless that would keep much memory.
func reusable(list []placed) []placed {
	if cap(list) > 4096 {
		return nil
	}
	clear(list)
	return list[:0]
}

// crowded reports whether samples take as much memory as they should. The caller holds mu.
func (m *Metrics) crowded() bool { return m.bytes > flushBytes }

func (m *Metrics) wakeUp() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Stats tells how the store is doing.
func (m *Metrics) Stats(ctx context.Context) (metric.Stats, error) {
	m.mu.RLock()
	s, closed := m.stats, m.closed
	s.Series, s.Buffered = int64(len(m.byKey)), m.buffered
	m.mu.RUnlock()
	if closed {
		return metric.Stats{}, errClosed
	}
	var err error
	if s.SizeBytes, err = m.size(ctx); err != nil {
		return metric.Stats{}, err
	}
	s.Points = map[string]int64{}
	for _, t := range m.tiers {
		var points int64
		if err := m.db.Read.QueryRowContext(ctx, `SELECT points FROM tiers WHERE step = ?`, t.seconds()).Scan(&points); err != nil {
			return metric.Stats{}, m.db.mapError(fmt.Errorf("count points: %w", err))
		}
		s.Points[t.Name] = points
	}
	return s, nil
}

// size returns the bytes of the database and the log, on the disk or, of a volatile store, in memory.
func (m *Metrics) size(ctx context.Context) (bytes int64, err error) {
	if m.opt.Volatile {
		pages, err := m.db.usedBytes(ctx)
		m.mu.RLock()
		defer m.mu.RUnlock()
		return pages + m.bytes, err
	}
	bytes = m.wal.bytes()
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(m.db.path + suffix); err == nil {
			bytes += info.Size()
		}
	}
	return bytes, nil
}

// Close packs what is in memory and ends. When packing fails, the log keeps it for the next start.
func (m *Metrics) Close() error {
	m.stop()
	m.done.Wait()
	m.maintain.Lock()
	defer m.maintain.Unlock()
	m.mu.RLock()
	closed := m.closed
	m.mu.RUnlock()
	if closed {
		return nil
	}
	ctx, cancel := context.WithTimeout(m.base, closeWithin)
	defer cancel()
	if err := m.flush(ctx); err != nil {
		m.log.Warn("samples stay in the log until the next start", "error", err)
	}
	m.mu.Lock()
	m.closed = true
	err := m.wal.close()
	m.mu.Unlock()
	return errors.Join(err, m.db.Close())
}
