package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type onboarderServer struct {
	pb.UnimplementedOnboarderServer
	*Server
}

func (s *onboarderServer) Script(ctx context.Context, r *pb.ScriptRequest) (*pb.ScriptResponse, error) {
	o, l, err := power[sdk.Onboarder](s.Server, r.GetInstance())
	if err != nil {
		return nil, err
	}
	defer l.release()
	script, err := o.Script(ctx, decodeScriptRequest(r))
	if err != nil {
		return nil, err
	}
	return &pb.ScriptResponse{Script: text(script)}, nil
}
