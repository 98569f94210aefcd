// Package influx is metric.Store on InfluxDB 2 and 1.8. Samples go to a spool on the disk first, which is what
// acknowledges them, and from there to InfluxDB in order; while it is away they wait. Each tier is a bucket of its own.
package influx

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// Options say where InfluxDB is and how the store uses it.
type Options struct {
	URL string
	// Org is InfluxDB 2's organisation. Without one the server is taken for a 1.8, whose token is user:password.
	Org string
	// Bucket is the name of the bucket of raw samples and the beginning of the others' names; with 1.8 the database.
	Bucket string
	Token  string
	// WriteOnly never reads: for servers that take InfluxDB's writes only. Queries fail.
	WriteOnly bool
	// Tiers, finest first; [metric.DefaultTiers] when empty.
	Tiers []metric.Tier
	Now   func() time.Time
	// Every is how long samples are gathered before they are sent. Default 1 s.
	Every time.Duration
	// Sync is how often what waits in the spool is forced to the disk. Default 10 s.
	Sync time.Duration
	// SpoolBytes and SpoolAge bound what waits: past either, samples are refused until InfluxDB is back. Defaults 1 GiB
	// and 7 days.
	SpoolBytes int64
	SpoolAge   time.Duration
	// MaxSeries is the most series kept; samples of more are refused and counted. Default 1,000,000.
	MaxSeries int
	// Timeout of a request. Default 20 s.
	Timeout time.Duration
	Log     hclog.Logger
}

func (o Options) withDefaults() Options {
	if len(o.Tiers) == 0 {
		o.Tiers = metric.DefaultTiers()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Every = positive(o.Every, time.Second)
	o.Sync = positive(o.Sync, 10*time.Second)
	o.SpoolBytes = positive(o.SpoolBytes, 1<<30)
	o.SpoolAge = positive(o.SpoolAge, 7*24*time.Hour)
	o.MaxSeries = positive(o.MaxSeries, 1_000_000)
	o.Timeout = positive(o.Timeout, 20*time.Second)
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
	return o
}

func positive[T int | int64 | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

// Store is metric.Store on InfluxDB.
type Store struct {
	opt    Options
	log    hclog.Logger
	remote *remote

	mu       sync.Mutex
	closed   bool
	spool    *spool
	index    *index
	stats    metric.Stats
	problem  string // why InfluxDB takes nothing at the moment, empty when it does
	since    time.Time
	counted  counted
	sent     sync.Cond // on mu: what was sent, or cannot be
	attempts uint64    // to send, that ended

	// sending is held by the one who changes what InfluxDB holds in more than one step: rolling up, deleting.
	sending sync.Mutex

	wake chan struct{}
	base context.Context // for work that has no caller
	stop context.CancelFunc
	done sync.WaitGroup
}

var _ metric.Store = (*Store)(nil)

var errClosed = errs.New(errs.Unavailable, "the metric store is closed")

// Open opens the spool in the folder dir, which no other process uses. InfluxDB need not be there.
func Open(ctx context.Context, dir string, opt Options) (*Store, error) {
	opt = opt.withDefaults()
	if err := metric.CheckTiers(opt.Tiers); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool's folder: %w", err)
	}
	s := &Store{opt: opt, log: opt.Log, remote: newRemote(opt), wake: make(chan struct{}, 1)}
	s.sent.L = &s.mu
	var err error
	if s.spool, err = openSpool(filepath.Join(dir, "spool"), opt.Now()); err != nil {
		return nil, err
	}
	if s.index, err = openIndex(filepath.Join(dir, "index.json")); err != nil {
		_ = s.spool.close()
		return nil, err
	}
	s.base = context.WithoutCancel(ctx)
	background, stop := context.WithCancel(s.base)
	s.stop = stop
	s.done.Go(func() { s.drainLoop(background) })
	s.done.Go(func() { s.upkeepLoop(background) })
	return s, nil
}

// Append spools samples; see metric.Store. A spool that is full or too old, and a full disk, are [errs.Unavailable]; then
// nothing of the call is stored.
func (s *Store) Append(ctx context.Context, samples []metric.Sample) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := s.opt.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.room(now); err != nil {
		return err
	}
	allow := metric.AllowanceFrom(ctx)
	var lines lineWriter
	touched := make([]touch, 0, len(samples))
	taken, fresh, hours := 0, map[metric.Key]bool{}, map[int64]bool{}
	for _, sample := range samples {
		if !sample.Acceptable(s.opt.Tiers[0], now) {
			continue
		}
		if !s.index.has(sample.Key) && !fresh[sample.Key] {
			if s.index.len()+len(fresh) >= s.opt.MaxSeries || !allow.Take() {
				continue
			}
			fresh[sample.Key] = true
		}
		at := sample.Time.UnixMilli()
		lines.sample(sample.Key, at, sample.Value)
		hour := metric.Floor(at, unit)
		hours[hour] = true
		touched = append(touched, touch{sample.Key, hour})
		taken++
	}
	if taken > 0 {
		// The index comes first: what it knows too much does no harm.
		if err := s.index.add(slices.Collect(maps.Keys(fresh)), slices.Collect(maps.Keys(hours))); err != nil {
			return diskError(s.spool.dir, err)
		}
		if err := s.spool.put(entry{tier: 0, lines: taken, body: lines.buf}, now); err != nil {
			return diskError(s.spool.dir, err)
		}
		for _, t := range touched {
			s.index.touch(t.key, t.hour, now)
		}
	}
	s.stats.Written += uint64(taken)
	s.stats.Refused += uint64(len(samples) - taken)
	if s.spool.lines >= batchLines {
		s.wakeUp()
	}
	return nil
}

