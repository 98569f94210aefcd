package sdktest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
)

// Cycle is a sink that keeps what one cycle gave.
type Cycle struct {
	mu sync.Mutex
	// Info says which cycle it is.
	Info sdk.Cycle
	// Err is what the cycle as a whole ended with.
	Err   error
	parts map[string]*Part
}

// Part is one partition of a cycle; the default one has no name.
type Part struct {
	Observations []sdk.Observation
	// Ended is set when the partition was ended; Err is its failure.
	Ended bool
	Err   error
}

var (
	_ sdk.CycleSink = (*Cycle)(nil)
	_ sdk.FullSink  = (*Cycle)(nil)
)

// NewCycle makes a sink.
func NewCycle() *Cycle { return &Cycle{parts: map[string]*Part{}} }

// Collect runs one cycle of a task and returns what it gave.
func Collect(t testing.TB, c sdk.Collector, task string) *Cycle {
	t.Helper()
	cycle := NewCycle()
	cycle.Err = c.Collect(t.Context(), task, cycle)
	return cycle
}

// Begin notes which cycle it is.
func (c *Cycle) Begin(info sdk.Cycle) error { c.Info = info; return nil }

// NeedsAll says that nothing of earlier cycles is known.
func (c *Cycle) NeedsAll() bool { return true }

// Emit adds to the default partition.
func (c *Cycle) Emit(obs ...sdk.Observation) error { return c.add("", obs) }

// Partition opens a partition.
func (c *Cycle) Partition(name string) sdk.Partition {
	_ = c.add(name, nil)
	return &partition{c, name}
}

func (c *Cycle) add(name string, obs []sdk.Observation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.parts[name]
	if p == nil {
		p = &Part{}
		c.parts[name] = p
	}
	p.Observations = append(p.Observations, sdk.Single(obs)...)
	return nil
}

type partition struct {
	c    *Cycle
	name string
}

func (p *partition) Emit(obs ...sdk.Observation) error { return p.c.add(p.name, obs) }

func (p *partition) Done(err error) error {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	part := p.c.parts[p.name]
	if part.Ended {
		return fmt.Errorf("end partition %q: it has ended", p.name)
	}
	part.Ended, part.Err = true, err
	return nil
}

// Part returns a partition, an empty one when there is none of the name.
func (c *Cycle) Part(name string) Part {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.parts[name]; p != nil {
		return *p
	}
	return Part{}
}

// Partitions returns the names of those that were opened, sorted; the default one's is empty.
func (c *Cycle) Partitions() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.parts))
}

// All returns the observations of all partitions that did not fail.
func (c *Cycle) All() []sdk.Observation {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []sdk.Observation
	for _, p := range c.parts {
		if p.Err == nil {
			out = append(out, p.Observations...)
		}
	}
	return out
}

// Keys returns the records of the cycle, as "type key", sorted.
func (c *Cycle) Keys() []string {
	var out []string
	for _, o := range c.All() {
		if r, ok := o.(sdk.Record); ok {
			out = append(out, r.Type+" "+r.Key)
		}
	}
	slices.Sort(out)
	return out
}

// collectQuietly runs a cycle and returns its error, for trials that expect one.
func collectQuietly(ctx context.Context, c sdk.Collector, task string) error {
	return c.Collect(ctx, task, NewCycle())
}
