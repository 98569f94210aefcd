package e2e

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkReportsLoad is what agents cost: 100 hosts and 1,000 that send reports of 4 KiB over eight connections, first as
// fast as they are answered, then at half of the rate that is promised. It fails when an acknowledged report is not in the
// history afterwards.
func BenchmarkReportsLoad(b *testing.B) {
	for _, hosts := range []int{100, 1000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			best := map[string]float64{}
			for b.Loop() {
				measureLoad(b, hosts, 10*time.Second, best)
			}
			b.ReportMetric(0, "ns/op")
			for unit, value := range best {
				b.ReportMetric(value, unit)
			}
		})
	}
}

// promised is the rate that half load is half of.
const promised = 5000

// measureLoad keeps the best of what it measures: other work on the machine makes figures worse, never better.
func measureLoad(b *testing.B, hosts int, d time.Duration, best map[string]float64) {
	s := startServer(b)
	s.claim()
	_, token := s.mint("host-agent:report")
	l := newLoad(s, token, hosts, 8)
	for l.fewest() < 2 { // a host that is new costs more than one that is known
		if r := l.run(b.Context(), time.Second, 0); r.err != nil {
			b.Fatal(r.err)
		}
	}

	oldest, stop := l.watch()
	before, begin := usage(b, s), time.Now()
	full := l.run(b.Context(), d, 0)
	used := usage(b, s).minus(before)
	view := stop(oldest)
	half := l.run(b.Context(), d, promised/2)
	if err := cmp.Or(full.err, half.err); err != nil {
		b.Fatal(err)
	}
	note := func(unit string, value float64, more bool) {
		if old, there := best[unit]; !there || (value > old) == more {
			best[unit] = value
		}
	}
	note("reports/s", full.rate(), true)
	note("server-cpu-s/1000", used.server.Seconds()/float64(full.reports)*1000, false)
	note("plugin-cpu-s/1000", used.plugin.Seconds()/float64(full.reports)*1000, false)
	note("cpu-s/1000", (used.server+used.plugin).Seconds()/float64(full.reports)*1000, false)
	note("view-s", view.Seconds(), false)
	note("half-p99-ms", half.percentile(0.99).Seconds()*1000, false)
	note("server-PSS-MiB", pss(b, s.pid()), false)
	note("plugin-PSS-MiB", pss(b, s.plugin()), false)
	note("disk-B/report", float64(used.written)/float64(full.reports), false)
	if all, lost := l.missing(); lost > 0 {
		b.Errorf("%d of %d acknowledged reports are not in the history", lost, all)
	}
	b.Logf("%d reports in %v since %v", full.reports, full.elapsed, begin.Format(time.TimeOnly))
	s.stop()
}

// fewest returns how many reports of the host with the fewest were acknowledged.
func (l *load) fewest() int {
	return len(slices.MinFunc(l.hosts, func(a, b *loadHost) int { return cmp.Compare(len(a.acked), len(b.acked)) }).acked)
}

// watch looks at the state twice a second until it is stopped, and returns the worst age then.
func (l *load) watch() (<-chan time.Duration, func(<-chan time.Duration) time.Duration) {
	result, end := make(chan time.Duration, 1), make(chan struct{})
	go func() {
		var worst time.Duration
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				result <- worst
				return
			case <-tick.C:
				age, _ := l.age()
				worst = max(worst, age)
			}
		}
	}()
	return result, func(c <-chan time.Duration) time.Duration { close(end); return <-c }
}

// used is what the server and its plugin have used.
type used struct {
	server, plugin time.Duration
	written        int64
}

func (u used) minus(o used) used {
	return used{u.server - o.server, u.plugin - o.plugin, u.written - o.written}
}

func usage(b *testing.B, s *server) used {
	b.Helper()
	plugin := s.plugin()
	return used{cpuTime(b, s.pid()), cpuTime(b, plugin), written(b, s.pid()) + written(b, plugin)}
}

// written returns the bytes that a process has had written to disk.
func written(b *testing.B, pid int) int64 {
	b.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if rest, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatalf("process %d does not say what it wrote", pid)
	return 0
}

// BenchmarkStateRequest is what `GET /api/state` of 2,000 hosts costs the server while nothing changes: as it is, compressed,
// and for one who has it already.
func BenchmarkStateRequest(b *testing.B) {
	s := startServer(b)
	s.claim()
	_, token := s.mint("host-agent:report")
	s.client.Transport = &http.Transport{DisableCompression: true}
	for n := range 2000 {
		s.must(token, hostReport(fmt.Sprintf("host-%04d", n), 10))
	}
	s.settled("host-1999")
	tag := s.call("GET", "/api/state", nil).header.Get("ETag")
	for name, headers := range map[string][]string{
		"plain": {}, "compressed": {"Accept-Encoding", "br, gzip"}, "unchanged": {"Accept-Encoding", "gzip", "If-None-Match", tag},
	} {
		b.Run(name, func(b *testing.B) {
			const times = 100
			first := s.call("GET", "/api/state", nil, headers...)
			for b.Loop() {
				before := cpuTime(b, s.pid())
				for range times {
					if got := s.call("GET", "/api/state", nil, headers...); got.status != first.status || len(got.body) != len(first.body) {
						b.Fatalf("%d with %d bytes, then %d with %d", first.status, len(first.body), got.status, len(got.body))
					}
				}
				b.ReportMetric((cpuTime(b, s.pid())-before).Seconds()*1000/times, "server-cpu-ms/op")
			}
			b.ReportMetric(float64(len(first.body))/1e6, "MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkFleet is what 100 hosts at an interval of 30 seconds take of the machine over some minutes.
func BenchmarkFleet(b *testing.B) {
	const settle, measure = time.Minute, 3 * time.Minute
	s := startServer(b)
	s.claim()
	_, token := s.mint("host-agent:report")
	l := newLoad(s, token, 100, 8)
	for b.Loop() {
		run := func(d time.Duration) {
			if r := l.run(b.Context(), d, 100/30.); r.err != nil {
				b.Fatal(r.err)
			}
		}
		run(settle)
		before := usage(b, s)
		run(measure)
		used := usage(b, s).minus(before)
		server, plugin := pss(b, s.pid()), pss(b, s.plugin())
		b.ReportMetric(server, "server-MiB")
		b.ReportMetric(server+plugin, "server+plugin-MiB")
		b.ReportMetric(float64(used.written)/(1<<20)/measure.Minutes(), "disk-MiB/min")
		b.ReportMetric((used.server+used.plugin).Seconds()/measure.Seconds()*100, "%core")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkReportsLong reports for two minutes as fast as is answered, and tells how the memory grew from the first half minute
// to the end.
func BenchmarkReportsLong(b *testing.B) {
	s := startServer(b)
	s.claim()
	_, token := s.mint("host-agent:report")
	l := newLoad(s, token, 100, 8)
	for b.Loop() {
		total := 0
		for n := range 4 {
			r := l.run(b.Context(), 30*time.Second, 0)
			if r.err != nil {
				b.Fatal(r.err)
			}
			total += r.reports
			memory := pss(b, s.pid()) + pss(b, s.plugin())
			b.ReportMetric(memory, fmt.Sprintf("MiB-after-%ds", (n+1)*30))
		}
		b.ReportMetric(float64(total)/120, "reports/s")
	}
	b.ReportMetric(0, "ns/op")
}
