package sqlite

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

func TestRecordsSurviveReopening(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "pulse.db")
	db, err := OpenState(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	at, on := time.Unix(1_700_000_000, 123).UTC(), true
	record := &inventory.Record{
		UID: "u1", Integration: "shed/a", Task: "main", Partition: "p", Type: "tool", Key: "k", Name: "n", WireID: "w", Status: sdk.StatusUp,
		Evidence: []sdk.Evidence{{Kind: "mac", Value: "x"}}, Parts: map[string]json.RawMessage{"": json.RawMessage(`{"a":1.50}`)},
		FirstSeen: at, LastSeen: at, Interval: time.Minute, Stale: &inventory.Stale{Reason: "r", Since: at},
		Source: inventory.Source{TokenID: "t", CommandsEnabled: &on, Reporter: true},
	}
	if err := NewRecords(db).SaveRecords(ctx, []*inventory.Record{record, {UID: "u2"}}); err != nil {
		t.Fatal(err)
	}
	if err := NewRecords(db).DeleteRecords(ctx, []id.UID{"u2", "none"}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = OpenState(ctx, path); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all, err := NewRecords(db).Records(ctx)
	if err != nil || len(all) != 1 || !reflect.DeepEqual(all[0], record) {
		t.Fatalf("%v: %+v, want %+v", err, all, record)
	}
}
