package alert_test

import (
	"testing"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// A class may have two numbers for a metric, a warning and a critical one, in units of its own.
func TestNumbersInPairs(t *testing.T) {
	catalog, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "post", Types: []sdk.ResourceType{{Name: "gateway", Metrics: []string{"queue_total", "queue_oldest", "queue_hold"}, Thresholds: []sdk.Threshold{
			{Metric: "queue_hold", Trigger: 7, Clear: 6, Severity: sdk.SeverityWarning},
		}}},
		Sections: []sdk.StateSection{{Section: "pmg", Type: "gateway"}},
		Metrics: []sdk.Metric{
			{Name: "queue_total", Types: []string{"gateway"}, Unit: sdk.UnitCount}, {Name: "queue_hold", Types: []string{"gateway"}, Unit: sdk.UnitCount},
			{Name: "queue_oldest", Types: []string{"gateway"}, Unit: sdk.UnitSeconds},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := alert.ParseDocument([]byte(`{"enabled":true,"pmgDefaults":{"queueTotalWarning":50,"queueTotalCritical":90,"oldestMessageWarnMins":10,"oldestMessageCritMins":0,"holdQueueWarn":-1}}`))
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]alert.Rule{}
	for _, r := range alert.NewPolicy(catalog, d, nil).Rules() {
		last[r.Kind] = r
	}
	if r := last["queue_total"]; r.Trigger == nil || *r.Trigger != 50 || *r.Critical != 90 || *r.Clear != 45 || *r.For != 0 {
		t.Errorf("%+v", r)
	}
	if r := last["queue_oldest"]; r.Trigger == nil || *r.Trigger != 600 || r.Critical != nil {
		t.Errorf("minutes: %+v", r)
	}
	if r := last["queue_hold"]; r.Trigger == nil || *r.Trigger != 7 {
		t.Errorf("a number that is none leaves the plugin's own: %+v", r)
	}
}

// One node of several has a part of the limits of all.
func TestPartsOfLimits(t *testing.T) {
	catalog, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "post", Types: []sdk.ResourceType{{Name: "node", Metrics: []string{"node_queue_total", "node_queue_oldest"}}},
		Sections: []sdk.StateSection{{Type: "node", HistoryType: "pmg_node"}},
		Metrics: []sdk.Metric{
			{Name: "node_queue_total", Types: []string{"node"}, Unit: sdk.UnitCount}, {Name: "node_queue_oldest", Types: []string{"node"}, Unit: sdk.UnitSeconds},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := alert.ParseDocument([]byte(`{"enabled":true,"pmgDefaults":{"queueTotalWarning":1,"queueTotalCritical":90,"oldestMessageWarnMins":10,"oldestMessageCritMins":20}}`))
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]alert.Rule{}
	for _, r := range alert.NewPolicy(catalog, d, nil).Rules() {
		last[r.Kind] = r
	}
	if r := last["node_queue_total"]; r.Trigger == nil || *r.Trigger != 1 || *r.Critical != 72 {
		t.Errorf("%+v", r)
	}
	if r := last["node_queue_oldest"]; r.Trigger == nil || *r.Trigger != 360 || *r.Critical != 960 {
		t.Errorf("%+v", r)
	}
}
