package fleet

import (
	"testing"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/ingest"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

func TestLinksAreMadeByWireIDAndGoWithTheHost(t *testing.T) {
	r := newRig(t)
	host := r.send("t1", "m", "one", r.now, "")
	c := ingest.Cycle{Integration: "rack", Task: "racks", ObservedAt: r.now, Extent: inventory.Some}
	if _, err := ingest.New(r.inv, r.metrics, nil, r.fleet.cfg.Now).Apply(t.Context(), c, []ingest.Partition{{Observations: []sdk.Observation{
		sdk.Record{Type: "rack", Key: "r", WireID: "rack-1", Name: "other"},
	}}}); err != nil {
		t.Fatal(err)
	}
	l := r.fleet.Links("probe")
	if err := l.Link(t.Context(), host, "rack-1"); err != nil {
		t.Fatal(err)
	}
	linked := func() bool {
		snap := r.inv.Snapshot()
		rec, ok := snap.Record(id.Record("probe", host))
		if !ok {
			return false
		}
		other, ok := snap.Linked(r.inv.Catalog(), rec, "rack")
		return ok && other.WireID == "rack-1"
	}
	if !linked() {
		t.Fatal("not linked")
	}
	for name, err := range map[string]error{
		"an unknown host": l.Link(t.Context(), "x", "rack-1"), "an unknown rack": l.Link(t.Context(), host, "x"),
		"a disk": l.Link(t.Context(), host, host+"/sda"), "unlinking an unknown host": l.Unlink(t.Context(), "x"),
	} {
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := r.fleet.Remove(t.Context(), "probe", host); err != nil {
		t.Fatal(err)
	}
	if r.send("t1", "m", "one", r.now, "again"); linked() {
		t.Fatal("the link came back with the host")
	}
	if err := l.Unlink(t.Context(), host); !errs.Is(err, errs.NotFound) {
		t.Fatal(err)
	}
}
