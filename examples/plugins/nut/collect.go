package nut

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Source is one configured NUT server.
type Source struct {
	cfg  Config
	deps sdk.Deps
}

// New returns a source. It connects when it is asked to.
func New(cfg Config, deps sdk.Deps) (*Source, error) { return &Source{cfg, deps}, nil }

// Collect reads every UPS. One that its driver lost is named without numbers; the others are fresh all the same.
func (s *Source) Collect(ctx context.Context, _ string, sink sdk.Sink) error {
	c, err := dial(ctx, s.cfg)
	if err != nil {
		return err
	}
	defer c.Close()
	names, err := c.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		vars, err := c.variables(name)
		if sdk.KindOf(err) == sdk.KindUnreachable && len(vars) == 0 && c.lines.Err() == nil {
			s.deps.Log.Warn("a UPS cannot be read", "ups", name, "error", err)
			err = nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if err := sink.Emit(normalize(name, vars)...); err != nil {
			return err
		}
	}
	return nil
}

// Check tries to connect and to read, one step each.
func (s *Source) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	var c *client
	err := step(progress, "Connect", func() (text string, err error) {
		c, err = dial(ctx, s.cfg)
		return "", err
	})
	if err != nil {
		return sdk.CheckResult{}, err
	}
	defer c.Close()
	err = step(progress, "List the UPS", func() (string, error) {
		names, err := c.names()
		return fmt.Sprintf("%d found", len(names)), err
	})
	if err != nil {
		return sdk.CheckResult{}, err
	}
	version, err := c.ask("VER")
	return sdk.CheckResult{Product: "NUT", Version: version}, err
}

// step runs one step of a check and tells how it went.
func step(progress func(sdk.CheckStep), name string, run func() (string, error)) error {
	start := time.Now()
	text, err := run()
	outcome := sdk.CheckPassed
	if err != nil {
		outcome, text = sdk.CheckFailed, err.Error()
	}
	progress(sdk.CheckStep{Name: name, Outcome: outcome, Message: text, Took: time.Since(start)})
	return err
}
