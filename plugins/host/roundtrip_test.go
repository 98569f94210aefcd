package host

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/collect"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// What the agent reads of this machine becomes a host with numbers.
func TestThisMachineBecomesAHost(t *testing.T) {
	c, err := collect.New(collect.Config{Version: "v9", Hostname: "bench.example", Interval: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	in := ingester(t, Config{})
	var got sdk.Ingested
	for range 2 {
		body, err := c.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = ingest(t, in, body)
	}
	if got.Claims.Hostname != "bench.example" || got.Claims.AgentType != "unified" || got.Claims.Interval != 30*time.Second ||
		got.Claims.AgentVersion != "v9" || got.Claims.CommandsEnabled == nil {
		t.Errorf("claims %+v", got.Claims)
	}
	for _, metric := range []string{"cpu", "memory", "memory_used", "uptime"} {
		if v, ok := sample(got, metric, ""); !ok || v < 0 {
			t.Errorf("%s is %v (%v)", metric, v, ok)
		}
	}
	var doc map[string]any
	if err := json.Unmarshal(got.Observations[0].(sdk.Record).Doc, &doc); err != nil || doc["hostname"] != "bench.example" {
		t.Errorf("document %v, %v", doc, err)
	}
}

// The plugin keeps the contract over a real connection.
func TestConformance(t *testing.T) { sdktest.Conformance(t, Plugin(), sdktest.Options{}) }
