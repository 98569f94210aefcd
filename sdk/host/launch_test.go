package host

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/grpc/connectivity"
)

// course is a connection that goes through states.
type course struct{ left []connectivity.State }

func (c *course) GetState() connectivity.State { return c.left[0] }

func (c *course) WaitForStateChange(context.Context, connectivity.State) bool {
	if len(c.left) == 1 {
		return false
	}
	c.left = c.left[1:]
	return true
}

func TestAConnectionIsLostWhenItBreaksAndNotBeforeItIsReady(t *testing.T) {
	const connecting, ready, idle = connectivity.Connecting, connectivity.Ready, connectivity.Idle
	for name, c := range map[string]struct{ states, left []connectivity.State }{
		"gRPC calls it ready after its first call": {[]connectivity.State{connecting, ready, idle}, []connectivity.State{idle}},
		"it was ready":                            {[]connectivity.State{ready, idle}, []connectivity.State{idle}},
		"it broke between two looks":              {[]connectivity.State{connecting, idle, connecting}, []connectivity.State{idle, connecting}},
		"it broke at once and does not come back": {[]connectivity.State{idle, connecting}, []connectivity.State{idle, connecting}},
	} {
		t.Run(name, func(t *testing.T) {
			conn := &course{c.states}
			awaitLoss(t.Context(), conn)
			if !slices.Equal(conn.left, c.left) {
				t.Errorf("left %v, want %v", conn.left, c.left)
			}
		})
	}
}
