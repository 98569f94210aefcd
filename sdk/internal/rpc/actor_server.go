package rpc

import (
	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type actorServer struct {
	pb.UnimplementedActorServer
	*Server
}

func (s *actorServer) Act(r *pb.ActRequest, stream pb.Actor_ActServer) error {
	a, l, err := power[sdk.Actor](s.Server, r.GetInstance())
	if err != nil {
		return err
	}
	defer l.release()
	ctx, cancel := l.within(stream.Context(), false)
	defer cancel()
	send := inTurn(stream.Send)
	result, err := a.Act(ctx, decodeActRequest(r), func(p sdk.Progress) {
		// The stream's error comes back with the result.
		_ = send(&pb.ActResponse{Item: &pb.ActResponse_Progress{Progress: encodeProgress(p)}})
	})
	if err != nil {
		return err
	}
	return send(&pb.ActResponse{Item: &pb.ActResponse_Result{Result: encodeActResult(result)}})
}

func (s *actorServer) Acknowledge(r *pb.AcknowledgeRequest, stream pb.Actor_AcknowledgeServer) error {
	a, l, err := power[sdk.CommandAcknowledger](s.Server, r.GetInstance())
	if err != nil {
		return err
	}
	defer l.release()
	ctx, cancel := l.within(stream.Context(), false)
	defer cancel()
	result, err := a.Acknowledge(ctx, decodeAcknowledgement(r.GetAcknowledgement()))
	if err != nil {
		return err
	}
	var table stringTable
	send := func(p piece) error {
		return stream.Send(&pb.AcknowledgeResponse{Item: &pb.AcknowledgeResponse_Batch{Batch: p.batch(&table)}})
	}
	last, err := cutObservations(result.Observations, send)
	if err == nil && len(last.obs)+len(last.samples) > 0 {
		err = send(last)
	}
	if err != nil {
		return err
	}
	return stream.Send(&pb.AcknowledgeResponse{Item: &pb.AcknowledgeResponse_Result{Result: encodeAckResult(result)}})
}

// encodeAckResult leaves out the observations, which go in batches.
func encodeAckResult(a sdk.AckResult) *pb.AckResult {
	return &pb.AckResult{Done: a.Done, Progress: encodePtr(a.Progress, encodeProgress), Result: a.Result}
}

func decodeAckResult(m *pb.AckResult) sdk.AckResult {
	return sdk.AckResult{Done: m.GetDone(), Progress: decodePtr(m.GetProgress(), decodeProgress), Result: m.GetResult()}
}
