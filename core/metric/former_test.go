package metric

import (
	"context"
	"testing"

	"github.com/pulse-platform/pulse/core/id"
)

// book answers with what lies in it.
type book []Series

func (b book) Query(_ context.Context, q Query) (out []Series, err error) {
	for _, s := range b {
		if q.Matches(s.Key) {
			out = append(out, s)
		}
	}
	return out, nil
}

func line(record id.UID, name string, values ...float64) Series {
	s := Series{Key: Key{Record: record, Metric: name}}
	for _, v := range values {
		s.Points = append(s.Points, Point{At: 1000 * int64(v), Value: v})
	}
	return s
}

func TestThePastUnderAnotherNameComesFirst(t *testing.T) {
	store := book{line("new", "cpu", 5, 6), line("old", "cpu", 1, 3, 5, 7), line("older", "cpu", 0), line("old", "gone", 2), line("other", "cpu", 9)}
	former := func(uid id.UID) []id.UID {
		if uid == "new" {
			return []id.UID{"old", "older"}
		}
		return nil
	}
	got, err := QueryWithPast(t.Context(), store, Query{Records: []id.UID{"other", "new"}}, former)
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	var values []float64
	for _, p := range got[0].Points {
		values = append(values, p.Value)
	}
	if got[0].Key != (Key{Record: "new", Metric: "cpu"}) || len(values) != 5 || values[0] != 0 || values[1] != 1 || values[2] != 3 || values[3] != 5 || values[4] != 6 {
		t.Errorf("%v: %v", got[0].Key, values)
	}
	if got[1].Key != (Key{Record: "new", Metric: "gone"}) || len(got[1].Points) != 1 || got[2].Record != "other" {
		t.Errorf("%+v", got[1:])
	}
	if got, _ := QueryWithPast(t.Context(), store, Query{Records: []id.UID{"other"}}, former); len(got) != 1 || len(got[0].Points) != 1 {
		t.Errorf("who has no past: %+v", got)
	}
}
