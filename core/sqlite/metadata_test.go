package sqlite

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/pulse-platform/pulse/core/inventory"
)

func TestMetadataIsKept(t *testing.T) {
	db, err := OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	m := NewMetadata(db)
	for _, text := range []string{`"old"`, `"new"`} {
		x := inventory.StoredMetadata{Kind: "k", ID: "a", Members: map[string]json.RawMessage{"notes": json.RawMessage(text)}}
		if err := m.SaveMetadata(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	all, err := m.Metadata(t.Context())
	if err != nil || len(all) != 1 || string(all[0].Members["notes"]) != `"new"` {
		t.Fatalf("%v: %+v", err, all)
	}
	if err := m.DeleteMetadata(t.Context(), "k", "a"); err != nil {
		t.Fatal(err)
	}
	if all, err := m.Metadata(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("%v: %+v", err, all)
	}
}
