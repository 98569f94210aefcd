package influx

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// VictoriaMetrics takes InfluxDB's writes and answers no Flux: it is written to, and reading is refused in a sentence.
func TestVictoriaMetrics(t *testing.T) {
	program := os.Getenv("VICTORIAMETRICS")
	if program == "" {
		var err error
		if program, err = exec.LookPath("victoria-metrics"); err != nil {
			t.Skip("victoria-metrics is missing: Debian has it as a package")
		}
	}
	port := free(t)
	server := &server{url: "http://" + port, arguments: []string{
		"-storageDataPath", t.TempDir(), "-httpListenAddr", port, "-search.latencyOffset", "0s", "-retentionPeriod", "100y", "-loggerLevel", "ERROR",
	}}
	server.run(t, program)
	t.Cleanup(server.kill)
	now := time.Now().Truncate(time.Second)
	s := open(t, server, t.TempDir(), Options{WriteOnly: true, Now: func() time.Time { return now }})
	defer s.Close()
	if err := Try(t.Context(), s.opt); err != nil {
		t.Errorf("the test of the connection: %v", err)
	}
	var samples []metric.Sample
	for n := range 20 {
		samples = append(samples, metric.Sample{Key: metric.Key{Record: "host", Metric: "cpu"}, Time: now.Add(time.Duration(n-20) * time.Second), Value: float64(n)})
	}
	if err := s.Append(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.call(t, http.MethodGet, "/internal/force_flush", "")
	got := server.call(t, http.MethodGet, "/api/v1/query?"+url.Values{"query": {`count_over_time({record="host"}[1m])`}}.Encode(), "")
	if !strings.Contains(got, `"20"]`) {
		t.Errorf("it tells %s", got)
	}
	_, err := s.Query(t.Context(), metric.Query{Records: []id.UID{"host"}, From: now.Add(-time.Hour), To: now})
	if !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "only written to") {
		t.Errorf("a question: %v", err)
	}
}
