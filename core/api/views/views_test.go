package views

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

type noRecords struct{}

func (noRecords) Records(context.Context) ([]*inventory.Record, error)   { return nil, nil }
func (noRecords) SaveRecords(context.Context, []*inventory.Record) error { return nil }
func (noRecords) DeleteRecords(context.Context, []id.UID) error          { return nil }

// lists stands for the rows of the document.
type lists map[string]string

func (l lists) Revision() uint64 { return 1 }
func (l lists) JSON(rows string, _ id.UID) []byte {
	return []byte(l[rows])
}

func newArea(t *testing.T) *Area {
	t.Helper()
	now := time.Unix(1_800_000_000, 0)
	cat, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "probe", Types: []sdk.ResourceType{{Name: "disk"}, {Name: "vault"}},
		Rows: []sdk.RowsType{{Name: "made", APIList: "pveBackups.storageBackups"}, {Name: "snaps", APIList: "pveBackups.guestSnapshots"}, {Name: "far", APIList: "pbsBackups"}},
		Sections: []sdk.StateSection{
			{Section: "storage", Type: "disk", Inject: []sdk.Inject{{Member: "id", Value: sdk.InjectID}}}, {Section: "pbs", Type: "vault"},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	inv := inventory.New(cat, noRecords{}, func() time.Time { return now })
	records := []sdk.Record{
		{Type: "disk", Key: "k", WireID: `a/"b"`, Doc: json.RawMessage(`{"storage":"b","name":"b","avail":1}`)}, {Type: "vault", Key: "v", Doc: json.RawMessage(`{"name":"v"}`)},
	}
	for _, b := range []inventory.Batch{
		{Integration: "probe", Task: "all", At: now, Partitions: []inventory.Partition{{Records: records}}},
		{Integration: "probe", Task: "pools", At: now, Partitions: []inventory.Partition{{Parts: []sdk.Part{{Type: "disk", Key: "k", Name: "pool", Doc: json.RawMessage(`{"path":"/b","name":"other"}`)}}}}},
	} {
		if _, _, err := inv.Apply(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	state := inventory.NewState(inv, lists{"made": `[{"a":1}]`, "snaps": `[{"s":1}]`, "far": `[{"f":1}]`}, func() time.Time { return now })
	return New(state, inv, "e", func() time.Time { return now })
}

func ask(t *testing.T, a *Area, path string) string {
	t.Helper()
	for _, r := range a.Routes() {
		if r.Path != path {
			continue
		}
		var in any = &route.None{}
		if path == "/api/backups/{view}" {
			in = &viewIn{"other"}
		}
		out, err := r.Handle(t.Context(), in)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return string(out.(route.Raw).Body)
	}
	t.Fatalf("no route %s", path)
	return ""
}

func TestPartsOfTheState(t *testing.T) {
	a := newArea(t)
	pve := `{"backupTasks":[],"storageBackups":[{"a":1}],"guestSnapshots":[{"s":1}]}`
	whole := `{"backups":{"pve":` + pve + `,"pbs":[{"f":1}],"pmg":[]},"pveBackups":` + pve + `,"pbsBackups":[{"f":1}],"pmgBackups":[],` +
		`"backupTasks":[],"storageBackups":[{"a":1}],"guestSnapshots":[{"s":1}]}`
	for path, want := range map[string]string{
		"/api/backups": whole, "/api/backups/{view}": whole, "/api/backups/pve": `{"backups":[{"a":1}]}`, "/api/backups/pbs": `{"instances":[{"name":"v"}]}`,
		"/api/snapshots": `{"snapshots":[{"s":1}]}`,
	} {
		if got := ask(t, a, path); got != want {
			t.Errorf("%s:\n%s, want\n%s", path, got, want)
		}
	}
}

func TestOneStorage(t *testing.T) {
	a := newArea(t)
	got, err := a.storage(t.Context(), storageIn{`a/"b"`})
	if err != nil || string(got.Data) != `{"id":"a/\"b\"","name":"other","path":"/b"}` || got.Timestamp != 1_800_000_000 {
		t.Errorf("%s, %v", got.Data, err)
	}
	for name, want := range map[string]string{"": "missing_storage_id", "none": "storage_not_found"} {
		_, err := a.storage(t.Context(), storageIn{name})
		var e *errs.Error
		if !errors.As(err, &e) || e.Word != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}
