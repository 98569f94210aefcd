package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// live is one configured instance in the plugin's process.
type live struct {
	id    string
	value any
	back  *hostClient
	epoch int64

	ctx    context.Context // ends when the instance must let go of everything
	cancel context.CancelFunc
	// watches ends when the instance is replaced, so that its watches begin anew on the next one.
	watches     context.Context
	stopWatches context.CancelFunc

	mu       sync.Mutex
	calls    int
	retired  bool
	closed   chan struct{}
	closeErr error
	memories map[string]*memory
	sequence int64
}

// use counts a call on the instance until release is called.
func (l *live) use() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.retired {
		return false
	}
	l.calls++
	return true
}

func (l *live) release() {
	l.mu.Lock()
	l.calls--
	last := l.retired && l.calls == 0
	l.mu.Unlock()
	if last {
		go l.close()
	}
}

// retire lets calls under way end and closes the instance after the last one.
func (l *live) retire() {
	l.stopWatches()
	l.mu.Lock()
	if l.retired {
		l.mu.Unlock()
		return
	}
	l.retired = true
	idle := l.calls == 0
	l.mu.Unlock()
	if idle {
		go l.close()
	}
}

// close runs once: by the last call or by who retired an idle instance.
func (l *live) close() {
	defer close(l.closed)
	defer l.cancel()
	defer func() {
		if r := recover(); r != nil {
			l.closeErr = fmt.Errorf("close instance %s: panic: %v", l.id, r)
		}
	}()
	if c, ok := l.value.(io.Closer); ok {
		l.closeErr = c.Close()
	}
}

// memory returns what the server is known to have of a task.
func (l *live) memory(task string) *memory {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.memories[task]
	if m == nil {
		m = newMemory()
		l.memories[task] = m
	}
	return m
}

func (l *live) cycle(task string, now time.Time) sdk.Cycle {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence++
	return sdk.Cycle{Integration: l.id, Task: task, Epoch: l.epoch, Sequence: l.sequence, ObservedAt: now.UTC()}
}

// within returns a context that ends with the call's, and with the instance.
func (l *live) within(ctx context.Context, watch bool) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(ctx)
	ends := l.ctx
	if watch {
		ends = l.watches
	}
	stop := context.AfterFunc(ends, cancel)
	return out, func() { stop(); cancel() }
}

// instances are the configured instances by integration.
type instances struct {
	mu     sync.Mutex
	all    map[string]*live
	closed bool
}

func (s *instances) find(id string) (*live, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.all[id]
	if l == nil || !l.use() {
		return nil, &sdk.Error{
			Kind: sdk.KindUnavailable, Code: CodeUnknownInstance, RetryAfter: time.Second,
			Message: "The plugin is not configured for this integration.",
		}
	}
	return l, nil
}

// put replaces the instance of an integration and retires the old one.
func (s *instances) put(l *live) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		l.retire()
		return sdk.Errorf(sdk.KindUnavailable, "The plugin is shutting down.")
	}
	old := s.all[l.id]
	if old != nil {
		old.back.replaced.Store(true)
	}
	s.all[l.id] = l
	s.mu.Unlock()
	if old != nil {
		old.retire()
	}
	return nil
}

// remove ends an instance: its calls are cancelled, and it is closed when they have returned.
func (s *instances) remove(ctx context.Context, id string) error {
	s.mu.Lock()
	l := s.all[id]
	delete(s.all, id)
	s.mu.Unlock()
	if l == nil {
		return nil
	}
	return l.end(ctx)
}

func (l *live) end(ctx context.Context) error {
	l.cancel()
	l.retire()
	select {
	case <-l.closed:
		return l.closeErr
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shutdown ends all instances at once and lets none come after.
func (s *instances) shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	all := s.all
	s.all = map[string]*live{}
	s.mu.Unlock()
	ended := make(chan error, len(all))
	for _, l := range all {
		go func() { ended <- l.end(ctx) }()
	}
	var failed []error
	for range all {
		failed = append(failed, <-ended)
	}
	return errors.Join(failed...)
}
