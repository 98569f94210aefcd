package rpc

import (
	"google.golang.org/grpc"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
)

// Protocol is the major version of the protocol that this package speaks.
const Protocol = 1

// The limits of the protocol, in bytes. Both ends keep them.
const (
	// MaxBatch is the size of a batch of observations, and so of a record.
	MaxBatch = 1 << 20
	// MaxBody is the size of a report, a chat or an attachment.
	MaxBody = 8 << 20

	// flushBatch is when a batch is sent, and chunk what is sent at once of a body. gRPC keeps buffers for messages of up to
	// 32 KiB and has none between those and 1 MiB, so that one larger message costs both ends a MiB for good.
	flushBatch = 24 << 10
	chunk      = 24 << 10
	// maxMessage leaves room for the strings of a batch beside its observations.
	maxMessage = 2 * MaxBatch
	// maxStrings bounds the table of strings that a peer may make this end keep for one stream.
	maxStrings = 1 << 20

	window     = 256 << 10
	ioBuffer   = 16 << 10
	maxHeaders = 64 << 10
)

// DialOptions are those of the host's end.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(4 * window),
		grpc.WithReadBufferSize(ioBuffer), grpc.WithWriteBufferSize(ioBuffer),
		grpc.WithMaxHeaderListSize(maxHeaders),
		grpc.WithDisableServiceConfig(), grpc.WithIdleTimeout(0),
	}
}

// serverOptions are those of both ends' servers.
func serverOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(4 * window),
		grpc.ReadBufferSize(ioBuffer), grpc.WriteBufferSize(ioBuffer),
		grpc.MaxHeaderListSize(maxHeaders),
	}
}

// recordName names an observation for a message.
func recordName(o *pb.Observation) string {
	type keyed interface {
		GetType() string
		GetKey() string
	}
	var k keyed
	switch x := o.GetKind().(type) {
	case *pb.Observation_Record:
		k = x.Record
	case *pb.Observation_Part:
		k = x.Part
	case *pb.Observation_Event:
		k = x.Event
	case *pb.Observation_Condition:
		k = x.Condition
	case *pb.Observation_Row:
		return x.Row.GetRows() + " " + x.Row.GetKey()
	default:
		return "observation"
	}
	return k.GetType() + " " + k.GetKey()
}
