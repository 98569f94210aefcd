// Package agent runs what reports a machine: collectors at their pace, a courier that brings their reports to the
// server, and a spool for when it is away. It decides nothing about what is in a report.
package agent

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pulse-platform/pulse/agent/config"
	"github.com/pulse-platform/pulse/agent/courier"
	"github.com/pulse-platform/pulse/agent/health"
	"github.com/pulse-platform/pulse/agent/link"
	"github.com/pulse-platform/pulse/agent/schedule"
	"github.com/pulse-platform/pulse/agent/spool"
	"github.com/pulse-platform/pulse/plugins/host/collect"
)

// Collector reads something of this machine and writes reports of one kind.
type Collector interface {
	// Kind names the reports.
	Kind() string
	// Run does what goes on between reports, until the context ends.
	Run(ctx context.Context)
	// Collect returns an encoded report.
	Collect(ctx context.Context) ([]byte, error)
}

// Agent is one running agent.
type Agent struct {
	cfg      config.Config
	version  string
	stateDir string // empty: nothing outlives a restart
	token    func() (string, error)
	log      *slog.Logger
	now      func() time.Time

	collected atomic.Uint64
	failed    atomic.Uint64
	took      atomic.Int64 // of the last collection, nanoseconds
	ready     atomic.Bool
}

// New returns an agent. An empty stateDir keeps reports in memory only; token is asked before each call.
func New(cfg config.Config, version, stateDir string, token func() (string, error), log *slog.Logger) *Agent {
	return &Agent{cfg: cfg, version: version, stateDir: stateDir, token: token, log: log, now: time.Now}
}

// Run reports until the context ends. The error tells why it could not start.
func (a *Agent) Run(ctx context.Context) error {
	for _, module := range a.cfg.Asked {
		a.log.Warn("module is not available in this version", "module", module)
	}
	l := link.New(link.Config{URL: a.cfg.URL, Insecure: a.cfg.Insecure, Version: a.version, Token: a.token, Now: a.now})
	defer l.Close()
	if a.cfg.Insecure {
		a.log.Warn("certificates are not checked: whoever sits between can read the token")
	}
	host, err := a.collector()
	if err != nil {
		return err
	}
	if a.adopt(ctx, l, host) {
		if host, err = a.collector(); err != nil {
			return err
		}
	}
	c := courier.New(l, a.openSpool(), a.now, a.log)
	a.log.Info("agent started", "version", a.version, "server", a.cfg.URL, "host", host.Hostname(), "agent_id", host.AgentID(),
		"interval", a.cfg.Interval.String(), "state_dir", a.stateDir)
	a.run(ctx, host, c)
	s := c.Stats()
	a.log.Info("agent stopped", "delivered", s.Delivered, "waiting", s.Waiting, "lost", s.Lost)
	return nil
}

// collector makes the collector of this machine as configured.
func (a *Agent) collector() (*collect.Collector, error) {
	c, err := collect.New(collect.Config{
		AgentID: a.cfg.AgentID, Version: a.version, Hostname: a.cfg.Hostname, Interval: a.cfg.Interval, ReportIP: a.cfg.ReportIP,
		Tags: a.cfg.Tags, DiskExclude: a.cfg.DiskExclude, Log: a.log, Now: a.now,
	})
	if err != nil {
		return nil, fmt.Errorf("start the host collector: %w", err)
	}
	return c, nil
}

// openSpool returns the spool, nil when there is no place for it.
func (a *Agent) openSpool() courier.Spool {
	if a.stateDir == "" {
		return nil
	}
	s, err := spool.Open(filepath.Join(a.stateDir, "spool"), spool.Limits{Bytes: a.cfg.SpoolBytes, Count: a.cfg.SpoolCount}, a.log)
	if err != nil {
		a.log.Warn("reports wait in memory only", "error", err)
		return nil
	}
	if n := s.Stats().Waiting; n > 0 {
		a.log.Info("reports wait from before", "reports", n)
	}
	return s
}

