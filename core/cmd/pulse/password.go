package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/term"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/datadir"
	"github.com/pulse-platform/pulse/core/sqlite"
)

// askPassword reads a password twice from the terminal without showing it, or one line from standard input. A
// password is never an argument: the process list would show it.
func askPassword(io streams, prompt string) (string, error) {
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", fmt.Errorf("no password on standard input: %w", err)
		}
		return line, nil
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(io.err, prompt)
		defer fmt.Fprintln(io.err)
		b, err := term.ReadPassword(in)
		return string(b), err
	}
	first, err := ask(prompt)
	if err != nil {
		return "", err
	}
	second, err := ask("Again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

// checkUsed tells whether a server has ever used the data directory, so that a mistyped one is not made.
func checkUsed(data string) error {
	_, err := os.Stat(filepath.Join(data, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no server has used the data directory %s: name the right one with --data", data)
	}
	if err != nil {
		return fmt.Errorf("look into the data directory: %w", err)
	}
	return nil
}

// checkFree tells whether a server that runs holds the data directory.
func checkFree(data string) error {
	dir, err := datadir.Open(data)
	if err != nil {
		return err
	}
	return dir.Close()
}

// resetPassword sets a user's password in the data directory. A running server holds the directory, so that it cannot
// go on with what it knew before.
func resetPassword(ctx context.Context, cfg *config.Config, user, password string) (err error) {
	b, err := openBase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	s, err := auth.Open(ctx, sqlite.NewAuth(b.state).With(b.sealer), time.Now, hclog.NewNullLogger())
	if err != nil {
		return err
	}
	if err := s.ResetPassword(ctx, user, password); err != nil {
		return err
	}
	return byCommand(ctx, b, "password_change", "A new password of "+user+", set with pulse user reset-password.")
}
