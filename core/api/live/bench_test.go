package live

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/plugins/host"
	"github.com/pulse-platform/pulse/sdk"
)

// fill puts n guests into a farm, each as of a round.
func fill(f *farm, n, round int) {
	records := make([]sdk.Record, n)
	for k := range records {
		records[k] = guest(k, round)
	}
	f.put(records...)
}

func visible(n int) view {
	var v view
	for k := range n {
		v.Range = append(v.Range, fmt.Sprintf("g%05d", k*7))
	}
	return v
}

// BenchmarkDeltaTable takes in a round in which every metric of every guest moved: the work that is done once for all.
func BenchmarkDeltaTable(b *testing.B) {
	for _, n := range []int{2000, 10_000} {
		b.Run(fmt.Sprintf("guests=%d", n), func(b *testing.B) {
			f := newFarm(b)
			fill(f, n, 0)
			tab := newTable(f.Catalog(), time.Unix(1, 0))
			tab.update(f.Snapshot(), beside{})
			b.ReportAllocs()
			for round := 1; b.Loop(); round++ {
				b.StopTimer()
				fill(f, n, round)
				s := f.Snapshot()
				b.StartTimer()
				tab.update(s, beside{})
			}
		})
	}
}

// BenchmarkDeltaFrame makes the frame of one client that shows 50 guests, after every metric moved.
func BenchmarkDeltaFrame(b *testing.B) {
	for _, n := range []int{2000, 10_000} {
		for name, all := range map[string][]string{"range": nil, "sorted": {"cpu"}} {
			b.Run(fmt.Sprintf("guests=%d/%s", n, name), func(b *testing.B) {
				f := newFarm(b)
				fill(f, n, 0)
				tab := newTable(f.Catalog(), time.Unix(1, 0))
				tab.update(f.Snapshot(), beside{})
				want := visible(50)
				want.All = all
				_, have := tab.frame(held{}, want, true)
				fill(f, n, 1)
				tab.update(f.Snapshot(), beside{})
				var size int
				b.ReportAllocs()
				for b.Loop() {
					message, _ := tab.frame(have, want, false)
					size = len(message)
				}
				b.ReportMetric(float64(size), "B/frame")
			})
		}
	}
}

// BenchmarkDeltaWire is a minute on the wire, as text and as permessage-deflate makes it, and the first frame.
func BenchmarkDeltaWire(b *testing.B) {
	guests := func(n, shown int, all ...string) func(b *testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				f := newFarm(b)
				fill(f, n, 0)
				want := visible(shown)
				want.All = all
				minute(b, f.Inventory, want, 6, func(round int) { fill(f, n, round) })
			}
		}
	}
	b.Run("guests=2000/50_shown/10s", guests(2000, 50))
	b.Run("guests=2000/50_shown/10s/sorted_by_cpu", guests(2000, 50, "cpu"))
	b.Run("guests=10000/50_shown/10s", guests(10_000, 50))
	b.Run("guests=10000/50_shown/10s/sorted_by_cpu", guests(10_000, 50, "cpu"))
	b.Run("agents=100/all_shown/30s", func(b *testing.B) {
		for b.Loop() {
			inv := inventory.New(catalogOf(b, host.Plugin().Describe()), shelf{}, time.Now)
			f := &farm{inv, b}
			agents(f, 0)
			var want view
			for n := range 100 {
				want.Range = append(want.Range, fmt.Sprintf("host-%03d", n))
			}
			want.Documents = []string{"host-000"}
			minute(b, inv, want, 2, func(round int) { agents(f, round) })
		}
	})
}

// agents lets a hundred hosts report, as the host plugin puts their documents.
func agents(f *farm, round int) {
	for n := range 100 {
		name := fmt.Sprintf("host-%03d", n)
		x := (n*7919+round*104729)%10_000 + 1
		doc := fmt.Sprintf(`{"hostname":%q,"osLabel":"Debian 13","cpuCount":8,"cpuUsage":%d.%04d,"memory":{"total":16777216000,"used":%d,"usage":%d.%04d},"diskUsage":%d.5,`+
			`"loadAverage":[%d.%02d,1.5,1.2],"uptimeSeconds":%d,"temperature":%d.5,"rates":{"netIn":%d.5,"netOut":%d.5,"diskRead":%d,"diskWrite":%d}}`,
			name, x%100, x, x*65536, x*3%100, x, x%90, x%8, x%100, 90_000+round*30, 40+x%30, x*1931, x*977, x*4096, x*8192)
		f.apply(inventory.Changes, inventory.Partition{Name: name, Records: []sdk.Record{{Type: "host", Key: name, Name: name, Status: sdk.StatusUp, Doc: json.RawMessage(doc)}}})
	}
}

// minute adds up what a client gets while everything moves some times.
func minute(b *testing.B, inv *inventory.Inventory, want view, rounds int, move func(round int)) {
	b.Helper()
	tab := newTable(inv.Catalog(), time.Unix(1, 0))
	tab.update(inv.Snapshot(), beside{})
	first, have := tab.frame(held{}, want, true)
	var text, deflated int
	for round := range rounds {
		move(round + 1)
		tab.update(inv.Snapshot(), beside{})
		var message []byte
		message, have = tab.frame(have, want, false)
		if len(message) == 0 {
			b.Fatal("nothing moved")
		}
		text += len(message)
		deflated += deflate(b, message)
	}
	b.ReportMetric(float64(text), "B/min")
	b.ReportMetric(float64(deflated), "deflated_B/min")
	b.ReportMetric(float64(len(first)), "B/first")
	b.ReportMetric(float64(deflate(b, first)), "deflated_B/first")
}

// deflate is the length of a message as the connection sends it when the client offers compression.
func deflate(b *testing.B, message []byte) int {
	b.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, 1)
	if err == nil {
		_, err = w.Write(message)
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		b.Fatal(err)
	}
	return out.Len()
}
