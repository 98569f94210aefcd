package pvetest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
	"github.com/pulse-platform/pulse/sdk/serve"
)

// Simulate is the command that serves an invented cluster until the context ends, for demos and for tests of the whole. What
// somebody needs to add the cluster is printed as one line of JSON for each address: the body of POST /api/integrations.
func Simulate() serve.Command {
	return serve.Command{Name: "simulate", Help: "serve an invented cluster; prints the integration that monitors it", Run: run}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	flags.SetOutput(out)
	listen := flags.String("listen", "127.0.0.1:0", "addresses to serve at, with commas between them: one for each node, from the first on")
	nodes := flags.Int("nodes", 0, "how many nodes there are; 0 is one for every 40 guests, and three at least")
	guests := flags.Int("guests", 30, "how many guests there are")
	version := flags.String("version", "9.2.10", "version of the packages")
	name := flags.String("name", "lab", "name of the cluster and of the integration; a single node has no cluster")
	nights := flags.Int("nights", 7, "how many nights of backups there are")
	ceph := flags.Bool("ceph", true, "whether the nodes make up a Ceph cluster")
	latency := flags.Duration("latency", 0, "what every answer takes")
	still := flags.Bool("still", false, simulate.StillHelp)
	var wrong troubles
	wrong.define(flags)
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the command line: %w", err)
	}
	if *nodes == 0 {
		*nodes = max(3, *guests/40)
	}
	if *nodes < 1 || *guests < 0 {
		return fmt.Errorf("%d nodes with %d guests cannot be", *nodes, *guests)
	}
	w := New(*nodes, *guests, time.Now)
	w.Version, w.Latency, w.Still = *version, *latency, *still
	if *nodes > 1 {
		w.Name = *name
	}
	w.Storages = append(w.Storages, &Storage{
		Name: "pbs", Type: "pbs", Content: "backup", Shared: true, Server: "backup.example.com", Datastore: simulate.BackupDatastore, Fingerprint: simulate.BackupFingerprint,
		Size: 4096 * gib, Used: 2300 * gib,
	})
	for _, n := range w.Nodes {
		n.Cache = 40 * gib
	}
	for _, g := range w.Guests {
		g.Cache = g.Memory / 5
	}
	// Tokens with which somebody can see what is said of too few rights, a user with a password, and one with a second factor.
	w.Accounts = append(w.Accounts,
		&Account{ID: User, Secret: Secret, Rights: map[string][]string{"/": Everything()}},
		&Account{ID: "careful@pve", Secret: Secret, Rights: map[string][]string{"/": Everything()}, SecondFactor: true},
		&Account{ID: "monitor@pve!blind", Secret: Secret},
		&Account{ID: "monitor@pve!auditor", Secret: Secret, Rights: map[string][]string{"/": Auditor()}},
	)
	w.Remember(*nights)
	if err := wrong.apply(w); err != nil {
		return err
	}
	if *ceph {
		w.Ceph = Healthy()
		w.Storages = append(w.Storages, &Storage{Name: "vms", Type: "rbd", Content: "images,rootdir", Shared: true, Size: w.Ceph.Total / 3, Used: w.Ceph.Used / 3})
	}
	w.CA = fmt.Sprintf("%X", sha256.Sum256([]byte(*name)))
	for i, address := range strings.Split(*listen, ",") {
		if i >= len(w.Nodes) {
			return fmt.Errorf("there are more addresses than nodes, which are %d", len(w.Nodes))
		}
		s, err := Listen(ctx, w, w.Nodes[i].Name, address)
		if err != nil {
			return err
		}
		defer s.Close()
		in := simulate.Integration{
			Kind: "pve", Name: *name, Network: simulate.Network{AllowLoopback: true},
			Config: map[string]any{"host": s.URL, "fingerprint": s.Pin, "token_name": Token, "token_value": Secret},
		}
		if i > 0 {
			in.Name += "-" + w.Nodes[i].Name
		}
		if err := json.NewEncoder(out).Encode(in); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	w.Live(ctx)
	return nil
}
