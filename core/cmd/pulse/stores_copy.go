package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/api/metricstore"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/influx"
	"github.com/pulse-platform/pulse/core/metric"
)

// progress is the state of a copy on the disk, by which a copy that ended early goes on.
type progress struct {
	From string `json:"from"`
	To   string `json:"to"`
	metric.Progress
}

// copyAll copies the history of one store to another, going on where the last such copy ended.
func (s *stores) copyAll(ctx context.Context, from, to string, anew bool, report func(metric.Progress)) (err error) {
	if from == to {
		return errs.New(errs.Invalid, "from and to are the same store")
	}
	source, done, err := s.archive(ctx, from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	target, done2, err := s.archive(ctx, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done2()) }()
	if d, ok := source.(*influx.Store); ok {
		if err := d.Discover(ctx); err != nil {
			return err
		}
	}
	p := s.lastCopy(from, to)
	if anew {
		p = metric.Progress{}
	}
	_, err = metric.Copy(ctx, source, target, len(s.cfg.Tiers()), p, func(p metric.Progress) error {
		report(p)
		return s.saveCopy(progress{from, to, p})
	})
	return err
}

// lastCopy is how far the last copy came, nothing when it was another one.
func (s *stores) lastCopy(from, to string) metric.Progress {
	var p progress
	b, err := os.ReadFile(s.base.dir.Path(copyFile))
	if err != nil || json.Unmarshal(b, &p) != nil || p.From != from || p.To != to {
		return metric.Progress{}
	}
	return p.Progress
}

func (s *stores) saveCopy(p progress) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	name := s.base.dir.Path(copyFile)
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		return fmt.Errorf("note the progress: %w", err)
	}
	return os.Rename(name+".new", name)
}

// copying is a copy that runs in the background of the server, or the last one that did.
type copying struct {
	mu     sync.Mutex
	state  metricstore.Copy
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (c *copying) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Running
}

// StartCopy begins to copy in the background.
func (s *stores) StartCopy(ctx context.Context, from, to string, anew bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.copy
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state.Running:
		return errs.New(errs.Conflict, "a copy runs already")
	case from == to:
		return errs.New(errs.Invalid, "from and to are the same store").WithField("to")
	case s.cfg.InfluxDB.URL == "":
		return errs.New(errs.Invalid, "influxdb.url: the address of InfluxDB is missing").WithField("influxdb.url")
	case s.cfg.Store == storeMemory:
		return errs.New(errs.Conflict, "the store in use is memory, which has no history to keep")
	}
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	c.state = metricstore.Copy{Running: true, From: from, To: to, Started: time.Now()}
	c.done.Go(func() {
		err := s.copyAll(ctx, from, to, anew, c.report(s.cfg.Tiers()))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.state.Running = false
		switch {
		case errors.Is(err, context.Canceled):
			c.state.Error = "it was cancelled; started again, it goes on where it ended"
		case err != nil:
			c.state.Error = err.Error()
			s.log.Error("the history could not be copied; started again, it goes on where it ended", "error", err)
		}
	})
	return nil
}

func (c *copying) report(tiers []metric.Tier) func(metric.Progress) {
	return func(p metric.Progress) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.state.Series, c.state.Of, c.state.Points, c.state.Done = p.Series, p.Of, p.Points, p.Done
		if p.Tier < len(tiers) {
			c.state.Tier, c.state.Tiers = p.Tier+1, len(tiers)
		}
	}
}

// Copying returns how the copy is doing.
func (s *stores) Copying() metricstore.Copy {
	s.copy.mu.Lock()
	defer s.copy.mu.Unlock()
	return s.copy.state
}

// CancelCopy ends the copy.
func (s *stores) CancelCopy() {
	s.copy.mu.Lock()
	if s.copy.cancel != nil {
		s.copy.cancel()
	}
	s.copy.mu.Unlock()
}
