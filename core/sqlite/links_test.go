package sqlite

import (
	"maps"
	"path/filepath"
	"testing"

	"github.com/pulse-platform/pulse/core/id"
)

func TestLinksAreReplacedAsAWhole(t *testing.T) {
	db, err := OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	l := NewLinks(db)
	for _, want := range []map[id.UID]id.UID{{}, {"a": "x", "b": ""}, {"b": "y"}, {}} {
		if err := l.SaveLinks(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if got, err := l.Links(t.Context()); err != nil || !maps.Equal(got, want) {
			t.Fatalf("%v: %v, want %v", err, got, want)
		}
	}
}
