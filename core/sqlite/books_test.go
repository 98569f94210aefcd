package sqlite

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/event"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/sdk"
)

func openTestState(t *testing.T) *DB {
	t.Helper()
	db, err := OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestRowsAreStoredListByList(t *testing.T) {
	ctx, s := t.Context(), NewRows(openTestState(t))
	a := rows.ListKey{Integration: "k/x", Task: "t", Partition: "p", Rows: "backups", Owner: "o"}
	b := rows.ListKey{Integration: "k/x", Task: "t", Partition: "p", Rows: "backups"}
	at := time.Unix(1_700_000_000, 5).UTC()
	one, two := rows.Row{Key: "1", Time: at, Subject: "s", Doc: json.RawMessage(`{"a":1.50}`)}, rows.Row{Key: "2", Doc: json.RawMessage(`{}`)}
	err := s.ChangeRows(ctx, []rows.Change{{List: a, Put: []rows.Row{one, two}}, {List: b, Put: []rows.Row{{Key: "1", Time: at.Add(time.Second), Subject: "s", Doc: json.RawMessage(`{}`)}}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.ListRows(ctx, a); err != nil || !reflect.DeepEqual(got, []rows.Row{one, two}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := s.ChangeRows(ctx, []rows.Change{{List: a, Drop: []string{"2"}, Put: []rows.Row{{Key: "1", Doc: json.RawMessage(`{"b":2}`), Subject: "s"}}}}); err != nil {
		t.Fatal(err)
	}
	found, total, err := s.FindRows(ctx, rows.Query{Rows: "backups", Owner: "o", Subjects: []string{"s", "x"}, Limit: 1})
	if err != nil || total != 2 || len(found) != 1 || found[0].Owner != "" || !found[0].Time.Equal(at.Add(time.Second)) {
		t.Errorf("%+v of %d, %v", found, total, err)
	}
	if err := s.ChangeRows(ctx, []rows.Change{{List: a, All: true}}); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := s.EachRow(ctx, func(k rows.ListKey, r rows.Row) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("%d rows left, %v", n, err)
	}
}

func TestConditionsAreStored(t *testing.T) {
	ctx, s := t.Context(), NewConditions(openTestState(t))
	c := condition.Condition{
		Record: "r", Integration: "k/x", Task: "t", Partition: "p", Kind: "broken", Instance: "i", Severity: sdk.SeverityWarning, Message: "m",
		Since: time.Unix(1_700_000_000, 0).UTC(), Metadata: map[string]string{"a": "b"},
	}
	other := c
	other.Instance = "j"
	if err := s.SaveConditions(ctx, []condition.Condition{c, other}, nil); err != nil {
		t.Fatal(err)
	}
	c.Message = "n"
	if err := s.SaveConditions(ctx, []condition.Condition{c}, []condition.Key{other.Key()}); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Conditions(ctx); err != nil || !reflect.DeepEqual(all, []condition.Condition{c}) {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestEventsArePaged(t *testing.T) {
	ctx, s := t.Context(), NewEvents(openTestState(t))
	at := time.Unix(1_700_000_000, 0).UTC()
	var all []event.Event
	for i := range 10 {
		all = append(all, event.Event{Integration: "k/x", ID: fmt.Sprint(i), Record: id.UID(fmt.Sprint("r", i%2)), Kind: "moved", Time: at.Add(time.Duration(i/2) * time.Second), Severity: sdk.SeverityInfo})
	}
	if added, err := s.AddEvents(ctx, all); err != nil || len(added) != 10 {
		t.Fatalf("%d added, %v", len(added), err)
	}
	if added, err := s.AddEvents(ctx, append([]event.Event{{Integration: "k/y", ID: "1", Time: at}}, all...)); err != nil || len(added) != 1 {
		t.Fatalf("%d added again, %v", len(added), err)
	}
	seen := map[string]bool{}
	q := event.Query{Limit: 3}
	for range 10 {
		page, err := s.Events(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if name := string(e.Integration) + "/" + e.ID; seen[name] {
				t.Errorf("%s twice", name)
			} else {
				seen[name] = true
			}
		}
		last := page[len(page)-1]
		q.Before, q.BeforeID = last.Time, string(last.Integration)+"/"+last.ID
	}
	if len(seen) != 11 {
		t.Errorf("%d events on all pages", len(seen))
	}
	if of, err := s.Events(ctx, event.Query{Records: []id.UID{"r1"}, Limit: 100}); err != nil || len(of) != 5 || of[0].ID != "9" {
		t.Errorf("%+v, %v", of, err)
	}
	if err := s.TrimEvents(ctx, at.Add(time.Second), 4); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Events(ctx, event.Query{Limit: 100}); err != nil || len(left) != 4 || left[3].ID != "6" {
		t.Errorf("%+v, %v", left, err)
	}
	if err := s.ForgetEvents(ctx, "k/x"); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Events(ctx, event.Query{Limit: 100}); err != nil || len(left) != 0 {
		t.Errorf("%+v, %v", left, err)
	}
}

func TestVerdictsAreStored(t *testing.T) {
	ctx, s := t.Context(), NewIdentity(openTestState(t))
	p, q := inventory.PairOf("b", "a"), inventory.PairOf("a", "c")
	at := time.Unix(1_700_000_000, 0).UTC()
	if err := s.SaveVerdicts(ctx, map[inventory.Pair]inventory.Verdict{p: {Same: true, Reason: "r", At: at}, q: {At: at}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveVerdicts(ctx, map[inventory.Pair]inventory.Verdict{p: {Reason: "other", At: at}}); err != nil {
		t.Fatal(err)
	}
	want := map[inventory.Pair]inventory.Verdict{p: {Reason: "other", At: at}, q: {At: at}}
	if all, err := s.Verdicts(ctx); err != nil || !reflect.DeepEqual(all, want) || p.A != "a" {
		t.Errorf("%+v, %v", all, err)
	}
}
