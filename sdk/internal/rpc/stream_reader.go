package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// cycleReader is the host's end of a cycle or a watch: it hands what arrives to a sink.
type cycleReader struct {
	sink    sdk.Sink
	strings stringList
	parts   map[uint32]sdk.Partition
	begun   bool
	ended   bool
	counts  pb.CycleEnd
	// spoiled means that the sink did not take everything that the plugin believes it has.
	spoiled bool
}

func newCycleReader(sink sdk.Sink) *cycleReader {
	return &cycleReader{sink: sink, parts: map[uint32]sdk.Partition{}}
}

// run reads until the cycle ends. Partitions that are open when the stream breaks have failed.
func (r *cycleReader) run(ctx context.Context, recv func() (*pb.CycleMessage, error)) error {
	err := r.read(ctx, recv)
	for _, p := range r.parts {
		reason := err
		if reason == nil {
			reason = malformed("a partition was left open")
		}
		// The sink keeps the reason; what it says about it changes nothing any more.
		_ = p.Done(reason)
		r.spoiled = true
	}
	if err != nil {
		r.spoiled = true
	}
	return err
}

func (r *cycleReader) read(ctx context.Context, recv func() (*pb.CycleMessage, error)) error {
	for {
		m, err := recv()
		if errors.Is(err, io.EOF) {
			if r.ended {
				return ctx.Err()
			}
			return malformed("the stream ended before the cycle")
		}
		if err != nil {
			return fromStatus(ctx, err)
		}
		if err := r.take(m); err != nil {
			return err
		}
	}
}

func (r *cycleReader) take(m *pb.CycleMessage) error {
	if begin := m.GetBegin(); begin != nil {
		return r.begin(begin)
	}
	if !r.begun || r.ended {
		return malformed("a message outside a cycle")
	}
	switch item := m.GetItem().(type) {
	case *pb.CycleMessage_PartitionBegin:
		id := item.PartitionBegin.GetId()
		if id == 0 || r.parts[id] != nil {
			return malformed("a partition was begun twice")
		}
		r.parts[id] = r.sink.Partition(item.PartitionBegin.GetName())
		return nil
	case *pb.CycleMessage_Batch:
		return r.batch(item.Batch)
	case *pb.CycleMessage_PartitionEnd:
		return r.partitionEnd(item.PartitionEnd)
	case *pb.CycleMessage_End:
		if item.End.GetObservations() != r.counts.GetObservations() || item.End.GetSamples() != r.counts.GetSamples() {
			return malformed("the counts of the cycle do not match")
		}
		r.ended = true
	}
	return nil
}

func (r *cycleReader) begin(c *pb.Cycle) error {
	if r.begun {
		return malformed("a cycle was begun twice")
	}
	r.begun = true
	if s, ok := r.sink.(sdk.CycleSink); ok {
		return s.Begin(decodeCycle(c))
	}
	return nil
}

func (r *cycleReader) batch(b *pb.Batch) error {
	obs, err := r.strings.read(b)
	if err != nil {
		return err
	}
	r.counts.Observations += int64(len(b.GetObservations()) + len(b.GetUnchanged().GetKey()))
	r.counts.Samples += int64(len(b.GetSamples().GetValue()))
	emit := r.sink.Emit
	if id := b.GetPartition(); id != 0 {
		p := r.parts[id]
		if p == nil {
			return malformed("a batch for a partition that is not open")
		}
		emit = p.Emit
	}
	if err := emit(obs...); err != nil {
		return fmt.Errorf("take observations: %w", err)
	}
	return nil
}

func (r *cycleReader) partitionEnd(end *pb.PartitionEnd) error {
	p := r.parts[end.GetId()]
	if p == nil {
		return malformed("a partition was ended that is not open")
	}
	delete(r.parts, end.GetId())
	if err := p.Done(decodeError(end.GetError())); err != nil {
		// The plugin believes that it was committed. The other partitions are not to blame.
		r.spoiled = true
	}
	return nil
}
