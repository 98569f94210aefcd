// Package schedule decides when a collector is due. The first report comes at once; the following ones keep a rhythm
// that does not drift, with a random phase, so that the agents of machines that start together do not report together.
package schedule

import (
	"context"
	"time"
)

// Run calls do at once, and then at every interval until the context ends. An interval that passes while do runs is
// left out, not made up for. random returns a number in [0, n).
func Run(ctx context.Context, interval time.Duration, random func(n int64) int64, do func(context.Context)) {
	start := time.Now()
	do(ctx)
	// The second call comes after half an interval to a whole one.
	due := start.Add(interval/2 + time.Duration(random(int64(interval/2)+1)))
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		do(ctx)
		due = next(due, interval, time.Now())
		timer.Reset(time.Until(due))
	}
}

// next returns the first time of the rhythm that is not over yet.
func next(due time.Time, interval time.Duration, now time.Time) time.Time {
	due = due.Add(interval)
	if late := now.Sub(due); late > 0 {
		due = due.Add(interval * (late/interval + 1))
	}
	return due
}
