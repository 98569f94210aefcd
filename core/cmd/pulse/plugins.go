package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/pluginhost"
	"github.com/pulse-platform/pulse/sdk"
)

type pluginCommand struct {
	List    pluginListCommand    `cmd:"" help:"List the installed plugins."`
	Verify  pluginVerifyCommand  `cmd:"" help:"Check that each plugin is the one its manifest describes."`
	New     pluginNewCommand     `cmd:"" help:"Write a new plugin: a Go module with a source that works, and its tests."`
	Test    pluginTestCommand    `cmd:"" help:"Try what the server relies on against a plugin's program, in whatever language it is written."`
	Pack    pluginPackCommand    `cmd:"" help:"Make an archive of a plugin and print its checksum."`
	Install pluginInstallCommand `cmd:"" help:"Install a plugin from an archive into the data directory."`
}

type pluginListCommand struct{}

// Run prints the catalogue, without running a plugin.
func (pluginListCommand) Run(o *options, io streams) error {
	entries, err := scanPlugins(o, io)
	if err != nil {
		return err
	}
	rows := [][]string{{"KIND", "NAME", "VERSION", "SUMMARY"}}
	for _, e := range entries {
		summary := e.Manifest.Description.Summary
		if e.Problem != "" {
			summary = "unusable: " + e.Problem
		}
		rows = append(rows, []string{e.Kind, e.Manifest.Name, e.Manifest.Version, summary})
	}
	return table(io, rows...)
}

type pluginVerifyCommand struct{}

// Run compares each binary with its manifest. The first that differs makes the command fail.
func (pluginVerifyCommand) Run(o *options, io streams) error {
	entries, err := scanPlugins(o, io)
	if err != nil {
		return err
	}
	bad := false
	for _, e := range entries {
		verdict := "ok"
		if e.Problem != "" {
			verdict, bad = e.Problem, true
		} else if err := e.Manifest.Verify(e.Binary); err != nil {
			verdict, bad = err.Error(), true
		}
		fmt.Fprintf(io.out, "%s: %s\n", e.Kind, verdict)
	}
	if bad {
		return errSilent
	}
	return nil
}

func scanPlugins(o *options, io streams) ([]pluginhost.Entry, error) {
	cfg, err := o.load(io)
	if err != nil {
		return nil, err
	}
	dir, err := pluginsDir(cfg)
	if err != nil {
		return nil, err
	}
	entries, err := pluginhost.Scan(dir)
	if err == nil && len(entries) == 0 {
		err = fmt.Errorf("there are no plugins in %s: name their folder with --plugins", dir)
	}
	return entries, err
}

// back is what a plugin's instance may use of the server: its own values and sealed secrets.
type back struct {
	name   id.Integration
	values *integration.Values
	log    hclog.Logger
}

func (b back) State(ctx context.Context, key string) ([]byte, int64, error) {
	value, version, err := b.values.State(ctx, b.name, key)
	return value, version, b.toPlugin(ctx, err)
}

func (b back) SetState(ctx context.Context, key string, value []byte, version int64) error {
	return b.toPlugin(ctx, b.values.SetState(ctx, b.name, key, value, version))
}

func (b back) Secret(ctx context.Context, name string) (string, error) {
	value, err := b.values.Secret(ctx, b.name, name)
	return value, b.toPlugin(ctx, err)
}

func (b back) SetSecret(ctx context.Context, name, value string) error {
	return b.toPlugin(ctx, b.values.SetSecret(ctx, b.name, name, value))
}

// toPlugin is an error as a plugin hears it. What is not made for others is logged here, and no more told than that it was.
func (b back) toPlugin(ctx context.Context, err error) error {
	var e *errs.Error
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case errs.Is(err, errs.Outdated):
		return &sdk.Error{Kind: sdk.KindUnavailable, Code: sdk.CodeOutdated, Message: "The value changed in the meantime: read it again."}
	case errors.As(err, &e) && (e.Code == errs.Invalid || e.Code == errs.TooLarge):
		return &sdk.Error{Kind: sdk.KindInvalid, Code: string(e.Code), Field: e.Field, Message: e.Message}
	}
	b.log.Error("a plugin's value could not be read or stored", "integration", b.name, "error", err)
	return sdk.Errorf(sdk.KindUnavailable, "The server cannot read or store values; its log says why.")
}

