package rpc

import (
	"context"
	"errors"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// Service is the name under which go-plugin hands out a plugin's process.
const Service = "plugin"

// Handshake tells a plugin that it was started by a server and not by hand. It is no secret: mutual TLS is what keeps
// strangers out.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		MagicCookieKey:   "PULSE_PLUGIN",
		MagicCookieValue: "c1f2f7b0f0e14a0f9f1d2b8d5b1e6f3a7c9b4e2d",
	}
}

// Broker makes connections beside the first one. *plugin.GRPCBroker is one.
type Broker interface {
	NextId() uint32
	AcceptAndServe(id uint32, newServer func([]grpc.ServerOption) *grpc.Server)
	Dial(id uint32) (*grpc.ClientConn, error)
}

// Link is what the host's end of a connection starts from.
type Link struct {
	Conn   *grpc.ClientConn
	Broker Broker
}

// Binding ties both ends to go-plugin. Plugin is nil on the host's end.
type Binding struct {
	plugin.NetRPCUnsupportedPlugin
	Plugin *Server
}

var _ plugin.GRPCPlugin = (*Binding)(nil)

// GRPCServer registers the plugin's services.
func (b *Binding) GRPCServer(broker *plugin.GRPCBroker, s *grpc.Server) error {
	if b.Plugin == nil {
		return errors.New("serve plugin: there is none")
	}
	b.Plugin.Register(s, broker.Dial)
	return nil
}

// GRPCClient returns a *[Link].
func (b *Binding) GRPCClient(_ context.Context, broker *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &Link{Conn: conn, Broker: broker}, nil
}
