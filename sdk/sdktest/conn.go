// Package sdktest runs plugins in tests: over a real connection within the test's process, and through the trials of
// what the server relies on. It does not know what a plugin is for.
package sdktest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/host"
	"github.com/pulse-platform/pulse/sdk/internal/rpc"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// Connection is a plugin on the other side of a real connection.
type Connection struct {
	client *rpc.Client
	log    *lockedBuffer
	close  func()
}

// Option changes how a plugin is connected.
type Option func(*options)

type options struct {
	now  func() time.Time
	host sdk.Host
}

// WithNow gives the plugin a clock.
func WithNow(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithHost gives the plugin a way back.
func WithHost(h sdk.Host) Option { return func(o *options) { o.host = h } }

// Conn serves p over a loopback connection until the test ends. Converters, streams, limits and the handling of panics
// are those of a real process; the guard of deps.HTTP lets this machine through, so that upstreams can be faked.
func Conn(t testing.TB, p sdk.Plugin, opts ...Option) *Connection {
	t.Helper()
	o := options{now: time.Now}
	for _, set := range opts {
		set(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Connection{log: &lockedBuffer{}}
	log := slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := rpc.NewServer(ctx, rpc.Serving{Plugin: p, Log: log, Now: o.now, Deps: func(in sdk.Instance) sdk.Deps {
		network := sdk.Network{Pins: in.Pins, AllowLoopback: true, AllowNetworks: in.AllowNetworks}
		client := netguard.Client(netguard.For(netguard.Integration, network))
		context.AfterFunc(ctx, client.CloseIdleConnections)
		return sdk.Deps{Name: in.Name, Network: network, Log: log, Now: o.now, HTTP: client}
	}})
	broker := &localBroker{t: t, addresses: map[uint32]string{}}
	g := grpc.NewServer(server.Options()...)
	server.Register(g, broker.Dial)
	conn := dial(t, broker.serve(g))
	var offer func() uint32
	if o.host != nil {
		offer = func() uint32 {
			id := broker.NextId()
			broker.AcceptAndServe(id, func(opts []grpc.ServerOption) *grpc.Server {
				return rpc.NewHostServer(opts, func(string) sdk.Host { return o.host })
			})
			return id
		}
	}
	c.client = rpc.NewClient(ctx, conn, offer)
	var once sync.Once
	c.close = func() {
		once.Do(func() {
			end, stop := context.WithTimeout(context.Background(), 5*time.Second)
			defer stop()
			if err := c.client.Shutdown(end); err != nil {
				t.Errorf("shut the plugin down: %v", err)
			}
			conn.Close()
			g.Stop()
			broker.stop()
			cancel()
		})
	}
	t.Cleanup(c.close)
	return c
}

// Describe asks what the plugin declares.
func (c *Connection) Describe(t testing.TB) sdk.Description {
	t.Helper()
	d, err := c.client.Describe(t.Context())
	if err != nil {
		t.Fatalf("describe: %v", err)
	}
	return d
}

// Validate has the plugin judge a configuration.
func (c *Connection) Validate(t testing.TB, config string) []sdk.Diagnostic {
	t.Helper()
	d, err := c.client.Validate(t.Context(), json.RawMessage(config))
	if err != nil {
		t.Fatalf("validate: %v", err)
	}
	return d
}

// Configure makes or replaces the instance of an integration.
func (c *Connection) Configure(ctx context.Context, in sdk.Instance) (*host.Instance, error) {
	if err := c.client.Configure(ctx, in); err != nil {
		return nil, err
	}
	return c.client.Instance(in.Integration), nil
}

// Release ends an instance.
func (c *Connection) Release(ctx context.Context, integration string) error {
	return c.client.Release(ctx, integration)
}

// Instance makes an instance with a configuration and fails the test when it cannot. It may dial this machine, where upstreams
// of tests are.
func (c *Connection) Instance(t testing.TB, config string) *host.Instance {
	t.Helper()
	i, err := c.Configure(t.Context(), sdk.Instance{Integration: "test", Name: "Test", Revision: 1, Config: json.RawMessage(config), AllowLoopback: true})
	if err != nil {
		t.Fatalf("configure: %v", err)
	}
	return i
}

// Log returns what the plugin logged so far.
func (c *Connection) Log() string { return c.log.String() }

// Close ends the plugin before the test does.
func (c *Connection) Close() { c.close() }

func dial(t testing.TB, address string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, append(rpc.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatalf("dial %s: %v", address, err)
	}
	return conn
}

// localBroker stands in for go-plugin's: it makes connections within the process.
type localBroker struct {
	t testing.TB

	mu        sync.Mutex
	last      uint32
	addresses map[uint32]string
	servers   []*grpc.Server
	conns     []*grpc.ClientConn
}

var _ rpc.Broker = (*localBroker)(nil)

// NextId returns a new id.
func (b *localBroker) NextId() uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	return b.last
}

// AcceptAndServe serves under an id and does not block.
func (b *localBroker) AcceptAndServe(id uint32, newServer func([]grpc.ServerOption) *grpc.Server) {
	g := newServer(nil)
	address := b.serve(g)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.addresses[id] = address
	b.servers = append(b.servers, g)
}

// Dial connects to the server with the id.
func (b *localBroker) Dial(id uint32) (*grpc.ClientConn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	conn := dial(b.t, b.addresses[id])
	b.conns = append(b.conns, conn)
	return conn, nil
}

func (b *localBroker) serve(g *grpc.Server) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatalf("listen: %v", err)
	}
	go func() {
		// Its end is the test's.
		_ = g.Serve(l)
	}()
	return l.Addr().String()
}

func (b *localBroker) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conns {
		c.Close()
	}
	for _, s := range b.servers {
		s.Stop()
	}
}

// lockedBuffer collects a log while others look at it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
