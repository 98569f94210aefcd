package sdk

import "time"

// Cycle identifies one run of a task. Integration, Task, Epoch and Sequence together make applying it
// idempotent: what was applied once is known by them.
type Cycle struct {
	Integration string
	Task        string
	// Epoch is another one each time an instance begins anew; Sequence grows within it.
	Epoch    int64
	Sequence int64
	// ObservedAt is when the cycle began, by the plugin's clock.
	ObservedAt time.Time
}

// CycleSink is a [Sink] that is told which cycle it takes before anything else reaches it.
type CycleSink interface {
	Sink
	Begin(c Cycle) error
}

// FullSink is a [Sink] that may have lost what earlier cycles gave it. When it says so, no record and no part
// of the cycle arrives as [Unchanged].
type FullSink interface {
	Sink
	NeedsAll() bool
}
