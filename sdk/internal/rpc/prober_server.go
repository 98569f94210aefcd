package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type proberServer struct {
	pb.UnimplementedProberServer
	*Server
}

func (s *proberServer) Probe(ctx context.Context, r *pb.ProbeRequest) (*pb.ProbeResponse, error) {
	p, l, err := power[sdk.Prober](s.Server, r.GetInstance())
	if err != nil {
		return nil, err
	}
	defer l.release()
	ctx, cancel := l.within(ctx, false)
	defer cancel()
	c, err := p.Probe(ctx, r.GetAddress())
	if err != nil {
		return nil, err
	}
	return &pb.ProbeResponse{Candidate: encodeCandidate(c)}, nil
}
