package lists

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/ingest"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"

	"github.com/hashicorp/go-hclog"
)

var now = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// whole is the area over a real store and the door for observations.
func whole(t *testing.T) (*Area, *ingest.Door) {
	t.Helper()
	db, err := sqlite.OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	column := []sdk.Column{{Name: "size", Label: "Size", Path: "size", Format: sdk.FormatBytes, Default: true}}
	cat, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "probe", Types: []sdk.ResourceType{{Name: "vm"}},
		Metrics: []sdk.Metric{{Name: "backup_overdue", Types: []string{"vm"}, Unit: sdk.UnitSeconds}},
		Rows: []sdk.RowsType{
			{Name: "made", Label: "Backups", APIList: "pveBackups.storageBackups", Columns: column},
			{Name: "far", Label: "Far away", APIList: "pbsBackups"}, {Name: "jobs", Label: "A list of jobs", Columns: []sdk.Column{{Name: "on", Path: "on.name", Names: []string{"vm"}}}},
		},
		Kinds: []sdk.EventKind{
			{Name: "backup_failed", Condition: true, Category: "backup"}, {Name: "never_backed_up", Condition: true, Category: "backup"}, {Name: "hot", Condition: true, Category: "hardware"},
		},
		Tasks:    []sdk.Task{{Name: "all", Types: []string{"vm"}, Rows: []string{"made", "far", "jobs"}}},
		Sections: []sdk.StateSection{{Section: "vms", Type: "vm"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	a := &Area{Inventory: inventory.New(cat, sqlite.NewRecords(db), clock), Metrics: metrictest.NewMemory(clock), Now: clock}
	if a.Rows, err = rows.Open(t.Context(), sqlite.NewRows(db), func() rows.Declarations { return cat }); err != nil {
		t.Fatal(err)
	}
	if a.Conditions, err = condition.Open(t.Context(), sqlite.NewConditions(db)); err != nil {
		t.Fatal(err)
	}
	door := ingest.New(a.Inventory, a.Metrics, hclog.NewNullLogger(), clock)
	door.Keep(ingest.Books{Rows: a.Rows, Conditions: a.Conditions})
	return a, door
}

func emit(t *testing.T, door *ingest.Door, all ...sdk.Observation) {
	t.Helper()
	sink := door.Begin(ingest.Cycle{Integration: "probe/lab", Task: "all", ObservedAt: now})
	if err := sink.Emit(all...); err != nil {
		t.Fatal(err)
	}
	if _, err := sink.End(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func guest(name, doc string) sdk.Record {
	return sdk.Record{Type: "vm", Key: name, Name: name, Status: sdk.StatusUp, Evidence: []sdk.Evidence{{Kind: "guest", Value: name}}, Doc: json.RawMessage(doc)}
}

func backup(list, of string, at time.Time, doc string) sdk.Row {
	r := sdk.Row{Rows: list, Key: list + of + at.String(), Time: at, Doc: json.RawMessage(doc)}
	if of != "" {
		r.Subject = []sdk.Evidence{{Kind: "guest", Value: of}}
	}
	return r
}

func TestProtectionTellsWhatIsBackedUpAndWhatIsNot(t *testing.T) {
	a, door := whole(t)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	emit(t, door,
		guest("fine", `{}`), guest("late", `{}`), guest("never", `{}`), guest("failed", `{}`), guest("nobody-asks", `{}`), guest("golden", `{"template":true}`),
		backup("made", "fine", ago(0), `{"size":5,"verified":true}`), backup("far", "fine", ago(29), `{"size":7,"protected":true}`), backup("made", "fine", ago(40), `{"size":1}`),
		backup("made", "late", ago(5), `{"size":3}`), backup("made", "failed", ago(1), `{"size":2}`), backup("made", "", ago(1), `{"size":100}`),
		sdk.Sample{Type: "vm", Key: "late", Metric: "backup_overdue", Time: now.Add(-time.Minute), Value: 3600},
		sdk.Sample{Type: "vm", Key: "fine", Metric: "backup_overdue", Time: now.Add(-time.Minute), Value: 0},
		sdk.Condition{Type: "vm", Key: "never", Kind: "never_backed_up", Severity: sdk.SeverityWarning, Message: "There is none.", Since: now},
		sdk.Condition{Type: "vm", Key: "failed", Kind: "backup_failed", Severity: sdk.SeverityWarning, Message: "The last one failed.", Since: now},
		sdk.Condition{Type: "vm", Key: "fine", Kind: "hot", Severity: sdk.SeverityWarning, Message: "Too warm.", Since: now},
	)
	got, err := a.protection(t.Context(), protectionIn{Timezone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range got.Guests {
		names = append(names, g.Name+" "+g.State)
	}
	if want := []string{"failed failed", "late overdue", "never never", "nobody-asks unknown", "fine fine"}; !slices.Equal(names, want) {
		t.Fatalf("got %v, want %v", names, want)
	}
	fine, late, failed := got.Guests[4], got.Guests[1], got.Guests[0]
	if fine.Count != 3 || fine.Bytes != 13 || !fine.Last.Equal(ago(0)) || fine.Days[29] != 3 || fine.Days[0] != 5 || fine.Days[1] != 0 || len(fine.Reasons) != 0 {
		t.Errorf("%+v", fine)
	}
	if late.Overdue != 3600 || late.Days[24] != 1 || failed.Reasons[0] != "The last one failed." || got.Counts["fine"] != 1 {
		t.Errorf("%+v, %+v, %v", late, failed, got.Counts)
	}
	// What is of nobody counts for the day all the same.
	if got.PerDay[28] != (Day{2, 102}) || got.PerDay[29] != (Day{1, 5}) || !got.First.Equal(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v from %v", got.PerDay, got.First)
	}
}

func TestDaysOfBackupsAreThoseOfTheReader(t *testing.T) {
	for _, c := range []struct {
		zone, now string
		made      []string // one each night, by the clock of the zone
		first     time.Time
	}{
		{"Europe/Berlin", "2026-03-31T12:00:00+02:00", []string{"2026-03-28T00:30:00+01:00", "2026-03-29T00:30:00+01:00", "2026-03-30T00:30:00+02:00", "2026-03-31T00:30:00+02:00"}, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)},
		{"Europe/Berlin", "2026-10-26T23:59:59+01:00", []string{"2026-10-23T23:30:00+02:00", "2026-10-24T23:30:00+02:00", "2026-10-25T23:30:00+01:00", "2026-10-26T23:30:00+01:00"}, time.Date(2026, 9, 27, 0, 0, 0, 0, time.UTC)},
		{"America/New_York", "2026-03-09T23:00:00-04:00", []string{"2026-03-06T19:30:00-05:00", "2026-03-07T19:30:00-05:00", "2026-03-08T19:30:00-04:00", "2026-03-09T19:30:00-04:00"}, time.Date(2026, 2, 8, 0, 0, 0, 0, time.UTC)},
		{"America/New_York", "2026-11-02T00:00:00-05:00", []string{"2026-10-30T01:30:00-04:00", "2026-10-31T01:30:00-04:00", "2026-11-01T01:30:00-05:00", "2026-11-02T00:00:00-05:00"}, time.Date(2026, 10, 4, 0, 0, 0, 0, time.UTC)},
	} {
		parse := func(text string) time.Time {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		a, door := whole(t)
		a.Now = func() time.Time { return parse(c.now) }
		all := []sdk.Observation{guest("one", `{}`)}
		for _, at := range c.made {
			all = append(all, backup("made", "one", parse(at), `{"size":1}`))
		}
		emit(t, door, all...)
		got, err := a.protection(t.Context(), protectionIn{Timezone: c.zone})
		if err != nil {
			t.Fatal(err)
		}
		if days := got.Guests[0].Days; !slices.Equal(days[25:], []int{0, 1, 1, 1, 1}) || !got.First.Equal(c.first) {
			t.Errorf("%s, %s: %v from %v", c.zone, c.now, days, got.First)
		}
	}
	a, _ := whole(t)
	if _, err := a.protection(t.Context(), protectionIn{Timezone: "Nowhere/None"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a zone that is none: %v", err)
	}
}

func TestABackupThatTwoTellOfIsOne(t *testing.T) {
	a, door := whole(t)
	yesterday := now.AddDate(0, 0, -1)
	emit(t, door, guest("one", `{}`), guest("other", `{}`),
		backup("made", "one", yesterday, `{"size":5}`), backup("far", "one", yesterday, `{"size":6,"verified":true}`), backup("far", "one", yesterday.Add(time.Hour), `{"size":6,"protected":true}`),
		backup("far", "other", yesterday, `{"size":2}`),
	)
	got, err := a.protection(t.Context(), protectionIn{Timezone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	one, other := got.Guests[0], got.Guests[1]
	if one.Count != 2 || one.Bytes != 12 || one.Days[28] != 7 || other.Count != 1 || other.Days[28] != 1 {
		t.Errorf("%+v, %+v", one, other)
	}
	if got.PerDay[28] != (Day{3, 14}) {
		t.Errorf("that day: %+v", got.PerDay[28])
	}
}

func TestRowsLeadToWhatTheyAreAbout(t *testing.T) {
	a, door := whole(t)
	twin := guest("twin", `{}`)
	twin.Key = "twin-2"
	emit(t, door, guest("x", `{}`), guest("twin", `{}`), twin,
		sdk.Row{Rows: "jobs", Key: "1", Time: now, Doc: json.RawMessage(`{"on":{"name":"x"}}`)},
		sdk.Row{Rows: "jobs", Key: "2", Time: now.Add(-1), Doc: json.RawMessage(`{"on":{"name":"twin"}}`)},
		sdk.Row{Rows: "jobs", Key: "3", Time: now.Add(-2), Doc: json.RawMessage(`{"on":"x"}`)},
		backup("made", "x", now, `{"size":1}`), backup("made", "twin", now.Add(-1), `{"size":1}`), backup("made", "gone", now.Add(-2), `{"size":1}`),
	)
	x := string(id.Record("probe/lab", "x"))
	jobs, err := a.page(t.Context(), pageIn{Name: "jobs", Limit: 10})
	if err != nil || len(jobs.Rows) != 3 || jobs.Rows[0].Leads["on"] != "x" || jobs.Rows[1].Leads != nil || jobs.Rows[2].Leads != nil {
		t.Errorf("%+v, %v", jobs.Rows, err)
	}
	made, err := a.page(t.Context(), pageIn{Name: "made", Limit: 10})
	if err != nil || len(made.Rows) != 3 || made.Rows[0].AboutID != x || made.Rows[0].AboutStateID != "x" || made.Rows[0].AboutName != "x" || made.Rows[1].AboutID != "" || made.Rows[2].AboutID != "" {
		t.Errorf("%+v, %v", made.Rows, err)
	}
}

func TestListsAsAWhole(t *testing.T) {
	a, door := whole(t)
	emit(t, door, guest("x", `{}`),
		sdk.Row{Rows: "made", Key: "1", OwnerType: "vm", OwnerKey: "x", Time: now, Doc: json.RawMessage(`{"note":"50% of Ubuntu_1"}`)},
		sdk.Row{Rows: "made", Key: "2", Time: now.Add(-time.Hour), Doc: json.RawMessage(`{"note":"else"}`)},
	)
	all, err := a.all(t.Context(), route.None{})
	if err != nil || len(all.Lists) != 3 || all.Lists[1].Label != "Backups" || all.Lists[1].Total != 2 || len(all.Lists[1].Columns) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	for text, want := range map[string][]string{"": {"1", "2"}, "ubuntu": {"1"}, "0% of": {"1"}, "u_1": {"1"}, "_": {"1"}, "%%": nil, `\`: nil, "none": nil} {
		got, err := a.page(t.Context(), pageIn{Name: "made", Query: text, Limit: 10})
		var keys []string
		for _, r := range got.Rows {
			keys = append(keys, r.Key)
		}
		if err != nil || !slices.Equal(keys, want) || got.Found != len(want) || got.Total != 2 {
			t.Errorf("%q: %v of %d, %v", text, keys, got.Found, err)
		}
	}
	page, err := a.page(t.Context(), pageIn{Name: "made", Limit: 1})
	if err != nil || len(page.Rows) != 1 || page.Found != 2 || page.Rows[0].OwnerName != "x" || page.Rows[0].OwnerID != string(id.Record("probe/lab", "x")) {
		t.Errorf("%+v, %v", page, err)
	}
	if rest, err := a.page(t.Context(), pageIn{Name: "made", Limit: 1, Offset: 1}); err != nil || rest.Rows[0].Key != "2" || rest.Rows[0].Integration != "probe/lab" {
		t.Errorf("%+v, %v", rest, err)
	}
	for name, in := range map[string]pageIn{"no limit": {Name: "made"}, "a large one": {Name: "made", Limit: 5000}, "an odd offset": {Name: "made", Limit: 1, Offset: -1}} {
		if _, err := a.page(t.Context(), in); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := a.page(t.Context(), pageIn{Name: "none", Limit: 1}); !errs.Is(err, errs.NotFound) {
		t.Errorf("an unknown list: %v", err)
	}
}
