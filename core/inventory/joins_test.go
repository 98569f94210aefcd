package inventory

import (
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// twins is an inventory in which two integrations ask one cluster.
func twins(t *testing.T) *Inventory {
	t.Helper()
	w := newWho(t)
	for name, keys := range map[id.Integration][]string{"p/a": {"g1", "g2"}, "p/b": {"g1", "left"}} {
		var records []sdk.Record
		for _, key := range keys {
			records = append(records, sdk.Record{Type: "guest", Key: key, Name: key, WireID: string(name) + ":" + key, Status: sdk.StatusUp})
		}
		records = append(records, sdk.Record{Type: "rack", Key: "cluster", Name: "lab", Status: sdk.StatusUp, Evidence: []sdk.Evidence{{Kind: sdk.EvidenceCluster, Value: "ca:1"}}})
		if _, _, err := w.inv.Apply(t.Context(), Batch{Integration: name, Task: "all", At: time.Unix(1_700_000_000, 0), Partitions: []Partition{{Records: records}}}); err != nil {
			t.Fatal(err)
		}
	}
	return w.inv
}

func shownGuests(inv *Inventory) (out []string) {
	for _, r := range inv.Snapshot().Type("guest") {
		out = append(out, r.WireID)
	}
	return out
}

func TestJoinedIntegrationsAreShownOnce(t *testing.T) {
	inv := twins(t)
	all := inv.Snapshot().Clusters()
	if of := all["rack ca:1"]; len(all) != 1 || !slices.Equal(of, []id.Integration{"p/a", "p/b"}) {
		t.Fatalf("who asks one cluster: %v", all)
	}
	box := id.Record("p/box", "m")
	former, today := id.Record("p/b", "g1"), id.Record("p/a", "g1")
	if err := inv.Decide(t.Context(), []Pair{PairOf(box, former)}, Verdict{Same: true}); err != nil {
		t.Fatal(err)
	}
	news, stop := inv.Subscribe(8)
	defer stop()
	inv.Join(map[id.Integration]id.Integration{"p/b": "p/a"})
	snap := inv.Snapshot()
	if got := shownGuests(inv); !slices.Equal(got, []string{"p/a:g1", "p/a:g2"}) || len(snap.Clusters()) != 0 {
		t.Errorf("shown: %v", got)
	}
	if _, there := snap.Record(former); there {
		t.Error("a joined record is still found by what only the server knows")
	}
	for _, name := range []string{"p/b:g1", string(former)} {
		if r, ok := snap.FindAny(name); !ok || r.UID != today {
			t.Errorf("%s leads to %+v", name, r)
		}
	}
	if _, ok := snap.FindAny("p/b:left"); ok {
		t.Error("what the other one does not know is shown")
	}
	if got := snap.Former(today); !slices.Equal(got, []id.UID{former}) {
		t.Errorf("the past: %v", got)
	}
	if _, ok := snap.Verdict(PairOf(box, today)); !ok {
		t.Error("what somebody decided is lost")
	}
	if n := <-news; len(n.Removed) != 3 {
		t.Errorf("news: %+v", n)
	}
	if got := inv.Successions("p/b"); len(got) != 2 {
		t.Errorf("successions: %+v", got)
	}

	inv.Join(nil)
	if got := shownGuests(inv); len(got) != 4 {
		t.Errorf("parted: %v", got)
	}
	inv.Join(map[id.Integration]id.Integration{"p/b": "p/gone"})
	if got := shownGuests(inv); len(got) != 4 {
		t.Errorf("joined with what has nothing: %v", got)
	}
}
