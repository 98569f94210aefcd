package ingest

import (
	"context"
	"errors"
	"sync"

	"github.com/pulse-platform/pulse/sdk"
)

// maxObservations is how many observations a cycle may hold in memory.
const maxObservations = 1_500_000

var (
	errDone   = errors.New("the partition is done")
	errTooBig = errors.New("the cycle holds too many observations")
	errOpen   = errors.New("the cycle ended before this part of it was complete")
)

// Sink gathers the observations of one cycle; [Sink.End] applies them. It is safe for concurrent use.
type Sink struct {
	door  *Door
	mu    sync.Mutex
	cycle Cycle
	main  gathered
	named []*gathered
	total int
}

// gathered is one partition while it is filled.
type gathered struct {
	sink *Sink
	part Partition
	done bool
}

var (
	_ sdk.CycleSink = (*Sink)(nil)
	_ sdk.FullSink  = (*Sink)(nil)
)

// Begin opens a cycle.
func (d *Door) Begin(c Cycle) *Sink {
	s := &Sink{door: d, cycle: c}
	s.main.sink = s
	return s
}

// Begin takes over what the source says about the cycle. Who it is from and of which task stays as it was given.
func (s *Sink) Begin(c sdk.Cycle) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cycle.Epoch, s.cycle.Sequence = c.Epoch, c.Sequence
	return nil
}

// NeedsAll reports whether no cycle of the task has been applied since the start.
func (s *Sink) NeedsAll() bool {
	h := s.door.history(s.cycle)
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.applied) == 0
}

// Emit adds to the default partition.
func (s *Sink) Emit(obs ...sdk.Observation) error { return s.main.Emit(obs...) }

// Partition opens a part that commits on its own.
func (s *Sink) Partition(name string) sdk.Partition {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &gathered{sink: s, part: Partition{Name: name}}
	s.named = append(s.named, g)
	return g
}

// Emit adds to the partition.
func (g *gathered) Emit(obs ...sdk.Observation) error {
	g.sink.mu.Lock()
	defer g.sink.mu.Unlock()
	if g.done {
		return errDone
	}
	if g.sink.total += size(obs); g.sink.total > maxObservations {
		return errTooBig
	}
	g.part.Observations = append(g.part.Observations, obs...)
	return nil
}

// size is how many observations there are, each sample for itself.
func size(obs []sdk.Observation) int {
	n := len(obs)
	for _, o := range obs {
		if many, ok := o.(sdk.Samples); ok {
			n += len(many) - 1
		}
	}
	return n
}

// Done ends the partition.
func (g *gathered) Done(err error) error {
	g.sink.mu.Lock()
	defer g.sink.mu.Unlock()
	if g.done {
		return errDone
	}
	g.done, g.part.Err = true, err
	return nil
}

// End ends the cycle with the error of the source, nil when it is complete, and applies it. Partitions that are still
// open have failed.
func (s *Sink) End(ctx context.Context, err error) (Result, error) {
	s.mu.Lock()
	var parts []Partition
	if err != nil || len(s.main.part.Observations) > 0 || len(s.named) == 0 {
		s.main.part.Err = err
		parts = append(parts, s.main.part)
	}
	s.main.done = true
	for _, g := range s.named {
		if !g.done {
			g.done, g.part.Err = true, errOpen
			if err != nil {
				g.part.Err = err
			}
		}
		parts = append(parts, g.part)
	}
	cycle := s.cycle
	s.mu.Unlock()
	return s.door.Apply(ctx, cycle, parts)
}
