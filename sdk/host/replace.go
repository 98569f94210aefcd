package host

import (
	"context"
	"fmt"
	"time"
)

// replace starts another process beside the present one and lets it take over. When that fails the present one runs on.
func (p *Plugin) replace(ctx, life context.Context, old *process) *process {
	version := p.desired().Manifest.Version
	fresh, err := p.begin(ctx, life)
	if err == nil {
		p.reconcile(ctx, fresh)
		err = worse(old, fresh)
		if err != nil {
			p.retire(ctx, life, fresh)
		}
	}
	if err != nil {
		err = fmt.Errorf("version %s could not take over, the running process of version %s goes on: %w", version, old.what.Manifest.Version, err)
		p.cfg.Log.Error("plugin was not replaced", "error", err)
		p.mu.Lock()
		p.lastErr, p.errAt = err, p.cfg.Now()
		p.notify()
		p.mu.Unlock()
		return old
	}
	p.set(StateReady, fresh, nil)
	p.tell(fresh)
	p.cfg.Log.Info("plugin was replaced", "version", version, "former", old.what.Manifest.Version)
	p.retire(ctx, life, old)
	return fresh
}

// worse says which instance works in the old process and not in the fresh one.
func worse(old, fresh *process) error {
	for id, was := range old.configured {
		if is, ok := fresh.configured[id]; was.live && ok && !is.live {
			return fmt.Errorf("integration %s does not work with it: %w", id, is.err)
		}
	}
	return nil
}

// retire ends a process that nobody calls any more, after the calls that are under way.
func (p *Plugin) retire(ctx, life context.Context, proc *process) {
	p.leaving.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, p.cfg.Timing.Over)
		defer cancel()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for lost := false; proc.calls.under.Load() > 0 && ctx.Err() == nil && !lost; {
			select {
			case <-tick.C:
			case <-ctx.Done():
			case <-proc.lost:
				lost = true
			}
		}
		proc.end(life, p.cfg.Timing.Drain, p.cfg.Timing.Kill)
	})
}
