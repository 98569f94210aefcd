package sqlite

import (
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strconv"
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

func TestRecordsOfAFormerVersionAreKept(t *testing.T) {
	ctx := t.Context()
	db := openStateAt(t, filepath.Join(t.TempDir(), "pulse.db"))
	for _, uid := range []id.UID{"u1", "u2"} {
		body, err := json.Marshal(inventory.Record{UID: uid, Integration: "shed/a", Type: "tool", Name: "of old"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Write.ExecContext(ctx, `INSERT INTO records (uid, integration, type, body) VALUES (?, 'shed/a', 'tool', ?)`, string(uid), body); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // from the former rows, then from the pages
		all, err := NewRecords(db).Records(ctx)
		if err != nil || len(all) != 2 || all[0].Name != "of old" {
			t.Fatalf("%v: %+v", err, all)
		}
	}
	var left int
	if err := db.Read.QueryRowContext(ctx, `SELECT count(*) FROM records`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d former rows are left: %v", left, err)
	}
}

// Saves and removals in any order leave what a map would hold.
func TestRecordPagesHoldTheNewest(t *testing.T) {
	ctx := t.Context()
	db := openStateAt(t, filepath.Join(t.TempDir(), "pulse.db"))
	store, model, dice := NewRecords(db), map[id.UID]string{}, rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	for step := range 60 {
		if step%3 == 2 {
			var gone []id.UID
			for range dice.IntN(40) {
				uid := id.UID(strconv.Itoa(dice.IntN(400)))
				gone = append(gone, uid)
				delete(model, uid)
			}
			if err := store.DeleteRecords(ctx, gone); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var saved []*inventory.Record
		for range dice.IntN(100) {
			uid := id.UID(strconv.Itoa(dice.IntN(400)))
			model[uid] = strconv.Itoa(step)
			saved = append(saved, &inventory.Record{UID: uid, Name: model[uid]})
		}
		if err := store.SaveRecords(ctx, saved); err != nil {
			t.Fatal(err)
		}
	}
	all, err := store.Records(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := map[id.UID]string{}
	for _, r := range all {
		got[r.UID] = r.Name
	}
	if !maps.Equal(got, model) || len(all) != len(model) {
		t.Errorf("%d records, want %d", len(all), len(model))
	}
}

func TestADamagedPageOfRecordsIsFound(t *testing.T) {
	ctx := t.Context()
	db := openStateAt(t, filepath.Join(t.TempDir(), "pulse.db"))
	if err := NewRecords(db).SaveRecords(ctx, []*inventory.Record{{UID: "u1"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write.ExecContext(ctx, `UPDATE record_pages SET body = substr(body, 1, length(body) - 3)`); err != nil {
		t.Fatal(err)
	}
	if _, err := NewRecords(db).Records(ctx); !errors.Is(err, errPage) {
		t.Errorf("read: %v", err)
	}
}

func FuzzPageOfRecords(f *testing.F) {
	p := sharedPacker()
	f.Add(p.seal([]entry{{"u1", []byte("{}")}, {"u2", nil}}))
	f.Add(p.enc.EncodeAll([]byte{200, 1, 'a'}, nil))
	f.Fuzz(func(t *testing.T, page []byte) {
		entries, err := p.open(page)
		if err != nil {
			return
		}
		again, err := p.open(p.seal(entries))
		if err != nil || len(again) != len(entries) {
			t.Errorf("%d entries, sealed and opened %d: %v", len(entries), len(again), err)
		}
	})
}
