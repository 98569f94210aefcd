package pbs

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
	"github.com/pulse-platform/pulse/sdk/serve"
)

// Simulate is the command that serves an invented backup server.
func Simulate(now func() time.Time) serve.Command {
	return serve.Command{Name: "simulate", Help: "serve an invented backup server; prints the integration that monitors it", Run: func(ctx context.Context, args []string, out io.Writer) error {
		flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
		flags.SetOutput(out)
		listen := flags.String("listen", "127.0.0.1:0", "address to listen on")
		name := flags.String("name", "backup", "name of the integration")
		stores := flags.Int("stores", 2, "how many datastores")
		guests := flags.Int("guests", 40, "how many guests have backups in each datastore")
		days := flags.Int("days", 14, "how many backups of each guest are kept")
		release := flags.String("version", "4.2", "release of the product; calls and fields that came later are missing")
		var manners simulate.Manners
		manners.Flags(flags)
		still := flags.Bool("still", false, simulate.StillHelp)
		if err := flags.Parse(args); err != nil {
			return fmt.Errorf("read the command line: %w", err)
		}
		in := simulate.Integration{Kind: "pbs", Name: *name, Config: map[string]any{"token_name": pbstest.Token, "token_value": pbstest.Secret}}
		world := pbstest.Invent(pbstest.Size{Stores: *stores, Guests: *guests, Days: *days}, now)
		world.Still, world.Release = *still, *release
		server := pbstest.New(world)
		server.Manners = manners
		return simulate.Serve(ctx, *listen, simulate.Standing(server, *still, func(edits map[string]json.RawMessage) (err error) {
			world.Change(func(w *pbstest.World) { err = simulate.Edit(w, edits) })
			return err
		}), in, now(), out)
	}}
}
