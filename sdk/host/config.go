package host

import (
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/sdk"
)

// Config says which plugin to run, and how.
type Config struct {
	Binary   string
	Manifest Manifest
	// Dir is the plugin's working directory. It is made when it is missing.
	Dir string
	Log hclog.Logger
	// Host returns what an integration may use of the server; nil when there is no way back.
	Host func(integration string) sdk.Host
	// Ready is called when a process has become ready. It may be nil, and must not wait.
	Ready func()
	// Upgraded is told each configuration that the plugin upgraded and works with. It may be nil, and must not wait.
	Upgraded func(Upgraded)
	// MemoryLimit is the soft limit of the process, in bytes; 0 is 128 MiB. A process that holds more than MemoryMax
	// is ended; 0 is four times the soft limit.
	MemoryLimit, MemoryMax int64
	Timing                 Timing
	Now                    func() time.Time
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
	Watch  time.Duration // between two looks at its memory; 1 s
	Over   time.Duration // of calls under way when another process takes over; 20 s
	Drain  time.Duration // of closing instances; 2.5 s
	Kill   time.Duration // of leaving after that; 1.5 s
	Delay  time.Duration // before the first restart; it doubles up to DelayMax; 1 s
	// DelayMax is 60 s.
	DelayMax time.Duration
	// Failures within Window lead to quarantine; 5 in 10 min.
	Failures int
	Window   time.Duration
	// Idle is how long a plugin that nothing depends on runs unused: one that does not collect, watch or take reports,
	// or has no integration; 5 min.
	Idle time.Duration
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
	set(&t.Watch, time.Second)
	set(&t.Over, 20*time.Second)
	set(&t.Idle, 5*time.Minute)
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
	StateDisabled    State = "disabled"
	StateStopped     State = "stopped"
)

// Status tells how a plugin is.
type Status struct {
	State State
	PID   int // 0 when no process runs
	Since time.Time
	// Version is that of the running process, else that of the program which would be started.
	Version string
	// Started is when the process was; zero when none runs.
	Started time.Time
	// Restarts counts the starts after the first one.
	Restarts  int
	LastError string
	// ErrorAt is when the last error was.
	ErrorAt time.Time
	Calls   Calls
	// MemoryMax is where the process is ended, in bytes.
	MemoryMax int64
	// Held counts how often the plugin was slowed down because it wrote too much.
	Held int
	// Instances are those wanted, by integration: an empty text for one that works, else what is wrong.
	Instances map[string]string
	// Stderr holds the last lines that the process wrote.
	Stderr []string
}

// Usage is what a process uses of the machine. Zero members are not known.
type Usage struct {
	RSS, PSS int64 // bytes
	CPU      time.Duration
}
