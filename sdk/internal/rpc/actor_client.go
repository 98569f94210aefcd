package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// Act does one declared action.
func (i *Instance) Act(ctx context.Context, r sdk.ActRequest, progress func(sdk.Progress)) (sdk.ActResult, error) {
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	req := encodeActRequest(r)
	req.Instance = i.id
	stream, err := pb.NewActorClient(i.c.conn).Act(call, req)
	if err != nil {
		return sdk.ActResult{}, fromStatus(ctx, err)
	}
	for {
		m, err := stream.Recv()
		if err != nil {
			return sdk.ActResult{}, unfinished(ctx, err)
		}
		switch item := m.GetItem().(type) {
		case *pb.ActResponse_Progress:
			progress(decodeProgress(item.Progress))
		case *pb.ActResponse_Result:
			return decodeActResult(item.Result), nil
		}
	}
}

// Acknowledge turns an agent's word on a command into what it means.
func (i *Instance) Acknowledge(ctx context.Context, a sdk.Acknowledgement) (sdk.AckResult, error) {
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	req := &pb.AcknowledgeRequest{Instance: i.id, Acknowledgement: encodeAcknowledgement(a)}
	stream, err := pb.NewActorClient(i.c.conn).Acknowledge(call, req)
	if err != nil {
		return sdk.AckResult{}, fromStatus(ctx, err)
	}
	var strings stringList
	var out sdk.AckResult
	for {
		m, err := stream.Recv()
		if err != nil {
			return sdk.AckResult{}, unfinished(ctx, err)
		}
		switch item := m.GetItem().(type) {
		case *pb.AcknowledgeResponse_Batch:
			obs, err := strings.read(item.Batch)
			if err != nil {
				return sdk.AckResult{}, err
			}
			out.Observations = append(out.Observations, obs...)
		case *pb.AcknowledgeResponse_Result:
			r := decodeAckResult(item.Result)
			r.Observations = out.Observations
			return r, nil
		}
	}
}
