package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Why a process is ended without having failed, or without being asked to leave.
var (
	errHangs = errors.New("it did not answer twice in a row and was ended")
	errIdle  = errors.New("it is not needed")
	errOff   = errors.New("it is switched off")
	errLost  = errors.New("the process ended by itself")
)

// supervise is the life of the one goroutine that owns the process.
func (p *Plugin) supervise(ctx context.Context) {
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // calls drain after ctx ends
	defer end()
	defer p.set(StateStopped, nil, nil)
	defer p.leaving.Wait()
	sweep(p.cfg.Dir)
	for p.waitNeeded(ctx) {
		err := p.oneLife(ctx, life)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errIdle) || errors.Is(err, errOff) {
			continue
		}
		delay, quarantine := p.failed(err)
		if quarantine {
			p.cfg.Log.Error("plugin is quarantined: it failed too often", "error", err, "failures", p.cfg.Timing.Failures)
			p.set(StateQuarantined, nil, err)
			if !p.waitRestart(ctx) {
				return
			}
			continue
		}
		p.cfg.Log.Warn("plugin failed and is started again", "error", err, "delay", delay.Round(time.Millisecond))
		p.rest(ctx, delay, err)
	}
}

// oneLife starts the process, looks after it and ends it. The error says why it ended.
func (p *Plugin) oneLife(ctx, life context.Context) error {
	p.set(StateStarting, nil, nil)
	proc, err := p.begin(ctx, life)
	if err != nil {
		return err
	}
	p.set(StateReady, proc, nil)
	p.reconcile(ctx, proc)
	if p.cfg.Ready != nil {
		p.cfg.Ready()
	}
	proc, err = p.attend(ctx, life, proc)
	state := StateBackoff
	switch {
	case ctx.Err() != nil:
		state = StateStopped
	case errors.Is(err, errIdle):
		state = StateIdle
	case errors.Is(err, errOff):
		state = StateDisabled
	}
	var shown error
	if state == StateBackoff {
		shown = err
	}
	p.set(state, nil, shown)
	drain, kill := p.cfg.Timing.Drain, p.cfg.Timing.Kill
	if errors.Is(err, errHangs) {
		drain, kill = 0, 0
	}
	proc.end(life, drain, kill)
	if errors.Is(err, errLost) {
		err = fmt.Errorf("plugin %s ended by itself%s%s", p.cfg.Manifest.Kind, ending(proc.cmd), p.lastWords())
	}
	return err
}

// begin launches a process within the time for it.
func (p *Plugin) begin(ctx, life context.Context) (*process, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timing.Start)
	defer cancel()
	p.mu.Lock()
	p.again = false
	p.starts++
	p.mu.Unlock()
	return p.launch(ctx, life)
}

// attend looks after a ready process until it fails, is not needed or ctx ends. It returns the process that runs then,
// which is another one after a restart.
func (p *Plugin) attend(ctx, life context.Context, proc *process) (*process, error) {
	tick, watch := time.NewTicker(p.cfg.Timing.Health), time.NewTicker(p.cfg.Timing.Watch)
	defer tick.Stop()
	defer watch.Stop()
	missed := 0
	for {
		select {
		case <-ctx.Done():
			return proc, ctx.Err()
		case <-proc.lost:
			return proc, errLost
		case <-watch.C:
			if err := p.weigh(proc); err != nil {
				return proc, err
			}
		case <-p.wake:
			if next, off := p.orders(); off {
				return proc, errOff
			} else if next {
				proc, missed = p.replace(ctx, life, proc), 0
			}
			p.reconcile(ctx, proc)
		case <-tick.C:
			if p.idle(proc) {
				return proc, errIdle
			}
			if err := p.ask(ctx, proc); err != nil {
				if missed++; missed == 2 {
					return proc, fmt.Errorf("plugin %s: %w", p.cfg.Manifest.Kind, errHangs)
				}
				continue
			}
			missed = 0
			p.reconcile(ctx, proc)
		}
	}
}

// orders tells whether the process shall be replaced or ended.
func (p *Plugin) orders() (replace, off bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.again, p.disabled
}

// weigh fails when the process holds too much memory.
func (p *Plugin) weigh(proc *process) error {
	held, ok := resident(proc.cmd.Process.Pid)
	if !ok || held <= p.cfg.MemoryMax {
		return nil
	}
	return fmt.Errorf("plugin %s held %d MiB of memory, more than its limit of %d MiB, and was ended",
		p.cfg.Manifest.Kind, held>>20, p.cfg.MemoryMax>>20)
}

// idle tells that nobody needs the process, and if so forgets that it was needed.
func (p *Plugin) idle(proc *process) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.meter.calls().Last
	if p.asked.After(last) {
		last = p.asked
	}
	if p.depended() || p.waiting > 0 || proc.calls.under.Load() > 0 || p.cfg.Now().Sub(last) < p.cfg.Timing.Idle {
		return false
	}
	p.needed, p.proc, p.state = false, nil, StateIdle
	return true
}

