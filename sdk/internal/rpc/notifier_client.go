package rpc

import (
	"context"
	"encoding/json"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// Send delivers a message and tells how it went for each target.
func (i *Instance) Send(ctx context.Context, m sdk.Message, channel json.RawMessage) ([]sdk.Receipt, error) {
	req := &pb.SendRequest{Instance: i.id, Message: encodeMessage(m), Channel: channel}
	r, err := pb.NewNotifierClient(i.c.conn).Send(ctx, req)
	if err != nil {
		return nil, fromStatus(ctx, err)
	}
	return each(r.GetReceipts(), decodeReceipt), nil
}

// Preview shows what would be sent.
func (i *Instance) Preview(ctx context.Context, m sdk.Message, channel json.RawMessage) (sdk.Preview, error) {
	req := &pb.PreviewRequest{Instance: i.id, Message: encodeMessage(m), Channel: channel}
	r, err := pb.NewNotifierClient(i.c.conn).Preview(ctx, req)
	if err != nil {
		return sdk.Preview{}, fromStatus(ctx, err)
	}
	return decodePreview(r.GetPreview()), nil
}
