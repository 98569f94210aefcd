package e2e

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"
)

// What the server answered with 200 is there after kill -9 at any moment: each sample of each report, and each host, also
// one that had just been seen first. PULSE_KILLS says how often, 30 times by default.
func TestServerKilledWhileReportsCome(t *testing.T) {
	t.Parallel()
	kills := 30
	if text := os.Getenv("PULSE_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	const known, fresh, rate = 8, 1, 400
	s := startServer(t)
	s.claim()
	_, token := s.mint("host-agent:report")
	all := newLoad(s, token, known, 4)
	for n := range kills {
		if n%2 == 0 { // every second time it dies while it works, else perhaps while it starts
			eventually(t, "reports are taken again", func() bool {
				got, err := s.report(token, hostReport("ready", 1))
				return err == nil && got.status == http.StatusOK
			})
		}
		all.add(fresh)
		round := *all
		round.hosts = append(append([]*loadHost{}, all.hosts[:known]...), all.hosts[len(all.hosts)-fresh:]...)

		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan loadResult, 1)
		go func() { done <- round.run(ctx, time.Minute, rate) }()
		<-time.After(rand.N(400 * time.Millisecond))
		s.kill()
		if r := <-done; r.err == nil {
			t.Fatal("nobody noticed that the server was killed")
		}
		cancel()
		s.start()
	}

	acknowledged, lost := all.missing()
	if lost > 0 || acknowledged < kills {
		t.Errorf("%d of %d acknowledged reports are gone after %d kills", lost, acknowledged, kills)
	}
	shown := s.hosts()
	for _, h := range all.hosts {
		if len(h.acked) > 0 && shown[h.name] == nil {
			t.Errorf("%s was acknowledged and is gone", h.name)
		}
	}
	t.Logf("%d reports of %d hosts were acknowledged", acknowledged, len(all.hosts))
}
