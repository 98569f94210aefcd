package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// BenchmarkAnswers is what the answers about a whole cluster take of the server's processor, with a minute of history: the larger
// must cost no more than twice as much for each guest.
func BenchmarkAnswers(b *testing.B) {
	for _, guests := range []int{2000, 10_000} {
		in, upstream := simulate(b, "pve", "--nodes", fmt.Sprint(guests/40), "--guests", fmt.Sprint(guests))
		s := startServer(b)
		s.claim()
		if got := s.call("POST", "/api/integrations", in); got.status != http.StatusCreated {
			b.Fatalf("make the integration: %v", got)
		}
		eventually(b, "every guest is shown", func() bool {
			return strings.Count(string(s.call("GET", "/api/state", nil).body), `"vmid":`) >= guests
		})
		<-time.After(time.Minute)
		for _, path := range []string{"/api/charts?range=1h", "/api/storage-charts?range=60", "/api/state", "/api/resources", "/api/config/nodes", "/api/monitoring/scheduler/health"} {
			b.Run(fmt.Sprintf("guests=%d%s", guests, path), func(b *testing.B) {
				size := 0
				before := cpuTime(b, s.pid())
				for b.Loop() {
					got := s.call("GET", path, nil)
					if got.status != http.StatusOK {
						b.Fatal(got)
					}
					size = len(got.body)
				}
				b.ReportMetric(float64((cpuTime(b, s.pid())-before).Microseconds())/1e3/float64(b.N), "cpu-ms/op")
				b.ReportMetric(float64(size)/1e6, "MB")
			})
		}
		s.stop()
		upstream.stop()
	}
}
