// Package collect reads the machine it runs on and writes host reports. The agent links it. Everything but memory is
// best effort: what cannot be read is left out of the report, and nothing in it can hang for longer than
// [Deadline]. It knows the report's format and nothing about where it goes.
package collect

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
)

// Deadline is the longest that one report may take.
const Deadline = 10 * time.Second

// firstSample is how long the processor is watched for the first report; later ones look back to the one before.
const firstSample = 250 * time.Millisecond

// maxEntries bounds each list of a report.
const maxEntries = 256

// factsAge is how long what hardly ever changes (system, kernel, processor) is kept.
const factsAge = 10 * time.Minute

// Config says who reports and what is left out.
type Config struct {
	// AgentID names the agent; empty means the machine id.
	AgentID  string
	Version  string
	Hostname string // empty means what the system says
	Interval time.Duration
	ReportIP string
	Tags     []string
	// DiskExclude are patterns of file systems and disks to leave out: exact, prefix* or *part*.
	DiskExclude []string
	// CommandsEnabled is what the report says about remote commands.
	CommandsEnabled bool
	Log             *slog.Logger
	Now             func() time.Time
}

// Collector reads one machine. It is not safe for concurrent Collect calls.
type Collector struct {
	cfg       Config
	exclude   mounts.Excludes
	machine   *machine
	machineID string
	hostname  string

	busy, total float64 // of the processors, at the last report
	cpuAt       time.Time
	facts       facts
	factsAt     time.Time
	usage       *usageReader
	power       powerMeter

	mu    sync.Mutex // guards what the slow readers keep
	smart map[string]wire.SMART
	pools []wire.Pool
}

// facts are what hardly ever changes.
type facts struct {
	platform, osName, osVersion, kernel, arch, cpuModel string
	cpus                                                int
}

// New returns a collector of this machine. The error tells that the machine has no name.
func New(cfg Config) (*Collector, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return build(cfg, newMachine(treeFromEnv()))
}

func build(cfg Config, m *machine) (*Collector, error) {
	c := &Collector{cfg: cfg, exclude: cfg.DiskExclude, machine: m, hostname: cfg.Hostname, smart: map[string]wire.SMART{}}
	c.usage = newUsageReader(m.usage)
	if c.hostname == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("read the host's name: %w", err)
		}
		c.hostname = name
	}
	c.machineID = machineID(m)
	if c.cfg.AgentID == "" {
		c.cfg.AgentID = c.machineID
	}
	if c.cfg.AgentID == "" {
		c.cfg.AgentID = c.hostname
	}
	c.readCPU()
	return c, nil
}

// Kind is the report kind: the last but one element of the path that takes it.
func (c *Collector) Kind() string { return "host" }

// AgentID is the identity that the reports carry.
func (c *Collector) AgentID() string { return c.cfg.AgentID }

// Hostname is the name that the reports carry.
func (c *Collector) Hostname() string { return c.hostname }

// Run reads what is slow (SMART, pools) at its own pace until the context ends. Reports carry the last values.
func (c *Collector) Run(ctx context.Context) {
	var wait sync.WaitGroup
	wait.Go(func() { c.watchSMART(ctx) })
	wait.Go(func() { c.watchPools(ctx) })
	wait.Wait()
}

// Collect reads the machine and returns the encoded report. It fails only when memory cannot be read or the context
// ends.
func (c *Collector) Collect(ctx context.Context) ([]byte, error) {
	r, err := c.Report(ctx)
	if err != nil {
		return nil, err
	}
	body, err := r.Encode()
	for _, cut := range cuts {
		if err != nil || len(body) <= wire.MaxBody {
			break
		}
		cut(r)
		body, err = r.Encode()
	}
	if err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	return body, nil
}

