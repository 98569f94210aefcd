package alert_test

import (
	"reflect"
	"testing"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// The same document makes the same rules in the same order: people read them from top to bottom.
func TestOrderOfRules(t *testing.T) {
	catalog, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "host", Types: []sdk.ResourceType{{Name: "host", Metrics: []string{"cpu", "memory", "disk"}}},
		Sections: []sdk.StateSection{{Section: "hosts", Type: "host"}},
		Metrics: []sdk.Metric{
			{Name: "cpu", Types: []string{"host"}, Unit: sdk.UnitRatio}, {Name: "memory", Types: []string{"host"}, Unit: sdk.UnitRatio},
			{Name: "disk", Types: []string{"host"}, Unit: sdk.UnitRatio},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := alert.ParseDocument([]byte(`{"enabled":true,"overrides":{"b":{"cpu":{"trigger":70,"clear":60}},"a":{"cpu":{"trigger":71,"clear":60}},"c":{"cpu":{"trigger":72,"clear":60}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	first := alert.NewPolicy(catalog, d, nil).Rules()
	if len(first) < 6 {
		t.Fatalf("%d rules are too few to tell an order: %+v", len(first), first)
	}
	for range 50 {
		if again := alert.NewPolicy(catalog, d, nil).Rules(); !reflect.DeepEqual(again, first) {
			t.Fatalf("the order changed:\n%+v\n%+v", first, again)
		}
	}
}
