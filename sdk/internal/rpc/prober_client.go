package rpc

import (
	"context"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// Probe asks whether an address is one of the plugin's own.
func (i *Instance) Probe(ctx context.Context, address string) (sdk.Candidate, error) {
	r, err := pb.NewProberClient(i.c.conn).Probe(ctx, &pb.ProbeRequest{Instance: i.id, Address: address})
	if err != nil {
		return sdk.Candidate{}, fromStatus(ctx, err)
	}
	return decodeCandidate(r.GetCandidate()), nil
}
