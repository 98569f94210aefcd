package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// Watch follows the source until the context ends or the source or the plugin is lost.
func (i *Instance) Watch(ctx context.Context, sink sdk.Sink) error {
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pb.NewWatcherClient(i.c.conn).Watch(call, &pb.WatchRequest{Instance: i.id})
	if err != nil {
		return fromStatus(ctx, err)
	}
	return newCycleReader(sink).run(ctx, func() (*pb.CycleMessage, error) {
		m, err := stream.Recv()
		return m.GetMessage(), err
	})
}
