package inventory

import (
	"slices"
	"testing"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
)

func TestRecordsBearTheTagsThatPeopleGave(t *testing.T) {
	inv, shelf, _ := fixture(t)
	notes := open(t, &drawer{all: map[metadataKey]StoredMetadata{}})
	inv.UseTags(notes)
	seen := tools(0, 2)
	seen[0].Tags = []string{"sharp"}
	apply(t, inv, Partition{Records: seen})
	news, stop := inv.Subscribe(4)
	defer stop()

	if changed, err := notes.Tag(t.Context(), compat.GuestMetadata, "t00", []string{"loan", "sharp"}, nil); err != nil || !changed {
		t.Fatal(changed, err)
	}
	inv.Retag()
	if got := (<-news).Updated; len(got) != 1 {
		t.Fatalf("news of %v", got)
	}
	if got := find(t, inv, "t00").AllTags(); !slices.Equal(got, []string{"sharp", "loan"}) {
		t.Errorf("tags %v", got)
	}
	if got := find(t, inv, "t01").AllTags(); len(got) != 0 {
		t.Errorf("the other has tags %v", got)
	}
	apply(t, inv, Partition{Records: seen})
	if got := find(t, inv, "t00").Given; !slices.Equal(got, []string{"loan", "sharp"}) {
		t.Errorf("after a cycle: %v", got)
	}

	again := New(inv.Catalog(), shelf, inv.now)
	again.UseTags(notes)
	if err := again.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := find(t, again, "t00").Given; !slices.Equal(got, []string{"loan", "sharp"}) {
		t.Errorf("after a restart: %v", got)
	}

	if changed, err := notes.Tag(t.Context(), compat.GuestMetadata, "t00", nil, []string{"loan", "sharp"}); err != nil || !changed {
		t.Fatal(changed, err)
	}
	inv.Retag()
	if got := find(t, inv, "t00").AllTags(); !slices.Equal(got, []string{"sharp"}) {
		t.Errorf("what the source says went too: %v", got)
	}
}

func TestTag(t *testing.T) {
	d := &drawer{all: map[metadataKey]StoredMetadata{}}
	m := open(t, d)
	put(t, m, "g", `{"description":"a","tags":["x","y"]}`)
	for _, c := range []struct {
		add, remove []string
		changed     bool
		want        []string
	}{
		{[]string{"x"}, nil, false, []string{"x", "y"}},
		{[]string{"z"}, []string{"x"}, true, []string{"y", "z"}},
		{nil, []string{"nothing"}, false, []string{"y", "z"}},
		{nil, []string{"y", "z"}, true, nil},
	} {
		changed, err := m.Tag(t.Context(), compat.GuestMetadata, "g", c.add, c.remove)
		if got := m.Tags(compat.GuestMetadata, "g"); err != nil || changed != c.changed || !slices.Equal(got, c.want) {
			t.Errorf("add %v, remove %v: %v %v %v", c.add, c.remove, changed, got, err)
		}
	}
	if got := string(m.Get(compat.GuestMetadata, "g")); got != `{"id":"g","customUrl":"","description":"a","tags":null,"notes":null}` {
		t.Errorf("what else was written: %s", got)
	}
	if _, err := m.Tag(t.Context(), compat.GuestMetadata, "", []string{"x"}, nil); !errs.Is(err, errs.Invalid) {
		t.Errorf("no id: %v", err)
	}
}

func put(t *testing.T, m *Metadata, id, body string) {
	t.Helper()
	if _, err := m.Put(t.Context(), compat.GuestMetadata, id, []byte(body)); err != nil {
		t.Fatal(err)
	}
}
