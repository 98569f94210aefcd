package charts

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
	"github.com/pulse-platform/pulse/sdk"
)

// barrels are storages of two types: one tells what is free, one does not.
func barrels(t *testing.T) *Area {
	t.Helper()
	both := []string{"barrel", "keg"}
	cat, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "cellar", Types: []sdk.ResourceType{{Name: "barrel"}, {Name: "keg"}},
		Metrics: []sdk.Metric{
			{Name: "share", Types: both, WireName: "usage", WireScale: 100}, {Name: "used_bytes", Types: both, WireName: "used"},
			{Name: "size", Types: both, WireName: "total"}, {Name: "avail", Types: []string{"keg"}, WireName: "avail"},
		},
		Sections: []sdk.StateSection{
			{Section: "storage", Type: "barrel", ChartGroup: "storageData", ChartMetrics: []string{"usage", "used"}},
			{Section: "storage", Type: "keg", ChartGroup: "storageData", ChartMetrics: []string{"usage"}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	inv := inventory.New(cat, noRecords{}, clock)
	records := []sdk.Record{{Type: "barrel", Key: "b", WireID: "b"}, {Type: "keg", Key: "k", WireID: "k"}}
	if _, _, err := inv.Apply(t.Context(), inventory.Batch{Integration: "cellar", At: now, Partitions: []inventory.Partition{{Records: records}}}); err != nil {
		t.Fatal(err)
	}
	store := metrictest.NewMemory(clock)
	var samples []metric.Sample
	for key, metrics := range map[string]map[string]float64{
		"b": {"share": 0.25, "used_bytes": 25, "size": 100}, "k": {"share": 0.5, "used_bytes": 50, "size": 100, "avail": 40},
	} {
		for name, v := range metrics {
			samples = append(samples, metric.Sample{Key: metric.Key{Record: id.Record("cellar", key), Metric: name}, Time: now.Add(-time.Minute), Value: v})
		}
	}
	if err := store.Append(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	return New(inv, store, clock)
}

func TestChartsOfStorages(t *testing.T) {
	a := barrels(t)
	got, err := a.storageCharts(t.Context(), storageIn{"60"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]map[string]float64{
		"b": {"usage": 25, "used": 25, "total": 100, "avail": 75}, "k": {"usage": 50, "used": 50, "total": 100, "avail": 40},
	} {
		for member, v := range want {
			if list := got[name][member]; len(list) != 1 || list[0].Value != v {
				t.Errorf("%s of %s: %v, want %v", member, name, list, v)
			}
		}
	}
	out, err := a.charts(t.Context(), chartsIn{Range: "1h"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"b":{"disk":[{"timestamp":1699999940000,"value":25}],"used":[{"timestamp":1699999940000,"value":25}]},"k":{"disk":[{"timestamp":1699999940000,"value":50}]}}`
	if got := memberOf(t, out, "storageData"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func memberOf(t *testing.T, raw route.Raw, name string) string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw.Body, &all); err != nil {
		t.Fatal(err)
	}
	return string(all[name])
}

// What is free follows the size that held at each moment.
func TestWhatIsLeftFollowsTheSize(t *testing.T) {
	at := func(s int64, v float64) moment { return moment{v, time.Unix(s, 0)} }
	total := []moment{at(10, 100), at(30, 200)}
	used := []moment{at(5, 1), at(10, 10), at(20, 20), at(30, 30), at(40, 999)}
	if got, want := left(total, used), []moment{at(10, 90), at(20, 80), at(30, 170), at(40, 0)}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := left(nil, used); len(got) != 0 {
		t.Errorf("without a size: %v", got)
	}
}
