package inventory

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// BenchmarkState makes the state document of many guests: again when one of a hundred has changed, and when nothing has.
func BenchmarkState(b *testing.B) {
	for _, n := range []int{2000, 10_000} {
		b.Run(fmt.Sprintf("guests=%d/cached", n), func(b *testing.B) {
			_, s, _ := guests(b, n)
			s.JSON()
			for b.Loop() {
				s.JSON()
			}
		})
		b.Run(fmt.Sprintf("guests=%d/rebuilt", n), func(b *testing.B) {
			i, s, c := guests(b, n)
			s.JSON()
			b.ReportAllocs()
			for round := 0; b.Loop(); round++ {
				b.StopTimer()
				changeSome(b, i, n, round)
				c.t = c.t.Add(2 * time.Second)
				b.StartTimer()
				s.JSON()
			}
			document, _ := s.JSON()
			b.ReportMetric(float64(len(document))/1e6, "MB")
		})
	}
}

// guests returns an inventory of n records with documents as a hypervisor's guests have them, and the state of it.
func guests(b *testing.B, n int) (*Inventory, *State, *clock) {
	b.Helper()
	cat, err := NewCatalog([]sdk.Description{{
		Kind: "farm", Types: []sdk.ResourceType{{Name: "guest"}},
		Sections: []sdk.StateSection{{Section: "guests", Type: "guest", SortBy: "vmid", HealthKey: "guest-", Inject: []sdk.Inject{
			{Member: "id", Value: sdk.InjectID}, {Member: "status", Value: sdk.InjectStatus}, {Member: "lastSeen", Value: sdk.InjectLastSeen},
		}}},
	}})
	if err != nil {
		b.Fatal(err)
	}
	c := &clock{time.Unix(1_700_000_000, 0)}
	i := New(cat, &shelf{records: map[id.UID]*Record{}}, c.now)
	records := make([]sdk.Record, n)
	for k := range records {
		records[k] = guest(k, 0)
	}
	change(b, i, Whole, records)
	return i, NewState(i, nil, c.now), c
}

func guest(n, round int) sdk.Record {
	key := fmt.Sprintf("g%05d", n)
	doc := fmt.Sprintf(`{"vmid":%d,"name":"%s","node":"pve%d","cpu":0.%04d,"memory":{"total":8589934592,"used":%d,"usage":12.5},"tags":["a","b"],"disks":[%s]}`,
		n, key, n%20, round%10_000, round, strings.TrimSuffix(strings.Repeat(`{"total":34359738368,"used":8589934592,"mountpoint":"/srv","type":"ext4"},`, 10), ","))
	return sdk.Record{Type: "guest", Key: key, Name: key, Status: sdk.StatusUp, Doc: json.RawMessage(doc)}
}

// changeSome changes one guest of a hundred.
func changeSome(b *testing.B, i *Inventory, n, round int) {
	var some []sdk.Record
	for k := round % 100; k < n; k += 100 {
		some = append(some, guest(k, round+1))
	}
	change(b, i, Changes, some)
}

func change(b *testing.B, i *Inventory, extent Extent, records []sdk.Record) {
	b.Helper()
	batch := Batch{Integration: "farm/a", Task: "guests", At: i.now(), Extent: extent, Partitions: []Partition{{Name: "p", Records: records}}}
	if _, _, err := i.Apply(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
}
