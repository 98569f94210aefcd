package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/fleet"
)

func TestBindingsAreReplacedByName(t *testing.T) {
	db, err := OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b := NewBindings(db)
	for _, x := range []fleet.Binding{
		{Kind: "k", Token: "t", Hostname: "One", Machine: "m", Host: "h1"}, {Kind: "k", Token: "t", Hostname: "one", Machine: "m", Host: "h2"},
		{Kind: "k", Token: "t", Hostname: "two", Machine: "m", Host: "h3"},
	} {
		if err := b.SaveBinding(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.Bindings(t.Context())
	if err != nil || len(all) != 2 || all[0].Host != "h2" || all[1].Hostname != "two" {
		t.Fatalf("%v: %+v", err, all)
	}
}

func TestRemovalsAreKept(t *testing.T) {
	db, err := OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b := NewBindings(db)
	at := time.UnixMilli(1_700_000_000_123)
	for _, name := range []string{"old", "new"} {
		if err := b.SaveRemoval(t.Context(), fleet.Removal{Kind: "k", Host: "h", Hostname: "one", Name: name, At: at}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.Removals(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "new" || !all[0].At.Equal(at) {
		t.Fatalf("%v: %+v", err, all)
	}
	if err := b.DeleteRemoval(t.Context(), "k", "h"); err != nil {
		t.Fatal(err)
	}
	if err := b.SaveBinding(t.Context(), fleet.Binding{Kind: "k", Token: "t", Hostname: "one", Host: "h"}); err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteBindings(t.Context(), "k", "h"); err != nil {
		t.Fatal(err)
	}
	removed, rerr := b.Removals(t.Context())
	bindings, berr := b.Bindings(t.Context())
	if rerr != nil || berr != nil || len(removed)+len(bindings) != 0 {
		t.Fatalf("%v, %v: %+v, %+v", rerr, berr, removed, bindings)
	}
}
