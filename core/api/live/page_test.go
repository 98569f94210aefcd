package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// shelf is an inventory.Store that forgets.
type shelf struct{}

func (shelf) Records(context.Context) ([]*inventory.Record, error)    { return nil, nil }
func (shelf) SaveRecords(context.Context, []*inventory.Record) error  { return nil }
func (shelf) DeleteRecords(_ context.Context, _ []id.UID) (err error) { return nil }

// farm is an inventory of guests, and of pools that have no numbers.
type farm struct {
	*inventory.Inventory
	tb testing.TB
}

func declared(extra ...sdk.Column) sdk.Description {
	columns := []sdk.Column{
		{Name: "cpu", Path: "cpu", Format: sdk.FormatPercent}, {Name: "memory", Path: "memory.usage", Format: sdk.FormatPercent},
		{Name: "disk", Path: "disk.usage", Format: sdk.FormatPercent}, {Name: "netin", Path: "netin", Format: sdk.FormatRate},
		{Name: "netout", Path: "netout", Format: sdk.FormatRate}, {Name: "diskread", Path: "diskread", Format: sdk.FormatRate},
		{Name: "diskwrite", Path: "diskwrite", Format: sdk.FormatRate}, {Name: "uptime", Path: "uptime", Format: sdk.FormatDuration},
		{Name: "node", Path: "node", Format: sdk.FormatText}, {Name: "vmid", Path: "vmid", Format: sdk.FormatNumber},
	}
	return sdk.Description{
		Kind: "farm",
		Types: []sdk.ResourceType{{Name: "guest", Columns: append(columns, extra...), Facts: []sdk.Fact{{Label: "Node", Path: "node"}, {Label: "Kernel", Path: "kernel"}}},
			{Name: "pool", Columns: []sdk.Column{{Name: "cpu", Path: "cpu", Format: sdk.FormatNumber}}}},
		Sections: []sdk.StateSection{{Section: "guests", Type: "guest", Inject: []sdk.Inject{
			{Member: "id", Value: sdk.InjectID}, {Member: "status", Value: sdk.InjectStatus}, {Member: "lastSeen", Value: sdk.InjectLastSeen},
		}}, {Section: "pools", Type: "pool"}},
	}
}

func catalogOf(tb testing.TB, descs ...sdk.Description) *inventory.Catalog {
	tb.Helper()
	c, err := inventory.NewCatalog(descs)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func newFarm(tb testing.TB) *farm {
	tb.Helper()
	return &farm{inventory.New(catalogOf(tb, declared()), shelf{}, time.Now), tb}
}

// put adds or replaces records, and publishes that.
func (f *farm) put(records ...sdk.Record) {
	f.apply(inventory.Changes, inventory.Partition{Name: "p", Records: records})
}

func (f *farm) remove(kind, key string) {
	f.apply(inventory.Changes, inventory.Partition{Name: "p", Removed: []sdk.Removed{{Type: kind, Key: key}}})
}

// fail makes all records stale.
func (f *farm) fail(why string) {
	f.apply(inventory.Some, inventory.Partition{Name: "p", Failed: why})
}

func (f *farm) apply(extent inventory.Extent, p inventory.Partition) {
	f.tb.Helper()
	_, news, err := f.Apply(f.tb.Context(), inventory.Batch{Integration: "farm/a", Task: "t", At: time.Now(), Extent: extent, Partitions: []inventory.Partition{p}})
	if err != nil {
		f.tb.Fatal(err)
	}
	f.Publish(news)
}

// guest is one with documents as hypervisors have them, of which every number moves with each round.
func guest(n, round int) sdk.Record {
	key := fmt.Sprintf("g%05d", n)
	x := (n*7919+round*104729)%10_000 + 1
	doc := fmt.Sprintf(`{"vmid":%d,"name":%q,"node":"pve%d","cpu":%d.%04d,"memory":{"total":8589934592,"used":%d,"usage":%d.%04d},"disk":{"usage":%d.5%03d},`+
		`"netin":%d.25,"netout":%d.75,"diskread":%d,"diskwrite":%d,"uptime":%d,"tags":["a","b"],"disks":[%s]}`,
		n, key, n%20, x%100, x, x*65536, x*3%100, x, x*7%100, x%1000, x*1931, x*977, x*4096, x*8192, 86400*n+round*10,
		`{"total":34359738368,"used":8589934592,"mountpoint":"/srv","type":"ext4"},{"total":34359738368,"used":8589934592,"mountpoint":"/var","type":"ext4"}`)
	return sdk.Record{Type: "guest", Key: key, Name: key, Status: sdk.StatusUp, StatusWord: "running", Doc: json.RawMessage(doc)}
}

// page is a client: it holds what frames told it, as the description of the protocol says.
type page struct {
	epoch     string
	seq       uint64
	view      int64
	rows      map[int]map[string]any
	documents map[int]any
	alerts    string
	frames    int
}

type frameIn struct {
	Type   string
	Epoch  string
	Seq    uint64
	View   int64
	Full   bool
	Gone   []int
	Blocks []struct {
		Rows    []int
		Columns map[string][]any
	}
	Documents  [][2]json.RawMessage
	Alerts     json.RawMessage
	Conditions *uint64
}

func (p *page) take(tb testing.TB, message []byte) frameIn {
	tb.Helper()
	var f frameIn
	if err := json.Unmarshal(message, &f); err != nil || f.Type != "frame" {
		tb.Fatalf("%v in %.300s", err, message)
	}
	p.frames++
	if f.Full || p.rows == nil {
		p.rows, p.documents = map[int]map[string]any{}, map[int]any{}
	}
	p.epoch, p.seq, p.view = f.Epoch, f.Seq, f.View
	for _, n := range f.Gone {
		delete(p.rows, n)
	}
	for _, b := range f.Blocks {
		for name, values := range b.Columns {
			if len(values) != len(b.Rows) {
				tb.Fatalf("%d values of %s for %d rows", len(values), name, len(b.Rows))
			}
			at := 0
			for n, gap := range b.Rows {
				if at += gap; p.rows[at] == nil {
					p.rows[at] = map[string]any{}
				}
				p.rows[at][name] = values[n]
			}
		}
	}
	for _, d := range f.Documents {
		var n int
		var doc any
		if json.Unmarshal(d[0], &n) != nil || json.Unmarshal(d[1], &doc) != nil {
			tb.Fatalf("document %s", d)
		}
		p.documents[n] = doc
	}
	if f.Alerts != nil {
		p.alerts = string(f.Alerts)
	}
	return f
}

// row returns what the page has of a resource.
func (p *page) row(name string) map[string]any {
	for _, r := range p.rows {
		if r["@id"] == name {
			return r
		}
	}
	return nil
}

func (p *page) ids() []string {
	var out []string
	for _, r := range p.rows {
		s, _ := r["@id"].(string)
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}
