package pmg

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
	"github.com/pulse-platform/pulse/plugins/pmg/pmgtest"
	"github.com/pulse-platform/pulse/sdk/serve"
)

// Simulate is the command that serves an invented gateway.
func Simulate(now func() time.Time) serve.Command {
	return serve.Command{Name: "simulate", Help: "serve an invented mail gateway; prints the integration that monitors it", Run: func(ctx context.Context, args []string, out io.Writer) error {
		flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
		flags.SetOutput(out)
		listen := flags.String("listen", "127.0.0.1:0", "address to listen on")
		name := flags.String("name", "mail", "name of the integration")
		nodes := flags.Int("nodes", 0, "how many nodes; one is a gateway that stands alone, 0 is one for every 500 guests, and two at least")
		guests := flags.Int("guests", 0, "how many guests there are where the gateway stands")
		release := flags.String("version", "9.1.2", "release of the product; fields that came later are missing")
		var manners simulate.Manners
		manners.Flags(flags)
		still := flags.Bool("still", false, simulate.StillHelp)
		if err := flags.Parse(args); err != nil {
			return fmt.Errorf("read the command line: %w", err)
		}
		if *nodes < 1 {
			*nodes = max(2, *guests/500)
		}
		in := simulate.Integration{Kind: "pmg", Name: *name, Config: map[string]any{"user": pmgtest.Name, "password": pmgtest.Password, "monitor_domain_stats": true}}
		world := pmgtest.Invent(*nodes, now)
		world.Still, world.Version = *still, *release
		server := pmgtest.New(world)
		server.Manners = manners
		return simulate.Serve(ctx, *listen, simulate.Standing(server, *still, func(edits map[string]json.RawMessage) (err error) {
			world.Change(func(w *pmgtest.World) { err = simulate.Edit(w, edits) })
			return err
		}), in, now(), out)
	}}
}
