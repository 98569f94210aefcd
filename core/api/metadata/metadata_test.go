package metadata

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/inventory"
)

type drawer struct{}

func (drawer) Metadata(context.Context) ([]inventory.StoredMetadata, error) { return nil, nil }
func (drawer) SaveMetadata(context.Context, inventory.StoredMetadata) error { return nil }
func (drawer) DeleteMetadata(_ context.Context, _, _ string) error          { return nil }

// row is the row with a method and path.
func row(t *testing.T, rows []route.Route, method, path string) route.Route {
	t.Helper()
	for _, r := range rows {
		if r.Method == method && r.Path == path {
			return r
		}
	}
	t.Fatalf("no row %s %s", method, path)
	return route.Route{}
}

func TestRowsOfAllKinds(t *testing.T) {
	store, err := inventory.OpenMetadata(t.Context(), drawer{})
	if err != nil {
		t.Fatal(err)
	}
	rows := Routes(store, compat.MetadataKinds(), func() {})
	do := func(method, path string, in any) string {
		t.Helper()
		out, err := row(t, rows, method, path).Handle(t.Context(), in)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		b, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, base := range []string{"/api/guests/metadata", "/api/hosts/metadata", "/api/docker/metadata", "/api/docker/hosts/metadata"} {
		if got := do("GET", base, &route.None{}); got != "{}" {
			t.Errorf("%s: %s", base, got)
		}
		id := "a:container:b"
		empty := do("GET", base+"/{id}", &one{id})
		for _, method := range []string{"PUT", "POST"} {
			written := do(method, base+"/{id}", &put{id, []byte(`{"customUrl":"https://` + method + `"}`)})
			if got := do("GET", base+"/{id}", &one{id}); got != written || got == empty {
				t.Errorf("%s: %s, written %s", base, got, written)
			}
			if got := do("GET", base, &route.None{}); got != `{"`+id+`":`+written+`}` {
				t.Errorf("%s: %s", base, got)
			}
		}
		do("DELETE", base+"/{id}", &one{id})
		if got := do("GET", base+"/{id}", &one{id}); got != empty {
			t.Errorf("%s: %s is left", base, got)
		}
	}
}
