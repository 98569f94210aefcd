package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type notifierServer struct {
	pb.UnimplementedNotifierServer
	*Server
}

func (s *notifierServer) Send(ctx context.Context, r *pb.SendRequest) (*pb.SendResponse, error) {
	n, l, err := power[sdk.Notifier](s.Server, r.GetInstance())
	if err != nil {
		return nil, err
	}
	defer l.release()
	ctx, cancel := l.within(ctx, false)
	defer cancel()
	receipts, err := n.Send(ctx, decodeMessage(r.GetMessage()), r.GetChannel())
	if err != nil {
		return nil, err
	}
	return &pb.SendResponse{Receipts: each(receipts, encodeReceipt)}, nil
}

func (s *notifierServer) Preview(ctx context.Context, r *pb.PreviewRequest) (*pb.PreviewResponse, error) {
	n, l, err := power[sdk.Previewer](s.Server, r.GetInstance())
	if err != nil {
		return nil, err
	}
	defer l.release()
	ctx, cancel := l.within(ctx, false)
	defer cancel()
	p, err := n.Preview(ctx, decodeMessage(r.GetMessage()), r.GetChannel())
	if err != nil {
		return nil, err
	}
	return &pb.PreviewResponse{Preview: encodePreview(p)}, nil
}
