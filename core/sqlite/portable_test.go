package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/bundle"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/passkey"
	"github.com/pulse-platform/pulse/core/secret"
)

func sealer(t *testing.T, key byte) *secret.Sealer {
	t.Helper()
	s, err := secret.New(bytes.Repeat([]byte{key}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// filled returns a state database with something in each section, secrets under the given key.
func filled(t *testing.T, with *secret.Sealer) *DB {
	t.Helper()
	db := openTestState(t)
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	config, err := with.Seal("integration/ups/cellar", []byte(`{"password":"hunter2"}`))
	check(err)
	store := NewIntegrations(db)
	check(store.SaveIntegration(ctx, integration.Sealed{ID: "ups/cellar", Kind: "ups", Name: "cellar", Revision: 1, Enabled: true, Config: config, ConfigVersion: 1}, 0))
	values := integration.NewValues(store, with)
	check(values.SetSecret(ctx, "ups/cellar", "token", "hunter3"))
	check(values.SetState(ctx, "ups/cellar", "cursor", []byte{0, 255, 1}, 0))
	check(NewSettings(db).Set(ctx, "system", map[string]any{"theme": "dark"}))
	metrics, err := with.Seal("settings/metrics", []byte(`{"token":"hunter4"}`))
	check(err)
	check(NewSettings(db).Set(ctx, "metrics", metrics))
	check(NewAuth(db).SaveUser(ctx, auth.User{Name: "ann", Password: "$argon2id$…", Roles: []string{auth.RoleAdmin}, Changed: time.Unix(1, 0)}))
	check(NewPasskeys(db).SaveKey(ctx, passkey.Key{ID: "k", User: "ann", Name: "Phone", Host: "pulse.example.com", Created: time.Unix(1, 0)}))
	check(NewAuth(db).SaveToken(ctx, auth.Token{ID: "1", Hash: "h", Name: "script", Scopes: []auth.Scope{"*"}, Created: time.Unix(1, 0)}))
	return db
}

func mustRead(t *testing.T, p *Portable) bundle.Tables {
	t.Helper()
	all, err := p.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := p.Read(t.Context(), bundle.Sections(all))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// What one server writes another one, with another key, reads: through JSON, secrets and bytes included.
func TestPortableGoesToAnotherServer(t *testing.T) {
	from := NewPortable(filled(t, sealer(t, 1)), sealer(t, 1))
	rows := mustRead(t, from)
	raw, err := bundle.Content{Format: bundle.Format, Tables: rows}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	content, err := bundle.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}

	db := openTestState(t)
	if err := NewAuth(db).SaveUser(t.Context(), auth.User{Name: "old", Roles: []string{auth.RoleAdmin}}); err != nil {
		t.Fatal(err)
	}
	to := NewPortable(db, sealer(t, 2))
	if err := to.Write(t.Context(), content.Tables, true); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, to); !reflect.DeepEqual(got, rows) {
		t.Errorf("got\n%v, want\n%v", got, rows)
	}
	values := integration.NewValues(NewIntegrations(db), sealer(t, 2))
	if got, err := values.Secret(t.Context(), "ups/cellar", "token"); err != nil || got != "hunter3" {
		t.Errorf("the plugin's secret is %q, %v", got, err)
	}
	if keys, err := NewPasskeys(db).Keys(t.Context()); err != nil || len(keys) != 1 || keys[0].Name != "Phone" {
		t.Errorf("the passkeys are %v, %v", keys, err)
	}
	if got, _, err := values.State(t.Context(), "ups/cellar", "cursor"); err != nil || !bytes.Equal(got, []byte{0, 255, 1}) {
		t.Errorf("the plugin's state is %v, %v", got, err)
	}
}

// Rows that do not fit change nothing at all.
func TestPortableWritesAllOrNothing(t *testing.T) {
	for name, rows := range map[string]bundle.Tables{
		"unknown table":  {"settings": {{"name": "a", "value": "1"}}, "secrets": {}},
		"unknown column": {"settings": {{"name": "a", "value": "1"}}, "users": {{"name": "eve", "wings": "two"}}},
		"wrong type":     {"settings": {{"name": "a", "value": "1"}}, "users": {{"name": "eve", "password": int64(1), "roles": "admin", "changed": int64(1)}}},
		"no key":         {"settings": {{"name": "a", "value": "1"}}, "users": {{"password": "x", "roles": "admin", "changed": int64(1)}}},
		"missing column": {"settings": {{"name": "a", "value": "1"}}, "users": {{"name": "eve"}}},
		"same hash":      {"settings": {{"name": "a", "value": "1"}}, "tokens": {{"id": "2", "hash": "h", "name": "", "prefix": "", "suffix": "", "scopes": "", "owner": "", "enrolled": int64(0), "created": int64(0), "last_used": int64(0)}}},
	} {
		p := NewPortable(filled(t, sealer(t, 1)), sealer(t, 1))
		before := mustRead(t, p)
		if err := p.Write(t.Context(), rows, false); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
		if got := mustRead(t, p); !reflect.DeepEqual(got, before) {
			t.Errorf("%s: it left %v", name, got)
		}
	}
}

// Every sealed value is sealed under the new key afterwards; with a key that opens not all of them nothing changes.
func TestReseal(t *testing.T) {
	db := filled(t, sealer(t, 1))
	if _, err := db.Reseal(t.Context(), sealer(t, 3), sealer(t, 2)); err == nil {
		t.Fatal("resealed what it could not open")
	}
	n, err := db.Reseal(t.Context(), sealer(t, 1), sealer(t, 2))
	if err != nil || n != 3 {
		t.Fatalf("%d, %v", n, err)
	}
	mustRead(t, NewPortable(db, sealer(t, 2)))
}

// A copy of a database in use holds all that was committed, and only its owner may read it.
func TestSnapshotOfADatabaseInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pulse.db")
	db, err := OpenState(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := NewSettings(db).Set(t.Context(), "a", 1); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := Snapshot(t.Context(), path, to); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy is %v, %v", info, err)
	}
	again, err := OpenState(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	var v int
	if there, err := NewSettings(again).Get(t.Context(), "a", &v); err != nil || !there || v != 1 {
		t.Errorf("the copy holds %v %d, %v", there, v, err)
	}
}
