// Package host is the server's end of the process boundary: it verifies a plugin's binary, starts it, asks how it is,
// starts it again when it dies and gives up on one that keeps dying. One goroutine owns one process. The package knows
// nothing of what plugins do; the server and the agent both use it.
package host

import (
	"context"
	"encoding/json"
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

// release is a program with its manifest.
type release struct {
	Binary   string
	Manifest Manifest
}

// Plugin runs one plugin's process.
type Plugin struct {
	cfg   Config
	logs  *logs
	meter *meter
	wake  chan struct{}
	// leaving are processes that another one has taken over from.
	leaving sync.WaitGroup
	// trials are the instances that are only tried, by their integration.
	trials sync.Map

	mu       sync.Mutex
	wanted   map[string]Wanted
	what     release
	needed   bool
	again    bool // a process that runs shall be replaced
	disabled bool
	asked    time.Time
	waiting  int // those who wait for a process
	state    State
	since    time.Time
	until    time.Time // end of a backoff
	proc     *process  // when ready
	live     map[string]configured
	starts   int
	lastErr  error
	errAt    time.Time
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
	if cfg.MemoryMax == 0 {
		cfg.MemoryMax = 4 * cfg.MemoryLimit
	}
	cfg.Log = cfg.Log.With("plugin", cfg.Manifest.Kind)
	return &Plugin{
		cfg: cfg, what: release{cfg.Binary, cfg.Manifest}, logs: newLogs(cfg.Now), meter: &meter{now: cfg.Now}, wake: make(chan struct{}, 1), wanted: map[string]Wanted{},
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
	p.asked = p.cfg.Now()
	ready := p.proc != nil
	p.mu.Unlock()
	if !ready { // each report says so, and has nobody woken
		p.nudge()
	}
}

// Restart ends a quarantine, and has a process that runs replaced: a new one is started beside it and takes over, then
// the old one finishes its calls and ends. When the new one does not start, the old one runs on.
func (p *Plugin) Restart() {
	p.mu.Lock()
	p.restart()
	p.mu.Unlock()
	p.nudge()
}

// restart is Restart with the lock held.
func (p *Plugin) restart() {
	p.failures = nil
	p.needed = true
	p.again = p.proc != nil
	p.asked = p.cfg.Now()
}

// Upgrade sets the program to run. A process of the former one is replaced as by [Plugin.Restart].
func (p *Plugin) Upgrade(binary string, m Manifest) {
	p.mu.Lock()
	p.what = release{binary, m}
	p.failures = nil
	p.again = p.proc != nil
	p.mu.Unlock()
	p.nudge()
}

func (p *Plugin) desired() release {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.what
}

// Enable sets whether the plugin may run. A plugin that may not answers with kind unavailable.
func (p *Plugin) Enable(on bool) {
	p.mu.Lock()
	if p.disabled == !on {
		p.mu.Unlock()
		return
	}
	p.disabled, p.failures = !on, nil
	p.notify()
	p.mu.Unlock()
	p.nudge()
}

// Exchange counts one question over a stream that outlives its questions; done is called with its outcome.
func (p *Plugin) Exchange() (done func(error)) {
	p.mu.Lock()
	proc := p.proc
	p.mu.Unlock()
	if proc != nil {
		proc.calls.under.Add(1)
	}
	p.meter.begin()
	return func(err error) {
		if proc != nil {
			proc.calls.under.Add(-1)
		}
		p.meter.end(err)
	}
}

// Logs returns what the plugin wrote after the line with a number, the oldest first, at most limit of the newest lines.
func (p *Plugin) Logs(after int64, limit int) []LogLine { return p.logs.After(after, limit) }

// Usage tells what the process uses of the machine, as far as this system tells it.
func (p *Plugin) Usage() Usage {
	if s := p.Status(); s.PID != 0 {
		u, _ := usageOf(s.PID)
		return u
	}
	return Usage{}
}

// Want sets the instances that should be live, by integration. It does not wait for them.
func (p *Plugin) Want(all []Wanted) {
	p.mu.Lock()
	p.wanted = map[string]Wanted{}
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

// Client returns the running process's end of the protocol, for those who try plugins. The process is started for it.
func (p *Plugin) Client(ctx context.Context) (*rpc.Client, error) {
	proc, err := p.running(ctx)
	if err != nil {
		return nil, err
	}
	return proc.Client, nil
}

func (p *Plugin) running(ctx context.Context) (*process, error) {
	var proc *process
	err := p.await(ctx, func() (bool, error) { proc = p.proc; return proc != nil, nil })
	return proc, err
}

// await waits until ready, which is called with the lock held, says so, but not for long.
func (p *Plugin) await(ctx context.Context, ready func() (bool, error)) error {
	p.Need()
	defer p.expect()()
	var timer *time.Timer
	for {
		p.mu.Lock()
		ok, err := ready()
		changed, state := p.changed, p.state
		p.mu.Unlock()
		switch {
		case ok:
			return nil
		case err != nil:
			p.nudge() // what failed may work now
			return err
		case state == StateQuarantined || state == StateStopped || state == StateDisabled:
			return p.unavailable()
		}
		if timer == nil {
			timer = time.NewTimer(p.cfg.Timing.Wait)
			defer timer.Stop()
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

// expect tells that somebody waits, until what it returns is called: a process that took long to start is not idle before
// they have it.
func (p *Plugin) expect() (done func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.waiting--
		p.asked = p.cfg.Now()
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
	case StateDisabled:
		e.RetryAfter, e.Err = time.Minute, nil
		e.Message = "The plugin " + p.cfg.Manifest.Kind + " is switched off."
	}
	return e
}

// Status tells how the plugin is.
func (p *Plugin) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Status{
		State: p.state, Since: p.since, Restarts: max(p.starts-1, 0), Instances: map[string]string{}, Stderr: p.logs.Texts(50),
		Version: p.what.Manifest.Version, ErrorAt: p.errAt, Calls: p.meter.calls(), Held: p.logs.Held(), MemoryMax: p.cfg.MemoryMax,
	}
	if p.lastErr != nil {
		s.LastError = p.lastErr.Error()
	}
	if p.proc != nil {
		s.PID, s.Started, s.Version = p.proc.cmd.Process.Pid, p.proc.since, p.proc.what.Manifest.Version
	}
	for id := range maps.Keys(p.wanted) {
		c, ok := p.live[id]
		switch {
		case !ok && p.state == StateIdle: // it is started when it is needed
			s.Instances[id] = ""
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
