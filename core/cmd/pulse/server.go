package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/datadir"
	"github.com/pulse-platform/pulse/core/secret"
	"github.com/pulse-platform/pulse/core/sqlite"
)

// stateFile is the database of users, tokens, integrations and documents.
const stateFile = "pulse.db"

// The file of the key that secrets are sealed under, and that of the one before it while it is changed.
const (
	keyFile    = "secret.key"
	oldKeyFile = "secret.key.old"
)

// base is what every command that touches the data directory opens, in this order.
type base struct {
	dir    *datadir.Dir
	sealer *secret.Sealer
	state  *sqlite.DB
}

// openBase takes the data directory and opens the state database in it. After an error nothing is open.
func openBase(ctx context.Context, cfg *config.Config) (b *base, err error) {
	b = &base{}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	if b.dir, err = datadir.Open(cfg.Server.Data); err != nil {
		return b, err
	}
	if err = b.dir.Settle(); err != nil {
		return b, err
	}
	if err = keyIsThere(b.dir); err != nil {
		return b, err
	}
	if b.sealer, err = openKeys(b.dir.Path(keyFile), b.dir.Path(oldKeyFile)); err != nil {
		return b, err
	}
	b.state, err = sqlite.OpenState(ctx, b.dir.Path(stateFile))
	return b, err
}

// keyIsThere refuses to make a new key for a database that was sealed under another one. The key is made before the database, so
// that one without the other is no crash.
func keyIsThere(dir *datadir.Dir) error {
	if _, err := os.Stat(dir.Path(keyFile)); !errors.Is(err, fs.ErrNotExist) {
		return nil // what is wrong with it is told when it is read
	}
	if info, err := os.Stat(dir.Path(stateFile)); err != nil || info.Size() == 0 {
		return nil //nolint:nilerr // a new server
	}
	return fmt.Errorf("%s is missing, and without it nobody opens the secrets in %s: bring both back from the same backup, with pulse restore", dir.Path(keyFile), stateFile)
}

// Close closes what was opened, last first.
func (b *base) Close() error {
	var errs []error
	if b.state != nil {
		errs = append(errs, b.state.Close())
	}
	if b.dir != nil {
		errs = append(errs, b.dir.Close())
	}
	return errors.Join(errs...)
}

// pluginsDir is where the plugins lie: as configured, else beside the binary.
func pluginsDir(cfg *config.Config) (string, error) {
	if cfg.Plugins.Dir != "" {
		return filepath.Abs(cfg.Plugins.Dir) // plugins run in a folder of their own
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the plugins beside the binary: %w; name their folder with --plugins", err)
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return filepath.Join(filepath.Dir(self), "plugins"), nil
}
