package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
)

// drawer keeps metadata in memory.
type drawer struct {
	all map[metadataKey]StoredMetadata
	err error
}

func (d *drawer) Metadata(context.Context) (out []StoredMetadata, err error) {
	for _, x := range d.all {
		out = append(out, x)
	}
	return out, d.err
}

func (d *drawer) SaveMetadata(_ context.Context, x StoredMetadata) error {
	if d.err == nil {
		d.all[metadataKey{x.Kind, x.ID}] = x
	}
	return d.err
}

func (d *drawer) DeleteMetadata(_ context.Context, kind, id string) error {
	delete(d.all, metadataKey{kind, id})
	return d.err
}

func metadataKind(t *testing.T, name string) compat.MetadataKind {
	t.Helper()
	for _, k := range compat.MetadataKinds() {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no kind %s", name)
	return compat.MetadataKind{}
}

func open(t *testing.T, d *drawer) *Metadata {
	t.Helper()
	m, err := OpenMetadata(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMetadataDocuments(t *testing.T) {
	for _, c := range []struct{ kind, before, body, want string }{
		{"guest", "", "", `{"id":"x","customUrl":"","description":"","tags":null,"notes":null}`},
		{"guest", "", `{"id":"y","customUrl":" https://h:8006/a ","tags":["a"],"notes":[],"lastKnownName":"web","odd":1}`,
			`{"id":"x","customUrl":"https://h:8006/a","description":"","tags":["a"],"notes":[],"lastKnownName":"web"}`},
		{"guest", `{"description":"d","lastKnownName":"web"}`, `{"tags":null}`,
			`{"id":"x","customUrl":"","description":"","tags":null,"notes":null,"lastKnownName":"web"}`},
		{"host", "", `{"commandsEnabled":true}`, `{"id":"x","customUrl":"","description":"","tags":null,"notes":null,"commandsEnabled":null}`},
		{"docker", "", `{"description":"<d>"}`, `{"id":"x","customUrl":"","description":"\u003cd\u003e","tags":null,"notes":null}`},
		{"docker-host", "", "", `{}`},
		{"docker-host", `{"customDisplayName":"n","customUrl":"http://a","notes":["1"]}`, `{"customDisplayName":""}`, `{"customDisplayName":"n","notes":["1"]}`},
	} {
		d := &drawer{all: map[metadataKey]StoredMetadata{}}
		m, kind := open(t, d), metadataKind(t, c.kind)
		for _, body := range []string{c.before, c.body} {
			if body == "" {
				continue
			}
			if got, err := m.Put(t.Context(), kind, "x", json.RawMessage(body)); err != nil || string(got) != string(m.Get(kind, "x")) {
				t.Fatalf("%s: %s, %v", body, got, err)
			}
		}
		if got := string(open(t, d).Get(kind, "x")); got != c.want {
			t.Errorf("%s: %s after %s\n%s\nwant\n%s", c.kind, c.body, c.before, got, c.want)
		}
	}
}

func TestMetadataIsChecked(t *testing.T) {
	m, kind := open(t, &drawer{all: map[metadataKey]StoredMetadata{}}), metadataKind(t, "guest")
	for _, address := range []string{"ftp://h", "//h", "h:80", "http://", "http://:80", "https://h.", "https://h.:80/", "javascript:alert(1)", "http://a\nb", "http://%zz"} {
		body, _ := json.Marshal(map[string]string{"customUrl": address})
		if _, err := m.Put(t.Context(), kind, "x", body); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, body := range []string{"", "null", "[]", `{"tags":"a"}`, `{"notes":[1]}`, `{"description":1}`, `{"customUrl":{}}`} {
		_, err := m.Put(t.Context(), kind, "x", json.RawMessage(body))
		var e *errs.Error
		if !errors.As(err, &e) || e.Word != "invalid_json" {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := m.Put(t.Context(), kind, strings.Repeat("x", maxMetadataID+1), json.RawMessage("{}")); !errs.Is(err, errs.Invalid) {
		t.Errorf("a long id: %v", err)
	}
	if len(m.All(kind)) != 0 {
		t.Error("something was kept")
	}
}

func TestFlagsOutliveDocuments(t *testing.T) {
	d := &drawer{all: map[metadataKey]StoredMetadata{}}
	m, kind, on := open(t, d), compat.HostMetadata, true
	if err := m.SetFlag(t.Context(), kind, "x", compat.CommandsEnabled, &on); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Put(t.Context(), kind, "x", json.RawMessage(`{"notes":["n"],"commandsEnabled":false}`)); err != nil {
		t.Fatal(err)
	}
	if err := m.Delete(t.Context(), kind, "x"); err != nil {
		t.Fatal(err)
	}
	m = open(t, d)
	if got := m.Flag(kind, "x", compat.CommandsEnabled); got == nil || !*got {
		t.Fatalf("the flag is %v", got)
	}
	if err := m.SetFlag(t.Context(), kind, "x", compat.CommandsEnabled, nil); err != nil || m.Flag(kind, "x", compat.CommandsEnabled) != nil {
		t.Fatal("the flag was not taken back", err)
	}
	if err := m.Delete(t.Context(), kind, "x"); err != nil || len(d.all) != 0 {
		t.Fatalf("%v: %v", err, d.all)
	}
}

func TestMetadataThatCannotBeSavedIsNotShown(t *testing.T) {
	d := &drawer{all: map[metadataKey]StoredMetadata{}}
	m, kind := open(t, d), metadataKind(t, "guest")
	d.err = errors.New("disk full")
	if _, err := m.Put(t.Context(), kind, "x", json.RawMessage(`{"description":"d"}`)); err == nil || len(m.All(kind)) != 0 {
		t.Fatalf("%v, %v", err, m.All(kind))
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add(`{"customUrl":"http://a","tags":["a"]}`)
	f.Add(`{"customUrl":"\ud800","notes":[null]}`)
	kind := compat.HostMetadata
	f.Fuzz(func(t *testing.T, body string) {
		m := open(t, &drawer{all: map[metadataKey]StoredMetadata{}})
		got, err := m.Put(t.Context(), kind, "x", json.RawMessage(body))
		if err != nil {
			return
		}
		again, err := m.Put(t.Context(), kind, "x", got)
		if err != nil || string(again) != string(got) {
			t.Fatalf("%s became %s, then %s, %v", body, got, again, err)
		}
	})
}
