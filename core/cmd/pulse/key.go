package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/pulse-platform/pulse/core/secret"
)

// openKeys opens the key, with the one before it when a change of keys was cut off.
func openKeys(current, before string) (*secret.Sealer, error) {
	if _, err := os.Stat(before); err == nil {
		return secret.OpenFile(current, before)
	}
	return secret.OpenFile(current)
}

type keyCommand struct {
	Rotate rotateCommand `cmd:"" help:"Make a new key and seal every secret anew. The server must be stopped."`
}

type rotateCommand struct{}

// Run seals all secrets under a new key. Cut off at any moment, every secret still opens, and running it again ends it.
func (rotateCommand) Run(ctx context.Context, o *options, io streams) (err error) {
	cfg, err := o.loadUsed(io)
	if err != nil {
		return err
	}
	b, err := openBase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	current, before := b.dir.Path(keyFile), b.dir.Path(oldKeyFile)
	if _, err := os.Stat(before); err == nil {
		// An earlier run was cut off: end it, so that one key is left to be replaced.
		if _, err := b.state.Reseal(ctx, b.sealer, b.sealer); err != nil {
			return err
		}
		if err := os.Remove(before); err != nil {
			return fmt.Errorf("remove the key of before: %w", err)
		}
	}
	if err := secret.RotateFile(current, before); err != nil {
		return err
	}
	both, err := secret.OpenFile(current, before)
	if err != nil {
		return err
	}
	n, err := b.state.Reseal(ctx, both, both)
	if err != nil {
		return err
	}
	if err := b.state.Flush(ctx); err != nil {
		return err
	}
	if err := os.Remove(before); err != nil {
		return fmt.Errorf("every secret is sealed anew, but the key of before cannot be removed: %w", err)
	}
	fmt.Fprintf(io.out, "There is a new key, and %d secrets are sealed under it. Backups of before keep the old key and go on to open.\n", n)
	return nil
}
