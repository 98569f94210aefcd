package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pulse-platform/pulse/sdk"
)

func TestErrorsKeepTheirMeaning(t *testing.T) {
	for kind := range kinds {
		in := &sdk.Error{Kind: kind, Code: "word", Field: "a.b", Message: "Wait.", RetryAfter: 3 * time.Second, Err: errors.New("inner text")}
		err := fromStatus(t.Context(), toStatus(fmt.Errorf("fetch: %w", in)))
		var got *sdk.Error
		if !errors.As(err, &got) {
			t.Fatalf("%s came back as %v", kind, err)
		}
		if got.Kind != kind || got.Code != "word" || got.Field != "a.b" || got.Message != "Wait." || got.RetryAfter != 3*time.Second {
			t.Errorf("%s came back as %+v", kind, got)
		}
		if strings.Contains(err.Error(), "inner") {
			t.Errorf("the cause crossed: %v", err)
		}
	}
}

func TestOtherErrorsDoNotCross(t *testing.T) {
	err := fromStatus(t.Context(), toStatus(errors.New("password hunter2 is wrong")))
	if sdk.KindOf(err) != sdk.KindInternal || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
	if err := toStatus(&sdk.Error{Kind: sdk.KindUpstream, Message: strings.Repeat("x", 1<<20)}); len(err.Error()) > 2*maxErrorMessage {
		t.Errorf("a message of %d bytes crossed", len(err.Error()))
	}
	if err := fromStatus(t.Context(), toStatus(&sdk.Error{Kind: "made_up"})); sdk.KindOf(err) != sdk.KindInternal {
		t.Errorf("an unknown kind came back as %v", err)
	}
}

func TestTheDeadAreToldFromThoseWhoGaveUp(t *testing.T) {
	dead := status.Error(codes.Unavailable, "connection closed")
	if err := fromStatus(t.Context(), dead); sdk.KindOf(err) != sdk.KindUnavailable {
		t.Errorf("a dead plugin: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := fromStatus(ctx, dead); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that gave up: %v", err)
	}
	late, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if err := fromStatus(late, status.Error(codes.DeadlineExceeded, "")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the plugin's clock rang first: %v", err)
	}
	if err := fromStatus(t.Context(), status.Error(codes.Unimplemented, "")); sdk.KindOf(err) != sdk.KindUnsupported {
		t.Errorf("an old plugin: %v", err)
	}
}
