package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type querierServer struct {
	pb.UnimplementedQuerierServer
	*Server
}

func (s *querierServer) Query(r *pb.QueryRequest, stream pb.Querier_QueryServer) error {
	q, l, err := power[sdk.Querier](s.Server, r.GetInstance())
	if err != nil {
		return err
	}
	defer l.release()
	ctx, cancel := l.within(stream.Context(), false)
	defer cancel()
	result, err := q.Query(ctx, decodeQueryRequest(r), &chunkWriter{ctx: ctx, send: func(b []byte) error {
		return stream.Send(&pb.QueryResponse{Item: &pb.QueryResponse_Data{Data: b}})
	}})
	if err != nil {
		return err
	}
	return stream.Send(&pb.QueryResponse{Item: &pb.QueryResponse_Result{Result: encodeQueryResult(result)}})
}

// chunkWriter sends what is written in chunks.
type chunkWriter struct {
	ctx  context.Context
	send func([]byte) error
}

func (w *chunkWriter) Write(b []byte) (int, error) {
	written := 0
	for len(b) > 0 {
		if err := w.ctx.Err(); err != nil {
			return written, err
		}
		n := min(len(b), chunk)
		if err := w.send(b[:n]); err != nil {
			return written, err
		}
		written += n
		b = b[n:]
	}
	return written, nil
}
