package main

import (
	"runtime"
	"runtime/debug"
)

// beSmall trades speed, of which the agent needs none, for memory: one processor at a time, and a heap that is collected
// early.
func beSmall() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(25)
	debug.SetMemoryLimit(16 << 20)
}
