// Package state is what outlives a restart of the agent: the directory it may write to, and the token. It knows
// nothing about reports.
package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tokenName is the file in the state directory that holds the token.
const tokenName = "token"

// ErrNoToken tells that no token was given anywhere.
var ErrNoToken = errors.New("there is no token: give --token-file, or PULSE_TOKEN in the environment")

// Open returns a directory that the agent may write to: the wanted one, made when it is missing, else the first of the
// fallbacks. A wanted directory that cannot be used is an error only when it was asked for by name.
func Open(wanted, standard, cache string) (string, error) {
	if wanted != "" {
		return wanted, usable(wanted)
	}
	var errs []error
	for _, dir := range []string{standard, cache} {
		if dir == "" {
			continue
		}
		err := usable(dir)
		if err == nil {
			return dir, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

// usable makes a directory and tries to write to it.
func usable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the state directory: %w", err)
	}
	f, err := os.CreateTemp(dir, ".try-*")
	if err != nil {
		return fmt.Errorf("write to the state directory: %w", err)
	}
	f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return fmt.Errorf("write to the state directory: %w", err)
	}
	return nil
}

// Source says where a token may be.
type Source struct {
	Argument    string // of --token
	File        string // of --token-file
	Environment string
	Dir         string // the state directory
	Default     string // a file that is read when nothing else is given
}

// Token returns the token: the argument goes first, then the named file, the environment and the state directory. Errors
// never hold it.
func Token(s Source) (string, error) {
	if t := clean(s.Argument); t != "" {
		return t, nil
	}
	if s.File != "" {
		return readToken(s.File)
	}
	if t := clean(s.Environment); t != "" {
		return t, nil
	}
	candidates := []string{s.Default}
	if s.Dir != "" {
		candidates = []string{filepath.Join(s.Dir, tokenName), s.Default}
	}
	for _, path := range candidates {
		if path == "" {
			continue
		}
		t, err := readToken(path)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return t, err
		}
	}
	return "", ErrNoToken
}

func readToken(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the token file: %w", err)
	}
	t := clean(string(b))
	if t == "" {
		return "", fmt.Errorf("read the token file: %s is empty", path)
	}
	if strings.ContainsAny(t, " \t\r\n") || len(t) > 4096 {
		return "", fmt.Errorf("read the token file: %s holds no token", path)
	}
	return t, nil
}

func clean(s string) string { return strings.TrimSpace(s) }

// StoreToken writes the token to a file of the state directory that only the owner can read, and returns its path.
func StoreToken(dir, token string) (string, error) {
	path := filepath.Join(dir, tokenName)
	f, err := os.CreateTemp(dir, ".token-*") // 0600 from the start
	if err != nil {
		return "", fmt.Errorf("store the token: %w", err)
	}
	_, err = f.WriteString(clean(token) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("store the token: %w", err), os.Remove(f.Name()))
	}
	return path, nil
}

// WithTokenFile returns the arguments with every --token replaced by one --token-file.
func WithTokenFile(args []string, path string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		name, hasValue := strings.TrimLeft(args[i], "-"), false
		if args[i] == "--" {
			out = append(out, args[i:]...)
			break
		}
		if name == args[i] {
			out = append(out, args[i])
			continue
		}
		name, _, hasValue = strings.Cut(name, "=")
		switch {
		case name != "token" && name != "token-file":
			out = append(out, args[i])
		case !hasValue:
			i++ // and its value
		}
	}
	return append([]string{"--token-file", path}, out...)
}
