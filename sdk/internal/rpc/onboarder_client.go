package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// Script asks for a setup script.
func (i *Instance) Script(ctx context.Context, r sdk.ScriptRequest) (string, error) {
	req := encodeScriptRequest(r)
	req.Instance = i.id
	answer, err := pb.NewOnboarderClient(i.c.conn).Script(ctx, req)
	if err != nil {
		return "", fromStatus(ctx, err)
	}
	return answer.GetScript(), nil
}