func (b back) ProposeConfig(context.Context, json.RawMessage, string) error {
	return sdk.Errorf(sdk.KindUnsupported, "this server takes no proposals for a configuration yet")
}

// owned turns the file's integrations into what the service keeps.
func owned(cfg *config.Config) []integration.Integration {
	var out []integration.Integration
	for _, x := range cfg.Integrations {
		out = append(out, integration.Integration{
			ID: id.Integration(x.Kind + "/" + x.Name), Kind: x.Kind, Name: x.Name, Revision: 1, Enabled: true,
			Config: x.Config, Origin: x.Range.String(),
			Network: integration.Network{Pins: x.Network.Pins, AllowLoopback: x.Network.AllowLoopback, AllowNetworks: x.Network.AllowNetworks},
		})
	}
	return out
}

// checkIntegrations lets each plugin judge its blocks of the file and prints what they find.
func checkIntegrations(ctx context.Context, cfg *config.Config, io streams) (problems bool, err error) {
	if len(cfg.Integrations) == 0 {
		return false, nil
	}
	dir, err := pluginsDir(cfg)
	if err != nil {
		return false, err
	}
	// The plugins work in a directory of the check's own: the server's may be in use.
	work, err := os.MkdirTemp("", "pulse-check-")
	if err != nil {
		return false, fmt.Errorf("make a directory for the plugins to work in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	plugins, err := pluginhost.Open(pluginhost.Config{Dir: dir, Work: work, Log: hclog.NewNullLogger(), Now: time.Now})
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	done := make(chan struct{})
	go func() {
		_ = plugins.Run(ctx) // how the plugins end does not matter to the check
		close(done)
	}()
	defer func() {
		cancel()
		<-done
	}()
	for _, x := range cfg.Integrations {
		found, err := validate(ctx, plugins, x)
		if err != nil { // of this block; the others are judged all the same
			fmt.Fprintln(io.err, "pulse:", err)
			problems = true
		}
		if diags := x.Diagnose(found); len(diags) > 0 {
			fmt.Fprintln(io.err, diags.String())
			problems = problems || diags.Err() != nil
		}
	}
	return problems, nil
}

// validate asks a plugin, again while it is starting.
func validate(ctx context.Context, plugins *pluginhost.Plugins, x config.Integration) ([]sdk.Diagnostic, error) {
	for {
		found, err := plugins.Validate(ctx, x.Kind, x.Config)
		if sdk.KindOf(err) != sdk.KindUnavailable || err == nil {
			if err != nil {
				return nil, fmt.Errorf("%s: integration %q %q: %w", x.Range, x.Kind, x.Name, err)
			}
			return found, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: the plugin %s does not start: %w", x.Range, x.Kind, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// adopt hands the file's integrations to the service, again while their plugins are starting, and says at which line
// something is wrong.
func adopt(ctx context.Context, cfg *config.Config, service *integration.Service, log hclog.Logger) {
	if len(cfg.Integrations) == 0 {
		return
	}
	for wait := 500 * time.Millisecond; ; wait = min(2*wait, 30*time.Second) {
		findings, err := service.Adopt(ctx, owned(cfg))
		if err == nil {
			for _, x := range cfg.Integrations {
				found := findings[id.Integration(x.Kind+"/"+x.Name)]
				diags := x.Diagnose(found)
				switch {
				case len(diags) == 0:
				case slices.ContainsFunc(found, func(d sdk.Diagnostic) bool { return d.Severity == sdk.DiagnosticError }):
					log.Error("an integration of the configuration file is wrong and does not run", "at", x.Range.String(), "problem", diags.String())
				default:
					log.Warn("an integration of the configuration file runs, but", "at", x.Range.String(), "problem", diags.String())
				}
			}
			return
		}
		if sdk.KindOf(err) != sdk.KindUnavailable && !errs.Is(err, errs.Unavailable) {
			log.Error("the integrations of the configuration file cannot run", "error", err)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
