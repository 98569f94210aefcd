package ingest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/event"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/sdk"
)

// shop is a door with all books, for things that are saved by others and break.
type shop struct {
	*testing.T
	door  *Door
	inv   *inventory.Inventory
	shelf *shelf
	cycle int64
}

var shopPlugin = sdk.Description{
	Kind:  "shop",
	Types: []sdk.ResourceType{{Name: "thing"}, {Name: "store"}},
	Sections: []sdk.StateSection{{
		Section: "things", Type: "thing", Join: []sdk.Join{
			{Member: "lastBackup", Rows: "backups", Derive: "last"}, {Member: "backups", Rows: "backups", Derive: "n"}, {Member: "backupBytes", Rows: "backups", Derive: "bytes"},
			{Member: "lastCopy", Rows: "backups", Derive: "last"}, {Member: "lastCopy", Rows: "copies", Derive: "last"}, {Member: "lastCopy", Rows: "of nobody here", Derive: "last"},
			{Member: "copyBytes", Rows: "copies", Derive: "bytes"}, {Member: "copyBytes", Rows: "backups", Derive: "bytes"},
		},
		Rows: []sdk.SectionRows{{Member: "notes", Rows: "notes"}},
	}, {Section: "stores", Type: "store"}},
	Rows: []sdk.RowsType{
		{Name: "notes"}, {Name: "log"},
		{Name: "backups", SubjectType: "thing", APIList: "pbsBackups", Retention: 24 * time.Hour, Derive: []sdk.Derive{
			{Name: "last", Op: "latest"}, {Name: "n", Op: "count"}, {Name: "bytes", Op: "sum", Path: "size"},
		}},
		{Name: "copies", Derive: []sdk.Derive{{Name: "last", Op: "latest"}, {Name: "bytes", Op: "sum", Path: "size"}}},
	},
	Kinds: []sdk.EventKind{{Name: "broken", Condition: true}, {Name: "moved", Severity: sdk.SeverityInfo}},
	Tasks: []sdk.Task{{Name: "things", Types: []string{"thing", "store"}, Rows: []string{"notes", "backups", "copies", "log"}}, {Name: "look"}},
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{T: t, shelf: newShelf()}
	s.boot()
	return s
}

func (s *shop) boot() {
	s.Helper()
	catalog, err := inventory.NewCatalog([]sdk.Description{shopPlugin})
	if err != nil {
		s.Fatal(err)
	}
	now := func() time.Time { return start }
	s.inv = inventory.New(catalog, noStore{}, now)
	s.door = New(s.inv, metrictest.NewMemory(now), nil, now)
	b, err := books(s.Context(), s.shelf, func() rows.Declarations { return s.inv.Catalog() }, now)
	if err != nil {
		s.Fatal(err)
	}
	s.door.Keep(b)
}

func thing(key string) sdk.Record {
	return sdk.Record{Type: "thing", Key: key, Status: sdk.StatusUp, Evidence: []sdk.Evidence{{Kind: "number", Value: key}, {Kind: "cluster", Value: "c"}}, Doc: json.RawMessage(`{}`)}
}

func note(owner, key, text string) sdk.Row {
	return sdk.Row{Rows: "notes", Key: key, OwnerType: "thing", OwnerKey: owner, Doc: json.RawMessage(fmt.Sprintf(`{"text":%q}`, text))}
}

func broken(key, instance string) sdk.Condition {
	return sdk.Condition{Type: "thing", Key: key, Kind: "broken", Instance: instance, Severity: sdk.SeverityWarning, Message: "it is broken"}
}

