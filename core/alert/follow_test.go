package alert_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// An alert says which rule and which limit holds now, not those by which it began.
func TestAnAlertFollowsItsRule(t *testing.T) {
	s := newStage(t)
	s.do(`doc {"timeThresholds":{"host":0},"metricTimeThresholds":{},"hostDefaults":{"cpu":{"trigger":80,"clear":75}}}`)
	s.do("box.cpu=0.85")
	if a := s.engine.Active()[0]; a.Rule != "legacy/host/cpu" || a.Threshold != 80 {
		t.Fatalf("%s at %v", a.Rule, a.Threshold)
	}
	s.now = s.now.Add(time.Second)
	s.do(`rule {"kind":"cpu","trigger":0.7,"clear":0.6}`)
	s.do("box.cpu=0.86")
	a := s.engine.Active()[0]
	if !strings.HasPrefix(a.Rule, "rule-") || a.Threshold != 70 || a.Clear != 60 || a.Message != "CPU of box is at 86 %, over the limit of 70 %." {
		t.Errorf("%s at %v, %v: %s", a.Rule, a.Threshold, a.Clear, a.Message)
	}
	s.now = s.now.Add(time.Second)
	s.do("box.cpu=0.65") // between the limits: it still fires, and is not over
	if got := s.engine.Active()[0]; got.Message != a.Message || got.Value != 65 {
		t.Errorf("%v: %s", got.Value, got.Message)
	}
	if kinds := s.do("box.cpu=0.65"); kinds != "" {
		t.Errorf("nothing happened, and there is news: %s", kinds)
	}
}

// An alert is about the resource by the name and the id that it has now.
func TestAnAlertFollowsItsResource(t *testing.T) {
	s := newStage(t)
	s.do("box has raid[md0]=critical")
	before := s.engine.Active()[0]
	record := sdk.Record{Type: "host", Key: "box", Name: "crate", WireID: "crate", Status: sdk.StatusUp, Doc: []byte(`{"node":"shed"}`)}
	if _, _, err := s.inv.Apply(t.Context(), inventory.Batch{Integration: "lab", Task: "t", At: s.now, Partitions: []inventory.Partition{{Records: []sdk.Record{record}}}}); err != nil {
		t.Fatal(err)
	}
	s.do("tick")
	a := s.engine.Active()[0]
	if a.ResourceID != "crate" || a.ResourceName != "crate" || a.Node != "shed" || a.ID != before.ID || a.Incident != before.Incident {
		t.Errorf("%s, %s on %s: %s", a.ResourceID, a.ResourceName, a.Node, a.ID)
	}
	s.do("restart")
	if a := s.engine.Active()[0]; a.ResourceName != "crate" {
		t.Errorf("after a restart: %s", a.ResourceName)
	}
}