// run starts everything and waits for the end.
func (a *Agent) run(ctx context.Context, host Collector, c *courier.Courier) {
	// The courier ends last, so that a report that was being made still reaches the disk.
	delivery, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wait, courierDone sync.WaitGroup
	courierDone.Go(func() { c.Run(delivery) })
	if a.cfg.EnableHost {
		wait.Go(func() { host.Run(ctx) })
		wait.Go(func() {
			schedule.Run(ctx, a.cfg.Interval, rand.Int64N, func(ctx context.Context) { a.collect(ctx, host, c) })
		})
	} else {
		a.log.Warn("nothing is reported: the host module is off")
	}
	if a.cfg.HealthAddr != "" {
		wait.Go(func() {
			if err := health.Serve(ctx, a.log, a.cfg.HealthAddr, a.ready.Load, func() []health.Sample { return a.metrics(c.Stats()) }); err != nil {
				a.log.Warn("health checks are not answered", "error", err)
			}
		})
	}
	a.ready.Store(true)
	<-ctx.Done()
	a.ready.Store(false)
	wait.Wait()
	stop()
	courierDone.Wait()
}

// collect makes one report and hands it to the courier.
func (a *Agent) collect(ctx context.Context, from Collector, c *courier.Courier) {
	start := a.now()
	body, err := from.Collect(ctx)
	a.took.Store(int64(a.now().Sub(start)))
	if err != nil {
		if ctx.Err() == nil {
			a.failed.Add(1)
			a.log.Error("report could not be made", "kind", from.Kind(), "error", err)
		}
		return
	}
	a.collected.Add(1)
	c.Offer(from.Kind(), body)
}

// metrics are the lines of /metrics. The first two are the reference's.
func (a *Agent) metrics(s courier.Stats) []health.Sample {
	labels := health.Label("version", a.version) + "," + health.Label("host_enabled", fmt.Sprint(a.cfg.EnableHost)) +
		`,docker_enabled="false",kubernetes_enabled="false"`
	last := 0.0
	if !s.LastDelivery.IsZero() {
		last = float64(s.LastDelivery.Unix())
	}
	return []health.Sample{
		{Name: "pulse_agent_info", Help: "The agent and its modules.", Kind: "gauge", Labels: labels, Value: 1},
		{Name: "pulse_agent_up", Help: "1 while the agent runs.", Kind: "gauge", Value: flag(a.ready.Load())},
		{Name: "pulse_agent_connected", Help: "1 while the server takes reports.", Kind: "gauge", Value: flag(s.Connected)},
		{Name: "pulse_agent_reports_collected_total", Help: "Reports made.", Kind: "counter", Value: float64(a.collected.Load())},
		{Name: "pulse_agent_reports_failed_total", Help: "Reports that could not be made.", Kind: "counter", Value: float64(a.failed.Load())},
		{Name: "pulse_agent_reports_delivered_total", Help: "Reports that the server took.", Kind: "counter", Value: float64(s.Delivered)},
		{Name: "pulse_agent_reports_dropped_total", Help: "Reports that the server refused for good.", Kind: "counter", Value: float64(s.Dropped)},
		{Name: "pulse_agent_reports_lost_total", Help: "Reports lost because the spool was full or damaged.", Kind: "counter", Value: float64(s.Lost)},
		{Name: "pulse_agent_delivery_failures_total", Help: "Attempts to deliver that failed.", Kind: "counter", Value: float64(s.Failures)},
		{Name: "pulse_agent_reports_waiting", Help: "Reports that wait for delivery.", Kind: "gauge", Value: float64(s.Waiting)},
		{Name: "pulse_agent_spool_bytes", Help: "Size of the reports on disk.", Kind: "gauge", Value: float64(s.SpoolBytes)},
		{Name: "pulse_agent_last_delivery_seconds", Help: "Unix time of the last delivery, 0 before it.", Kind: "gauge", Value: last},
		{Name: "pulse_agent_collect_seconds", Help: "How long the last report took to make.", Kind: "gauge", Value: time.Duration(a.took.Load()).Seconds()},
	}
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
