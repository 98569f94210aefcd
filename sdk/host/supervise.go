package host

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// errHangs ends a process that is there and does not answer. Such a one is not asked to leave.
var errHangs = errors.New("the process does not answer")

// supervise is the life of the one goroutine that owns the process.
func (p *Plugin) supervise(ctx context.Context) {
	defer p.set(StateStopped, nil, nil)
	sweep(p.cfg.Dir)
	for p.waitNeeded(ctx) {
		err := p.oneLife(ctx)
		if ctx.Err() != nil {
			return
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
func (p *Plugin) oneLife(ctx context.Context) error {
	p.set(StateStarting, nil, nil)
	begin, cancel := context.WithTimeout(ctx, p.cfg.Timing.Start)
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // calls drain after ctx ends
	defer end()
	proc, err := p.launch(begin, life)
	cancel()
	p.mu.Lock()
	p.starts++
	p.mu.Unlock()
	if err != nil {
		return err
	}
	p.set(StateReady, proc, nil)
	p.reconcile(ctx, proc)
	err = p.attend(ctx, proc)
	state := StateBackoff
	if ctx.Err() != nil {
		state = StateStopped
	}
	p.set(state, nil, err)
	drain, kill := p.cfg.Timing.Drain, p.cfg.Timing.Kill
	if errors.Is(err, errHangs) {
		drain, kill = 0, 0
	}
	proc.end(life, drain, kill)
	return err
}

// attend looks after a ready process until it fails or ctx ends.
func (p *Plugin) attend(ctx context.Context, proc *process) error {
	tick := time.NewTicker(p.cfg.Timing.Health)
	defer tick.Stop()
	missed := 0
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-proc.lost:
			return errors.New("the process ended by itself")
		case <-p.wake:
			p.reconcile(ctx, proc)
		case <-tick.C:
			if err := p.ask(ctx, proc); err != nil {
				if missed++; missed == 2 {
					return errHangs
				}
				continue
			}
			missed = 0
			p.reconcile(ctx, proc)
		}
	}
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
		if ok && reflect.DeepEqual(had.instance, in) && !worthRetry(had.err) {
			continue
		}
		err := p.configure(ctx, proc, in)
		if err != nil && (had.err == nil || had.err.Error() != err.Error()) {
			p.cfg.Log.Warn("integration cannot be configured", "integration", id, "revision", in.Revision, "error", err)
		}
		proc.configured[id] = configured{instance: in, err: err, live: err == nil || had.live}
		p.publish(proc)
	}
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

func (p *Plugin) configure(ctx context.Context, proc *process, in sdk.Instance) error {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timing.Config)
	defer cancel()
	return proc.Configure(ctx, in)
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
	p.live = maps.Clone(proc.configured)
	p.notify()
}

// set changes the state. What was live is so only while a process is ready.
func (p *Plugin) set(s State, proc *process, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.proc, p.since = s, proc, p.cfg.Now()
	if proc == nil {
		p.live = nil
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		p.lastErr = err
	}
	p.notify()
}

// failed notes a failure and returns how long to wait, or that it is enough.
func (p *Plugin) failed(err error) (delay time.Duration, quarantine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, t := p.cfg.Now(), p.cfg.Timing
	p.lastErr = err
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

// rest waits before the next start.
func (p *Plugin) rest(ctx context.Context, delay time.Duration, err error) {
	p.mu.Lock()
	p.until = p.cfg.Now().Add(delay)
	p.mu.Unlock()
	p.set(StateBackoff, nil, err)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// waitNeeded returns false when ctx ended.
func (p *Plugin) waitNeeded(ctx context.Context) bool {
	for {
		p.mu.Lock()
		needed := p.needed
		p.mu.Unlock()
		if needed {
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
		free := len(p.failures) == 0
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
