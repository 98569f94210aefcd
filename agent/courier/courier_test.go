package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulse-platform/pulse/agent/link"
	"github.com/pulse-platform/pulse/agent/spool"
)

var quiet = slog.New(slog.DiscardHandler)

// server is a sender that answers as told and remembers what it took.
type server struct {
	mu     sync.Mutex
	answer link.Answer
	calls  []time.Time
	took   []string
}

func (s *server) Send(_ context.Context, _ string, body []byte) link.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, time.Now())
	if s.answer.Fate == link.Delivered {
		s.took = append(s.took, string(body))
	}
	return s.answer
}

func (s *server) set(a link.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = a
}

func (s *server) taken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.took)
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

var away = link.Answer{Fate: link.Keep, Err: errors.New("away")}

// bubble runs a courier against a server in a bubble of its own time.
func bubble(t *testing.T, dir string, play func(c *Courier, s *server, sp *spool.Spool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sp, err := spool.Open(dir, spool.Limits{Bytes: 1 << 20, Count: 50}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		srv := &server{}
		c := New(srv, sp, time.Now, quiet)
		c.random = func(n int64) int64 { return n - 1 }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { c.Run(ctx); close(ended) }()
		play(c, srv, sp)
		cancel()
		<-ended
	})
}

func TestASoundServerCostsNoDisk(t *testing.T) {
	bubble(t, t.TempDir(), func(c *Courier, s *server, sp *spool.Spool) {
		for i := range 3 {
			c.Offer("host", []byte(fmt.Sprint(i)))
			time.Sleep(30 * time.Second)
			if n := sp.Stats().Waiting; n != 0 {
				t.Fatalf("%d reports on disk", n)
			}
		}
		if got := s.taken(); got != "[0 1 2]" {
			t.Errorf("took %s", got)
		}
	})
}

func TestBacklogIsDeliveredInOrderAndPaced(t *testing.T) {
	bubble(t, t.TempDir(), func(c *Courier, s *server, sp *spool.Spool) {
		s.set(away)
		for i := range 5 {
			c.Offer("host", []byte(fmt.Sprint(i)))
			time.Sleep(30 * time.Second)
		}
		if n := sp.Stats().Waiting; n != 5 {
			t.Fatalf("%d reports on disk, want 5", n)
		}
		s.set(link.Answer{})
		before := s.count()
		time.Sleep(lastDelay)
		c.Offer("host", []byte("5"))
		time.Sleep(10 * time.Second)
		if got := s.taken(); got != "[0 1 2 3 4 5]" {
			t.Errorf("took %s", got)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for i := before + 1; i < len(s.calls); i++ {
			if gap := s.calls[i].Sub(s.calls[i-1]); gap < pace {
				t.Errorf("only %s between two reports of a backlog", gap)
			}
		}
		if got := c.Stats(); got.Delivered != 6 || got.Lost != 0 || !got.Connected {
			t.Errorf("stats %+v", got)
		}
	})
}

func TestBackoffGrowsToItsLimit(t *testing.T) {
	bubble(t, t.TempDir(), func(c *Courier, s *server, _ *spool.Spool) {
		s.set(away)
		c.Offer("host", []byte("x"))
		time.Sleep(time.Hour)
		s.mu.Lock()
		defer s.mu.Unlock()
		var gaps []time.Duration
		for i := 1; i < len(s.calls); i++ {
			gaps = append(gaps, s.calls[i].Sub(s.calls[i-1]).Round(time.Second))
		}
		if len(gaps) < 12 || gaps[0] > 2*time.Second || gaps[3] < 7*time.Second || gaps[len(gaps)-1] < lastDelay-time.Second || gaps[len(gaps)-1] > lastDelay+time.Second {
			t.Errorf("gaps %v", gaps)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	bubble(t, t.TempDir(), func(c *Courier, s *server, _ *spool.Spool) {
		s.set(link.Answer{Fate: link.Keep, Status: 503, RetryAfter: 20 * time.Second, Err: errors.New("busy")})
		c.Offer("host", []byte("x"))
		time.Sleep(19 * time.Second)
		if n := s.count(); n != 1 {
			t.Errorf("%d calls within the time that the server asked for", n)
		}
		time.Sleep(4 * time.Second)
		if n := s.count(); n != 2 {
			t.Errorf("%d calls, want 2", n)
		}
	})
}

func TestRefusedReportsGoAndOthersStay(t *testing.T) {
	bubble(t, t.TempDir(), func(c *Courier, s *server, sp *spool.Spool) {
		s.set(away)
		c.Offer("host", []byte("bad"))
		c.Offer("host", []byte("good"))
		synctest.Wait()
		s.set(link.Answer{Fate: link.Drop, Status: 400, Code: "invalid_report", Err: errors.New("no")})
		for c.Stats().Dropped == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		s.set(link.Answer{})
		time.Sleep(time.Minute)
		if got := s.taken(); got != "[good]" {
			t.Errorf("took %s", got)
		}
	})
}

func TestAForbiddenTokenIsNotTriedInARush(t *testing.T) {
	bubble(t, t.TempDir(), func(c *Courier, s *server, _ *spool.Spool) {
		s.set(link.Answer{Fate: link.Drop, Status: 403, Err: errors.New("scope")})
		for range 20 {
			c.Offer("host", []byte("x"))
		}
		time.Sleep(10 * time.Second)
		if n := s.count(); n > 5 {
			t.Errorf("%d calls within ten seconds", n)
		}
	})
}

func TestStopPutsWhatWaitsOnDisk(t *testing.T) {
	dir := t.TempDir()
	bubble(t, dir, func(c *Courier, s *server, _ *spool.Spool) {
		s.set(away)
		c.Offer("host", []byte("1"))
		c.Offer("host", []byte("2"))
	})
	bubble(t, dir, func(_ *Courier, s *server, _ *spool.Spool) {
		time.Sleep(time.Second)
		if got := s.taken(); got != "[1 2]" {
			t.Errorf("took %s after a restart", got)
		}
	})
}

func TestWithoutASpoolTheOldestAreLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &server{answer: away}
		c := New(srv, nil, time.Now, quiet)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { c.Run(ctx); close(ended) }()
		for i := range maxHeld + 5 {
			c.Offer("host", []byte(fmt.Sprint(i)))
		}
		srv.set(link.Answer{})
		time.Sleep(time.Hour)
		if got := c.Stats(); got.Lost != 5 || got.Waiting != 0 {
			t.Errorf("stats %+v", got)
		}
		cancel()
		<-ended
	})
}
