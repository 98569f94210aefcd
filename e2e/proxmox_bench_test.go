package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// BenchmarkCluster is what a cluster of 50 nodes and 2,000 guests takes of the machine over half an hour, which is from one packing
// of samples to the next: the memory is the most of it. Its host plugin runs too, as on every server.
func BenchmarkCluster(b *testing.B) {
	const settle, measure = 5 * time.Minute, 31 * time.Minute
	for b.Loop() {
		in, upstream := simulate(b, "pve", "--nodes", "50", "--guests", "2000", "--nights", "2", "--latency", "20ms")
		s := startServer(b)
		s.claim()
		began := time.Now()
		if got := s.call("POST", "/api/integrations", in); got.status != http.StatusCreated {
			b.Fatalf("make the integration: %v", got)
		}
		eventually(b, "every guest is shown", func() bool {
			return strings.Count(string(s.call("GET", "/api/state", nil).body), `"vmid":`) >= 2000
		})
		b.ReportMetric(time.Since(began).Seconds(), "s-to-first-picture")

		plugin := children(s.pid())["pulse-plugin-pve"]
		account := func() used {
			return used{cpuTime(b, s.pid()), cpuTime(b, plugin), written(b, s.pid()) + written(b, plugin)}
		}
		<-time.After(settle)
		before := account()
		var server, collector float64
		for range int(measure / time.Minute) {
			<-time.After(time.Minute)
			if now, its := pss(b, s.pid()), pss(b, plugin); now+its > server+collector {
				server, collector = now, its
			}
		}
		spent := account().minus(before)
		b.ReportMetric(server, "server-MiB")
		b.ReportMetric(collector, "plugin-MiB")
		b.ReportMetric(server+collector, "server+plugin-MiB")
		b.ReportMetric((spent.server+spent.plugin).Seconds()/measure.Seconds()*100, "%core")
		b.ReportMetric(float64(spent.written)/(1<<20)/measure.Minutes(), "disk-MiB/min")
		s.stop()
		upstream.stop()
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkHome is what a home takes of the machine's memory: a cluster with 50 guests, a backup server, mail, and the host plugin.
// It has no agent.
func BenchmarkHome(b *testing.B) {
	for b.Loop() {
		cluster, node := simulate(b, "pve", "--nodes", "3", "--guests", "50")
		backup, store := simulate(b, "pbs", "--guests", "50")
		mail := map[string]any{"kind": "email", "name": "mail", "config": map[string]any{
			"server": "127.0.0.1", "port": 2525, "from": "pulse@example.com", "to": []string{"admin@example.com"},
		}}
		s := startServer(b)
		s.claim()
		for _, in := range []map[string]any{cluster, backup, mail} {
			if got := s.call("POST", "/api/integrations", in); got.status != http.StatusCreated {
				b.Fatalf("make the integration: %v", got)
			}
		}
		<-time.After(2 * time.Minute)
		all := pss(b, s.pid())
		b.ReportMetric(all, "server-MiB")
		plugins := children(s.pid())
		for _, pid := range plugins {
			all += pss(b, pid)
		}
		b.ReportMetric(float64(len(plugins)), "plugins")
		b.ReportMetric(all, "all-MiB")
		s.stop()
		node.stop()
		store.stop()
	}
	b.ReportMetric(0, "ns/op")
}
