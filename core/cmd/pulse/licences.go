package main

import (
	"context"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/licence"
	"github.com/pulse-platform/pulse/core/secret"
	"github.com/pulse-platform/pulse/core/sqlite"
)

// The licence key's name among the settings, and what it is sealed for; sqlite's sealedColumns knows the same.
const (
	licenceName  = "licence"
	licencePlace = "settings/licence"
)

// openLicences loads the licence key of a data directory.
func openLicences(ctx context.Context, b *base, c config.License, log hclog.Logger) (*licence.Service, error) {
	rule := licence.Rule{Enforce: c.Enforce, Upgrade: c.UpgradeURL}
	if c.PublicKey != "" {
		var err error
		if rule.Signer, err = licence.ParsePublicKey(c.PublicKey); err != nil {
			return nil, err
		}
	}
	s, ignored, err := licence.Open(ctx, rule, licenceStore{sqlite.NewSettings(b.state), b.sealer}, time.Now)
	if ignored != nil {
		log.Warn("the licence key that is stored counts for nothing", "reason", ignored)
	}
	return s, err
}

// licenceStore keeps the key sealed among the settings.
type licenceStore struct {
	settings *sqlite.Settings
	sealer   *secret.Sealer
}

func (l licenceStore) Load(ctx context.Context) (string, error) {
	var sealed []byte
	if there, err := l.settings.Get(ctx, licenceName, &sealed); err != nil || !there {
		return "", err
	}
	plain, err := l.sealer.Open(licencePlace, sealed)
	return string(plain), err
}

func (l licenceStore) Save(ctx context.Context, key string) error {
	sealed, err := l.sealer.Seal(licencePlace, []byte(key))
	if err != nil {
		return err
	}
	return l.settings.Set(ctx, licenceName, sealed)
}

func (l licenceStore) Delete(ctx context.Context) error { return l.settings.Delete(ctx, licenceName) }
