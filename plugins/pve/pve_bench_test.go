package pve

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
)

// forget is a sink that keeps nothing.
type forget struct{}

func (forget) Emit(...sdk.Observation) error    { return nil }
func (forget) Done(error) error                 { return nil }
func (f forget) Partition(string) sdk.Partition { return f }

// watching returns a collector of a simulated cluster of 50 nodes and 2,000 guests, without a process in between.
func watching(b *testing.B, now func() time.Time) (*Collector, *pvetest.Server) {
	b.Helper()
	w := pvetest.New(50, 2000, now)
	for _, s := range w.Storages {
		s.Content = "images"
	}
	s := pvetest.Start(b, w)
	c, err := New(Config{
		Host: s.URL, TokenName: pvetest.Token, TokenValue: pvetest.Secret, Fingerprint: s.Pin, MonitorVMs: true, MonitorContainers: true, MonitorStorage: true,
		MonitorBackups: true, MonitorPhysicalDisks: true, AgentCallsPerMinute: 60, SnapshotCallsPerMinute: 20,
	}, sdk.Deps{Name: "home", Network: sdk.Network{AllowLoopback: true}, Now: now, Log: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c, s
}

// BenchmarkResources is one cycle of the fast task at 50 nodes, 2,000 guests and 101 storages, the simulator's own work
// included.
func BenchmarkResources(b *testing.B) {
	clock := newClock()
	c, _ := watching(b, clock.Now)
	b.ReportAllocs()
	for b.Loop() {
		clock.Move(10 * time.Second)
		if err := c.Collect(b.Context(), taskResources, forget{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTelling is what the plugin itself does with one answer at that size.
func BenchmarkTelling(b *testing.B) {
	clock := newClock()
	c, _ := watching(b, clock.Now)
	if err := c.Collect(b.Context(), taskResources, forget{}); err != nil {
		b.Fatal(err)
	}
	v := c.shown
	raw := make([]json.RawMessage, 0, len(v.guests))
	for _, g := range v.guests {
		text, err := json.Marshal(map[string]any{"type": g.Type, "vmid": g.VMID.V, "node": g.Node, "name": g.Name, "status": g.Status, "cpu": g.CPU.V, "maxcpu": g.MaxCPU.V,
			"mem": g.Mem.V, "maxmem": g.MaxMem.V, "maxdisk": g.MaxDisk.V, "netin": g.NetIn.V, "netout": g.NetOut.V, "diskread": g.DiskRead.V, "diskwrite": g.DiskWrite.V, "uptime": g.Uptime.V})
		if err != nil {
			b.Fatal(err)
		}
		raw = append(raw, text)
	}
	b.ReportAllocs()
	for b.Loop() {
		clock.Move(10 * time.Second)
		next := &view{at: clock.Now(), cluster: v.cluster, asked: true, quorate: true, nodes: v.nodes, storages: v.storages}
		for _, text := range raw {
			if err := next.add(text); err != nil {
				b.Fatal(err)
			}
		}
		c.tellNodes(next)
		if err := c.tellGuests(next, forget{}.Emit); err != nil {
			b.Fatal(err)
		}
		c.tellStorage(next)
	}
}

// BenchmarkCallsPerMinute runs all tasks at their intervals for an hour of simulated time in a quiet cluster.
func BenchmarkCallsPerMinute(b *testing.B) {
	for b.Loop() {
		clock := newClock()
		c, s := watching(b, clock.Now)
		tasks := Plugin().Describe().Tasks
		agents, quiet := 0, 0
		for second := 0; second < 3600; second += 10 {
			for _, task := range tasks {
				if second%int(task.Interval.Seconds()) == 0 {
					if err := c.Collect(b.Context(), task.Name, forget{}); err != nil {
						b.Fatal(err)
					}
				}
			}
			clock.Move(10 * time.Second)
		}
		agents = s.Count("/agent/") + s.Count("/interfaces")
		quiet = len(s.Calls()) - agents
		b.ReportMetric(float64(quiet)/60, "calls/min")
		b.ReportMetric(float64(agents)/60, "agent-calls/min")
	}
}
