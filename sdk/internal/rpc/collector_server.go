package rpc

import (
	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type collectorServer struct {
	pb.UnimplementedCollectorServer
	*Server
}

func (s *collectorServer) Collect(r *pb.CollectRequest, stream pb.Collector_CollectServer) error {
	c, l, err := power[sdk.Collector](s.Server, r.GetInstance())
	if err != nil {
		return err
	}
	defer l.release()
	ctx, cancel := l.within(stream.Context(), false)
	defer cancel()
	w := newCycleWriter(ctx, l.memory(r.GetTask()).begin(r.GetFull(), false), func(m *pb.CycleMessage) error {
		return stream.Send(&pb.CollectResponse{Message: m})
	})
	defer w.memory.end()
	if err := w.begin(l.cycle(r.GetTask(), s.now())); err != nil {
		return err
	}
	return w.finish(c.Collect(ctx, r.GetTask(), w))
}
