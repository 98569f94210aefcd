package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/datadir"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/pluginhost"
	"github.com/pulse-platform/pulse/core/sqlite"
	pluginserve "github.com/pulse-platform/pulse/sdk/serve"
)

type demoCommand struct {
	Machines int   `default:"5" help:"How many machines to invent."`
	Guests   int   `default:"60" help:"How many guests to invent, for each source of them."`
	Gadgets  int   `default:"6" help:"How many things of invented types to invent."`
	Seed     int64 `default:"1" help:"The same seed makes the same world."`
	Turnover int   `default:"2" help:"How many guests in a hundred are replaced by others within an hour."`
}

// Run serves an invented world from a data directory that is thrown away, for a user whose password it prints.
func (c demoCommand) Run(ctx context.Context, o *options, io streams) (err error) {
	began := time.Now()
	pluginserve.Pace(gcPercent)
	if o.Data != "" || o.Config != "" {
		return errors.New("the demo has a data directory and a configuration of its own: leave out --data and --config")
	}
	sweepDemos(os.TempDir())
	if o.Data, err = os.MkdirTemp("", demoPrefix+"*"); err != nil {
		return fmt.Errorf("make a data directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.Data)) }()
	if o.LogLevel == "" {
		o.LogLevel = "warn"
	}
	cfg, err := o.load(io)
	if err != nil {
		return err
	}
	if cfg.Integrations, err = c.integrations(); err != nil {
		return err
	}
	cfg.Demo = true
	dir, err := pluginsDir(cfg)
	if err != nil {
		return err
	}
	simulated, err := simulators(ctx, dir, c.Guests, io)
	if err != nil {
		return err
	}
	cfg.Integrations = append(cfg.Integrations, simulated...)
	password := id.Random(9)
	if err := claim(ctx, cfg, "demo", password); err != nil {
		return fmt.Errorf("make the demo's user: %w", err)
	}
	return serve(ctx, cfg, newLogger(io.err, cfg.Server.LogLevel, cfg.Server.LogFormat), began, func(s *server) error {
		if _, there := s.plugins.Description("demo"); !there {
			return errors.New("the demo plugin is not installed: build it first (make build), or name its folder with --plugins")
		}
		fmt.Fprintf(io.out, "An invented world is at http://%s (user demo, password %s). Ctrl-C ends it and forgets everything.\n", s.listener.Addr(), password)
		return nil
	})
}

// demoPrefix begins the names of the demos' data directories.
const demoPrefix = "pulse-demo-"

// sweepDemos removes what demos left behind that were killed. One that is in use, or not ours, stays.
func sweepDemos(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, demoPrefix+"*")) // the pattern is fine
	for _, path := range left {
		made, err := os.Stat(filepath.Join(path, keyFile))
		if err != nil || time.Since(made.ModTime()) < time.Hour { // another one may just be starting on it
			continue
		}
		dir, err := datadir.Open(path)
		if err != nil {
			continue
		}
		_ = os.RemoveAll(path)
		_ = dir.Close()
	}
}

func (c demoCommand) integrations() ([]config.Integration, error) {
	raw, err := json.Marshal(map[string]any{"machines": c.Machines, "guests": c.Guests, "gadgets": c.Gadgets, "seed": c.Seed, "turnover": c.Turnover})
	if err != nil {
		return nil, err
	}
	return []config.Integration{{Kind: "demo", Name: "world", Config: raw, Range: config.Range{File: "the command line"}}}, nil
}

// simulatorPatience is how long a simulator may take to say where it listens.
const simulatorPatience = 10 * time.Second

// simulators starts the invented upstream of every plugin that has one, until the context ends, and returns the integrations
// that watch them: the demo shows what the real plugins make of it.
func simulators(ctx context.Context, dir string, guests int, io streams) ([]config.Integration, error) {
	entries, err := pluginhost.Scan(dir)
	if err != nil {
		return nil, err
	}
	var out []config.Integration
	for _, e := range entries {
		if e.Problem != "" || !slices.Contains(e.Manifest.Commands, "simulate") {
			continue
		}
		in, err := simulate(ctx, e.Binary, guests, io)
		if err != nil {
			return nil, fmt.Errorf("simulate what %s watches: %w", e.Manifest.Name, err)
		}
		out = append(out, in)
	}
	return out, nil
}

// simulate starts one simulator. Its first line is the body of a request to make the integration.
func simulate(ctx context.Context, binary string, guests int, io streams) (in config.Integration, err error) {
	cmd := exec.CommandContext(ctx, binary, "simulate", "--listen", "127.0.0.1:0", "--guests", strconv.Itoa(guests))
	cmd.Stderr = io.err
	cmd.Env = append(os.Environ(), pluginserve.UntilInputEnds+"=1")
	if _, err := cmd.StdinPipe(); err != nil { // it ends when we do, however we end
		return in, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return in, err
	}
	if err := cmd.Start(); err != nil {
		return in, err
	}
	silent := time.AfterFunc(simulatorPatience, func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	said := lines.Scan()
	silent.Stop()
	go func() { _ = cmd.Wait() }() // it ends with the context
	if !said {
		return in, fmt.Errorf("it did not say where it listens within %v", simulatorPatience)
	}
	var made struct {
		Kind, Name string
		Config     json.RawMessage
		Network    struct {
			AllowLoopback bool
			AllowNetworks []string
			Pins          map[string]string
		}
	}
	if err := json.Unmarshal(lines.Bytes(), &made); err != nil {
		return in, fmt.Errorf("read where it listens: %w", err)
	}
	return config.Integration{
		Kind: made.Kind, Name: made.Name, Config: made.Config, Range: config.Range{File: "the command line"},
		Network: config.Network{AllowLoopback: made.Network.AllowLoopback, AllowNetworks: made.Network.AllowNetworks, Pins: made.Network.Pins},
	}, nil
}

// claim makes the user of a server that nobody has claimed yet.
func claim(ctx context.Context, cfg *config.Config, user, password string) (err error) {
	b, err := openBase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	service, err := auth.Open(ctx, sqlite.NewAuth(b.state).With(b.sealer), time.Now, hclog.NewNullLogger())
	if err != nil {
		return err
	}
	return service.Claim(ctx, user, password, "")
}
