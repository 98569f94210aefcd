package pmg

import (
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate/simulatetest"
)

// What the simulator prints has it monitored, in the shape of the release and with the manners that its flags say.
func TestSimulate(t *testing.T) {
	c := simulatetest.Configure[*Collector](t, Plugin(), Simulate(time.Now), "--version", "8.0.9", "--nodes", "3", "--latency", "1ms", "--refusal", "0s", "--ahead", "2h")
	if s := look(t, c, taskStatus); s.Err != nil || s.docs[gatewayKey]["version"] != "8.0.9" {
		t.Errorf("%v %v", s.Err, s.docs)
	}
	if there := c.client.Skew(); there < 119*time.Minute || there > 121*time.Minute {
		t.Errorf("its clock is ahead by %v", there)
	}
}
