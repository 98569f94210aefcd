// Package simulatetest runs a plugin's command "simulate" for a test.
package simulatetest

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
	"github.com/pulse-platform/pulse/sdk/serve"
)

// Configure runs the command until the test ends, and returns a collector of the plugin that is configured with what the command
// has printed. It is closed before the command ends.
func Configure[C io.Closer](t *testing.T, p sdk.Plugin, command serve.Command, args ...string) C {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- command.Run(ctx, args, w) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("the simulator ended with %v", err)
		}
	})
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
	made, err := p.Configure(t.Context(), sdk.Instance{Integration: in.Kind + "/" + in.Name, Name: in.Name, Revision: 1, Config: config}, deps)
	if err != nil {
		t.Fatal(err)
	}
	c := made.(C)
	t.Cleanup(func() { _ = c.Close() })
	return c
}
