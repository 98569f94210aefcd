package rpc

import (
	"context"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
)

// What an instance has not written when another takes over would undo what that one writes.
func TestAReplacedInstanceWritesNothing(t *testing.T) {
	all := instances{all: map[string]*live{}}
	put := func() *live {
		l := &live{id: "x", back: &hostClient{instance: "x"}, closed: make(chan struct{})}
		l.ctx, l.cancel = context.WithCancel(t.Context())
		l.watches, l.stopWatches = context.WithCancel(l.ctx)
		if err := all.put(l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	first := put()
	if err := first.back.mayWrite(); err != nil {
		t.Fatalf("the first instance: %v", err)
	}
	second := put()
	for name, err := range map[string]error{
		"state": first.back.SetState(t.Context(), "k", nil, 0), "secret": first.back.SetSecret(t.Context(), "k", "v"),
		"proposal": first.back.ProposeConfig(t.Context(), nil, ""),
	} {
		if sdk.KindOf(err) != sdk.KindUnavailable {
			t.Errorf("%s of a replaced instance: %v", name, err)
		}
	}
	if err := second.back.mayWrite(); err != nil {
		t.Errorf("the second instance: %v", err)
	}
}
