// Package host is the server's end of the process boundary: it verifies a plugin's binary, starts it, asks how it is,
// starts it again when it dies and gives up on one that keeps dying. One goroutine owns one process. The package knows
// nothing of what plugins do; the server and the agent both use it.
package host

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/internal/rpc"
)

// Instance is a live instance. It has the methods of all powers; what the plugin lacks answers with kind unsupported,
// and a plugin that dies with kind unavailable. It is for use at once: after a restart another one is needed.
type Instance = rpc.Instance

// Config says which plugin to run, and how.
type Config struct {
	Binary   string
	Manifest Manifest
	// Dir is the plugin's working directory. It is made when it is missing.
	Dir string
	Log hclog.Logger
	// Host returns what an integration may use of the server; nil when there is no way back.
	Host func(integration string) sdk.Host
	// MemoryLimit is the soft limit of the process, in bytes; 0 is 128 MiB.
	MemoryLimit int64
	Timing      Timing
	Now         func() time.Time
	// Jitter returns a number from 0 to 1.
	Jitter func() float64
}

// Timing is how patient a [Plugin] is. Zero members take their defaults.
type Timing struct {
	Start  time.Duration // of the handshake; 10 s
	Wait   time.Duration // of a caller while the plugin starts; 2 s
	Health time.Duration // between two health calls; 10 s
	Answer time.Duration // of a health call; 5 s
	Config time.Duration // of making an instance; 30 s
	Drain  time.Duration // of closing instances; 2.5 s
	Kill   time.Duration // of leaving after that; 1.5 s
	Delay  time.Duration // before the first restart; it doubles up to DelayMax; 1 s
	// DelayMax is 60 s.
	DelayMax time.Duration
	// Failures within Window lead to quarantine; 5 in 10 min.
	Failures int
	Window   time.Duration
}

func (t Timing) withDefaults() Timing {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&t.Start, 10*time.Second)
	set(&t.Wait, 2*time.Second)
	set(&t.Health, 10*time.Second)
	set(&t.Answer, 5*time.Second)
	set(&t.Config, 30*time.Second)
	set(&t.Drain, 2500*time.Millisecond)
	set(&t.Kill, 1500*time.Millisecond)
	set(&t.Delay, time.Second)
	set(&t.DelayMax, time.Minute)
	set(&t.Window, 10*time.Minute)
	if t.Failures == 0 {
		t.Failures = 5
	}
	return t
}

// State of a plugin's process.
type State string

// The states.
const (
	StateIdle        State = "idle" // not needed yet
	StateStarting    State = "starting"
	StateReady       State = "ready"
	StateBackoff     State = "backoff" // waits before the next start
	StateQuarantined State = "quarantined"
	StateStopped     State = "stopped"
)

// Status tells how a plugin is.
type Status struct {
	State State
	PID   int // 0 when no process runs
	Since time.Time
	// Restarts counts the starts after the first one.
	Restarts  int
	LastError string
	// Instances are those wanted, by integration: an empty text for one that works, else what is wrong.
	Instances map[string]string
	// Stderr holds the last lines that the process wrote.
	Stderr []string
}

// Plugin runs one plugin's process.
type Plugin struct {
	cfg  Config
	tail *tail
	wake chan struct{}

	mu       sync.Mutex
	wanted   map[string]sdk.Instance
	needed   bool
	state    State
	since    time.Time
	until    time.Time // end of a backoff
	proc     *process  // when ready
	live     map[string]configured
	starts   int
	lastErr  error
	failures []time.Time
	changed  chan struct{} // closed when something above changes

	cancel context.CancelFunc
	done   chan struct{}
}

// New makes a plugin that is not running.
func New(cfg Config) *Plugin {
	cfg.Timing = cfg.Timing.withDefaults()
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Jitter == nil {
		cfg.Jitter = rand.Float64
	}
	if cfg.MemoryLimit == 0 {
		cfg.MemoryLimit = 128 << 20
	}
	cfg.Log = cfg.Log.With("plugin", cfg.Manifest.Kind)
	return &Plugin{
		cfg: cfg, tail: &tail{}, wake: make(chan struct{}, 1), wanted: map[string]sdk.Instance{},
		state: StateIdle, since: cfg.Now(), changed: make(chan struct{}),
	}
}

// Start begins to look after the plugin. The process itself is started when it is needed first. Start does not wait
// for it, and is called once.
func (p *Plugin) Start(ctx context.Context) {
	ctx, p.cancel = context.WithCancel(ctx)
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		p.supervise(ctx)
	}()
}

// Stop drains and ends the process. It takes less than five seconds.
func (p *Plugin) Stop() {
	if p.cancel == nil {
		return
	}
	p.cancel()
	<-p.done
}

