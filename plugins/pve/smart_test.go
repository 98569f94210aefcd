package pve

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

func TestWhatDisksSayOfThemselves(t *testing.T) {
	l := newLab(t, 2, 0, func(w *pvetest.World) {
		w.Nodes[1].Disks[0].Bad, w.Nodes[1].Disks[1].Bad = 3, 2
	})
	s := l.must(taskDisks)
	s.want("disk/pve2/NVME-2", map[string]any{
		"temperature": 41.0, "smartAttributes.powerOnHours": 2425.0, "smartAttributes.availableSpare": 100.0, "smartAttributes.percentageUsed": 3.0,
		"smartAttributes.mediaErrors": 3.0, "smartAttributes.unsafeShutdowns": 3.0, "smartAttributes.pendingSectors": nil,
	})
	s.want("disk/pve2/HDD-2", map[string]any{
		"temperature": 34.0, "smartAttributes.powerOnHours": 31415.0, "smartAttributes.powerCycles": 57.0, "smartAttributes.reallocatedSectors": 8.0,
		"smartAttributes.pendingSectors": 2.0, "smartAttributes.udmaCrcErrors": 0.0, "smartAttributes.mediaErrors": nil,
	})
	for metric, want := range map[string]float64{"temperature": 34, "power_on": 31415 * 3600, "reallocated_sectors": 8, "pending_sectors": 2} {
		if got, ok := s.sample("disk/pve2/HDD-2", metric); !ok || got != want {
			t.Errorf("%s is %v, %v", metric, got, ok)
		}
	}
	// What is known is told meanwhile, without numbers that nobody measured, also when disks are listed anew.
	l.Forget()
	l.clock.Move(40 * time.Minute)
	s = l.must(taskDisks)
	s.want("disk/pve2/HDD-2", map[string]any{"temperature": 34.0, "smartAttributes.pendingSectors": 2.0})
	if _, ok := s.sample("disk/pve2/HDD-2", "temperature"); ok || l.Count("/disks/smart") != 0 || l.Count("/disks/list") != 2 {
		t.Errorf("%v, %v", ok, l.Calls())
	}
}

// Each answer takes a node a second: disks take turns, and one that says nothing does not hold up the others.
func TestDisksTakeTurns(t *testing.T) {
	l := newLab(t, 1, 0, func(w *pvetest.World) {
		n := w.Nodes[0]
		for _, name := range []string{"b", "c", "d", "e"} {
			n.Disks = append(n.Disks, &pvetest.Disk{Path: "/dev/sd" + name, Kind: "hdd", Serial: "S-" + name, Health: "PASSED", Wearout: -1, Temperature: 30, Mute: name == "b"})
		}
	})
	for range 5 {
		before := l.Count("/disks/smart")
		l.must(taskDisks)
		if n := l.Count("/disks/smart") - before; n > smartAtOnce {
			t.Errorf("%d disks at once", n)
		}
		l.clock.Move(5 * time.Minute)
	}
	if n := l.Count("/disks/smart"); n != 6 {
		t.Errorf("%d disks of six were asked in 25 minutes", n)
	}
	s := l.must(taskDisks)
	s.want("disk/pve1/S-e", map[string]any{"temperature": 30.0})
	s.want("disk/pve1/S-b", map[string]any{"temperature": 0.0, "smartAttributes": nil})
}

// A disk that could not be asked, as the calls of its node were used up, has not had its turn.
func TestDisksWaitForCalls(t *testing.T) {
	clock := newClock()
	w := pvetest.New(1, 0, clock.Now)
	for _, name := range []string{"b", "c", "d", "e"} {
		w.Nodes[0].Disks = append(w.Nodes[0].Disks, &pvetest.Disk{Path: "/dev/sd" + name, Kind: "hdd", Serial: "S-" + name, Health: "PASSED", Wearout: -1, Temperature: 30})
	}
	s := pvetest.Start(t, w)
	c, err := newWith(Config{
		Host: s.URL, TokenName: pvetest.Token, TokenValue: pvetest.Secret, Fingerprint: s.Pin, MonitorPhysicalDisks: true, SmartMinutes: 120,
		CallsPerMinute: 1000, NodeCallsPerMinute: 4,
	}, sdk.Deps{Name: "home", Network: sdk.Network{AllowLoopback: true}, Now: clock.Now, Log: quiet()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second) // the next call would be allowed after that
	defer cancel()
	asked := []int{2, 3, 5, 6} // the list is a call too
	for cycle, want := range asked {
		if cycle > 1 {
			clock.Move(time.Minute)
		}
		if err := c.Collect(ctx, taskDisks, sdktest.NewCycle()); err != nil {
			t.Fatal(err)
		}
		if n := s.Count("/disks/smart"); n != want {
			t.Errorf("after cycle %d %d disks were asked, want %d", cycle+1, n, want)
		}
	}
}

func TestDisksThatAreNotToBeAsked(t *testing.T) {
	l := newLab(t, 1, 0, nil, map[string]any{"smart_minutes": 0})
	l.must(taskDisks).want("disk/pve1/HDD-1", map[string]any{"temperature": 0.0, "smartAttributes": nil})
	if n := l.Count("/disks/smart"); n != 0 {
		t.Errorf("%d disks were asked", n)
	}
}

func TestRecordedSmart(t *testing.T) {
	for name, want := range map[string][3]int64{"nodes_node3_disks_smart_nvme.json": {45, 2425, 0}, "nodes_node2_disks_smart_sas.json": {27, 10151, 0}} {
		body, err := os.ReadFile(filepath.Join(recordings, "9.2", name))
		if err != nil {
			t.Skip("the recorded answers are not beside the project")
		}
		var answer struct {
			Data smartAnswer `json:"data"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		r := answer.Data.reading(time.Now())
		bad := r.attributes.MediaErrors
		if bad == nil {
			bad = r.attributes.ReallocatedSectors
		}
		if r.attributes.PowerOnHours == nil || bad == nil || [3]int64{r.temperature, *r.attributes.PowerOnHours, *bad} != want {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func FuzzSmart(f *testing.F) {
	f.Add([]byte(`{"attributes":[{"id":"194","raw":"34 (Min/Max 18/52)"},{"id":9,"raw":"1,234h+5m"},5,null],"text":"Temperature: -3 Celsius\nAvailable Spare: 100%"}`))
	f.Add([]byte(`{"attributes":{"a":1},"text":7}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var a smartAnswer
		if json.Unmarshal(body, &a) != nil {
			return
		}
		r := a.reading(time.Unix(1, 0))
		if r.temperature < 0 || r.temperature > 120 {
			t.Errorf("%d degrees", r.temperature)
		}
		d, s := diskDoc{}, samples{kind: typeDisk, key: "x"}
		r.tellSmart(&d, &s)
		if _, err := json.Marshal(d); err != nil {
			t.Error(err)
		}
	})
}
