// Package courier brings reports to the server in order, whatever happens on the way: new ones wait in memory, and go to
// the spool on disk when the server cannot be reached or the agent stops. It knows no HTTP and no files.
package courier

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/agent/link"
	"github.com/pulse-platform/pulse/agent/spool"
)

const (
	// maxHeld is how many reports wait in memory. With a spool they move there before.
	maxHeld = 60
	// spill is how many may wait in memory while older ones are delivered from the spool.
	spill = 8
	// pace is the least time between reports when a backlog is delivered: half of what a server of the reference allows
	// one address, which others may share.
	pace = 250 * time.Millisecond
	// The first and the longest delay after a failure; it doubles in between, and what is waited is a random part of it.
	firstDelay = time.Second
	lastDelay  = 5 * time.Minute
	leastDelay = 200 * time.Millisecond
)

// Sender delivers one report.
type Sender interface {
	Send(ctx context.Context, kind string, body []byte) link.Answer
}

// Spool keeps reports on disk.
type Spool interface {
	Put(kind string, body []byte) error
	Oldest() (spool.Entry, bool)
	Done(spool.Entry)
	Stats() spool.Stats
}

// Stats tells how deliveries go.
type Stats struct {
	Delivered, Dropped, Failures, Lost uint64
	Waiting                            int
	SpoolBytes                         int64
	LastDelivery                       time.Time
	// Connected is false after a failure, until the next delivery.
	Connected bool
}

// Courier delivers reports. Make one with [New] and call Run once.
type Courier struct {
	sender Sender
	spool  Spool // nil: memory only
	log    *slog.Logger
	now    func() time.Time
	// random returns a number in [0, n).
	random func(n int64) int64
	news   chan struct{}

	mu       sync.Mutex
	held     []report
	stats    Stats
	offered  uint64
	failures int // in a row
	lastSaid string
}

type report struct {
	n    uint64
	kind string
	body []byte
}

// New returns a courier. A nil spool keeps reports in memory only.
func New(sender Sender, s Spool, now func() time.Time, log *slog.Logger) *Courier {
	return &Courier{sender: sender, spool: s, log: log, now: now, random: rand.Int64N, news: make(chan struct{}, 1)}
}

// Offer hands over a report for delivery. It never blocks on the network.
func (c *Courier) Offer(kind string, body []byte) {
	c.mu.Lock()
	c.offered++
	c.held = append(c.held, report{c.offered, kind, body})
	if c.spool != nil && (c.failures > 0 || len(c.held) > spill) {
		c.spillHeld()
	}
	for len(c.held) > maxHeld {
		c.held = c.held[1:]
		c.stats.Lost++
	}
	c.mu.Unlock()
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// Stats returns the counts since the start.
func (c *Courier) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Waiting = len(c.held)
	if c.spool != nil {
		on := c.spool.Stats()
		s.Waiting += on.Waiting
		s.Lost += on.Lost
		s.SpoolBytes = on.Bytes
	}
	return s
}

// Run delivers until the context ends; what waits then is on disk when it returns.
func (c *Courier) Run(ctx context.Context) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.spool != nil {
			c.spillHeld()
		}
		if n := len(c.held); n > 0 {
			c.log.Warn("reports are lost with the end of the agent", "reports", n)
		}
	}()
	for ctx.Err() == nil {
		r, done, ok := c.oldest()
		if !ok {
			select {
			case <-ctx.Done():
			case <-c.news:
			}
			continue
		}
		answer := c.sender.Send(ctx, r.kind, r.body)
		if ctx.Err() != nil && answer.Fate == link.Keep {
			return
		}
		if wait := c.settle(answer, done); wait > 0 {
			sleep(ctx, wait)
		}
	}
}

// oldest returns the report that is due, and what removes it.
func (c *Courier) oldest() (r report, done func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.spool != nil {
		if e, ok := c.spool.Oldest(); ok {
			return report{kind: e.Kind, body: e.Body}, func() { c.spool.Done(e) }, true
		}
	}
	if len(c.held) == 0 {
		return report{}, nil, false
	}
	first := c.held[0]
	return first, func() {
		// It may have moved to the spool, or been lost, while it was under way.
		if len(c.held) > 0 && c.held[0].n == first.n {
			c.held = c.held[1:]
			return
		}
		if c.spool != nil {
			if e, ok := c.spool.Oldest(); ok && string(e.Body) == string(first.body) {
				c.spool.Done(e)
			}
		}
	}, true
}

// settle books an answer and returns how long to wait before the next report.
func (c *Courier) settle(a link.Answer, done func()) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch a.Fate {
	case link.Delivered:
		done()
		c.stats.Delivered++
		c.stats.LastDelivery = c.now()
		if c.failures > 0 {
			c.log.Info("the server takes reports again", "after_failures", c.failures)
		}
		c.failures, c.lastSaid, c.stats.Connected = 0, "", true
		if len(c.held) > 0 || c.spool != nil && c.spool.Stats().Waiting > 0 {
			return pace
		}
		return 0
	case link.Drop:
		done()
		c.stats.Dropped++
		c.say(a, "report dropped")
		if a.Status != 403 {
			return pace
		}
	default:
		if c.spool != nil {
			c.spillHeld()
		}
		c.say(a, "report not delivered; it is kept")
	}
	c.stats.Failures++
	c.stats.Connected = false
	c.failures++
	return c.delay(a.RetryAfter)
}

// say logs a failure when it is another one than the last.
func (c *Courier) say(a link.Answer, message string) {
	said := message
	if a.Err != nil {
		said += a.Err.Error()
	}
	write := c.log.Warn
	if said == c.lastSaid {
		write = c.log.Debug
	}
	c.lastSaid = said
	write(message, "status", a.Status, "code", a.Code, "error", a.Err)
}

// delay returns what the server asked for and a little, or a random part of a growing time.
func (c *Courier) delay(asked time.Duration) time.Duration {
	if asked > 0 {
		return asked + time.Duration(c.random(int64(asked/10)+1))
	}
	most := lastDelay
	if shift := c.failures - 1; shift < 20 {
		most = min(firstDelay<<shift, lastDelay)
	}
	return leastDelay + time.Duration(c.random(int64(most)))
}

// spillHeld moves what waits in memory to the spool. What the disk does not take stays.
func (c *Courier) spillHeld() {
	for len(c.held) > 0 {
		if err := c.spool.Put(c.held[0].kind, c.held[0].body); err != nil {
			c.log.Warn("report cannot be spooled; it stays in memory", "error", err)
			return
		}
		c.held = c.held[1:]
	}
	c.held = nil
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
