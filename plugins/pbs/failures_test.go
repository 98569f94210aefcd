package pbs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
)

// slowMemory is a memory that others get to in between.
type slowMemory struct{ memory }

func (m *slowMemory) State(ctx context.Context, key string) ([]byte, int64, error) {
	defer func() {
		for range 100 {
			runtime.Gosched()
		}
	}()
	return m.memory.State(ctx, key)
}

// Tasks that end together write down what all of them know, and none is in the way of another.
func TestTasksThatEndTogetherKeepTheFailures(t *testing.T) {
	b := newBench(t)
	kept := &slowMemory{}
	var log strings.Builder
	c := b.collector(t, "monitor@pbs!pulse", "")
	c.deps.Host, c.deps.Log = kept, slog.New(slog.NewTextHandler(&log, nil))
	if err := c.recall(t.Context()); err != nil {
		t.Fatal(err)
	}
	var tasks sync.WaitGroup
	for i := range 20 {
		tasks.Go(func() {
			c.mu.Lock()
			c.ran[fmt.Sprint("job", i)] = lastRun{Ended: proxmox.Int{V: 1, OK: true}, State: "TASK ERROR: no space"}
			c.mu.Unlock()
			c.keep(t.Context())
		})
	}
	tasks.Wait()
	var failures map[string]failure
	if err := json.Unmarshal(kept.state[failuresKey], &failures); err != nil || len(failures) != 20 || log.Len() > 0 {
		t.Errorf("%d failures are kept: %v\n%s", len(failures), err, log.String())
	}
}
