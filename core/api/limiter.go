package api

import (
	"container/list"
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// classes are the contract's rate limits: requests per window and client address.
var classes = map[string]struct {
	limit  int
	window time.Duration
}{
	"":         {500, time.Minute},
	"auth":     {10, time.Minute},
	"public":   {1000, time.Minute},
	"reports":  {500, time.Minute},
	"download": {60, time.Minute},
	"export":   {5, time.Minute},
	"recovery": {3, 10 * time.Minute},
}

// maxClients is how many clients are remembered; the one not seen for longest is forgotten first, so that no
// number of addresses can fill the memory.
const maxClients = 10_000

type limiter struct {
	now func() time.Time
	mu  sync.Mutex
	by  map[string]*list.Element
	lru *list.List
}

type bucket struct {
	key   string
	start time.Time
	count int
	last  int // count of the window before, for a sliding estimate
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, by: map[string]*list.Element{}, lru: list.New()}
}

// take counts a request and refuses it when the client made too many.
func (l *limiter) take(c fiber.Ctx, peer, class string) error {
	rule := classes[class]
	now := l.now()
	l.mu.Lock()
	b := l.bucket(class+" "+auth.Network(peer), now, rule.window)
	into := float64(now.Sub(b.start)) / float64(rule.window)
	used := b.count + int(float64(b.last)*(1-into))
	over := used >= rule.limit
	if !over {
		b.count++
	}
	reset := b.start.Add(rule.window)
	l.mu.Unlock()
	if !over {
		return nil
	}
	c.Set("X-RateLimit-Limit", strconv.Itoa(rule.limit))
	c.Set("X-RateLimit-Remaining", "0")
	c.Set("X-RateLimit-Reset", reset.UTC().Format(time.RFC3339))
	e := errs.New(errs.RateLimited, "Rate limit exceeded. Please try again later.")
	e.RetryAfter = rule.window
	if class == "auth" {
		e = e.WithWord("rate_limit")
		e.Extra = map[string]any{"error": "rate_limit"}
	}
	return e
}

// bucket returns the client's counters, moved to the current window. The lock is held.
func (l *limiter) bucket(key string, now time.Time, window time.Duration) *bucket {
	if e, ok := l.by[key]; ok {
		l.lru.MoveToFront(e)
		b := e.Value.(*bucket)
		switch age := now.Sub(b.start); {
		case age >= 2*window || age < 0:
			b.start, b.count, b.last = now, 0, 0
		case age >= window:
			b.start, b.count, b.last = b.start.Add(window), 0, b.count
		}
		return b
	}
	if l.lru.Len() >= maxClients {
		oldest := l.lru.Back()
		l.lru.Remove(oldest)
		delete(l.by, oldest.Value.(*bucket).key)
	}
	b := &bucket{key: key, start: now}
	l.by[key] = l.lru.PushFront(b)
	return b
}
