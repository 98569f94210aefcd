package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Two stored integrations turn out to ask one cluster: one goes on, with the past, ids and notes of both, and by the address
// of the other as well. Who wants both gets both.
func TestTwoIntegrationsOfOneClusterBecomeOne(t *testing.T) {
	t.Parallel()
	upstream := launch(t, "plugins/pulse-plugin-pve", "simulate", "--nodes", "3", "--guests", "6", "--listen", "127.0.0.1:0,127.0.0.1:0")
	var both [2]map[string]any
	eventually(t, "both nodes say where they listen", func() bool {
		lines := strings.Split(upstream.output.String(), "\n")
		return len(lines) > 2 && json.Unmarshal([]byte(lines[0]), &both[0]) == nil && json.Unmarshal([]byte(lines[1]), &both[1]) == nil
	})
	s := startServer(t)
	s.claim()
	both[0]["name"], both[1]["name"] = "one", "two"
	if got := s.call("POST", "/api/integrations", both[0]); got.status != http.StatusCreated {
		t.Fatalf("make: %v", got)
	}
	eventually(t, "the first is there", func() bool { return s.members("nodes") == 3 })
	if got := s.call("POST", "/api/integrations", both[1]); got.status != http.StatusCreated {
		t.Fatalf("make: %v", got)
	}
	var former string // the id of a guest of the second
	eventually(t, "the second is there", func() bool {
		list, _ := s.call("GET", "/api/state", nil).member("vms").([]any)
		for _, one := range list {
			if of, _ := one.(map[string]any); of["instance"] == "two" {
				former, _ = of["id"].(string)
			}
		}
		return former != ""
	})
	if got := s.call("PUT", "/api/guests/metadata/"+former, map[string]any{"description": "written before"}); got.status != http.StatusOK {
		t.Fatalf("a note: %v", got)
	}
	rules := map[string]any{}
	if err := json.Unmarshal(s.call("GET", "/api/alerts/config", nil).body, &rules); err != nil {
		t.Fatal(err)
	}
	rules["overrides"] = map[string]any{former: map[string]any{"cpu": map[string]any{"trigger": 97, "clear": 92}}}
	if got := s.call("PUT", "/api/alerts/config", rules); got.status != http.StatusOK {
		t.Fatalf("a limit: %v", got)
	}
	eventually(t, "they are one", func() bool {
		got := s.call("GET", "/api/config/nodes", nil)
		return got.member("1.mergedInto") == "pve-one" && got.member("1.status") == "connected" && s.members("nodes") == 3 && s.members("vms")+s.members("containers") == 6
	})
	now := strings.Replace(former, "two:", "one:", 1)
	if got := s.call("GET", "/api/guests/metadata/"+now, nil); got.member("description") != "written before" {
		t.Errorf("the note is lost: %v", got)
	}
	eventually(t, "its limit holds on", func() bool {
		var of struct {
			Overrides map[string]struct{ CPU struct{ Trigger float64 } }
		}
		return json.Unmarshal(s.call("GET", "/api/alerts/config", nil).body, &of) == nil && of.Overrides[now].CPU.Trigger == 97
	})
	if got := s.call("GET", "/api/v2/resources/"+former, nil); got.member("stateId") != now {
		t.Errorf("the former id leads nowhere: %v", got)
	}
	got := s.call("GET", "/api/integrations/pve/one", nil)
	if got.member("config.members.0.node") != "pve2" || got.member("config.members.0.host") != both[1]["config"].(map[string]any)["host"] {
		t.Errorf("the address of the member is lost: %v", got)
	}
	two := s.call("GET", "/api/integrations/pve/two", nil)
	if two.member("joined") != "pve/one" || two.member("enabled") != false {
		t.Errorf("%v", two)
	}
	if got := s.call("GET", "/api/config/nodes", nil); !strings.Contains(string(got.body), "is asked through one") {
		t.Errorf("nobody is told: %v", got)
	}

	// Enabled again, it stays.
	again := map[string]any{"revision": two.member("revision"), "enabled": true, "config": two.member("config")}
	if got := s.call("PUT", "/api/integrations/pve/two", again); got.status != http.StatusOK || got.member("joined") != nil {
		t.Fatalf("enable: %v", got)
	}
	eventually(t, "both are shown", func() bool { return s.members("nodes") == 6 })
}
