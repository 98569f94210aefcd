package poll

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRerunWaitsForWhatSaysWhatExists(t *testing.T) {
	var mu sync.Mutex
	runs := map[string]int{}
	failure := errors.New("away")
	within(t, func(ctx context.Context, j Job) error {
		if j.Heavy {
			<-ctx.Done()
			return ctx.Err()
		}
		time.Sleep(time.Second)
		mu.Lock()
		runs[j.Task]++
		mu.Unlock()
		if j.Task == "bad" {
			return failure
		}
		return nil
	}, func(s *Scheduler) {
		s.Set([]Job{
			{Integration: "a/x", Task: "all", Interval: time.Hour}, {Integration: "a/x", Task: "adds", Interval: time.Hour, Later: true},
			{Integration: "a/x", Task: "takes minutes", Interval: time.Hour, Heavy: true},
			{Integration: "a/y", Task: "other", Interval: time.Hour}, {Integration: "b/x", Task: "bad", Interval: time.Hour},
		})
		time.Sleep(time.Minute)
		began := time.Now()
		if err := s.Rerun(context.Background(), "a/x"); err != nil || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		if err := s.Rerun(context.Background(), "b/x"); !errors.Is(err, failure) {
			t.Errorf("a failing one: %v", err)
		}
		if err := s.Rerun(context.Background(), "c/x"); err != nil {
			t.Errorf("nothing to run: %v", err)
		}
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if runs["all"] != 2 || runs["bad"] != 2 || runs["adds"] != 1 || runs["other"] != 1 {
			t.Errorf("runs: %v", runs)
		}
	})
}

func TestRerunEndsWithItsJobAndWithItsCaller(t *testing.T) {
	within(t, func(ctx context.Context, _ Job) error { <-ctx.Done(); return ctx.Err() }, func(s *Scheduler) {
		s.Set([]Job{{Integration: "a/x", Task: "all", Interval: time.Hour}})
		ended := make(chan error)
		go func() { ended <- s.Rerun(context.Background(), "a/x") }()
		synctest.Wait()
		s.Set(nil)
		if err := <-ended; !errors.Is(err, errDropped) {
			t.Errorf("a job that is dropped: %v", err)
		}
		s.Set([]Job{{Integration: "a/x", Task: "all", Interval: time.Hour}})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := s.Rerun(ctx, "a/x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a caller that gives up: %v", err)
		}
	})
}

func TestAllJobsOfAnIntegrationAreHurried(t *testing.T) {
	var mu sync.Mutex
	runs := map[string]int{}
	within(t, func(_ context.Context, j Job) error {
		mu.Lock()
		defer mu.Unlock()
		runs[string(j.Integration)+" "+j.Task]++
		return nil
	}, func(s *Scheduler) {
		s.Set([]Job{{Integration: "a/x", Task: "one", Interval: 6 * time.Hour}, {Integration: "a/x", Task: "two", Interval: 6 * time.Hour, Later: true}, {Integration: "a/y", Task: "one", Interval: 6 * time.Hour}})
		time.Sleep(time.Hour)
		s.HurryAll("a/x")
		time.Sleep(time.Hour)
		mu.Lock()
		defer mu.Unlock()
		if runs["a/x one"] != 2 || runs["a/x two"] != 2 || runs["a/y one"] != 1 {
			t.Errorf("%v", runs)
		}
	})
}

func TestOneJobIsHurried(t *testing.T) {
	var mu sync.Mutex
	runs := map[string]int{}
	within(t, func(_ context.Context, j Job) error {
		mu.Lock()
		defer mu.Unlock()
		runs[j.Task]++
		return nil
	}, func(s *Scheduler) {
		s.Set([]Job{{Integration: "a/x", Task: "one", Interval: 6 * time.Hour}, {Integration: "a/x", Task: "two", Interval: 6 * time.Hour}})
		time.Sleep(time.Hour)
		s.Hurry("a/x", "one")
		s.Hurry("a/x", "none")
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if runs["one"] != 2 || runs["two"] != 1 {
			t.Errorf("%v", runs)
		}
	})
}
