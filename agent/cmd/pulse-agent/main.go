// Command pulse-agent reports the machine it runs on to a Pulse server.
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pulse-platform/pulse/agent"
	"github.com/pulse-platform/pulse/agent/config"
	"github.com/pulse-platform/pulse/agent/state"
)

// version is set when a release is built.
var version = "dev"

func main() { os.Exit(run(os.Args[1:], os.Getenv, os.Stdout, os.Stderr)) }

// run is main with what it needs handed in; it returns the exit status.
func run(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	cfg, err := config.Parse(args, getenv, stdout)
	switch {
	case errors.Is(err, config.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "pulse-agent:", err)
		return 2
	case cfg.ShowVersion:
		fmt.Fprintln(stdout, "pulse-agent", version)
		return 0
	case cfg.SelfTest:
		if err := readable(cfg.TokenFile); err != nil {
			fmt.Fprintln(stderr, "pulse-agent:", err)
			return 1
		}
		fmt.Fprintln(stdout, "ok")
		return 0
	}
	beSmall()
	log := logger(stdout, cfg.LogLevel)
	dir, err := openState(cfg, log)
	if err != nil {
		fmt.Fprintln(stderr, "pulse-agent:", err)
		return 1
	}
	if cfg.TokenInArguments && strings.TrimSpace(cfg.Token) != "" {
		hideToken(args, cfg.Token, dir, log)
	}
	token := tokenSource(cfg, dir, getenv)
	if _, err := token(); err != nil {
		fmt.Fprintln(stderr, "pulse-agent:", err)
		return 1
	}
	err = serve(func(ctx context.Context) error {
		return agent.New(cfg, version, dir, token, log).Run(ctx)
	})
	if err != nil {
		log.Error("agent ends", "error", err)
		return 1
	}
	return 0
}

// untilSignal runs the agent in the foreground until it is asked to stop.
func untilSignal(work func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return work(ctx)
}

// openState returns the directory for what outlives a restart, empty when there is none. A directory that was asked for
// has to work; that another agent uses it ends this one.
func openState(cfg config.Config, log *slog.Logger) (string, error) {
	cache := ""
	if dir, err := os.UserCacheDir(); err == nil {
		cache = filepath.Join(dir, "pulse-agent")
	}
	dir, err := state.Open(cfg.StateDir, config.DefaultStateDir, cache)
	if err != nil {
		if cfg.StateDir != "" {
			return "", err
		}
		log.Warn("no directory can be written to: reports that wait are lost with a restart", "error", err)
		return "", nil
	}
	return dir, state.Lock(dir)
}

// tokenSource returns what finds the token, anew for each call, so that a changed file counts without a restart.
func tokenSource(cfg config.Config, dir string, getenv func(string) string) func() (string, error) {
	source := state.Source{File: cfg.TokenFile, Environment: getenv("PULSE_TOKEN"), Dir: dir, Default: filepath.Join(config.DefaultStateDir, "token")}
	if cfg.TokenInArguments {
		source.Argument = cfg.Token
	}
	return func() (string, error) { return state.Token(source) }
}

// readable reports why a file that was named cannot be read.
func readable(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the token: %w; --token-file names its file", err)
	}
	return f.Close()
}

// hideToken moves a token from the command line to a file and starts the program anew without it: the arguments of a
// process can be read by everyone on the machine. It returns when that cannot be done.
func hideToken(args []string, token, dir string, log *slog.Logger) {
	log.Warn("--token shows the token to everyone on this machine; use --token-file")
	if dir == "" {
		log.Warn("the token stays visible: there is no directory to move it to")
		return
	}
	path, err := state.StoreToken(dir, token)
	if err != nil {
		log.Warn("the token stays visible", "error", err)
		return
	}
	err = restart(state.WithTokenFile(args, path))
	log.Warn("the token stays visible until the next start, which needs --token-file only", "token_file", path, "error", err)
}

// logger writes JSON, one object a line, with the reference's names; text on a terminal.
func logger(out io.Writer, level slog.Level) *slog.Logger {
	if f, ok := out.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
		}
	}
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		switch {
		case len(groups) > 0:
		case a.Key == slog.MessageKey:
			a.Key = "message"
		case a.Key == slog.LevelKey:
			a.Value = slog.StringValue(strings.ToLower(a.Value.String()))
		}
		return a
	}})).With("component", "host-agent")
}
