package poll

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// within runs f in a bubble with a running scheduler.
func within(t *testing.T, run func(context.Context, Job) error, f func(s *Scheduler)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := New(run, hclog.NewNullLogger())
		s.jitter = func() float64 { return 0 }
		done := make(chan struct{})
		go func() { s.Run(ctx); close(done) }()
		f(s)
		cancel()
		<-done
	})
}

func TestRunsAtItsInterval(t *testing.T) {
	var runs atomic.Int64
	within(t, func(context.Context, Job) error { runs.Add(1); return nil }, func(s *Scheduler) {
		s.Set([]Job{{Integration: "a", Task: "t", Interval: 10 * time.Second}})
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if got := runs.Load(); got != 7 {
			t.Errorf("got %d runs in 61 s at 10 s, want 7", got)
		}
	})
}

// raise keeps the most of what several goroutines count.
func raise(most *atomic.Int64, n int64) {
	for old := most.Load(); n > old && !most.CompareAndSwap(old, n); {
		old = most.Load()
	}
}

func TestSlowJobSkipsTicksAndNeverOverlaps(t *testing.T) {
	var running, most, runs atomic.Int64
	within(t, func(context.Context, Job) error {
		raise(&most, running.Add(1))
		time.Sleep(25 * time.Second)
		running.Add(-1)
		runs.Add(1)
		return nil
	}, func(s *Scheduler) {
		s.Set([]Job{{Integration: "a", Task: "t", Interval: 10 * time.Second}})
		time.Sleep(95 * time.Second)
		if most.Load() != 1 || runs.Load() != 3 {
			t.Errorf("got %d at once and %d runs, want 1 and 3", most.Load(), runs.Load())
		}
	})
}

func TestFailingJobOpensItsBreakerAndRecovers(t *testing.T) {
	var fail atomic.Bool
	fail.Store(true)
	var runs atomic.Int64
	within(t, func(context.Context, Job) error {
		runs.Add(1)
		if fail.Load() {
			return sdk.Errorf(sdk.KindAuth, "wrong token")
		}
		return nil
	}, func(s *Scheduler) {
		s.Set([]Job{{Integration: "a", Task: "t", Interval: 10 * time.Second}})
		time.Sleep(25 * time.Second)
		synctest.Wait()
		st := s.Status()[0]
		if st.Breaker != Open || st.Failures != 3 || st.LastKind != sdk.KindAuth || st.LastError != "wrong token" ||
			st.LastFailure.Sub(st.FirstFailure) != 20*time.Second || st.BreakerSince != st.LastFailure {
			t.Fatalf("after 3 failures: %+v", st)
		}
		before := runs.Load()
		time.Sleep(10 * time.Minute)
		if got := runs.Load() - before; got > 8 {
			t.Errorf("an open breaker let %d runs through in 10 minutes", got)
		}
		fail.Store(false)
		time.Sleep(maxWait + time.Second)
		synctest.Wait()
		if st := s.Status()[0]; st.Breaker != Closed || st.Failures != 0 || st.LastError != "" || !st.FirstFailure.IsZero() || st.BreakerSince != st.LastSuccess {
			t.Errorf("after success: %+v", st)
		}
	})
}

func TestFailingJobsOfAPluginRunSoonWhenAsked(t *testing.T) {
	var runs atomic.Int64
	within(t, func(context.Context, Job) error { runs.Add(1); return errors.New("away") }, func(s *Scheduler) {
		s.Set([]Job{{Integration: "a/x", Task: "t", Interval: 10 * time.Second}, {Integration: "b/x", Task: "t", Interval: 10 * time.Second}})
		time.Sleep(61 * time.Second) // both wait longer and longer
		synctest.Wait()
		before := runs.Load()
		s.Retry("a")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := runs.Load() - before; got != 1 {
			t.Errorf("%d runs, want that of the plugin alone", got)
		}
	})
}

func TestHeavyJobsShareTwoSlotsAndLightOnesRunOn(t *testing.T) {
	var heavy, mostHeavy, light atomic.Int64
	within(t, func(_ context.Context, j Job) error {
		if !j.Heavy {
			light.Add(1)
			return nil
		}
		raise(&mostHeavy, heavy.Add(1))
		time.Sleep(20 * time.Second)
		heavy.Add(-1)
		return nil
	}, func(s *Scheduler) {
		s.Set([]Job{
			{Integration: "k/a", Task: "h", Interval: 10 * time.Second, Heavy: true},
			{Integration: "k/b", Task: "h", Interval: 10 * time.Second, Heavy: true},
			{Integration: "k/c", Task: "h", Interval: 10 * time.Second, Heavy: true},
			{Integration: "k/c", Task: "l", Interval: time.Second},
		})
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if mostHeavy.Load() != 2 || light.Load() < 30 {
			t.Errorf("got %d heavy at once and %d light runs, want 2 and at least 30", mostHeavy.Load(), light.Load())
		}
	})
}

