package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
)

// bootstrapFile holds the token that claims a new server.
const bootstrapFile = ".bootstrap_token"

// recoveryFile marks recovery mode.
const recoveryFile = ".auth_recovery"

// recoveryTokenFile shows the recovery token that was made last, until it is used.
const recoveryTokenFile = ".recovery_token"

type bootstrapCommand struct{}

// Run prints where the token lies and, alone on the last line, the token.
func (bootstrapCommand) Run(o *options, io streams) error {
	cfg, err := o.load(io)
	if err != nil {
		return err
	}
	path := filepath.Join(cfg.Server.Data, bootstrapFile)
	token, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no bootstrap token in %s: the server is set up already, was never started, or uses another data directory (--data)", cfg.Server.Data)
	case err != nil:
		return fmt.Errorf("read the bootstrap token: %w", err)
	}
	fmt.Fprintf(io.out, "Enter this token on the server's web page to set it up. It lies in %s.\n%s\n", path, bytes.TrimSpace(token))
	return nil
}

type configCommand struct {
	Check configCheckCommand `cmd:"" help:"Check a configuration file, the plugins' parts included."`
}

type configCheckCommand struct {
	File string `arg:"" optional:"" help:"The file; --config by default."`
}

// Run loads the file and lets each plugin judge its integrations.
func (c configCheckCommand) Run(ctx context.Context, o *options, io streams) error {
	if c.File != "" {
		o.Config = c.File
	}
	if o.Config == "" {
		return errors.New("which file? Name it: pulse config check FILE")
	}
	cfg, err := o.load(io)
	if err != nil {
		return err
	}
	problems, err := checkIntegrations(ctx, cfg, io)
	if err != nil {
		return err
	}
	if problems {
		return errSilent
	}
	fmt.Fprintf(io.out, "%s is fine.\n", o.Config)
	return nil
}

type versionCommand struct{}

// Run prints the version of the program and of what it was built with.
func (versionCommand) Run(io streams) error {
	_, err := fmt.Fprintf(io.out, "pulse %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// versionFlag is the flag that stands for the command.
type versionFlag bool

// BeforeReset prints the version and ends.
func (versionFlag) BeforeReset(app *kong.Kong, io streams) error {
	if err := (versionCommand{}).Run(io); err != nil {
		return err
	}
	app.Exit(0)
	return nil
}

type userCommand struct {
	ResetPassword resetPasswordCommand `cmd:"" name:"reset-password" help:"Set a new password for a local user and end their logins. The server must be stopped."`
}

type resetPasswordCommand struct {
	Name string `arg:"" help:"The user."`
}

// Run asks for the new password on the terminal, or reads it from standard input.
func (c resetPasswordCommand) Run(ctx context.Context, o *options, io streams) error {
	cfg, err := o.loadUsed(io)
	if err != nil {
		return err
	}
	if err := checkFree(cfg.Server.Data); err != nil { // before somebody types a password for nothing
		return err
	}
	password, err := askPassword(io, "New password for "+c.Name+": ")
	if err != nil {
		return err
	}
	if err := resetPassword(ctx, cfg, c.Name, password); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "The password of %s is set. All logins of %s have ended.\n", c.Name, c.Name)
	return nil
}

// table writes rows of tab-separated cells in columns.
func table(io streams, rows ...[]string) error {
	w := tabwriter.NewWriter(io.out, 2, 8, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}
