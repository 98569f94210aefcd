package condition

import (
	"context"
	"testing"
	"time"
)

// nothing is a store that keeps nothing.
type nothing struct{}

func (nothing) Conditions(context.Context) ([]Condition, error)          { return nil, nil }
func (nothing) SaveConditions(context.Context, []Condition, []Key) error { return nil }

// A server whose clock is ahead says that something begins later: it began when it was first heard of, and stays the same while
// our time comes near.
func TestNothingBeginsInTheFuture(t *testing.T) {
	b, err := Open(t.Context(), nothing{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 29, 0, 5, 0, 0, time.UTC)
	says := at.Add(9 * time.Hour)
	for cycle := range 3 {
		hold := []Condition{{Record: "job", Kind: "failed", Since: says}}
		changed, _, err := b.Apply(t.Context(), Cycle{Integration: "x", Task: "t", At: at.Add(time.Duration(cycle) * time.Minute), Hold: hold})
		if err != nil || (cycle == 0) != (len(changed.Began) == 1) || len(changed.Altered) != 0 {
			t.Errorf("cycle %d: %+v, %v", cycle, changed, err)
		}
	}
	if all := b.All(); len(all) != 1 || !all[0].Since.Equal(at) {
		t.Errorf("%+v", all)
	}
	past := at.Add(-time.Hour)
	changed, _, err := b.Apply(t.Context(), Cycle{Integration: "x", Task: "t", At: at.Add(time.Hour), Hold: []Condition{{Record: "job", Kind: "failed", Since: past}}})
	if err != nil || len(changed.Altered) != 1 || !b.All()[0].Since.Equal(past) {
		t.Errorf("%+v, %v", changed, err)
	}
}
