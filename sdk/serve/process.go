package serve

import (
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/internal/rpc"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// hostPatience is how long the process waits for its host to connect.
const hostPatience = 30 * time.Second

// gcPercent lets the heap of a busy plugin grow to two and a half times what it keeps: reports and cycles make much that is soon
// garbage of a heap that is small, and a few MiB of room take a third off the collector's part. The memory limit that the
// host sets still holds.
const gcPercent = 150

// serve serves until the host ends the process, or is gone itself.
func serve(ctx context.Context, p sdk.Plugin) {
	// go-plugin puts pipes in the place of the standard streams; the log goes to the one that the host reads.
	stderr := os.Stderr
	Pace(gcPercent)
	log := newLogger(stderr, os.Getenv("PULSE_PLUGIN_LOG_LEVEL"))
	server := rpc.NewServer(ctx, rpc.Serving{
		Plugin: p, Version: version, Log: log, Now: time.Now,
		Deps: depsFor(p.Describe(), log),
	})
	watch := newHostWatch(func() {
		log.Info("the server is gone, the plugin ends")
		os.Exit(0)
	})
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  rpc.Handshake(),
		VersionedPlugins: map[int]plugin.PluginSet{rpc.Protocol: {rpc.Service: &rpc.Binding{Plugin: server}}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(append(opts, server.Options()...), grpc.StatsHandler(watch))...)
		},
		Logger:      hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: stderr, JSONFormat: true}),
		TLSProvider: identity,
	})
}

// depsFor returns what makes the deps of an instance, which believes the certificates and dials the addresses that the
// operator allows for it.
func depsFor(d sdk.Description, log *slog.Logger) func(sdk.Instance) sdk.Deps {
	use := netguard.Integration
	if notifies(d) {
		use = netguard.Notification
	}
	return func(in sdk.Instance) sdk.Deps {
		network := sdk.Network{Pins: in.Pins, AllowLoopback: in.AllowLoopback, AllowNetworks: in.AllowNetworks}
		return sdk.Deps{
			Name:    in.Name,
			Network: network,
			Log:     log.With("integration", in.Integration),
			Now:     time.Now,
			HTTP:    netguard.Client(netguard.For(use, network)),
			Dial:    netguard.For(netguard.Integration, network).Dial,
		}
	}
}

// newLogger writes records as hclog does in JSON, which is what the host reads.
func newLogger(to io.Writer, level string) *slog.Logger {
	least := slog.LevelInfo
	switch level {
	case "trace", "debug":
		least = slog.LevelDebug
	case "warn":
		least = slog.LevelWarn
	case "error":
		least = slog.LevelError
	}
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: least, ReplaceAttr: hclogNames}))
}

func hclogNames(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		return slog.String("@timestamp", a.Value.Time().Format("2006-01-02T15:04:05.000000Z07:00"))
	case slog.LevelKey:
		return slog.String("@level", hclogLevel(a.Value))
	case slog.MessageKey:
		a.Key = "@message"
	}
	return a
}

func hclogLevel(v slog.Value) string {
	level, ok := v.Any().(slog.Level)
	switch {
	case !ok || level < slog.LevelInfo:
		return "debug"
	case level < slog.LevelWarn:
		return "info"
	case level < slog.LevelError:
		return "warn"
	}
	return "error"
}

// hostWatch notices that the host is gone: it keeps its first connection as long as it lives.
type hostWatch struct {
	gone func()

	mu    sync.Mutex
	conns int
	none  *time.Timer
}

var _ stats.Handler = (*hostWatch)(nil)

func newHostWatch(gone func()) *hostWatch {
	return &hostWatch{gone: gone, none: time.AfterFunc(hostPatience, gone)}
}

// HandleConn counts connections.
func (w *hostWatch) HandleConn(_ context.Context, s stats.ConnStats) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch s.(type) {
	case *stats.ConnBegin:
		w.conns++
		w.none.Stop()
	case *stats.ConnEnd:
		if w.conns--; w.conns == 0 {
			w.none.Reset(time.Second)
		}
	}
}

// TagConn does nothing.
func (*hostWatch) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// TagRPC does nothing.
func (*hostWatch) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC does nothing.
func (*hostWatch) HandleRPC(context.Context, stats.RPCStats) {}
