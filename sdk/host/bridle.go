package host

import (
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// A plugin may log lineBurst lines at once and linesPerMinute for long; what it says beyond that is kept in its own
// ring and left out of the server's log.
const (
	lineBurst      = 100
	linesPerMinute = 120
)

// bridle is a logger that lets a plugin say only so much.
type bridle struct {
	hclog.Logger
	*allowance
}

type allowance struct {
	now func() time.Time
	top hclog.Logger

	mu   sync.Mutex
	left float64
	at   time.Time
	out  int // lines left out since the last one that says so
	told time.Time
}

func newBridle(log hclog.Logger, now func() time.Time) *bridle {
	return &bridle{log, &allowance{now: now, top: log, left: lineBurst, at: now()}}
}

// allow reports whether a line may be logged. Once a minute it says how many were not.
func (a *allowance) allow() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.left = min(lineBurst, a.left+now.Sub(a.at).Minutes()*linesPerMinute)
	a.at = now
	if a.left >= 1 {
		a.left--
		return true
	}
	a.out++
	if now.Sub(a.told) >= time.Minute {
		a.top.Warn("plugin says too much: some of its lines are left out of this log", "lines", a.out)
		a.told, a.out = now, 0
	}
	return false
}

// Log logs a line if it may.
func (b *bridle) Log(level hclog.Level, msg string, args ...any) {
	if b.Logger.GetLevel() <= level && b.allow() {
		b.Logger.Log(level, msg, args...)
	}
}

// Trace logs a line if it may.
func (b *bridle) Trace(msg string, args ...any) { b.Log(hclog.Trace, msg, args...) }

// Debug logs a line if it may.
func (b *bridle) Debug(msg string, args ...any) { b.Log(hclog.Debug, msg, args...) }

// Info logs a line if it may.
func (b *bridle) Info(msg string, args ...any) { b.Log(hclog.Info, msg, args...) }

// Warn logs a line if it may.
func (b *bridle) Warn(msg string, args ...any) { b.Log(hclog.Warn, msg, args...) }

// Error logs a line if it may.
func (b *bridle) Error(msg string, args ...any) { b.Log(hclog.Error, msg, args...) }

// With returns a logger with the same allowance.
func (b *bridle) With(args ...any) hclog.Logger { return &bridle{b.Logger.With(args...), b.allowance} }

// Named returns a logger with the same allowance.
func (b *bridle) Named(name string) hclog.Logger { return &bridle{b.Logger.Named(name), b.allowance} }
