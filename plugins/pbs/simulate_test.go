package pbs

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
	"github.com/pulse-platform/pulse/sdk"
)

// What the simulator prints has it monitored, in the shape of the release and with the manners that its flags say.
func TestSimulate(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- Simulate(time.Now).Run(ctx, []string{"-release", "3.2", "-guests", "4", "-latency", "1ms", "-refusal", "0s", "-ahead", "2h"}, w)
	}()
	line, err := bufio.NewReader(r).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var in simulate.Integration
	if err := json.Unmarshal(line, &in); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	config, err := json.Marshal(in.Config)
	if err != nil {
		t.Fatal(err)
	}
	deps := sdk.Deps{Name: in.Name, Log: slog.New(slog.DiscardHandler), Now: time.Now, Network: sdk.Network{AllowLoopback: true, Pins: in.Network.Pins}}
	made, err := Plugin().Configure(t.Context(), sdk.Instance{Integration: "pbs/" + in.Name, Name: in.Name, Revision: 1, Config: config}, deps)
	if err != nil {
		t.Fatal(err)
	}
	c := made.(*Collector)
	if s := look(t, c, taskStatus); s.Err != nil || s.docs[serverKey]["version"] != "3.2.6" {
		t.Errorf("%v %v", s.Err, s.docs)
	}
	if there := c.client.Skew(); there < 119*time.Minute || there > 121*time.Minute {
		t.Errorf("its clock is ahead by %v", there)
	}
	_ = c.Close()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
