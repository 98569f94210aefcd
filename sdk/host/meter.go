package host

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/stats"
)

// services is what calls that count begin with.
const services = "/pulse.plugin."

// Calls that do not count: those for the life of the process, and the one stream that carries all reports, which are
// counted one by one (see [Plugin.Exchange]).
const (
	lifeCalls   = "/pulse.plugin.v1.Plugin/"
	reportCalls = "/pulse.plugin.v1.Ingester/"
	watchCalls  = "/pulse.plugin.v1.Watcher/"
)

// meter counts the calls of a plugin through all lives of its process.
type meter struct {
	now func() time.Time

	mu      sync.Mutex
	total   uint64
	failed  uint64
	last    time.Time
	minutes [2]struct {
		minute int64
		calls  uint64
	}
}

func (m *meter) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.total++
	m.last = now
	slot := &m.minutes[now.Unix()/60%2]
	if slot.minute != now.Unix()/60 {
		slot.minute, slot.calls = now.Unix()/60, 0
	}
	slot.calls++
}

func (m *meter) end(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = m.now()
	if err != nil {
		m.failed++
	}
}

// Calls tells how much a plugin is asked.
type Calls struct {
	Total  uint64
	Failed uint64
	// PerMinute is that of the last minute, as far as it is over, and of the present one.
	PerMinute float64
	Last      time.Time
}

func (m *meter) calls() Calls {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now().Unix()
	minute, part := now/60, float64(now%60)/60
	c := Calls{Total: m.total, Failed: m.failed, Last: m.last}
	for _, slot := range m.minutes {
		switch slot.minute {
		case minute:
			c.PerMinute += float64(slot.calls)
		case minute - 1:
			c.PerMinute += float64(slot.calls) * (1 - part)
		}
	}
	return c
}

// gauge counts the calls of one process, and those under way.
type gauge struct {
	*meter
	under atomic.Int64
}

var _ stats.Handler = (*gauge)(nil)

type callKey struct{}

// How a call counts.
type callClass int

const (
	uncounted callClass = iota
	counted
	endless // counted, and never waited for
)

// TagRPC marks the calls that count.
func (*gauge) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	class := counted
	switch name := info.FullMethodName; {
	case !strings.HasPrefix(name, services), strings.HasPrefix(name, lifeCalls), strings.HasPrefix(name, reportCalls):
		class = uncounted
	case strings.HasPrefix(name, watchCalls):
		class = endless
	}
	return context.WithValue(ctx, callKey{}, class)
}

// HandleRPC counts beginnings and ends.
func (g *gauge) HandleRPC(ctx context.Context, s stats.RPCStats) {
	class, _ := ctx.Value(callKey{}).(callClass)
	if class == uncounted {
		return
	}
	waited := int64(0)
	if class == counted {
		waited = 1
	}
	switch x := s.(type) {
	case *stats.Begin:
		g.under.Add(waited)
		g.begin()
	case *stats.End:
		g.under.Add(-waited)
		g.end(x.Error)
	}
}

// TagConn does nothing.
func (*gauge) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn does nothing.
func (*gauge) HandleConn(context.Context, stats.ConnStats) {}
