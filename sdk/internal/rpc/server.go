package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// Server is the plugin's end: it serves one [sdk.Plugin] with all its instances.
type Server struct {
	ctx       context.Context // of what outlives a call
	plugin    sdk.Plugin
	version   string
	log       *slog.Logger
	now       func() time.Time
	deps      func(in sdk.Instance) sdk.Deps
	instances instances
	back      hostLink
}

// Serving is what a [Server] needs.
type Serving struct {
	Plugin sdk.Plugin
	// Version, when it is set, is what the plugin says of itself instead of the version in its description.
	Version string
	Log     *slog.Logger
	Now     func() time.Time
	// Deps makes what an instance is lent, but for the way back to the host.
	Deps func(in sdk.Instance) sdk.Deps
}

// NewServer makes a server. Its instances end with ctx.
func NewServer(ctx context.Context, s Serving) *Server {
	return &Server{
		ctx:    ctx,
		plugin: s.Plugin, version: s.Version, log: s.Log, now: s.Now, deps: s.Deps, instances: instances{all: map[string]*live{}},
	}
}

// Describe returns what the plugin declares.
func (s *Server) Describe() sdk.Description {
	d := s.plugin.Describe()
	if s.version != "" {
		d.Version = s.version
	}
	return d
}

// Register adds the services of all powers. Dial reaches a server of the host's by its id; it may be nil.
func (s *Server) Register(to grpc.ServiceRegistrar, dial func(id uint32) (*grpc.ClientConn, error)) {
	s.back.dial = dial
	pb.RegisterPluginServer(to, &pluginServer{Server: s})
	pb.RegisterCollectorServer(to, &collectorServer{Server: s})
	pb.RegisterWatcherServer(to, &watcherServer{Server: s})
	pb.RegisterIngesterServer(to, &ingesterServer{Server: s})
	pb.RegisterCheckerServer(to, &checkerServer{Server: s})
	pb.RegisterActorServer(to, &actorServer{Server: s})
	pb.RegisterQuerierServer(to, &querierServer{Server: s})
	pb.RegisterNotifierServer(to, &notifierServer{Server: s})
	pb.RegisterModelProviderServer(to, &modelServer{Server: s})
	pb.RegisterProberServer(to, &proberServer{Server: s})
	pb.RegisterOnboarderServer(to, &onboarderServer{Server: s})
}

// Options are the options that a gRPC server for s must have: limits, and the one place where panics are caught and
// errors leave.
func (s *Server) Options() []grpc.ServerOption {
	return append(serverOptions(),
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (answer any, err error) {
			defer s.leave(ctx, info.FullMethod, &err)
			return handle(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
			defer s.leave(stream.Context(), info.FullMethod, &err)
			return handle(srv, stream)
		}),
	)
}

// leave turns a panic and an error into a status. It must be deferred itself, or it could not recover.
func (s *Server) leave(ctx context.Context, method string, err *error) {
	if r := recover(); r != nil {
		s.log.Error("a call panicked", "method", method, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		*err = sdk.Errorf(sdk.KindInternal, "The plugin failed unexpectedly; its log says why.")
	} else {
		s.note(ctx, method, *err)
	}
	if *err != nil && ctx.Err() != nil {
		*err = status.FromContextError(ctx.Err()).Err()
		return
	}
	*err = toStatus(*err)
}

// note logs what does not cross: causes, and errors that are not made for users.
func (s *Server) note(ctx context.Context, method string, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	if _, ok := status.FromError(err); ok {
		return
	}
	if sdk.KindOf(err) == sdk.KindInternal {
		s.log.Error("a call failed", "method", method, "error", err)
		return
	}
	s.log.Debug("a call failed", "method", method, "error", err)
}

// power finds the instance and asks it for a power. Release must be called when the call is over.
func power[P any](s *Server, instance string) (P, *live, error) {
	var none P
	l, err := s.instances.find(instance)
	if err != nil {
		return none, nil, err
	}
	p, ok := l.value.(P)
	if !ok {
		l.release()
		return none, nil, unsupported(nil)
	}
	return p, l, nil
}

// configure makes an instance live.
func (s *Server) configure(ctx context.Context, in sdk.Instance, host uint32) error {
	deps := s.deps(in)
	back := s.back.host(in.Integration, host)
	deps.Host = back
	value, err := s.plugin.Configure(ctx, in, deps)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		(&live{id: in.Integration, value: value, closed: make(chan struct{}), cancel: func() {}}).close()
		return err
	}
	l := &live{
		id: in.Integration, value: value, back: back, epoch: s.now().UnixNano(),
		closed: make(chan struct{}), memories: map[string]*memory{},
	}
	l.ctx, l.cancel = context.WithCancel(s.ctx) // an instance outlives the call that made it
	l.watches, l.stopWatches = context.WithCancel(l.ctx)
	return s.instances.put(l)
}
