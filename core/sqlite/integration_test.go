package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
)

func openIntegrations(t *testing.T) *Integrations {
	t.Helper()
	db, err := OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return NewIntegrations(db)
}

func TestIntegrationRevisions(t *testing.T) {
	i := openIntegrations(t)
	s := integration.Sealed{ID: "ups/rack", Kind: "ups", Name: "rack", Title: "The rack", Source: "script", Revision: 1, Enabled: true, Config: []byte("sealed")}
	for _, c := range []struct {
		what     string
		revision int64
		ok       bool
	}{{"change before it exists", 4, false}, {"create", 0, true}, {"create again", 0, false}, {"change", 1, true}, {"change from an old one", 7, false}} {
		err := i.SaveIntegration(t.Context(), s, c.revision)
		if c.ok && err != nil || !c.ok && !errs.Is(err, errs.Outdated) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if all, err := i.Integrations(t.Context()); err != nil || len(all) != 1 || string(all[0].Config) != "sealed" || !all[0].Enabled ||
		all[0].Title != "The rack" || all[0].Source != "script" {
		t.Errorf("got %+v, %v", all, err)
	}
	if err := i.SetValue(t.Context(), s.ID, "k", false, []byte("v"), 0); err != nil {
		t.Fatal(err)
	}
	if err := i.DeleteIntegration(t.Context(), s.ID, 1); err != nil {
		t.Fatal(err)
	}
	if v, _, err := i.Value(t.Context(), s.ID, "k", false); v != nil || err != nil {
		t.Errorf("a deleted integration left %q, %v", v, err)
	}
}

func TestValueVersions(t *testing.T) {
	i := openIntegrations(t)
	set := func(value string, version int64) error {
		return i.SetValue(t.Context(), "ups/rack", "k", false, []byte(value), version)
	}
	if err := set("x", 3); !errs.Is(err, errs.Outdated) {
		t.Errorf("change before it exists: %v", err)
	}
	if err := set("one", 0); err != nil {
		t.Fatal(err)
	}
	if err := set("again", 0); !errs.Is(err, errs.Outdated) {
		t.Errorf("create again: %v", err)
	}
	if err := set("two", 1); err != nil {
		t.Fatal(err)
	}
	if err := set("any", -1); err != nil {
		t.Fatal(err)
	}
	v, version, err := i.Value(t.Context(), "ups/rack", "k", false)
	if err != nil || string(v) != "any" || version != 3 {
		t.Errorf("got %q, %d, %v", v, version, err)
	}
	if v, version, err := i.Value(t.Context(), "ups/rack", "k", true); v != nil || version != 0 || err != nil {
		t.Errorf("the secret of the same key: %q, %d, %v", v, version, err)
	}
}
