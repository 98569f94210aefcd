package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// Collect runs one cycle. An error of the sink ends it.
func (i *Instance) Collect(ctx context.Context, task string, sink sdk.Sink) error {
	k := freshKey{i.id, task}
	full := !i.c.isFresh(k)
	if s, ok := sink.(sdk.FullSink); ok && s.NeedsAll() {
		full = true
	}
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pb.NewCollectorClient(i.c.conn).Collect(call, &pb.CollectRequest{Instance: i.id, Task: task, Full: full})
	if err != nil {
		return fromStatus(ctx, err)
	}
	r := newCycleReader(sink)
	err = r.run(ctx, func() (*pb.CycleMessage, error) {
		m, err := stream.Recv()
		return m.GetMessage(), err
	})
	i.c.setFresh(k, !r.spoiled)
	return err
}
