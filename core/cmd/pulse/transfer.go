package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/arrival"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/bundle"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/notify"
	"github.com/pulse-platform/pulse/core/pluginhost"
	"github.com/pulse-platform/pulse/core/settings"
	"github.com/pulse-platform/pulse/core/sqlite"
)

// bundles exports and imports the configuration of the data directory. Imported is called after an import; plugins are
// what bundles of the reference are held against, nil for none.
func (b *base) bundles(imported func(), plugins *pluginhost.Plugins) *bundle.Service {
	if b == nil {
		return nil // the API is only described
	}
	return &bundle.Service{
		Store: sqlite.NewPortable(b.state, b.sealer), Try: b.try, Imported: imported, Version: version, Now: time.Now,
		Translate: func(ctx context.Context, plain []byte, by string) (bundle.Arrival, error) {
			d, err := arrival.Parse(plain)
			if err != nil {
				return bundle.Arrival{}, err
			}
			return b.translate(ctx, d, plugins, by)
		},
	}
}

// try writes rows to a copy of the state and opens what a server opens of it.
func (b *base) try(ctx context.Context, rows bundle.Tables, replace bool) (err error) {
	dir, err := os.MkdirTemp(b.dir.Path(), ".trial-*")
	if err != nil {
		return fmt.Errorf("try the import on a copy: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, stateFile)
	if err := sqlite.Snapshot(ctx, b.dir.Path(stateFile), path); err != nil {
		return err
	}
	db, err := sqlite.OpenState(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := sqlite.NewPortable(db, b.sealer).Write(ctx, rows, replace); err != nil {
		return err
	}
	return openable(ctx, db, b.sealer)
}

// openable opens what people configure, as a server does.
func openable(ctx context.Context, db *sqlite.DB, sealer sqlite.Sealer) error {
	if _, err := auth.Open(ctx, sqlite.NewAuth(db), time.Now, hclog.NewNullLogger()); err != nil {
		return err
	}
	if _, err := integration.Open(ctx, sqlite.NewIntegrations(db), sealer, nil); err != nil {
		return err
	}
	if _, err := inventory.OpenMetadata(ctx, sqlite.NewMetadata(db)); err != nil {
		return err
	}
	stored := sqlite.NewSettings(db)
	if _, err := settings.Open(ctx, stored, nil); err != nil {
		return err
	}
	if _, err := notify.OpenRouting(ctx, stored); err != nil {
		return err
	}
	return alert.Readable(ctx, stored)
}