func (s *shop) apply(task string, extent inventory.Extent, ps ...Partition) Result {
	s.Helper()
	s.cycle++
	r, err := s.door.Apply(s.Context(), Cycle{Integration: "shop/a", Task: task, Epoch: 1, Sequence: s.cycle, ObservedAt: start, Extent: extent}, ps)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

func with(name string, obs ...sdk.Observation) Partition {
	return Partition{Name: name, Observations: obs}
}

func (s *shop) notes(key string) string {
	s.Helper()
	return string(s.door.books.Rows.JSON("notes", id.Record("shop/a", key)))
}

func (s *shop) conditions(key string) (out []string) {
	for _, c := range s.door.books.Conditions.Of(id.Record("shop/a", key)) {
		out = append(out, c.Kind+"/"+c.Instance)
	}
	return out
}

func TestAListThatIsCompleteIsReplaced(t *testing.T) {
	s := newShop(t)
	end := sdk.RowsEnd{Rows: "notes", OwnerType: "thing", OwnerKey: "a"}
	s.apply("things", inventory.Whole, with("", thing("a"), note("a", "1", "x"), note("a", "2", "y"), end))
	if got := s.notes("a"); got != `[{"text":"x"},{"text":"y"}]` {
		t.Fatal(got)
	}
	s.apply("things", inventory.Whole, with("", thing("a"), note("a", "2", "z")))
	if got := s.notes("a"); got != `[{"text":"x"},{"text":"z"}]` {
		t.Errorf("a list that is not closed only adds and replaces: %s", got)
	}
	s.apply("things", inventory.Whole, with("", thing("a"), note("a", "3", "w"), end))
	s.boot()
	if got := s.notes("a"); got != `[{"text":"w"}]` {
		t.Errorf("after a restart: %s", got)
	}
	s.apply("things", inventory.Whole, with("", thing("a"), end))
	if got := s.notes("a"); got != `[]` || len(s.shelf.rows[rows.ListKey{Integration: "shop/a", Task: "things", Rows: "notes", Owner: id.Record("shop/a", "a")}]) != 0 {
		t.Errorf("an empty list that is closed: %s, %v", got, s.shelf.rows)
	}
}

func TestRowsGoWithTheirOwner(t *testing.T) {
	s := newShop(t)
	s.apply("things", inventory.Whole, with("", thing("a"), thing("b"), note("a", "1", "x")))
	s.apply("things", inventory.Whole, with("", thing("b")))
	if got := s.notes("a"); got != `[]` {
		t.Error(got)
	}
	if r := s.apply("things", inventory.Whole, with("", thing("b"), note("zz", "1", "x"))); r.Refused != 1 {
		t.Errorf("a row of nobody: %+v", r)
	}
}

func TestAListMovesWithItsOwner(t *testing.T) {
	s := newShop(t)
	end := sdk.RowsEnd{Rows: "notes", OwnerType: "thing", OwnerKey: "a"}
	s.apply("things", inventory.Whole, with("n1", thing("a"), note("a", "1", "x"), end), with("n2"))
	s.apply("things", inventory.Whole, with("n1"), with("n2", thing("a"), note("a", "2", "y"), end))
	if got := s.notes("a"); got != `[{"text":"y"}]` {
		t.Error(got)
	}
}

func TestAFailedPartitionKeepsItsRowsAndSaysSo(t *testing.T) {
	s := newShop(t)
	s.apply("things", inventory.Whole, with("n1", thing("a"), note("a", "1", "x")))
	s.apply("things", inventory.Whole, Partition{Name: "n1", Err: sdk.Errorf(sdk.KindUnreachable, "no answer")})
	of := s.door.books.Rows.Of(id.Record("shop/a", "a"))
	if len(of) != 1 || of[0].Count != 1 || of[0].Stale != "no answer" || !of[0].Since.Equal(start) {
		t.Fatalf("%+v", of)
	}
	s.apply("things", inventory.Whole, with("n1", thing("a")))
	if of := s.door.books.Rows.Of(id.Record("shop/a", "a")); of[0].Stale != "" {
		t.Errorf("%+v", of)
	}
}

func backup(key, of string, at time.Time, size int) sdk.Row {
	return sdk.Row{
		Rows: "backups", Key: key, OwnerType: "store", OwnerKey: "s", Time: at,
		Subject: []sdk.Evidence{{Kind: "cluster", Value: "c"}, {Kind: "number", Value: of}}, Doc: json.RawMessage(fmt.Sprintf(`{"id":%q,"size":%d}`, key, size)),
	}
}

func (s *shop) document(key string) map[string]any {
	s.Helper()
	snap := s.inv.Snapshot()
	r, ok := snap.Record(id.Record("shop/a", key))
	if !ok {
		s.Fatalf("no %s", key)
	}
	var doc map[string]any
	if err := json.Unmarshal(snap.Document(s.inv.Catalog(), r), &doc); err != nil {
		s.Fatal(err)
	}
	return doc
}

func TestRowsTellAboutTheirSubject(t *testing.T) {
	s := newShop(t)
	store := sdk.Record{Type: "store", Key: "s", Status: sdk.StatusUp}
	end := sdk.RowsEnd{Rows: "backups", OwnerType: "store", OwnerKey: "s"}
	yesterday, today := start.Add(-20*time.Hour), start.Add(-time.Hour)
	s.apply("things", inventory.Whole, with("", thing("a"), thing("b"), store, backup("1", "a", yesterday, 10), backup("2", "a", today, 5), end))
	doc := s.document("a")
	if doc["lastBackup"] != float64(today.UnixMilli()) || doc["backups"] != 2.0 || doc["backupBytes"] != 15.0 {
		t.Errorf("a: %v", doc)
	}
	if doc := s.document("b"); doc["lastBackup"] != nil || doc["backups"] != nil {
		t.Errorf("b: %v", doc)
	}
	// A thing that appears later is told what was known of it before, and the state shows the list.
	s.apply("things", inventory.Whole, with("", thing("a"), store, backup("1", "a", yesterday, 10), backup("3", "c", today, 7), end))
	s.apply("things", inventory.Whole, with("", thing("a"), thing("c"), store, backup("1", "a", yesterday, 10), backup("3", "c", today, 7), end))
	if doc := s.document("c"); doc["backups"] != 1.0 || doc["backupBytes"] != 7.0 {
		t.Errorf("c: %v", doc)
	}
	state, _ := inventory.NewState(s.inv, s.door.books.Rows, func() time.Time { return start }).JSON()
	var whole struct {
		PBSBackups []map[string]any           `json:"pbsBackups"`
		Backups    map[string]json.RawMessage `json:"backups"`
		PVE        map[string]json.RawMessage `json:"pveBackups"`
		Things     []map[string]any           `json:"things"`
	}
	if err := json.Unmarshal(state, &whole); err != nil {
		t.Fatal(err)
	}
	if len(whole.PBSBackups) != 2 || whole.PBSBackups[0]["id"] != "3" || string(whole.Backups["pbs"]) == "[]" || len(whole.PVE) != 3 || len(whole.Things) != 2 {
		t.Errorf("%s", state)
	}
	// What is older than the declaration keeps it goes.
	s.door.now = func() time.Time { return start.Add(10 * time.Hour) }
	if err := s.door.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if doc := s.document("a"); doc["backups"] != nil {
		t.Errorf("a after a day: %v", doc)
	}
}

// What several lists say of one thing is put together, also when the thing is known by more than before.
func TestSeveralListsTellAboutOneSubject(t *testing.T) {
	s := newShop(t)
	store := sdk.Record{Type: "store", Key: "s", Status: sdk.StatusUp}
	copied := backup("9", "a", start.Add(-time.Minute), 4)
	copied.Rows, copied.Subject = "copies", []sdk.Evidence{{Kind: "elsewhere", Value: "a"}}
	all := []sdk.Observation{store, backup("1", "a", start.Add(-time.Hour), 10), copied}
	s.apply("things", inventory.Whole, with("", append(all, thing("a"))...))
	if doc := s.document("a"); doc["lastCopy"] != float64(start.Add(-time.Hour).UnixMilli()) || doc["copyBytes"] != 10.0 {
		t.Errorf("one list: %v", doc)
	}
	known := thing("a")
	known.Evidence = append(known.Evidence, copied.Subject...)
	s.apply("things", inventory.Whole, with("", append(all, known)...))
	if doc := s.document("a"); doc["lastCopy"] != float64(start.Add(-time.Minute).UnixMilli()) || doc["copyBytes"] != 14.0 {
		t.Errorf("both lists: %v", doc)
	}
}

func TestRowsOfTheSubjectAreFound(t *testing.T) {
	s := newShop(t)
	s.apply("things", inventory.Whole, with("", thing("a"), sdk.Record{Type: "store", Key: "s"}, backup("1", "a", start, 1), backup("2", "b", start, 1)))
	subjects := s.door.books.Rows.Subjects("backups", thing("a").Evidence)
	found, n, err := s.door.books.Rows.Find(t.Context(), rows.Query{Rows: "backups", Subjects: subjects})
	if err != nil || n != 1 || found[0].Key != "1" {
		t.Errorf("%v %d %v", found, n, err)
	}
}

func TestConditionsHoldUntilACompleteCycleIsSilent(t *testing.T) {
	s := newShop(t)
	news, stop := s.door.books.Conditions.Subscribe(10)
	defer stop()
	s.apply("things", inventory.Whole, with("n1", thing("a"), broken("a", "x"), broken("a", "y")), with("n2", thing("b")))
	if got := s.conditions("a"); !slices.Equal(got, []string{"broken/x", "broken/y"}) {
		t.Fatal(got)
	}
	if n := <-news; len(n.Began) != 2 || !n.Began[0].Since.Equal(start) {
		t.Fatalf("%+v", n)
	}
	s.apply("things", inventory.Whole, Partition{Name: "n1", Err: errFull}, with("n2", thing("b")))
	s.apply("look", inventory.Whole, with("n1"))
	s.boot()
	if got := s.conditions("a"); len(got) != 2 {
		t.Fatalf("after a failed partition, another task and a restart: %v", got)
	}
	s.apply("things", inventory.Whole, with("n1", thing("a"), broken("a", "x")), with("n2", thing("b")))
	if got := s.conditions("a"); !slices.Equal(got, []string{"broken/x"}) {
		t.Error(got)
	}
	s.apply("things", inventory.Whole, with("n1"), with("n2", thing("b")))
	if got := s.conditions("a"); got != nil {
		t.Errorf("of a record that is gone: %v", got)
	}
}

func TestAChangeOfARecordBringsItsConditions(t *testing.T) {
	s := newShop(t)
	s.apply("things", inventory.Some, with("", thing("a"), thing("b"), broken("a", "x"), broken("b", "x")))
	s.apply("things", inventory.Changes, with("", thing("a")))
	if a, b := s.conditions("a"), s.conditions("b"); a != nil || len(b) != 1 {
		t.Errorf("a %v, b %v", a, b)
	}
}

func TestEventsAreKeptOnce(t *testing.T) {
	s := newShop(t)
	e := sdk.Event{ID: "1", Type: "thing", Key: "a", Kind: "moved", Text: "from n1 to n2"}
	s.apply("things", inventory.Whole, with("", thing("a"), e))
	s.apply("things", inventory.Whole, with("", thing("a"), e, sdk.Event{ID: "2", Kind: "moved", Time: start.Add(48 * time.Hour)}))
	if len(s.shelf.events) != 1 || s.shelf.events["shop/a/1"].Severity != sdk.SeverityInfo || !s.shelf.events["shop/a/1"].Time.Equal(start) {
		t.Errorf("%+v", s.shelf.events)
	}
	if w := s.door.Warnings(); len(w) != 1 || !strings.Contains(w[0].Text, "in the future") {
		t.Errorf("%+v", w)
	}
}

func TestAnIntegrationThatIsRemovedTakesAllWithIt(t *testing.T) {
	s := newShop(t)
	s.apply("things", inventory.Whole, with("", thing("a"), note("a", "1", "x"), broken("a", "x"), sdk.Row{Rows: "log", Key: "1", Doc: json.RawMessage(`{}`)}))
	if err := s.door.Forget(t.Context(), "shop/a"); err != nil {
		t.Fatal(err)
	}
	for key, of := range s.shelf.rows {
		if len(of) > 0 {
			t.Errorf("%v is left", key)
		}
	}
	if len(s.shelf.conditions) != 0 {
		t.Errorf("%v", s.shelf.conditions)
	}
}

var (
	_ rows.Store      = (*shelf)(nil)
	_ condition.Store = (*shelf)(nil)
	_ event.Store     = (*shelf)(nil)
)
