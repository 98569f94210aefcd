package rpc

import (
	"context"
	"encoding/json"
	"sync"

	"google.golang.org/grpc"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// Client is the host's end of one plugin process. Errors of all calls are the context's when the caller gave up, else
// *sdk.Error.
type Client struct {
	conn    grpc.ClientConnInterface
	plugin  pb.PluginClient
	reports ingestLink
	offer   func() uint32

	mu    sync.Mutex
	fresh map[freshKey]bool // cycles whose end both sides agree on
}

type freshKey struct{ instance, task string }

// NewClient makes a client. What lives longer than a call ends with ctx. Offer, which may be nil, makes the host's own
// server reachable for calls back and returns its id; it is called once, when the first instance needs it.
func NewClient(ctx context.Context, conn grpc.ClientConnInterface, offer func() uint32) *Client {
	if offer == nil {
		offer = func() uint32 { return 0 }
	}
	c := &Client{conn: conn, plugin: pb.NewPluginClient(conn), offer: sync.OnceValue(offer), fresh: map[freshKey]bool{}}
	c.reports.open = func() (pb.Ingester_IngestClient, context.CancelFunc, error) {
		ctx, cancel := context.WithCancel(ctx)
		stream, err := pb.NewIngesterClient(conn).Ingest(ctx)
		if err != nil {
			cancel()
			return nil, nil, err
		}
		return stream, cancel, nil
	}
	return c
}

// Describe asks what the plugin declares.
func (c *Client) Describe(ctx context.Context) (sdk.Description, error) {
	r, err := c.plugin.Describe(ctx, &pb.DescribeRequest{})
	if err != nil {
		return sdk.Description{}, fromStatus(ctx, err)
	}
	return decodeDescription(r.GetDescription()), nil
}

// UpgradeConfig turns a configuration of an earlier version into a present one.
func (c *Client) UpgradeConfig(ctx context.Context, config json.RawMessage, from int) (json.RawMessage, error) {
	r, err := c.plugin.UpgradeConfig(ctx, &pb.UpgradeConfigRequest{Config: config, FromVersion: int64(from)})
	if err != nil {
		return nil, fromStatus(ctx, err)
	}
	return r.GetConfig(), nil
}

// Validate judges a configuration.
func (c *Client) Validate(ctx context.Context, config json.RawMessage) ([]sdk.Diagnostic, error) {
	r, err := c.plugin.Validate(ctx, &pb.ValidateRequest{Config: config})
	if err != nil {
		return nil, fromStatus(ctx, err)
	}
	return each(r.GetDiagnostics(), decodeDiagnostic), nil
}

// Configure makes or replaces an instance.
func (c *Client) Configure(ctx context.Context, in sdk.Instance) error {
	_, err := c.plugin.Configure(ctx, &pb.ConfigureRequest{Instance: encodeInstance(in), Host: c.offer()})
	return fromStatus(ctx, err)
}

// Release ends an instance.
func (c *Client) Release(ctx context.Context, instance string) error {
	_, err := c.plugin.Release(ctx, &pb.ReleaseRequest{Instance: instance})
	c.mu.Lock()
	for k := range c.fresh {
		if k.instance == instance {
			delete(c.fresh, k)
		}
	}
	c.mu.Unlock()
	return fromStatus(ctx, err)
}

// Health asks the process.
func (c *Client) Health(ctx context.Context) error {
	_, err := c.plugin.Health(ctx, &pb.HealthRequest{})
	return fromStatus(ctx, err)
}

// Shutdown closes all instances.
func (c *Client) Shutdown(ctx context.Context) error {
	_, err := c.plugin.Shutdown(ctx, &pb.ShutdownRequest{})
	return fromStatus(ctx, err)
}

// Instance returns the instance of an integration. It has the methods of all powers; what the plugin lacks answers
// with kind unsupported.
func (c *Client) Instance(integration string) *Instance { return &Instance{c: c, id: integration} }

// Instance is one instance of a plugin, as the host sees it.
type Instance struct {
	c  *Client
	id string
}

// The powers.
var (
	_ sdk.Collector           = (*Instance)(nil)
	_ sdk.Watcher             = (*Instance)(nil)
	_ sdk.Ingester            = (*Instance)(nil)
	_ sdk.Checker             = (*Instance)(nil)
	_ sdk.Actor               = (*Instance)(nil)
	_ sdk.CommandAcknowledger = (*Instance)(nil)
	_ sdk.Querier             = (*Instance)(nil)
	_ sdk.Notifier            = (*Instance)(nil)
	_ sdk.Previewer           = (*Instance)(nil)
	_ sdk.ModelProvider       = (*Instance)(nil)
	_ sdk.OAuthExchanger      = (*Instance)(nil)
	_ sdk.Prober              = (*Instance)(nil)
	_ sdk.Onboarder           = (*Instance)(nil)
	_ sdk.Healther            = (*Instance)(nil)
)

// Health asks the instance how it is.
func (i *Instance) Health(ctx context.Context) error {
	_, err := i.c.plugin.Health(ctx, &pb.HealthRequest{Instance: i.id})
	return fromStatus(ctx, err)
}

func (c *Client) isFresh(k freshKey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fresh[k]
}

func (c *Client) setFresh(k freshKey, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh[k] = fresh
}
