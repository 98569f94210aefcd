package pve

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// forget is a sink that keeps nothing.
type forget struct{}

func (forget) Emit(...sdk.Observation) error    { return nil }
func (forget) Done(error) error                 { return nil }
func (f forget) Partition(string) sdk.Partition { return f }

// watching returns a collector of a simulated cluster of 50 nodes and 2,000 guests, without a process in between.
func watching(b *testing.B, clock *sdktest.Clock) (*Collector, *pvetest.Server) {
	b.Helper()
	w := pvetest.New(50, 2000, clock.Now)
	for _, s := range w.Storages {
		s.Content = "images"
	}
	s := pvetest.Start(b, w)
	c, err := newWith(Config{
		Host: s.URL, TokenName: pvetest.Token, TokenValue: pvetest.Secret, Fingerprint: s.Pin, MonitorVMs: true, MonitorContainers: true, MonitorStorage: true,
		MonitorBackups: true, MonitorPhysicalDisks: true, AgentCallsPerMinute: 60, SnapshotCallsPerMinute: 20, CallsPerMinute: 120, NodeCallsPerMinute: 60,
	}, sdk.Deps{Name: "home", Network: sdk.Network{AllowLoopback: true}, Now: clock.Now, Log: quiet()}, func(_ context.Context, d time.Duration) error {
		clock.Move(d)
		return nil
	})
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
	c, _ := watching(b, clock)
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
	c, _ := watching(b, clock)
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
		next := c.newView()
		next.cluster, next.asked, next.quorate, next.nodes, next.storages = v.cluster, true, true, v.nodes, v.storages
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
		c, s := watching(b, clock)
		begun, next := clock.Now(), map[string]time.Time{}
		for clock.Now().Sub(begun) < time.Hour {
			for _, task := range Plugin().Describe().Tasks {
				if now := clock.Now(); !now.Before(next[task.Name]) {
					next[task.Name] = now.Add(task.Interval)
					if err := c.Collect(b.Context(), task.Name, forget{}); err != nil {
						b.Fatal(err)
					}
				}
			}
			clock.Move(10 * time.Second)
		}
		minutes := clock.Now().Sub(begun).Minutes()
		inside := s.Count("/agent/") + s.Count("/interfaces")
		b.ReportMetric(float64(len(s.Calls())-inside)/minutes, "calls/min")
		b.ReportMetric(float64(inside)/minutes, "agent-calls/min")
	}
}
