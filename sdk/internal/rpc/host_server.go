package rpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// NewHostServer makes the server that a plugin's process calls back. find returns what the integration may use, or
// nil for one that the process has no business with.
func NewHostServer(opts []grpc.ServerOption, find func(integration string) sdk.Host) *grpc.Server {
	opts = append(opts, serverOptions()...)
	opts = append(opts, grpc.ChainUnaryInterceptor(
		func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (answer any, err error) {
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("%s: panic: %v", info.FullMethod, r)
				}
				err = toStatus(err)
			}()
			return handle(ctx, req)
		}))
	s := grpc.NewServer(opts...)
	pb.RegisterHostServer(s, &hostServer{find: find})
	return s
}

type hostServer struct {
	pb.UnimplementedHostServer
	find func(integration string) sdk.Host
}

func (s *hostServer) host(integration string) (sdk.Host, error) {
	if h := s.find(integration); h != nil {
		return h, nil
	}
	return nil, sdk.Errorf(sdk.KindPermission, "The plugin does not serve this integration.")
}

func (s *hostServer) State(ctx context.Context, r *pb.StateRequest) (*pb.StateResponse, error) {
	h, err := s.host(r.GetInstance())
	if err != nil {
		return nil, err
	}
	value, version, err := h.State(ctx, r.GetKey())
	if err != nil {
		return nil, err
	}
	return &pb.StateResponse{Value: value, Version: version}, nil
}

func (s *hostServer) SetState(ctx context.Context, r *pb.SetStateRequest) (*pb.SetStateResponse, error) {
	h, err := s.host(r.GetInstance())
	if err != nil {
		return nil, err
	}
	if err := h.SetState(ctx, r.GetKey(), r.GetValue(), r.GetVersion()); err != nil {
		return nil, err
	}
	return &pb.SetStateResponse{}, nil
}

func (s *hostServer) Secret(ctx context.Context, r *pb.SecretRequest) (*pb.SecretResponse, error) {
	h, err := s.host(r.GetInstance())
	if err != nil {
		return nil, err
	}
	value, err := h.Secret(ctx, r.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.SecretResponse{Value: value}, nil
}

func (s *hostServer) SetSecret(ctx context.Context, r *pb.SetSecretRequest) (*pb.SetSecretResponse, error) {
	h, err := s.host(r.GetInstance())
	if err != nil {
		return nil, err
	}
	if err := h.SetSecret(ctx, r.GetName(), r.GetValue()); err != nil {
		return nil, err
	}
	return &pb.SetSecretResponse{}, nil
}

func (s *hostServer) ProposeConfig(ctx context.Context, r *pb.ProposeConfigRequest) (*pb.ProposeConfigResponse, error) {
	h, err := s.host(r.GetInstance())
	if err != nil {
		return nil, err
	}
	if err := h.ProposeConfig(ctx, r.GetPatch(), r.GetReason()); err != nil {
		return nil, err
	}
	return &pb.ProposeConfigResponse{}, nil
}
