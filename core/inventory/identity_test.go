package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// verdictShelf keeps verdicts over restarts.
type verdictShelf struct {
	all map[Pair]Verdict
	err error
}

func (s *verdictShelf) Verdicts(context.Context) (map[Pair]Verdict, error) {
	return maps.Clone(s.all), nil
}
func (s *verdictShelf) SaveVerdicts(_ context.Context, all map[Pair]Verdict) error {
	if s.err != nil {
		return s.err
	}
	if s.all == nil {
		s.all = map[Pair]Verdict{}
	}
	maps.Copy(s.all, all)
	return nil
}

// who is an inventory of machines that agents ("box") and a cluster ("rack") see.
type who struct {
	*testing.T
	inv   *Inventory
	shelf *verdictShelf
	boxes []sdk.Record
	racks []sdk.Record
	// others are what a second cluster sees.
	others []sdk.Record
}

func newWho(t *testing.T) *who {
	t.Helper()
	w := &who{T: t, shelf: &verdictShelf{}}
	w.boot()
	return w
}

func (w *who) boot() {
	w.Helper()
	cat, err := NewCatalog([]sdk.Description{{Kind: "p", Types: []sdk.ResourceType{
		{Name: "box", Family: machines}, {Name: "rack", Family: machines}, {Name: "guest", Family: "workloads"},
	}}})
	if err != nil {
		w.Fatal(err)
	}
	now := time.Unix(1_700_000_000, 0)
	w.inv = New(cat, &shelf{records: map[id.UID]*Record{}}, func() time.Time { now = now.Add(time.Second); return now })
	if err := w.inv.LoadVerdicts(w.Context(), w.shelf); err != nil {
		w.Fatal(err)
	}
	w.report()
}

// report brings all machines in: each agent speaks for its own.
func (w *who) report() {
	w.Helper()
	apply := func(b Batch) {
		if _, _, err := w.inv.Apply(w.Context(), b); err != nil {
			w.Fatal(err)
		}
	}
	for _, r := range w.boxes {
		apply(Batch{Integration: "agents", Task: "t", Source: &Source{}, Reporter: r.Key, Extent: Some, Partitions: []Partition{{Name: r.Key, Records: []sdk.Record{r}}}})
	}
	apply(Batch{Integration: "cluster/a", Task: "t", Partitions: []Partition{{Records: w.racks}}})
	apply(Batch{Integration: "cluster/b", Task: "t", Partitions: []Partition{{Records: w.others}}})
}

func seen(kind, key string, evidence ...string) sdk.Record {
	r := sdk.Record{Type: kind, Key: key, Name: key, Status: sdk.StatusUp}
	for _, e := range evidence {
		k, v, _ := strings.Cut(e, "=")
		r.Evidence = append(r.Evidence, sdk.Evidence{Kind: map[string]string{
			"id": sdk.EvidenceMachineID, "dmi": sdk.EvidenceDMIUUID, "name": sdk.EvidenceHostName, "mac": sdk.EvidenceMAC, "ip": sdk.EvidenceAddress,
		}[k], Value: v})
	}
	return r
}

func (w *who) uid(key string) id.UID {
	for _, r := range w.boxes {
		if r.Key == key {
			return id.Record("agents", key)
		}
	}
	return id.Record("cluster/a", key)
}

// groups lists who is one with whom, leaders first.
func (w *who) groups() (out []string) {
	snap := w.inv.Snapshot()
	done := map[id.UID]bool{}
	for _, kind := range []string{"box", "rack"} {
		for _, r := range snap.Type(kind) {
			same := snap.Same(w.inv.Catalog(), r)
			if done[same[0].UID] {
				continue
			}
			done[same[0].UID] = true
			var names []string
			for _, one := range same {
				names = append(names, one.Key)
			}
			out = append(out, strings.Join(names, "+"))
		}
	}
	slices.Sort(out)
	return out
}

func (w *who) want(groups string, offers ...string) {
	w.Helper()
	if got := strings.Join(w.groups(), " "); got != groups {
		w.Errorf("who is who: %q, want %q", got, groups)
	}
	var got []string
	snap := w.inv.Snapshot()
	for _, o := range snap.Offers(w.inv.Catalog()) {
		a, _ := snap.Record(o.A)
		b, _ := snap.Record(o.B)
		names := []string{a.Key, b.Key}
		slices.Sort(names)
		got = append(got, fmt.Sprintf("%s %.2f", strings.Join(names, "~"), o.Score))
	}
	slices.Sort(got)
	if !slices.Equal(got, offers) {
		w.Errorf("offered %v, want %v", got, offers)
	}
}