// depended reports whether something is collected, watched or taken by the plugin. The lock is held.
func (p *Plugin) depended() bool {
	if len(p.wanted) == 0 {
		return false
	}
	return slices.ContainsFunc(p.what.Manifest.Description.Capabilities, func(c sdk.Capability) bool {
		return c == sdk.CapCollect || c == sdk.CapWatch || c == sdk.CapIngest
	})
}

func (p *Plugin) ask(ctx context.Context, proc *process) error {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timing.Answer)
	defer cancel()
	return proc.Health(ctx)
}

// reconcile makes the process have the wanted instances and no others. A replaced instance keeps working until the new
// one does.
func (p *Plugin) reconcile(ctx context.Context, proc *process) {
	p.mu.Lock()
	wanted := maps.Clone(p.wanted)
	p.mu.Unlock()
	for id := range proc.configured {
		if _, ok := wanted[id]; !ok {
			delete(proc.configured, id)
			p.publish(proc)
			p.release(ctx, proc, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		in := wanted[id]
		had, ok := proc.configured[id]
		if ok && had.same(in) && !worthRetry(had.err) {
			continue
		}
		upgraded, err := p.configure(ctx, proc, in)
		if err != nil && (had.err == nil || had.err.Error() != err.Error()) {
			p.cfg.Log.Warn("integration cannot be configured", "integration", id, "revision", in.Revision, "error", err)
		}
		proc.configured[id] = configured{instance: in, upgraded: upgraded, err: err, live: err == nil || had.live}
		p.publish(proc)
	}
	p.tell(proc)
}

// worthRetry reports whether making an instance may work out later without a new configuration.
func worthRetry(err error) bool {
	if err == nil {
		return false
	}
	switch sdk.KindOf(err) {
	case sdk.KindConfig, sdk.KindInvalid, sdk.KindUnsupported:
		return false
	}
	return true
}

func (p *Plugin) release(ctx context.Context, proc *process, id string) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timing.Drain)
	defer cancel()
	if err := proc.Release(ctx, id); err != nil {
		p.cfg.Log.Warn("integration was not closed in time", "integration", id, "error", err)
	}
}

// publish makes the instances of a process visible to callers.
func (p *Plugin) publish(proc *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc != proc {
		return // it has not taken over yet
	}
	p.live = maps.Clone(proc.configured)
	p.notify()
}

// set changes the state. What was live is so only while a process is ready.
func (p *Plugin) set(s State, proc *process, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.proc, p.since = s, proc, p.cfg.Now()
	p.live = nil
	if proc != nil {
		p.live = maps.Clone(proc.configured)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		p.lastErr, p.errAt = err, p.since
	}
	p.notify()
}

// failed notes a failure and returns how long to wait, or that it is enough.
func (p *Plugin) failed(err error) (delay time.Duration, quarantine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, t := p.cfg.Now(), p.cfg.Timing
	p.lastErr, p.errAt = err, now
	p.failures = append(p.failures, now)
	p.failures = slices.DeleteFunc(p.failures, func(at time.Time) bool { return now.Sub(at) > t.Window })
	n := len(p.failures)
	if n >= t.Failures {
		p.needed = false
		return 0, true
	}
	delay = min(t.Delay<<(n-1), t.DelayMax)
	return time.Duration(float64(delay) * (0.8 + 0.4*p.cfg.Jitter())), false
}

// rest waits before the next start. A restart that somebody asks for ends the waiting.
func (p *Plugin) rest(ctx context.Context, delay time.Duration, err error) {
	p.mu.Lock()
	p.until = p.cfg.Now().Add(delay)
	p.mu.Unlock()
	p.set(StateBackoff, nil, err)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	for {
		p.mu.Lock()
		over := len(p.failures) == 0 || p.disabled
		p.mu.Unlock()
		if over {
			return
		}
		select {
		case <-p.wake:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// waitNeeded returns false when ctx ended. A plugin that is switched off is not needed.
func (p *Plugin) waitNeeded(ctx context.Context) bool {
	for {
		p.mu.Lock()
		needed, off := p.needed, p.disabled
		switch {
		case off && p.state != StateDisabled:
			p.state, p.since = StateDisabled, p.cfg.Now()
			p.notify()
		case !off && p.state == StateDisabled:
			p.state, p.since = StateIdle, p.cfg.Now()
			p.notify()
		}
		p.mu.Unlock()
		if needed && !off {
			return ctx.Err() == nil
		}
		select {
		case <-p.wake:
		case <-ctx.Done():
			return false
		}
	}
}

// waitRestart waits until someone ends the quarantine. That the plugin is needed does not.
func (p *Plugin) waitRestart(ctx context.Context) bool {
	for {
		p.mu.Lock()
		free := len(p.failures) == 0 || p.disabled
		p.mu.Unlock()
		if free {
			return true
		}
		select {
		case <-p.wake:
		case <-ctx.Done():
			return false
		}
	}
}
