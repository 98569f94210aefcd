package rpc

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// CodeUnknownInstance is the code of an error of kind unavailable: the plugin has not been told of the instance, or
// not any more.
const CodeUnknownInstance = "unknown_instance"

// RetryAfterLoss is how long a caller should wait when a plugin was lost under its hands.
const RetryAfterLoss = 2 * time.Second

const (
	maxErrorMessage = 4 << 10
	maxErrorWord    = 256
)

// kinds is the list of kinds that cross, with the status code that each travels under. What matters is the detail;
// the code serves callers that do not know it.
var kinds = map[sdk.ErrorKind]codes.Code{
	sdk.KindInvalid:     codes.InvalidArgument,
	sdk.KindConfig:      codes.FailedPrecondition,
	sdk.KindAuth:        codes.Unauthenticated,
	sdk.KindPermission:  codes.PermissionDenied,
	sdk.KindUnreachable: codes.Unavailable,
	sdk.KindRateLimited: codes.ResourceExhausted,
	sdk.KindUpstream:    codes.Aborted,
	sdk.KindUnsupported: codes.Unimplemented,
	sdk.KindUnavailable: codes.Unavailable,
	sdk.KindInternal:    codes.Internal,
}

// encodeError returns nil for nil. Only what is made for users crosses; the rest is for the plugin's log.
func encodeError(err error) *pb.Error {
	if err == nil {
		return nil
	}
	var e *sdk.Error
	switch {
	case errors.As(err, &e):
	case errors.Is(err, context.DeadlineExceeded):
		e = &sdk.Error{Kind: sdk.KindUnreachable, Code: "timeout", Message: "It took too long."}
	case errors.Is(err, context.Canceled):
		e = &sdk.Error{Kind: sdk.KindUnavailable, Code: "cancelled", Message: "It was cancelled."}
	default:
		e = &sdk.Error{Kind: sdk.KindInternal, Message: "The plugin failed unexpectedly; its log says why."}
	}
	kind := e.Kind
	if _, ok := kinds[kind]; !ok {
		kind = sdk.KindInternal
	}
	return &pb.Error{
		Kind: string(kind), Code: cut(e.Code, maxErrorWord), Field: cut(e.Field, maxErrorWord),
		Message: cut(e.Message, maxErrorMessage), RetryAfter: encodeDuration(max(e.RetryAfter, 0)), Certificate: encodeCertificate(e.Certificate),
	}
}

func encodeCertificate(c *sdk.Certificate) *pb.Certificate {
	if c == nil {
		return nil
	}
	return &pb.Certificate{Address: cut(c.Address, maxErrorWord), Sha256: cut(c.SHA256, maxErrorWord)}
}

func decodeCertificate(m *pb.Certificate) *sdk.Certificate {
	if m == nil {
		return nil
	}
	return &sdk.Certificate{Address: m.GetAddress(), SHA256: m.GetSha256()}
}

// cut shortens s to n bytes.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return text(s)
}

// decodeError returns nil for nil, else an *sdk.Error.
func decodeError(m *pb.Error) error {
	if m == nil {
		return nil
	}
	kind := sdk.ErrorKind(m.GetKind())
	if _, ok := kinds[kind]; !ok {
		kind = sdk.KindInternal
	}
	return &sdk.Error{
		Kind: kind, Code: m.GetCode(), Field: m.GetField(), Message: m.GetMessage(),
		RetryAfter: decodeDuration(m.GetRetryAfter()), Certificate: decodeCertificate(m.GetCertificate()),
	}
}

// toStatus is how an error leaves the plugin.
func toStatus(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	detail := encodeError(err)
	st, failed := status.New(kinds[sdk.ErrorKind(detail.GetKind())], detail.GetMessage()).WithDetails(detail)
	if failed != nil {
		return status.Error(codes.Internal, detail.GetMessage())
	}
	return st.Err()
}

// fromStatus is how an error reaches the caller: the context's error when the caller gave up, else an *sdk.Error. A
// lost connection is of kind unavailable: the plugin died, and what was asked may or may not have happened.
func fromStatus(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if given := ctx.Err(); given != nil {
		return given
	}
	st := status.Convert(err)
	for _, d := range st.Details() {
		if detail, ok := d.(*pb.Error); ok {
			return decodeError(detail)
		}
	}
	switch st.Code() {
	case codes.Unimplemented:
		return unsupported(err)
	case codes.Unavailable, codes.Canceled:
		return lost(err)
	case codes.DeadlineExceeded:
		// Both ends keep the time, and the plugin's clock may ring first.
		if _, ok := ctx.Deadline(); ok {
			return context.DeadlineExceeded
		}
		return sdk.Wrap(sdk.KindUnreachable, err, "The plugin took too long.")
	case codes.ResourceExhausted:
		return sdk.Wrap(sdk.KindInternal, err, "The plugin sent or was sent a message over the limit.")
	}
	return sdk.Wrap(sdk.KindInternal, err, "The plugin failed unexpectedly; its log says why.")
}

func unsupported(err error) error {
	return sdk.Wrap(sdk.KindUnsupported, err, "The plugin cannot do this.")
}

func lost(err error) error {
	e := sdk.Wrap(sdk.KindUnavailable, err, "The plugin ended while it worked on this.")
	e.Code, e.RetryAfter = "plugin_lost", RetryAfterLoss
	return e
}

// malformed is what a peer gets to hear that breaks the protocol.
func malformed(what string) error {
	return &sdk.Error{Kind: sdk.KindInternal, Code: "protocol", Message: "The plugin broke the protocol: " + what + "."}
}