// touch is a series and an hour of which a sample came.
type touch struct {
	key  metric.Key
	hour int64
}

// room refuses samples when too much waits, or has waited for too long. The caller holds mu.
func (s *Store) room(now time.Time) error {
	if s.closed {
		return errClosed
	}
	var e *errs.Error
	switch age := now.Sub(s.spool.oldest()); {
	case s.spool.bytes >= s.opt.SpoolBytes:
		e = errs.New(errs.Unavailable, "the spool for InfluxDB is full (%d bytes): %s", s.spool.bytes, s.reason())
	case s.spool.lines > 0 && age > s.opt.SpoolAge:
		e = errs.New(errs.Unavailable, "samples wait for InfluxDB since %v: %s", age.Round(time.Minute), s.reason())
	default:
		return nil
	}
	s.wakeUp()
	e.RetryAfter = 10 * time.Second
	return e
}

func (s *Store) reason() string {
	if s.problem != "" {
		return s.problem
	}
	return "samples come faster than it takes them"
}

// Delete forgets all series of the records. The deletion waits in the spool behind the samples that came before it.
func (s *Store) Delete(_ context.Context, records []id.UID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	var gone []id.UID
	for _, record := range records {
		if len(s.index.keysOf(record)) > 0 && !slices.Contains(gone, record) {
			gone = append(gone, record)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := s.spool.put(deletion(gone), s.opt.Now()); err != nil {
		return diskError(s.spool.dir, err)
	}
	if err := s.index.remove(gone); err != nil {
		return diskError(s.spool.dir, err)
	}
	s.counted = counted{}
	return nil
}

func (s *Store) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// closeWithin bounds how long the end waits for InfluxDB. What it does not take lies in the spool.
const closeWithin = 3 * time.Second

// Close sends what waits, if InfluxDB takes it soon, and ends. The spool keeps the rest for the next start.
func (s *Store) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.base, closeWithin)
	defer cancel()
	if err := s.Drain(ctx); err != nil {
		s.log.Warn("samples stay in the spool until the next start", "error", err)
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.done.Wait()
	s.remote.close()
	return s.spool.close()
}
