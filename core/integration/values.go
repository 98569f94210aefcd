package integration

import (
	"context"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// ValueStore keeps the small values that plugins store with the server.
type ValueStore interface {
	Value(ctx context.Context, name id.Integration, key string, secret bool) (value []byte, version int64, err error)
	// SetValue stores a value if the stored version is the given one (0: not there yet, negative: any), else
	// it returns errs.Outdated.
	SetValue(ctx context.Context, name id.Integration, key string, secret bool, value []byte, version int64) error
}

// The sizes that a plugin may store.
const (
	maxKey   = 200
	maxValue = 256 << 10
)

// Values is what a plugin instance may keep with the server: versioned state, and secrets sealed at rest.
type Values struct {
	store  ValueStore
	sealer Sealer
}

// NewValues returns the values kept in store.
func NewValues(store ValueStore, sealer Sealer) *Values { return &Values{store, sealer} }

// State returns a value and its version; nothing and 0 when there is none.
func (v *Values) State(ctx context.Context, name id.Integration, key string) ([]byte, int64, error) {
	return v.store.Value(ctx, name, key, false)
}

// SetState stores a value if the stored version is the given one, 0 meaning that there is none yet.
func (v *Values) SetState(ctx context.Context, name id.Integration, key string, value []byte, version int64) error {
	if err := checkSize(key, value); err != nil {
		return err
	}
	return v.store.SetValue(ctx, name, key, false, value, max(version, 0))
}

// Secret returns a stored secret, empty when there is none.
func (v *Values) Secret(ctx context.Context, name id.Integration, key string) (string, error) {
	sealed, _, err := v.store.Value(ctx, name, key, true)
	if err != nil || sealed == nil {
		return "", err
	}
	plain, err := v.sealer.Open(secretPlace(name, key), sealed)
	return string(plain), err
}

// SetSecret seals and stores a secret.
func (v *Values) SetSecret(ctx context.Context, name id.Integration, key, value string) error {
	if err := checkSize(key, []byte(value)); err != nil {
		return err
	}
	sealed, err := v.sealer.Seal(secretPlace(name, key), []byte(value))
	if err != nil {
		return err
	}
	return v.store.SetValue(ctx, name, key, true, sealed, -1)
}

func secretPlace(name id.Integration, key string) string { return "plugin/" + string(name) + "/" + key }

func checkSize(key string, value []byte) error {
	if key == "" || len(key) > maxKey {
		return errs.New(errs.Invalid, "a key has 1 to %d bytes", maxKey).WithField("key")
	}
	if len(value) > maxValue {
		return errs.New(errs.TooLarge, "a value has up to %d bytes", maxValue).WithField("value")
	}
	return nil
}
