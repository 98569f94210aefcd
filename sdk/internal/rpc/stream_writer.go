package rpc

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// cycleWriter is the plugin's end of a cycle or a watch: an [sdk.Sink] that sends batches.
type cycleWriter struct {
	ctx    context.Context
	memory *memory
	// watch makes what is emitted outside partitions leave at once.
	watch bool

	rest *partitionWriter // the default partition

	mu      sync.Mutex // orders everything below and what is sent
	send    func(*pb.CycleMessage) error
	table   stringTable
	parts   map[*partitionWriter]bool // open
	lastID  uint32
	counts  pb.CycleEnd
	failure error
}

var _ sdk.Sink = (*cycleWriter)(nil)

func newCycleWriter(ctx context.Context, m *memory, send func(*pb.CycleMessage) error) *cycleWriter {
	w := &cycleWriter{ctx: ctx, memory: m, send: send, parts: map[*partitionWriter]bool{}}
	w.rest = &partitionWriter{w: w}
	return w
}

func (w *cycleWriter) begin(c sdk.Cycle) error {
	return w.message(&pb.CycleMessage{Item: &pb.CycleMessage_Begin{Begin: encodeCycle(c)}})
}

// Emit adds to the default partition.
func (w *cycleWriter) Emit(obs ...sdk.Observation) error {
	if err := w.rest.Emit(obs...); err != nil || !w.watch {
		return err
	}
	return w.rest.flushAll()
}

// Partition opens a part that commits on its own.
func (w *cycleWriter) Partition(name string) sdk.Partition {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastID++
	p := &partitionWriter{w: w, id: w.lastID, name: name}
	w.parts[p] = true
	// A failure stays and comes back with the next call that can say so.
	_ = w.sendLocked(&pb.CycleMessage{Item: &pb.CycleMessage_PartitionBegin{
		PartitionBegin: &pb.PartitionBegin{Id: p.id, Name: text(name)},
	}})
	return p
}

// finish ends the cycle: complete when err is nil. Partitions that were left open have failed.
func (w *cycleWriter) finish(err error) error {
	if given := w.ctx.Err(); given != nil {
		return given
	}
	w.mu.Lock()
	var open []*partitionWriter
	for p := range w.parts {
		open = append(open, p)
	}
	w.mu.Unlock()
	for _, p := range open {
		reason := err
		if reason == nil {
			reason = sdk.Errorf(sdk.KindInternal, "The plugin left the partition %q open.", p.name)
		}
		if failed := p.Done(reason); failed != nil && err == nil {
			err = failed
		}
	}
	if err == nil {
		err = w.complete()
	}
	return err
}

func (w *cycleWriter) complete() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if err := w.rest.flushAll(); err != nil {
		return err
	}
	w.mu.Lock()
	end := &pb.CycleEnd{Observations: w.counts.GetObservations(), Samples: w.counts.GetSamples()}
	err := w.sendLocked(&pb.CycleMessage{Item: &pb.CycleMessage_End{End: end}})
	w.mu.Unlock()
	if err == nil {
		w.memory.keep(w.rest.seen)
	}
	return err
}

func (w *cycleWriter) message(m *pb.CycleMessage) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sendLocked(m)
}

// sendLocked sends in order. The first failure stays.
func (w *cycleWriter) sendLocked(m *pb.CycleMessage) error {
	if w.failure == nil {
		w.failure = w.send(m)
	}
	return w.failure
}

// partitionWriter gathers one partition's batch.
type partitionWriter struct {
	w    *cycleWriter
	id   uint32
	name string

	mu        sync.Mutex
	done      bool
	pending   []*pb.Observation
	unchanged []thing
	samples   []sdk.Sample
	size      int
	seen      []known
}

// Emit adds observations. An error means that nothing more of the cycle can be sent, or that one of obs is too large.
func (p *partitionWriter) Emit(obs ...sdk.Observation) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return sdk.Errorf(sdk.KindInternal, "The plugin emitted into the partition %q after its end.", p.name)
	}
	for _, o := range obs {
		if err := p.w.ctx.Err(); err != nil {
			return err
		}
		if err := p.add(o); err != nil {
			return err
		}
	}
	return nil
}

func (p *partitionWriter) add(o sdk.Observation) error {
	switch o := o.(type) {
	case sdk.Samples:
		return p.addSamples(o)
	case sdk.Sample:
		p.samples = append(p.samples, o)
		p.size += sampleSize(o)
	case sdk.Unchanged:
		p.mark(thing{o.Type, o.Key, o.Part})
	default:
		if k, had := p.w.memory.has(o, &p.seen, p.w.watch && p.id == 0); had {
			p.mark(k)
			break
		}
		m, err := encodeObservation(o)
		if err != nil {
			return err
		}
		size := proto.Size(m)
		if size > MaxBatch {
			return sdk.Errorf(sdk.KindInternal, "%s is larger than %d bytes.", recordName(m), MaxBatch)
		}
		if p.size+size > MaxBatch {
			if err := p.flush(); err != nil {
				return err
			}
		}
		p.pending = append(p.pending, m)
		p.size += size + 8
	}
	if p.size >= flushBatch {
		return p.flush()
	}
	return nil
}

// mark says that the server has the document of a thing.
func (p *partitionWriter) mark(k thing) {
	const columns = 3 * 3
	p.unchanged = append(p.unchanged, k)
	p.size += columns + len(k.kind) + len(k.key) + len(k.part)
}

func (p *partitionWriter) addSamples(all []sdk.Sample) error {
	for len(all) > 0 {
		n, size := fitting(all, p.size)
		p.samples = append(p.samples, all[:n]...)
		p.size, all = size, all[n:]
		if p.size >= flushBatch {
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *partitionWriter) flushAll() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flush()
}

// flush sends what is pending. Strings get their place in the table here, in the order in which batches leave.
func (p *partitionWriter) flush() error {
	if len(p.pending)+len(p.unchanged)+len(p.samples) == 0 {
		return nil
	}
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	batch := w.table.batch(p.pending, p.unchanged, p.samples)
	batch.Partition = p.id
	w.counts.Observations += int64(len(p.pending) + len(p.unchanged))
	w.counts.Samples += int64(len(p.samples))
	p.pending, p.unchanged, p.samples, p.size = nil, p.unchanged[:0], p.samples[:0], 0
	return w.sendLocked(&pb.CycleMessage{Item: &pb.CycleMessage_Batch{Batch: batch}})
}

// Done ends the partition.
func (p *partitionWriter) Done(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return sdk.Errorf(sdk.KindInternal, "The plugin ended the partition %q twice.", p.name)
	}
	p.done = true
	w := p.w
	if given := w.ctx.Err(); given != nil {
		return given
	}
	if err == nil {
		if failed := p.flush(); failed != nil {
			return failed
		}
	}
	w.mu.Lock()
	delete(w.parts, p)
	failed := w.sendLocked(&pb.CycleMessage{Item: &pb.CycleMessage_PartitionEnd{
		PartitionEnd: &pb.PartitionEnd{Id: p.id, Error: encodeError(err)},
	}})
	w.mu.Unlock()
	if failed != nil {
		return fmt.Errorf("end partition %q: %w", p.name, failed)
	}
	if err == nil {
		w.memory.keep(p.seen)
	}
	return nil
}
