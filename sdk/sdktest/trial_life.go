package sdktest

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Instances can be replaced, closed and closed again, and leave no goroutine behind.
func tryClose(t testing.TB, s subject, o Options) {
	before := goroutines()
	c := s.connect(t)
	for range 3 {
		i := c.Instance(t, o.Config)
		for _, task := range o.Tasks {
			// What comes of it is the business of other trials.
			_ = collectQuietly(t.Context(), i, task)
		}
	}
	for range 2 {
		if err := c.Release(t.Context(), "test"); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	c.Close()
	if s.plugin == nil {
		return
	}
	if left := settle(before, o.patience); len(left) > 0 {
		t.Errorf("%d goroutines were left:\n%s", len(left), strings.Join(left, "\n\n"))
	}
}

// goroutines returns the stacks of all goroutines but the caller's, by their ids.
func goroutines() map[string]string {
	buf := make([]byte, 4<<20)
	stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	out := map[string]string{}
	for _, stack := range stacks[1:] {
		id, _, _ := strings.Cut(stack, " [")
		out[id] = stack
	}
	return out
}

// settle waits until no goroutine is left that was not there before, but not for ever. It returns those that are.
func settle(before map[string]string, patience time.Duration) []string {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var left []string
		for id, stack := range goroutines() {
			if _, there := before[id]; !there {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return left
		}
	}
}

// A cycle that is cancelled ends.
func tryCancel(t testing.TB, s subject, o Options, task string) {
	i := s.connect(t).Instance(t, o.Config)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := collectQuietly(ctx, i, task); !errors.Is(err, context.Canceled) {
		t.Errorf("a cycle cancelled before it began: %v", err)
	}
	if s.plugin == nil {
		return // when a program's own work ends cannot be seen from outside
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	begun, ended := make(chan struct{}), make(chan struct{})
	watched := watchedPlugin{Plugin: s.plugin, begun: begun, ended: ended}
	i = Conn(t, watched).Instance(t, o.Config)
	go func() {
		// The answer comes at once; it is the plugin's own work that counts.
		_ = collectQuietly(ctx, i, task)
	}()
	<-begun
	cancel()
	select {
	case <-ended:
	case <-time.After(o.patience):
		t.Errorf("the cycle went on for %v after it was cancelled", o.patience)
	}
}

// A report that is nonsense is its sender's fault, and the plugin lives on.
func tryNonsense(t testing.TB, s subject, o Options) {
	i := s.connect(t).Instance(t, o.Config)
	for _, k := range s.description.Reports {
		for _, body := range []string{"", "{", "null", "[]", `{"host": 7}`, "\x00\xff", strings.Repeat("[", 100_000)} {
			_, err := i.Ingest(t.Context(), sdk.Report{Kind: k.Name, Body: []byte(body), ReceivedAt: time.Now()})
			if sdk.KindOf(err) != sdk.KindInvalid {
				t.Errorf("report %s with body %.20q: %v, want an error of kind invalid", k.Name, body, err)
			}
		}
	}
}

// watchedPlugin tells when the collector of its instances begins and ends to work.
type watchedPlugin struct {
	sdk.Plugin
	begun, ended chan struct{}
}

func (p watchedPlugin) Configure(ctx context.Context, in sdk.Instance, deps sdk.Deps) (any, error) {
	i, err := p.Plugin.Configure(ctx, in, deps)
	if err != nil {
		return nil, err
	}
	c, ok := i.(sdk.Collector)
	if !ok {
		return i, nil
	}
	return watchedCollector{c, i, p}, nil
}

type watchedCollector struct {
	sdk.Collector
	instance any
	p        watchedPlugin
}

func (c watchedCollector) Collect(ctx context.Context, task string, sink sdk.Sink) error {
	close(c.p.begun)
	defer close(c.p.ended)
	return c.Collector.Collect(ctx, task, sink)
}

// Close closes what is watched.
func (c watchedCollector) Close() error {
	if closer, ok := c.instance.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}
