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

// Models lists what the provider offers.
func (i *Instance) Models(ctx context.Context) ([]sdk.Model, error) {
	r, err := pb.NewModelProviderClient(i.c.conn).Models(ctx, &pb.ModelsRequest{Instance: i.id})
	if err != nil {
		return nil, fromStatus(ctx, err)
	}
	return each(r.GetModels(), decodeModel), nil
}

// Chat streams an answer.
func (i *Instance) Chat(ctx context.Context, r sdk.ChatRequest, emit func(sdk.ChatDelta) error) (sdk.ChatResult, error) {
	req := encodeChatRequest(r)
	req.Instance = i.id
	raw, err := proto.Marshal(req)
	if err != nil {
		return sdk.ChatResult{}, fmt.Errorf("encode chat: %w", err)
	}
	if len(raw) > MaxBody {
		return sdk.ChatResult{}, &sdk.Error{Kind: sdk.KindInvalid, Code: "too_large", Message: "The conversation is too large."}
	}
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pb.NewModelProviderClient(i.c.conn).Chat(call)
	if err != nil {
		return sdk.ChatResult{}, fromStatus(ctx, err)
	}
	w := &chunkWriter{ctx: ctx, send: func(b []byte) error { return stream.Send(&pb.ChatChunk{Data: b}) }}
	// A failed send says EOF; the reason comes from the receiving side.
	if _, err := w.Write(raw); err != nil && !errors.Is(err, io.EOF) {
		return sdk.ChatResult{}, fromStatus(ctx, err)
	}
	if err := stream.CloseSend(); err != nil {
		return sdk.ChatResult{}, fromStatus(ctx, err)
	}
	return readChat(ctx, stream, emit)
}

// readChat reads deltas, then the result in pieces, until the stream ends.
func readChat(ctx context.Context, stream pb.ModelProvider_ChatClient, emit func(sdk.ChatDelta) error) (sdk.ChatResult, error) {
	var raw []byte
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) && raw != nil {
			result := &pb.ChatResult{}
			if err := proto.Unmarshal(raw, result); err != nil {
				return sdk.ChatResult{}, malformed("the answer of a chat cannot be read")
			}
			return decodeChatResult(result), nil
		}
		if err != nil {
			return sdk.ChatResult{}, unfinished(ctx, err)
		}
		switch item := m.GetItem().(type) {
		case *pb.ChatResponse_Delta:
			if err := emit(decodeChatDelta(item.Delta)); err != nil {
				return sdk.ChatResult{}, fmt.Errorf("take a piece of the answer: %w", err)
			}
		case *pb.ChatResponse_Result:
			if len(raw)+len(item.Result) > MaxBody {
				return sdk.ChatResult{}, malformed("the answer of a chat is too large")
			}
			raw = append(raw, item.Result...)
		}
	}
}

// Test makes the cheapest call that proves the credentials.
func (i *Instance) Test(ctx context.Context) error {
	_, err := pb.NewModelProviderClient(i.c.conn).Test(ctx, &pb.TestRequest{Instance: i.id})
	return fromStatus(ctx, err)
}

// AuthURL begins signing in.
func (i *Instance) AuthURL(ctx context.Context, state, challenge, redirect string) (string, error) {
	req := &pb.AuthURLRequest{Instance: i.id, State: state, Challenge: challenge, Redirect: redirect}
	r, err := pb.NewModelProviderClient(i.c.conn).AuthURL(ctx, req)
	return r.GetUrl(), fromStatus(ctx, err)
}

// Exchange ends signing in.
func (i *Instance) Exchange(ctx context.Context, code, verifier, redirect string) error {
	req := &pb.ExchangeRequest{Instance: i.id, Code: code, Verifier: verifier, Redirect: redirect}
	_, err := pb.NewModelProviderClient(i.c.conn).Exchange(ctx, req)
	return fromStatus(ctx, err)
}

// unfinished is the error of a stream that ended before its result.
func unfinished(ctx context.Context, err error) error {
	if errors.Is(err, io.EOF) {
		return malformed("a stream ended before its result")
	}
	return fromStatus(ctx, err)
}
