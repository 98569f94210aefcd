package inventory

import (
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// Extent is how much of a task a batch covers: it decides what silence about a record means.
type Extent int

// The extents.
const (
	// Whole covers all of the task: records that a complete partition no longer names are gone, and partitions that the
	// batch does not name at all are stale.
	Whole Extent = iota
	// Some covers the named partitions and nothing else: what they no longer name is gone.
	Some
	// Changes says what changed; silence means nothing.
	Changes
)

// Batch is one cycle of one task, checked and resolved: keys are final.
type Batch struct {
	Integration id.Integration
	Task        string
	// Cycle names the run, so that one that is applied again does not count as a second; empty when runs have no name.
	Cycle string
	// At is the server's time.
	At         time.Time
	Extent     Extent
	Partitions []Partition
	// Source and Interval are those of the agent that reports; nil and 0 when the server collected.
	Source   *Source
	Interval time.Duration
	// Reporter is the key of the record that stands for the agent, empty when the server collected.
	Reporter string
}

// Partition is a part of a batch that commits on its own.
type Partition struct {
	Name string
	// Failed is why the partition could not be read; its content is ignored then.
	Failed    string
	Records   []sdk.Record
	Parts     []sdk.Part
	Unchanged []sdk.Unchanged
	Removed   []sdk.Removed
}

// Outcome tells what a batch did.
type Outcome struct {
	Created []id.UID
	Removed []id.UID
	// Known are records that were there and are known by other evidence than before.
	Known []id.UID
	// Dropped counts parts and unchanged marks for records that do not exist.
	Dropped int
	// Unconfirmed counts records that would be gone if a second complete cycle said so too.
	Unconfirmed int
}

// Changed is the news that the inventory is another one.
type Changed struct {
	Revision uint64
	Updated  []id.UID
	Removed  []id.UID
}
