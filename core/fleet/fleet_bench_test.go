package fleet

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/ingest"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
	"github.com/pulse-platform/pulse/sdk"
)

// BenchmarkReport takes reports of 100 hosts and of 1,000 that are decoded already: who it is, when it was, and the door.
func BenchmarkReport(b *testing.B) {
	for _, hosts := range []int{100, 1000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			cat, err := inventory.NewCatalog([]sdk.Description{{
				Kind: "probe", Types: []sdk.ResourceType{{Name: "probe"}, {Name: "disk"}}, Metrics: []sdk.Metric{{Name: "load", Types: []string{"probe"}}},
				Reports: []sdk.ReportKind{{Name: "probe", Type: "probe", Formats: []string{"json"}}},
			}})
			if err != nil {
				b.Fatal(err)
			}
			now := time.Unix(1_700_000_000, 0)
			clock := func() time.Time { return now }
			inv := inventory.New(cat, noRecords{}, clock)
			dec := &decoder{}
			f, err := New(b.Context(), Config{Ingesters: dec, Inventory: inv, Store: &shelf{}, Door: ingest.New(inv, metrictest.NewMemory(clock), nil, clock), Now: clock})
			if err != nil {
				b.Fatal(err)
			}
			m := Meta{Token: &auth.TokenInfo{ID: "t"}}
			body, err := json.Marshal(map[string]int{"n": 1})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				now = now.Add(time.Millisecond)
				name := fmt.Sprintf("host-%d", n%hosts)
				dec.claims = sdk.Claims{IDs: []string{name}, MachineID: name, Hostname: name, ReportedAt: now}
				m.Received = now
				if _, err := f.Report(b.Context(), "probe", body, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
