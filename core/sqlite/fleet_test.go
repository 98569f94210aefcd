package sqlite

import (
	"path/filepath"
	"testing"

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
