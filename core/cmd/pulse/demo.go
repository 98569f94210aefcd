package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/sqlite"
)

type demoCommand struct {
	Machines int   `default:"5" help:"How many machines to invent."`
	Guests   int   `default:"60" help:"How many guests to invent."`
	Gadgets  int   `default:"6" help:"How many things of invented types to invent."`
	Seed     int64 `default:"1" help:"The same seed makes the same world."`
	Turnover int   `default:"2" help:"How many guests in a hundred are replaced by others within an hour."`
}

// Run serves an invented world from a data directory that is thrown away, for a user whose password it prints.
func (c demoCommand) Run(ctx context.Context, o *options, io streams) (err error) {
	began := time.Now()
	if o.Data != "" || o.Config != "" {
		return errors.New("the demo has a data directory and a configuration of its own: leave out --data and --config")
	}
	if o.Data, err = os.MkdirTemp("", "pulse-demo-"); err != nil {
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

func (c demoCommand) integrations() ([]config.Integration, error) {
	raw, err := json.Marshal(map[string]any{"machines": c.Machines, "guests": c.Guests, "gadgets": c.Gadgets, "seed": c.Seed, "turnover": c.Turnover})
	if err != nil {
		return nil, err
	}
	return []config.Integration{{Kind: "demo", Name: "world", Config: raw, Range: config.Range{File: "the command line"}}}, nil
}

// claim makes the user of a server that nobody has claimed yet.
func claim(ctx context.Context, cfg *config.Config, user, password string) (err error) {
	b, err := openBase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	service, err := auth.Open(ctx, sqlite.NewAuth(b.state), time.Now, hclog.NewNullLogger())
	if err != nil {
		return err
	}
	return service.Claim(ctx, user, password, "")
}
