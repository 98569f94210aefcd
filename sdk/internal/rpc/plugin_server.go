package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type pluginServer struct {
	pb.UnimplementedPluginServer
	*Server
}

func (s *pluginServer) Describe(context.Context, *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	return &pb.DescribeResponse{Description: encodeDescription(s.Server.Describe())}, nil
}

func (s *pluginServer) UpgradeConfig(ctx context.Context, r *pb.UpgradeConfigRequest) (*pb.UpgradeConfigResponse, error) {
	u, ok := s.plugin.(sdk.ConfigUpgrader)
	if !ok {
		return nil, unsupported(nil)
	}
	config, err := u.UpgradeConfig(ctx, r.GetConfig(), int(r.GetFromVersion()))
	if err != nil {
		return nil, err
	}
	return &pb.UpgradeConfigResponse{Config: config}, nil
}

func (s *pluginServer) Validate(ctx context.Context, r *pb.ValidateRequest) (*pb.ValidateResponse, error) {
	return &pb.ValidateResponse{Diagnostics: each(s.plugin.Validate(ctx, r.GetConfig()), encodeDiagnostic)}, nil
}

func (s *pluginServer) Configure(ctx context.Context, r *pb.ConfigureRequest) (*pb.ConfigureResponse, error) {
	if r.GetInstance().GetIntegration() == "" {
		return nil, sdk.Errorf(sdk.KindInvalid, "An instance needs the id of its integration.")
	}
	if err := s.configure(ctx, decodeInstance(r.GetInstance()), r.GetHost()); err != nil {
		return nil, err
	}
	return &pb.ConfigureResponse{}, nil
}

func (s *pluginServer) Release(ctx context.Context, r *pb.ReleaseRequest) (*pb.ReleaseResponse, error) {
	if err := s.instances.remove(ctx, r.GetInstance()); err != nil {
		return nil, err
	}
	return &pb.ReleaseResponse{}, nil
}

func (s *pluginServer) Health(ctx context.Context, r *pb.HealthRequest) (*pb.HealthResponse, error) {
	if r.GetInstance() == "" {
		return &pb.HealthResponse{}, nil
	}
	l, err := s.instances.find(r.GetInstance())
	if err != nil {
		return nil, err
	}
	defer l.release()
	if h, ok := l.value.(sdk.Healther); ok {
		if err := h.Health(ctx); err != nil {
			return nil, err
		}
	}
	return &pb.HealthResponse{}, nil
}

func (s *pluginServer) Shutdown(ctx context.Context, _ *pb.ShutdownRequest) (*pb.ShutdownResponse, error) {
	if err := s.instances.shutdown(ctx); err != nil {
		return nil, err
	}
	return &pb.ShutdownResponse{}, nil
}