func TestEvidenceDecidesWhoIsWho(t *testing.T) {
	for name, tt := range map[string]struct {
		boxes, racks []sdk.Record
		groups       string
		offers       []string
	}{
		"the same machine id":     {[]sdk.Record{seen("box", "b", "id=AB-1", "name=x")}, []sdk.Record{seen("rack", "r", "id=ab1", "name=y")}, "b+r", nil},
		"the same mainboard":      {[]sdk.Record{seen("box", "b", "dmi=4c4c-1")}, []sdk.Record{seen("rack", "r", "dmi=4C4C1")}, "b+r", nil},
		"name and card":           {[]sdk.Record{seen("box", "b", "name=pve1.lan", "mac=AA:BB")}, []sdk.Record{seen("rack", "r", "name=PVE1", "mac=aa-bb")}, "b+r", nil},
		"name and address":        {[]sdk.Record{seen("box", "b", "name=pve1", "ip=10.0.0.5/24")}, []sdk.Record{seen("rack", "r", "name=pve1", "ip=10.0.0.5")}, "b+r", nil},
		"two of the same name":    {[]sdk.Record{seen("box", "b", "name=pve")}, []sdk.Record{seen("rack", "r", "name=pve")}, "b r", []string{"b~r 0.50"}},
		"an address alone":        {[]sdk.Record{seen("box", "b", "ip=10.0.0.5")}, []sdk.Record{seen("rack", "r", "ip=10.0.0.5")}, "b r", []string{"b~r 0.40"}},
		"an address of a bridge":  {[]sdk.Record{seen("box", "b", "name=x", "ip=172.17.0.1")}, []sdk.Record{seen("rack", "r", "name=x", "ip=172.17.0.1")}, "b r", []string{"b~r 0.50"}},
		"localhost":               {[]sdk.Record{seen("box", "b", "name=localhost", "ip=127.0.0.1")}, []sdk.Record{seen("rack", "r", "name=localhost", "ip=127.0.0.1")}, "b r", nil},
		"an empty mainboard":      {[]sdk.Record{seen("box", "b", "dmi=00000000-0000-0000")}, []sdk.Record{seen("rack", "r", "dmi=00000000-0000-0000")}, "b r", nil},
		"a clone":                 {[]sdk.Record{seen("box", "a", "id=1", "name=x"), seen("box", "b", "id=1", "name=x")}, nil, "a b", nil},
		"a restored backup":       {[]sdk.Record{seen("box", "b", "id=1", "name=x", "mac=aa")}, []sdk.Record{seen("rack", "r", "id=2", "name=x", "mac=aa")}, "b r", nil},
		"a reinstalled machine":   {[]sdk.Record{seen("box", "b", "id=new", "name=x", "mac=aa")}, []sdk.Record{seen("rack", "r", "name=x", "mac=aa")}, "b+r", nil},
		"a renamed host":          {[]sdk.Record{seen("box", "b", "id=1", "name=new")}, []sdk.Record{seen("rack", "r", "id=1", "name=old")}, "b+r", nil},
		"a board in a new system": {[]sdk.Record{seen("box", "b", "id=1", "dmi=d1")}, []sdk.Record{seen("rack", "r", "id=2", "dmi=d1")}, "b r", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWho(t)
			w.boxes, w.racks = tt.boxes, tt.racks
			w.report()
			w.Helper()
			w.want(tt.groups, tt.offers...)
		})
	}
}

func TestTwoClustersMayHaveEqualNamesAndAddresses(t *testing.T) {
	w := newWho(t)
	w.racks = []sdk.Record{seen("rack", "r", "name=pve1", "ip=10.0.0.1", "mac=aa"), seen("rack", "moved", "name=pve2", "dmi=d1")}
	w.others = []sdk.Record{seen("rack", "o", "name=pve1", "ip=10.0.0.1", "mac=aa"), seen("rack", "here", "name=pve3", "dmi=d1")}
	w.report()
	w.want("here+moved o r", "o~r 0.90")
	w.boxes = []sdk.Record{seen("box", "b", "name=pve1", "ip=10.0.0.1")}
	w.report()
	if groups := w.groups(); len(groups) != 3 {
		t.Errorf("%v: an agent on one of the two makes them one", groups)
	}
}

func TestWhatManyShareTellsNobodyApart(t *testing.T) {
	w := newWho(t)
	for n := range maxAlike {
		w.boxes = append(w.boxes, seen("box", fmt.Sprint("b", n), "name=pve"))
	}
	w.racks = []sdk.Record{seen("rack", "r", "name=pve")}
	w.report()
	if offers := w.inv.Snapshot().Offers(w.inv.Catalog()); len(offers) != 0 {
		t.Errorf("%d offers", len(offers))
	}
}

func TestWhatPeopleDecideWinsAndLasts(t *testing.T) {
	w := newWho(t)
	w.boxes = []sdk.Record{seen("box", "a", "id=1", "name=x"), seen("box", "b", "name=y")}
	w.racks = []sdk.Record{seen("rack", "r", "id=1"), seen("rack", "s", "name=y")}
	w.report()
	w.want("a+r b s", "b~s 0.50")
	decide := func(same bool, x, y string) {
		t.Helper()
		if err := w.inv.Decide(t.Context(), []Pair{PairOf(w.uid(x), w.uid(y))}, Verdict{Same: same, Reason: "because"}); err != nil {
			t.Fatal(err)
		}
	}
	decide(false, "a", "r")
	decide(true, "b", "s")
	w.want("a b+s r")
	w.boot()
	w.want("a b+s r")
	if v, ok := w.inv.Snapshot().Verdict(PairOf(w.uid("a"), w.uid("r"))); !ok || v.Same || v.Reason != "because" || v.At.IsZero() {
		t.Errorf("%+v, %v", v, ok)
	}
	decide(true, "a", "r")
	w.want("a+r b+s")
	w.shelf.err = errors.New("the disk is full")
	if err := w.inv.Decide(t.Context(), []Pair{PairOf(w.uid("a"), w.uid("r"))}, Verdict{}); err == nil {
		t.Error("a verdict that was not stored counts")
	}
	w.want("a+r b+s")
}

func TestThoseToldApartDoNotMeetByAThird(t *testing.T) {
	w := newWho(t)
	w.boxes = []sdk.Record{seen("box", "a", "name=x", "mac=aa", "ip=10.0.0.1"), seen("box", "b", "name=x", "mac=bb", "ip=10.0.0.2")}
	w.racks = []sdk.Record{seen("rack", "r", "name=x", "mac=aa", "mac=bb")}
	w.report()
	if err := w.inv.Decide(t.Context(), []Pair{PairOf(w.uid("a"), w.uid("b"))}, Verdict{}); err != nil {
		t.Fatal(err)
	}
	if got := w.groups(); len(got) != 2 {
		t.Errorf("%v: the rack is one of the two, and they are two", got)
	}
}
