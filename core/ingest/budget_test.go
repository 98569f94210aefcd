package ingest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// little leaves the integration of the tests with room for so many records and series.
func little(d *Door, records, series int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.budget("shed/a")
	b.records.left, b.series.left = float64(records), float64(series)
}

func warned(d *Door, text string) bool {
	for _, w := range d.Warnings() {
		if strings.Contains(w.Text, text) {
			return true
		}
	}
	return false
}

func TestKeysThatChangeAreBounded(t *testing.T) {
	d, inv, _ := fixture(t)
	little(d, 5, 100)
	for n := range 4 {
		var obs []sdk.Observation
		for i := range 2 {
			obs = append(obs, tool(fmt.Sprint(n, "-", i)))
		}
		if _, err := d.Apply(t.Context(), cycle(int64(n+1)), []Partition{{Observations: obs}}); err != nil {
			t.Fatal(err)
		}
	}
	if !warned(d, "do its keys change?") {
		t.Errorf("no warning: %+v", d.Warnings())
	}
	r, err := d.Apply(t.Context(), cycle(9), []Partition{{Observations: []sdk.Observation{tool("x")}}})
	if err != nil || len(r.Created) != 0 || r.Refused != 1 || inv.Snapshot().Len() > 2 {
		t.Errorf("%+v, %v, %d records", r, err, inv.Snapshot().Len())
	}
}

func TestSeriesAreBoundedPerIntegration(t *testing.T) {
	d, _, store := fixture(t)
	little(d, 100, 3)
	obs := []sdk.Observation{tool("a")}
	for i := range 10 {
		obs = append(obs, sdk.Sample{Type: "tool", Key: "a", Metric: "heat", Instance: fmt.Sprint(i), Value: 1})
	}
	r, err := d.Apply(t.Context(), cycle(1), []Partition{{Observations: obs}})
	if err != nil || r.Samples != 3 || r.Refused != 7 || points(t, store, "a") != 3 || !warned(d, "more than 80000 new series within a day") {
		t.Errorf("%+v, %v, %d points, %+v", r, err, points(t, store, "a"), d.Warnings())
	}
	other := Cycle{Integration: "shed/b", Task: "tools", Epoch: 1, Sequence: 1, ObservedAt: start}
	if r, err := d.Apply(t.Context(), other, []Partition{{Observations: []sdk.Observation{tool("a"), wear("a", 1)}}}); err != nil || r.Samples != 1 {
		t.Errorf("another integration: %+v, %v", r, err)
	}
}

func TestABudgetGrowsBack(t *testing.T) {
	b := newBucket(1000, start)
	b.spend(5000)
	if got := b.room(start); got != 0 {
		t.Errorf("%d left", got)
	}
	if got := b.room(start.Add(6 * time.Hour)); got != 250 {
		t.Errorf("%d after six hours, want a quarter", got)
	}
	if got := b.room(start.Add(60 * time.Hour)); got != 1000 {
		t.Errorf("%d after days, want all", got)
	}
}