// A plugin whose every task hangs keeps its own tasks waiting, and those of no other.
func TestAPluginThatHangsDelaysNoOther(t *testing.T) {
	var runs atomic.Int64
	within(t, func(ctx context.Context, j Job) error {
		if j.Task == "hangs" {
			<-ctx.Done()
			return ctx.Err()
		}
		runs.Add(1)
		return nil
	}, func(s *Scheduler) {
		jobs := []Job{
			{Integration: "good/a", Task: "light", Interval: time.Second},
			{Integration: "good/a", Task: "heavy", Interval: time.Second, Heavy: true},
		}
		for i := range 40 {
			name := id.Integration(fmt.Sprintf("bad/%d", i))
			jobs = append(jobs, Job{Integration: name, Task: "hangs", Interval: time.Second, Heavy: i%2 == 0})
		}
		s.Set(jobs)
		time.Sleep(29*time.Second + time.Millisecond)
		synctest.Wait()
		if got := runs.Load(); got != 60 {
			t.Errorf("got %d runs beside a plugin that hangs, want 60", got)
		}
	})
}

func TestDeadlineCancelAndPanic(t *testing.T) {
	var ended atomic.Int64
	within(t, func(ctx context.Context, j Job) error {
		if j.Task == "panics" {
			panic("boom")
		}
		<-ctx.Done()
		ended.Add(1)
		return context.Cause(ctx)
	}, func(s *Scheduler) {
		s.Set([]Job{
			{Integration: "a", Task: "hangs", Interval: time.Minute, Timeout: 5 * time.Second},
			{Integration: "a", Task: "panics", Interval: time.Minute},
		})
		time.Sleep(6 * time.Second)
		synctest.Wait()
		st := s.Status()
		if ended.Load() != 1 || st[0].LastError != "It was not done within 5s." {
			t.Errorf("hanging job: ended %d times, %+v", ended.Load(), st[0])
		}
		if st[1].Failures != 1 || st[1].LastError != "task panicked: boom" {
			t.Errorf("panicking job: %+v", st[1])
		}
		time.Sleep(time.Minute)
		s.Set(nil)
		synctest.Wait()
		if ended.Load() != 2 || len(s.Status()) != 0 {
			t.Errorf("a removed job was not cancelled: ended %d times", ended.Load())
		}
	})
}

func TestBackoffIsBounded(t *testing.T) {
	s := New(func(context.Context, Job) error { return errors.New("x") }, hclog.NewNullLogger())
	for n := range 200 {
		if got := s.backoff(10*time.Second, n); got <= 0 || got > maxWait {
			t.Fatalf("backoff after %d failures is %s", n, got)
		}
	}
	if got := s.backoff(time.Hour, 3); got > time.Hour || got < 45*time.Minute {
		t.Errorf("backoff of an hourly job is %s", got)
	}
}

// diary is the order in which tasks began.
type diary struct {
	mu    sync.Mutex
	tasks []string
}

func (d *diary) note(j Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tasks = append(d.tasks, j.Task)
}

func (d *diary) read() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.tasks, " ")
}

func TestWhatAddsWaitsForWhatItAddsTo(t *testing.T) {
	var began diary
	run := func(_ context.Context, j Job) error {
		began.note(j)
		if j.Task == "records" {
			time.Sleep(5 * time.Second)
			return errors.New("it fails the first time")
		}
		return nil
	}
	within(t, run, func(s *Scheduler) {
		s.Set([]Job{{Integration: "a", Task: "extra", Interval: time.Hour, Later: true}, {Integration: "a", Task: "records", Interval: time.Hour}})
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if got := began.read(); got != "records" {
			t.Errorf("at first %q", got)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := began.read(); got != "records extra" {
			t.Errorf("then %q", got)
		}
	})
}

// What finds disks of fifty nodes takes minutes, for which nothing else has to wait.
func TestWhatAddsDoesNotWaitForWhatTakesLong(t *testing.T) {
	var began diary
	run := func(ctx context.Context, j Job) error {
		began.note(j)
		if j.Heavy {
			<-ctx.Done()
		}
		return nil
	}
	within(t, run, func(s *Scheduler) {
		s.Set([]Job{
			{Integration: "a", Task: "extra", Interval: time.Hour, Later: true}, {Integration: "a", Task: "records", Interval: time.Hour},
			{Integration: "a", Task: "long", Interval: time.Hour, Heavy: true},
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := began.read(); strings.Count(got, " ") != 2 || strings.Index(got, "extra") < strings.Index(got, "records") {
			t.Errorf("%q", got)
		}
	})
}
