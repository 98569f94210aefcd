package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type modelServer struct {
	pb.UnimplementedModelProviderServer
	*Server
}

func (s *modelServer) Models(ctx context.Context, r *pb.ModelsRequest) (*pb.ModelsResponse, error) {
	p, l, err := power[sdk.ModelProvider](s.Server, r.GetInstance())
	if err != nil {
		return nil, err
	}
	defer l.release()
	models, err := p.Models(ctx)
	if err != nil {
		return nil, err
	}
	return &pb.ModelsResponse{Models: each(models, encodeModel)}, nil
}

func (s *modelServer) Chat(stream pb.ModelProvider_ChatServer) error {
	req, err := readChatRequest(stream)
	if err != nil {
		return err
	}
	p, l, err := power[sdk.ModelProvider](s.Server, req.GetInstance())
	if err != nil {
		return err
	}
	defer l.release()
	ctx, cancel := l.within(stream.Context(), false)
	defer cancel()
	send := inTurn(stream.Send)
	result, err := p.Chat(ctx, decodeChatRequest(req), func(d sdk.ChatDelta) error {
		return send(&pb.ChatResponse{Item: &pb.ChatResponse_Delta{Delta: encodeChatDelta(d)}})
	})
	if err != nil {
		return err
	}
	raw, err := proto.Marshal(encodeChatResult(result))
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	if len(raw) == 0 {
		return send(&pb.ChatResponse{Item: &pb.ChatResponse_Result{Result: []byte{}}})
	}
	_, err = (&chunkWriter{ctx: ctx, send: func(b []byte) error {
		return send(&pb.ChatResponse{Item: &pb.ChatResponse_Result{Result: b}})
	}}).Write(raw)
	return err
}

func readChatRequest(stream pb.ModelProvider_ChatServer) (*pb.ChatRequest, error) {
	var raw []byte
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(raw)+len(m.GetData()) > MaxBody {
			return nil, sdk.Errorf(sdk.KindInvalid, "The conversation is too large.")
		}
		raw = append(raw, m.GetData()...)
	}
	req := &pb.ChatRequest{}
	if err := proto.Unmarshal(raw, req); err != nil {
		return nil, sdk.Wrap(sdk.KindInvalid, err, "The conversation cannot be read.")
	}
	return req, nil
}

func (s *modelServer) Test(ctx context.Context, r *pb.TestRequest) (*pb.TestResponse, error) {
	p, l, err := power[sdk.ModelProvider](s.Server, r.GetInstance())
	if err != nil {
		return nil, err
	}
	defer l.release()
	if err := p.Test(ctx); err != nil {
		return nil, err
	}
	return &pb.TestResponse{}, nil
}

func (s *modelServer) AuthURL(ctx context.Context, r *pb.AuthURLRequest) (*pb.AuthURLResponse, error) {
	p, l, err := power[sdk.OAuthExchanger](s.Server, r.GetInstance())
	if err != nil {
		return nil, err
	}
	defer l.release()
	url, err := p.AuthURL(ctx, r.GetState(), r.GetChallenge(), r.GetRedirect())
	if err != nil {
		return nil, err
	}
	return &pb.AuthURLResponse{Url: text(url)}, nil
}

func (s *modelServer) Exchange(ctx context.Context, r *pb.ExchangeRequest) (*pb.ExchangeResponse, error) {
	p, l, err := power[sdk.OAuthExchanger](s.Server, r.GetInstance())
	if err != nil {
		return nil, err
	}
	defer l.release()
	if err := p.Exchange(ctx, r.GetCode(), r.GetVerifier(), r.GetRedirect()); err != nil {
		return nil, err
	}
	return &pb.ExchangeResponse{}, nil
}