// cuts make a report smaller that no server would take, the least important first.
var cuts = []func(*wire.Report){
	func(r *wire.Report) {
		for i := range r.Pools {
			r.Pools[i].Devices = nil
		}
	},
	func(r *wire.Report) { r.DiskIO = nil },
	func(r *wire.Report) { r.Sensors.SMART = r.Sensors.SMART[:min(len(r.Sensors.SMART), 64)] },
	func(r *wire.Report) { r.Network = r.Network[:min(len(r.Network), 32)] },
	func(r *wire.Report) { r.Disks, r.RAID = r.Disks[:min(len(r.Disks), 32)], nil },
}

// Report is [Collector.Collect] before encoding.
func (c *Collector) Report(ctx context.Context) (*wire.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	memory, err := c.machine.memory()
	if err != nil {
		return nil, fmt.Errorf("read memory: %w", err)
	}
	r := &wire.Report{Agent: c.agent(), Host: c.host(), Tags: c.cfg.Tags}
	r.Metrics.Memory = memory
	r.Metrics.CPUUsagePercent = c.cpu(ctx)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("collect report: %w", err)
	}
	r.Disks = c.disks(ctx)
	r.DiskIO = c.diskIO()
	r.Network = c.network()
	r.Sensors = c.machine.sensors()
	r.Sensors.PowerWatts = c.power.read(c.machine.tree, c.cfg.Now())
	r.RAID = c.machine.arrays()
	c.mu.Lock()
	for _, device := range sortedKeys(c.smart) {
		r.Sensors.SMART = append(r.Sensors.SMART, c.smart[device])
	}
	r.Pools = slices.Clone(c.pools)
	c.mu.Unlock()
	r.Timestamp = c.cfg.Now().UTC()
	return r, nil
}

func (c *Collector) agent() wire.Agent {
	commands := c.cfg.CommandsEnabled
	return wire.Agent{
		ID: c.cfg.AgentID, Version: c.cfg.Version, Type: wire.TypeUnified, Hostname: c.hostname,
		IntervalSeconds: int(c.cfg.Interval.Round(time.Second) / time.Second), CommandsEnabled: &commands, DiskExclude: c.cfg.DiskExclude,
	}
}

func (c *Collector) host() wire.Host {
	if now := c.cfg.Now(); c.factsAt.IsZero() || now.Sub(c.factsAt) > factsAge {
		c.facts, c.factsAt = c.machine.facts(), now
	}
	f := c.facts
	return wire.Host{
		ID: c.machineID, Hostname: c.hostname, DisplayName: c.hostname, MachineID: c.machineID, Platform: f.platform, OSName: f.osName,
		OSVersion: f.osVersion, KernelVersion: f.kernel, Architecture: f.arch, CPUModel: f.cpuModel, CPUCount: f.cpus,
		UptimeSeconds: c.machine.uptime(), LoadAverage: c.machine.load(), ReportIP: c.cfg.ReportIP,
	}
}

// readCPU remembers the processors' counters.
func (c *Collector) readCPU() (busy, total float64, ok bool) {
	busy, total, err := c.machine.cpuTimes()
	if err != nil {
		return 0, 0, false
	}
	busyBefore, totalBefore := c.busy, c.total
	c.busy, c.total, c.cpuAt = busy, total, c.cfg.Now()
	return busy - busyBefore, total - totalBefore, true
}

// cpu returns the busy share of all processors since the last report, in percent; nil when it is not known.
func (c *Collector) cpu(ctx context.Context) *float64 {
	if since := c.cfg.Now().Sub(c.cpuAt); since >= 0 && since < firstSample {
		timer := time.NewTimer(firstSample - since)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
	}
	busy, total, ok := c.readCPU()
	if !ok || total <= 0 {
		return nil
	}
	percent := min(max(100*busy/total, 0), 100)
	return &percent
}

func (c *Collector) diskIO() []wire.DiskIO {
	var kept []wire.DiskIO
	for _, d := range c.machine.diskIO() {
		if len(kept) < maxEntries && mounts.WholeDevice(d.Device) && !c.exclude.Match(d.Device, "/dev/"+d.Device) {
			kept = append(kept, d)
		}
	}
	return kept
}
