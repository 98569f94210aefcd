package e2e

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkServerStart is the time from `pulse serve` on existing data to a healthy answer.
func BenchmarkServerStart(b *testing.B) {
	s := startServer(b)
	s.claim()
	s.stop()
	for b.Loop() {
		s.start()
		b.StopTimer()
		s.stop()
		b.StartTimer()
	}
}

// BenchmarkFootprint is what server, host plugin and agent take after some minutes with one host at the default interval:
// memory in MiB (PSS, shared pages counted once in all) and the agent's share of a core.
func BenchmarkFootprint(b *testing.B) {
	for b.Loop() {
		s := startServer(b)
		s.claim()
		agent := startAgent(b, s, "--interval", "30s")
		eventually(b, "the agent reports", func() bool { return len(s.hosts()) == 1 })

		before, start := cpuTime(b, agent.pid()), time.Now()
		<-time.After(65 * time.Second)
		share := (cpuTime(b, agent.pid()) - before).Seconds() / time.Since(start).Seconds()

		core, plugin := pss(b, s.pid()), pss(b, s.plugin())
		b.ReportMetric(core, "server-MiB")
		b.ReportMetric(plugin, "plugin-MiB")
		b.ReportMetric(core+plugin, "server+plugin-MiB")
		b.ReportMetric(pss(b, agent.pid()), "agent-MiB")
		b.ReportMetric(share*100, "agent-%core")
		agent.stop()
		s.stop()
	}
	info, err := os.Stat(filepath.Join(bin, "pulse-agent"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "agent-MB")
}

// BenchmarkReport is one host report from the socket to the acknowledgement.
func BenchmarkReport(b *testing.B) {
	s := startServer(b)
	s.claim()
	_, token := s.mint("host-agent:report")
	s.must(token, hostReport("bench", 10))
	for b.Loop() {
		s.must(token, hostReport("bench", 10))
	}
}

// pss returns the proportional set size of a process in MiB.
func pss(b *testing.B, pid int) float64 {
	b.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "Pss:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib / 1024
		}
	}
	b.Fatalf("process %d has no PSS", pid)
	return 0
}

// cpuTime returns the processor time that a process has used. The kernel counts in hundredths of a second.
func cpuTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(content[strings.LastIndexByte(string(content), ')')+1:]))
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
