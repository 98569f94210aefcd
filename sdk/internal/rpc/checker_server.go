package rpc

import (
	"sync"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type checkerServer struct {
	pb.UnimplementedCheckerServer
	*Server
}

func (s *checkerServer) Check(r *pb.CheckRequest, stream pb.Checker_CheckServer) error {
	c, l, err := power[sdk.Checker](s.Server, r.GetInstance())
	if err != nil {
		return err
	}
	defer l.release()
	ctx, cancel := l.within(stream.Context(), false)
	defer cancel()
	send := inTurn(stream.Send)
	result, err := c.Check(ctx, func(step sdk.CheckStep) {
		// The stream's error comes back with the result.
		_ = send(&pb.CheckResponse{Item: &pb.CheckResponse_Step{Step: encodeCheckStep(step)}})
	})
	if err != nil {
		return err
	}
	return send(&pb.CheckResponse{Item: &pb.CheckResponse_Result{Result: encodeCheckResult(result)}})
}

// inTurn makes send fit for several goroutines.
func inTurn[M any](send func(M) error) func(M) error {
	var mu sync.Mutex
	return func(m M) error {
		mu.Lock()
		defer mu.Unlock()
		return send(m)
	}
}
