package rpc

import (
	"context"
	"fmt"
	"io"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// Query reads something into w as it arrives.
func (i *Instance) Query(ctx context.Context, q sdk.QueryRequest, w io.Writer) (sdk.QueryResult, error) {
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	req := encodeQueryRequest(q)
	req.Instance = i.id
	stream, err := pb.NewQuerierClient(i.c.conn).Query(call, req)
	if err != nil {
		return sdk.QueryResult{}, fromStatus(ctx, err)
	}
	for {
		m, err := stream.Recv()
		if err != nil {
			return sdk.QueryResult{}, unfinished(ctx, err)
		}
		switch item := m.GetItem().(type) {
		case *pb.QueryResponse_Data:
			if _, err := w.Write(item.Data); err != nil {
				return sdk.QueryResult{}, fmt.Errorf("write what was read: %w", err)
			}
		case *pb.QueryResponse_Result:
			return decodeQueryResult(item.Result), nil
		}
	}
}
