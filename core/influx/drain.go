package influx

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

const (
	batchLines = 5000
	batchBytes = 1 << 20
	// A failure is followed by a pause, which doubles up to longestPause.
	firstPause   = time.Second
	longestPause = time.Minute
)

// drainLoop sends what waits: after each interval, sooner when much waits, later when InfluxDB takes nothing.
func (s *Store) drainLoop(ctx context.Context) {
	pause := s.opt.Every
	lastSync := time.Now()
	for {
		wake := s.wake
		if pause > s.opt.Every {
			wake = nil // what failed is not tried at each append
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-time.After(pause):
		}
		if err := s.drain(ctx); err == nil {
			pause = s.opt.Every
		} else {
			pause = min(max(2*pause, firstPause), longestPause)
		}
		if time.Since(lastSync) >= s.opt.Sync {
			lastSync = time.Now()
			s.syncSpool()
		}
	}
}

func (s *Store) syncSpool() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.spool.sync(); err != nil {
		s.log.Error("the spool for InfluxDB cannot be synced: a power cut would cost what waits", "error", err)
	}
}

// Drain sends what waits, now.
func (s *Store) Drain(ctx context.Context) error { return s.drain(ctx) }

// drain sends what waits until nothing does, or InfluxDB does not take it.
func (s *Store) drain(ctx context.Context) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.drainHeld(ctx)
}

// drainHeld is drain for one who holds sending.
func (s *Store) drainHeld(ctx context.Context) error {
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return errClosed
		}
		e, to, err := s.spool.next(batchLines, batchBytes)
		s.mu.Unlock()
		if err == nil && e != nil {
			err = s.send(ctx, e)
		}
		if err == nil && e != nil {
			err = s.took(to, e.lines)
		}
		s.tell(err)
		if err != nil || e == nil {
			return err
		}
	}
}

// send brings an entry to InfluxDB.
func (s *Store) send(ctx context.Context, e *entry) error {
	if e.tier == tierDelete {
		var records []id.UID
		if err := json.Unmarshal(e.body, &records); err != nil {
			return nil //nolint:nilerr // its checksum is right, so that it was never anything else
		}
		return s.remote.forget(ctx, records)
	}
	if e.tier >= len(s.opt.Tiers) {
		return nil
	}
	refused, says, err := s.remote.put(ctx, e.tier, string(e.body))
	if refused > 0 {
		s.log.Error("InfluxDB refused samples; they are not stored", "bucket", s.remote.bucket(e.tier), "refused", refused, "of_lines", e.lines, "says", says)
		s.mu.Lock()
		s.stats.Refused += uint64(refused)
		s.mu.Unlock()
	}
	return err
}

// took takes what was sent out of the spool.
func (s *Store) took(to place, lines int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.stats.LastFlush = s.opt.Now()
	return s.spool.done(to, lines, s.opt.Now())
}

// tell notes how sending went, and logs when it begins to fail and when it works again.
func (s *Store) tell(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	s.sent.Broadcast()
	if s.closed || err != nil && errs.CodeOf(err) == errs.CodeOf(context.Canceled) {
		return
	}
	was := s.problem
	s.problem = ""
	if err != nil {
		s.problem = err.Error()
	}
	switch {
	case was == "" && err != nil:
		s.since = s.opt.Now()
		s.log.Error("samples wait in the spool: InfluxDB does not take them", "error", err)
	case was != "" && err == nil:
		s.log.Info("InfluxDB takes samples again", "away_since", s.since)
	}
}
