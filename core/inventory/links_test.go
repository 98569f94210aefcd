package inventory

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// linkShelf keeps decisions in memory.
type linkShelf struct {
	all map[id.UID]id.UID
	err error
}

func (s *linkShelf) Links(context.Context) (map[id.UID]id.UID, error) {
	return maps.Clone(s.all), s.err
}
func (s *linkShelf) SaveLinks(_ context.Context, all map[id.UID]id.UID) error {
	if s.err == nil {
		s.all = maps.Clone(all)
	}
	return s.err
}

// linkRig is an inventory with agents' boxes, and racks and shells that they may be.
type linkRig struct {
	*testing.T
	inv   *Inventory
	state *State
	shelf *linkShelf
	now   time.Time
}

func newLinkRig(t *testing.T, boxes string, others ...string) *linkRig {
	t.Helper()
	cat, err := NewCatalog([]sdk.Description{{
		Kind: "p", Types: []sdk.ResourceType{{Name: "box"}, {Name: "rack"}, {Name: "shell"}},
		Reports: []sdk.ReportKind{{Name: "box", Type: "box"}},
		Sections: []sdk.StateSection{
			{Section: "boxes", Type: "box", Inject: []sdk.Inject{
				{Member: "id", Value: sdk.InjectID}, {Member: "rack", Value: sdk.InjectLinked, Arg: "rack", OmitEmpty: true},
				{Member: "shell", Value: sdk.InjectLinked, Arg: "shell", OmitEmpty: true},
			}},
			{Section: "racks", Type: "rack", Inject: []sdk.Inject{{Member: "id", Value: sdk.InjectID}, {Member: "box", Value: sdk.InjectLinked, Arg: "box"}}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := &linkRig{T: t, shelf: &linkShelf{}, now: time.Unix(1_700_000_000, 0)}
	clock := func() time.Time { r.now = r.now.Add(2 * time.Second); return r.now }
	r.inv = New(cat, &shelf{records: map[id.UID]*Record{}}, clock)
	r.state = NewState(r.inv, nil, clock)
	for n, name := range strings.Fields(boxes) {
		r.add("box", name, string(rune('a'+n)), &Source{Hostname: name})
	}
	for n, x := range others {
		kind, name, _ := strings.Cut(x, ":")
		r.add(kind, name, "o"+string(rune('a'+n)), nil)
	}
	return r
}

func (r *linkRig) add(kind, name, key string, source *Source) {
	r.Helper()
	b := Batch{Integration: "p", Task: key, At: r.now, Extent: Some, Source: source, Partitions: []Partition{{Records: []sdk.Record{{Type: kind, Key: key, Name: name}}}}}
	if source != nil {
		b.Reporter = key
	}
	if _, _, err := r.inv.Apply(r.Context(), b); err != nil {
		r.Fatal(err)
	}
}

// section is a section of the state document.
func (r *linkRig) section(name string) string {
	r.Helper()
	r.now = r.now.Add(2 * time.Second)
	doc, _ := r.state.JSON()
	_, rest, _ := strings.Cut(string(doc), `"`+name+`":`)
	out, _, _ := strings.Cut(rest, "]")
	return out + "]"
}

func (r *linkRig) expect(section, want string) {
	r.Helper()
	if got := r.section(section); got != want {
		r.Errorf("%s: %s, want %s", section, got, want)
	}
}

func TestReportersAreLinkedByName(t *testing.T) {
	for _, c := range []struct {
		name, hostname string
		others         []string
		want           string
	}{
		{"the same name", "PVE1", []string{"rack:pve1"}, `,"rack":"oa"`},
		{"a domain here", "pve1.lan", []string{"rack:pve1"}, `,"rack":"oa"`},
		{"a domain there", "pve1", []string{"rack:PVE1.lan"}, `,"rack":"oa"`},
		{"two domains", "web.a.org", []string{"rack:web.b.org"}, ""},
		{"several", "x", []string{"rack:x", "rack:x.lan"}, ""},
		{"several of the first type", "x", []string{"rack:x", "rack:X", "shell:x"}, ""},
		{"the first type first", "x", []string{"shell:x", "rack:x"}, `,"rack":"ob"`},
		{"the second type", "x", []string{"shell:x", "rack:y"}, `,"shell":"oa"`},
		{"none", "x", []string{"rack:y"}, ""},
		{"a dot", ".x", []string{"rack:.x"}, ""},
	} {
		r := newLinkRig(t, c.hostname, c.others...)
		if got, want := r.section("boxes"), `[{"id":"a"`+c.want+`}]`; got != want {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
	}
}

func TestDecisionsOutdoNamesAndRestarts(t *testing.T) {
	r := newLinkRig(t, "one two", "rack:one", "rack:two")
	if err := r.inv.LoadLinks(t.Context(), r.shelf); err != nil {
		t.Fatal(err)
	}
	one, two := id.Record("p", "a"), id.Record("p", "b")
	r.expect("boxes", `[{"id":"a","rack":"oa"},{"id":"b","rack":"ob"}]`)
	if err := r.inv.Link(t.Context(), one, id.Record("p", "ob")); err != nil {
		t.Fatal(err)
	}
	r.expect("boxes", `[{"id":"a","rack":"ob"},{"id":"b"}]`)
	r.expect("racks", `[{"id":"oa","box":""},{"id":"ob","box":"a"}]`)
	if err := r.inv.Unlink(t.Context(), two); !errs.Is(err, errs.NotFound) {
		t.Errorf("unlinking what is not linked: %v", err)
	}
	if err := r.inv.Unlink(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	r.add("box", "one", "a", &Source{Hostname: "one"})
	r.expect("boxes", `[{"id":"a"},{"id":"b","rack":"ob"}]`)
	if err := r.inv.LoadLinks(t.Context(), r.shelf); err != nil {
		t.Fatal(err)
	}
	r.expect("boxes", `[{"id":"a"},{"id":"b","rack":"ob"}]`)
	if err := r.inv.ForgetLink(t.Context(), one); err != nil || len(r.shelf.all) != 0 {
		t.Fatal(err, r.shelf.all)
	}
	r.expect("boxes", `[{"id":"a","rack":"oa"},{"id":"b","rack":"ob"}]`)
}

func TestALinkFollowsTheOtherRecord(t *testing.T) {
	r := newLinkRig(t, "one")
	r.expect("boxes", `[{"id":"a"}]`)
	r.add("rack", "one", "z", nil)
	r.expect("boxes", `[{"id":"a","rack":"z"}]`)
	if err := r.inv.Remove(t.Context(), id.Record("p", "z")); err != nil {
		t.Fatal(err)
	}
	r.expect("boxes", `[{"id":"a"}]`)
}

func TestLinksThatCannotBeSavedAreNotShown(t *testing.T) {
	r := newLinkRig(t, "one", "rack:two")
	if err := r.inv.LoadLinks(t.Context(), r.shelf); err != nil {
		t.Fatal(err)
	}
	r.shelf.err = errors.New("disk full")
	if err := r.inv.Link(t.Context(), id.Record("p", "a"), id.Record("p", "oa")); err == nil {
		t.Fatal("no error")
	}
	if err := r.inv.Link(t.Context(), id.Record("p", "a"), id.Record("p", "nothing")); !errs.Is(err, errs.NotFound) {
		t.Fatal(err)
	}
	r.expect("boxes", `[{"id":"a"}]`)
}
