package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

// discard is a metric store that keeps nothing: what the store costs, it measures itself.
type discard struct{ metric.Store }

func (discard) Append(context.Context, []metric.Sample) error { return nil }

// BenchmarkDoor takes in reports of 100 hosts and of 1,000: a document of 3 KB and 60 samples each.
func BenchmarkDoor(b *testing.B) {
	for _, hosts := range []int{100, 1000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			cat, err := inventory.NewCatalog([]sdk.Description{{
				Kind: "shed", Types: []sdk.ResourceType{{Name: "tool"}},
				Metrics: []sdk.Metric{{Name: "wear", Types: []string{"tool"}}, {Name: "heat", Types: []string{"tool"}, Instance: "sensor"}},
			}})
			if err != nil {
				b.Fatal(err)
			}
			now := func() time.Time { return start }
			inv := inventory.New(cat, noStore{}, now)
			d := New(inv, discard{}, nil, now)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				key := fmt.Sprintf("host-%d", n%hosts)
				c := Cycle{Integration: id.Integration("shed"), Task: "report/" + key, Sequence: int64(n + 1), ObservedAt: start, Extent: inventory.Some, Reporter: key}
				r, err := d.Apply(b.Context(), c, []Partition{{Name: key, Observations: observations(key, n)}})
				if err != nil || r.Samples != 60 {
					b.Fatalf("%+v, %v", r, err)
				}
			}
		})
	}
}

var padding = strings.Repeat(`{"total":34359738368,"used":8589934592,"mountpoint":"/srv","type":"ext4"},`, 40)

func observations(key string, n int) []sdk.Observation {
	doc := json.RawMessage(fmt.Sprintf(`{"n":%d,"disks":[%s{}]}`, n, padding))
	samples := make(sdk.Samples, 60)
	for k := range samples {
		samples[k] = sdk.Sample{Type: "tool", Key: key, Metric: "heat", Instance: sensors[k], Value: float64(n % 100)}
	}
	return []sdk.Observation{sdk.Record{Type: "tool", Key: key, Status: sdk.StatusUp, Doc: doc}, samples}
}

var sensors = func() (all [60]string) {
	for n := range all {
		all[n] = fmt.Sprintf("sensor%d", n)
	}
	return all
}()
