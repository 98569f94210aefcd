package rpc

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// hostLink is the plugin's connection back to the host. All instances share it.
type hostLink struct {
	dial func(id uint32) (*grpc.ClientConn, error)

	mu   sync.Mutex
	id   uint32
	conn *grpc.ClientConn
}

// host returns the way back for an instance. The connection is made now: the offer lasts for seconds only.
func (k *hostLink) host(instance string, id uint32) *hostClient {
	h := &hostClient{instance: instance}
	if id == 0 || k.dial == nil {
		h.err = sdk.Errorf(sdk.KindUnsupported, "The server offers no way to call it back.")
		return h
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn == nil || k.id != id {
		conn, err := k.dial(id)
		if err != nil {
			h.err = sdk.Wrap(sdk.KindUnavailable, fmt.Errorf("dial host: %w", err), "The server cannot be called back.")
			return h
		}
		k.conn, k.id = conn, id
	}
	h.host = pb.NewHostClient(k.conn)
	return h
}

// hostClient is [sdk.Host] in the plugin's process.
type hostClient struct {
	instance string
	host     pb.HostClient
	err      error
	// replaced says that another instance has taken over: what this one still writes would undo what that one wrote.
	replaced atomic.Bool
}

func (h *hostClient) mayWrite() error {
	if h.err == nil && h.replaced.Load() {
		return sdk.Errorf(sdk.KindUnavailable, "The instance was replaced by another one.")
	}
	return h.err
}

func (h *hostClient) State(ctx context.Context, key string) ([]byte, int64, error) {
	if h.err != nil {
		return nil, 0, h.err
	}
	r, err := h.host.State(ctx, &pb.StateRequest{Instance: h.instance, Key: key})
	return r.GetValue(), r.GetVersion(), fromStatus(ctx, err)
}

func (h *hostClient) SetState(ctx context.Context, key string, value []byte, version int64) error {
	if err := h.mayWrite(); err != nil {
		return err
	}
	_, err := h.host.SetState(ctx, &pb.SetStateRequest{Instance: h.instance, Key: key, Value: value, Version: version})
	return fromStatus(ctx, err)
}

func (h *hostClient) Secret(ctx context.Context, name string) (string, error) {
	if h.err != nil {
		return "", h.err
	}
	r, err := h.host.Secret(ctx, &pb.SecretRequest{Instance: h.instance, Name: name})
	return r.GetValue(), fromStatus(ctx, err)
}

func (h *hostClient) SetSecret(ctx context.Context, name, value string) error {
	if err := h.mayWrite(); err != nil {
		return err
	}
	_, err := h.host.SetSecret(ctx, &pb.SetSecretRequest{Instance: h.instance, Name: name, Value: value})
	return fromStatus(ctx, err)
}

func (h *hostClient) ProposeConfig(ctx context.Context, patch json.RawMessage, reason string) error {
	if err := h.mayWrite(); err != nil {
		return err
	}
	_, err := h.host.ProposeConfig(ctx, &pb.ProposeConfigRequest{Instance: h.instance, Patch: patch, Reason: reason})
	return fromStatus(ctx, err)
}
