package pbs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// failuresKey is under which the failures are kept over restarts.
const failuresKey = "failures"

// failure is a run that failed, as it is kept. Ended is Unix seconds.
type failure struct {
	Ended int64  `json:"ended"`
	State string `json:"state"`
}

// recall reads once which jobs had failed in an earlier life: while such a job runs again, the server does not tell.
func (c *Collector) recall(ctx context.Context) error {
	c.mu.Lock()
	known := c.recalled
	c.mu.Unlock()
	if known || c.deps.Host == nil {
		return nil
	}
	value, _, err := c.deps.Host.State(ctx, failuresKey)
	if err != nil && sdk.KindOf(err) != sdk.KindUnsupported {
		return fmt.Errorf("read which jobs had failed: %w", err)
	}
	var past map[string]failure
	if json.Unmarshal(value, &past) != nil {
		past = nil // nothing, or of another version
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, f := range past {
		if _, newer := c.ran[key]; !newer {
			c.ran[key] = lastRun{Ended: proxmox.Int{V: f.Ended, OK: true}, State: proxmox.Str(f.State)}
		}
	}
	c.recalled, c.kept = true, value
	return nil
}

// keepFirst reads something, and keeps which jobs it says have failed before anybody hears of it: a process may end at any moment.
func (c *Collector) keepFirst(read func(context.Context) ([]sdk.Observation, error)) func(context.Context) ([]sdk.Observation, error) {
	return func(ctx context.Context) ([]sdk.Observation, error) {
		defer c.keep(ctx)
		return read(ctx)
	}
}

// keep writes down which jobs failed, when that changed.
func (c *Collector) keep(ctx context.Context) {
	c.keeping.Lock()
	defer c.keeping.Unlock()
	failures := map[string]failure{}
	c.mu.Lock()
	for key, r := range c.ran {
		if ended(string(r.State)) == failed {
			failures[key] = failure{r.Ended.V, string(r.State)}
		}
	}
	value := []byte(proxmox.Document(failures))
	same := ctx.Err() != nil || c.deps.Host == nil || !c.recalled || bytes.Equal(value, c.kept) || len(failures) == 0 && len(c.kept) == 0
	c.mu.Unlock()
	if same {
		return
	}
	if err := proxmox.Keep(ctx, c.deps.Host, failuresKey, value); err != nil {
		// It costs at worst a failure that seems to be over while the job runs for the first time after a restart.
		c.deps.Log.Warn("it was not kept which jobs failed", "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = value
}
