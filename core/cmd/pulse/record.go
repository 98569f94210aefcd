package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

type recordCommand struct {
	Args []string `arg:"" name:"kind" help:"The plugin's kind, and after it what it wants to know; \"pulse record KIND --help\" lists that."`
}

// Run has the plugin of a kind record what a server answers to it, by the plugin's own command of that name.
func (c recordCommand) Run(ctx context.Context, o *options, io streams) error {
	entries, err := scanPlugins(o, io)
	if err != nil {
		return err
	}
	var can []string
	for _, e := range entries {
		if e.Problem != "" || !slices.Contains(e.Manifest.Commands, "record") {
			continue
		}
		can = append(can, e.Kind)
		if e.Kind != c.Args[0] {
			continue
		}
		cmd := exec.CommandContext(ctx, e.Binary, append([]string{"record"}, c.Args[1:]...)...)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, io.out, io.err
		var failed *exec.ExitError
		if err := cmd.Run(); errors.As(err, &failed) {
			return errSilent // it has said why
		} else if err != nil {
			return fmt.Errorf("run the plugin %s: %w", e.Kind, err)
		}
		return nil
	}
	return fmt.Errorf("no plugin %s records; those that do: %s", c.Args[0], strings.Join(can, ", "))
}
