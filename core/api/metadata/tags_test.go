package metadata

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

type noRecords struct{}

func (noRecords) Records(context.Context) ([]*inventory.Record, error)   { return nil, nil }
func (noRecords) SaveRecords(context.Context, []*inventory.Record) error { return nil }
func (noRecords) DeleteRecords(context.Context, []id.UID) error          { return nil }

func TestTagManyAtOnce(t *testing.T) {
	store, err := inventory.OpenMetadata(t.Context(), drawer{})
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := inventory.NewCatalog([]sdk.Description{{Kind: "lab", Types: []sdk.ResourceType{
		{Name: "host", Family: "infrastructure"}, {Name: "guest", Family: "workloads"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	inv := inventory.New(catalog, noRecords{}, time.Now)
	inv.UseTags(store)
	if _, _, err := inv.Apply(t.Context(), inventory.Batch{Integration: "lab", At: time.Now(), Partitions: []inventory.Partition{{Records: []sdk.Record{
		{Type: "host", Key: "h"}, {Type: "guest", Key: "g"},
	}}}}); err != nil {
		t.Fatal(err)
	}
	host, guest := tagged{"host", "h"}, tagged{"guest", "g"}
	do := func(in tagIn) ([]tagged, error) {
		out, err := TagRoutes(store, inv)[0].Handle(t.Context(), &in)
		if err != nil {
			return nil, err
		}
		return out.(tagOut).Changed, nil
	}
	tags := func(kind, name string) string {
		r, _ := inv.Snapshot().Find(kind, name)
		return strings.Join(r.AllTags(), " ")
	}
	if got, err := do(tagIn{Resources: []tagged{guest}, Add: []string{" prod "}}); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	got, err := do(tagIn{Resources: []tagged{host, guest}, Add: []string{"prod"}})
	if err != nil || len(got) != 1 || got[0] != host {
		t.Fatalf("only the host is another one now: %v, %v", got, err)
	}
	if tags("host", "h") != "prod" || tags("guest", "g") != "prod" {
		t.Errorf("host %q, guest %q", tags("host", "h"), tags("guest", "g"))
	}
	if _, err := do(tagIn{Resources: got, Remove: []string{"prod"}}); err != nil || tags("host", "h") != "" || tags("guest", "g") != "prod" {
		t.Errorf("undone: host %q, guest %q, %v", tags("host", "h"), tags("guest", "g"), err)
	}
	for name, in := range map[string]tagIn{
		"resources: none":    {Add: []string{"a"}},
		"resources: unknown": {Resources: []tagged{host, {"guest", "x"}}, Add: []string{"b"}},
		"add: nothing":       {Resources: []tagged{host}},
		"add: blank":         {Resources: []tagged{host}, Add: []string{" "}},
		"add: two in one":    {Resources: []tagged{host}, Add: []string{"a,b"}},
		"remove: long":       {Resources: []tagged{host}, Remove: []string{strings.Repeat("x", 65)}},
		"remove: both":       {Resources: []tagged{host}, Add: []string{"a"}, Remove: []string{"a"}},
	} {
		field, _, _ := strings.Cut(name, ":")
		_, err := do(in)
		var e *errs.Error
		if !errors.As(err, &e) || e.Code != errs.Invalid && e.Code != errs.NotFound || e.Field != field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if tags("host", "h") != "" {
		t.Errorf("a refused question gave tags: %q", tags("host", "h"))
	}
}
