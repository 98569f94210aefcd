package serve

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	paceEvery = 2 * time.Second
	// atRest is by how many percent the heap may grow at rest, and the step in which it may grow by more.
	atRest = 25
	// perPercent is how many bytes a second allow for one percent more.
	perPercent = 500_000
)

// Pace keeps the process small while it does little and quick while it does much, until it ends: at rest the heap may grow by a
// quarter of what is kept before it is collected, and by up to busy percent the more is allocated. What is collected more often at
// rest costs next to nothing, as there is next to nothing to collect. When it comes to rest first, what only
// the start needed of the program is let go. The variable GOGC, when it is set, decides instead.
func Pace(busy int) {
	if os.Getenv("GOGC") != "" {
		return
	}
	percent := busy // a start allocates much
	debug.SetGCPercent(percent)
	go func() {
		before, begun := allocated(), false
		for range time.Tick(paceEvery) {
			now := allocated()
			if !begun && now-before < perPercent {
				begun = true
				letGo()
			}
			if next := growth(float64(now-before)/paceEvery.Seconds(), busy); next != percent {
				percent = next
				debug.SetGCPercent(percent) // stops the world for a moment, so only when it changes
			}
			before = now
		}
	}()
}

// growth returns the percent that suit a rate of allocation in bytes a second.
func growth(rate float64, busy int) int {
	more := int(rate/perPercent) / atRest * atRest
	return min(atRest+more, max(busy, atRest))
}

// allocated returns how many bytes the process has allocated since it began.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