// Need starts the process if it is not running. It does not end a quarantine.
func (p *Plugin) Need() {
	p.mu.Lock()
	p.needed = true
	p.mu.Unlock()
	p.nudge()
}

// Restart ends a quarantine.
func (p *Plugin) Restart() {
	p.mu.Lock()
	p.failures = nil
	p.needed = true
	p.mu.Unlock()
	p.nudge()
}

// Want sets the instances that should be live, by integration. It does not wait for them.
func (p *Plugin) Want(all []sdk.Instance) {
	p.mu.Lock()
	p.wanted = map[string]sdk.Instance{}
	for _, in := range all {
		p.wanted[in.Integration] = in
	}
	p.notify()
	p.mu.Unlock()
	p.nudge()
}

func (p *Plugin) wants(integration string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.wanted[integration]
	return ok
}

func (p *Plugin) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// notify tells those who wait. The lock is held.
func (p *Plugin) notify() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// Instance returns the live instance of an integration. When it is not to be had within about two seconds, the error
// is of kind unavailable and says when to come again; an instance that could not be made has its own error.
func (p *Plugin) Instance(ctx context.Context, integration string) (*Instance, error) {
	var out *Instance
	err := p.await(ctx, func() (bool, error) {
		if _, ok := p.wanted[integration]; !ok {
			return false, sdk.Errorf(sdk.KindUnavailable, "There is no integration %q.", integration)
		}
		if p.proc == nil {
			return false, nil
		}
		c, ok := p.live[integration]
		if ok && c.live {
			out = p.proc.Instance(integration)
			return true, nil
		}
		return false, c.err
	})
	return out, err
}

// Validate has the plugin judge a configuration.
func (p *Plugin) Validate(ctx context.Context, config json.RawMessage) ([]sdk.Diagnostic, error) {
	proc, err := p.running(ctx)
	if err != nil {
		return nil, err
	}
	return proc.Validate(ctx, config)
}

// UpgradeConfig turns a configuration of an earlier version into a present one.
func (p *Plugin) UpgradeConfig(ctx context.Context, config json.RawMessage, from int) (json.RawMessage, error) {
	proc, err := p.running(ctx)
	if err != nil {
		return nil, err
	}
	return proc.UpgradeConfig(ctx, config, from)
}

// Try makes an instance of a configuration that nobody runs, hands it to use and releases it.
func (p *Plugin) Try(ctx context.Context, in sdk.Instance, use func(*Instance) error) error {
	proc, err := p.running(ctx)
	if err != nil {
		return err
	}
	if err := proc.Configure(ctx, in); err != nil {
		return err
	}
	err = use(proc.Instance(in.Integration))
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.cfg.Timing.Answer)
	defer cancel()
	return errors.Join(err, proc.Release(release, in.Integration))
}

func (p *Plugin) running(ctx context.Context) (*process, error) {
	var proc *process
	err := p.await(ctx, func() (bool, error) { proc = p.proc; return proc != nil, nil })
	return proc, err
}

// await waits until ready, which is called with the lock held, says so, but not for long.
func (p *Plugin) await(ctx context.Context, ready func() (bool, error)) error {
	p.Need()
	timer := time.NewTimer(p.cfg.Timing.Wait)
	defer timer.Stop()
	for {
		p.mu.Lock()
		ok, err := ready()
		changed, state := p.changed, p.state
		p.mu.Unlock()
		switch {
		case ok || err != nil:
			return err
		case state == StateQuarantined || state == StateStopped:
			return p.unavailable()
		}
		select {
		case <-changed:
		case <-timer.C:
			return p.unavailable()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *Plugin) unavailable() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := &sdk.Error{
		Kind: sdk.KindUnavailable, Code: "plugin_" + string(p.state), RetryAfter: rpc.RetryAfterLoss, Err: p.lastErr,
		Message: "The plugin " + p.cfg.Manifest.Kind + " is not ready (" + string(p.state) + ").",
	}
	switch p.state {
	case StateBackoff:
		e.RetryAfter = max(p.until.Sub(p.cfg.Now()), time.Second)
	case StateQuarantined:
		e.RetryAfter = time.Minute
	}
	return e
}

// Status tells how the plugin is.
func (p *Plugin) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Status{
		State: p.state, Since: p.since, Restarts: max(p.starts-1, 0), Instances: map[string]string{}, Stderr: p.tail.Lines(),
	}
	if p.lastErr != nil {
		s.LastError = p.lastErr.Error()
	}
	if p.proc != nil {
		s.PID = p.proc.cmd.Process.Pid
	}
	for id := range maps.Keys(p.wanted) {
		c, ok := p.live[id]
		switch {
		case !ok:
			s.Instances[id] = "not ready"
		case c.err != nil:
			s.Instances[id] = c.err.Error()
		default:
			s.Instances[id] = ""
		}
	}
	return s
}
