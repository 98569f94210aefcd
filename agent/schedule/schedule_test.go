package schedule

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		var at []time.Duration
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			Run(ctx, 10*time.Second, func(int64) int64 { return int64(2 * time.Second) }, func(context.Context) {
				at = append(at, time.Since(start))
				switch len(at) {
				case 2:
					time.Sleep(3 * time.Second) // slow, yet in time
				case 3:
					time.Sleep(25 * time.Second) // two are left out
				}
			})
		}()
		time.Sleep(60 * time.Second)
		cancel()
		<-ended
		want := []time.Duration{0, 7 * time.Second, 17 * time.Second, 47 * time.Second, 57 * time.Second}
		if len(at) != len(want) {
			t.Fatalf("got %v, want %v", at, want)
		}
		for i := range want {
			if at[i] != want[i] {
				t.Fatalf("got %v, want %v", at, want)
			}
		}
	})
}
