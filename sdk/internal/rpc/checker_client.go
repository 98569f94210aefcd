package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// Check tries the instance's configuration; progress hears of each step as it ends.
func (i *Instance) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pb.NewCheckerClient(i.c.conn).Check(call, &pb.CheckRequest{Instance: i.id})
	if err != nil {
		return sdk.CheckResult{}, fromStatus(ctx, err)
	}
	for {
		m, err := stream.Recv()
		if err != nil {
			return sdk.CheckResult{}, unfinished(ctx, err)
		}
		switch item := m.GetItem().(type) {
		case *pb.CheckResponse_Step:
			progress(decodeCheckStep(item.Step))
		case *pb.CheckResponse_Result:
			return decodeCheckResult(item.Result), nil
		}
	}
}
