package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// Settings survive a crash, what is wrong is named and changes nothing, and the state tells what it shows of them.
func TestSystemSettings(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	if got := s.call("POST", "/api/system/settings/update", map[string]any{"theme": "dark", "temperatureMonitoringEnabled": false}); got.status != http.StatusOK || got.member("success") != true {
		t.Fatal(got)
	}
	if got := s.call("POST", "/api/system/settings/update", map[string]any{"fullWidthMode": true, "pvePollingInterval": 5}); got.status != http.StatusBadRequest || !strings.Contains(string(got.body), "pvePollingInterval") {
		t.Errorf("%v", got)
	}
	s.kill()
	s.start()
	got := s.call("GET", "/api/system/settings", nil)
	if got.member("theme") != "dark" || got.member("fullWidthMode") != false || got.member("pvePollingInterval") != 10.0 || got.member("frontendPort") == nil {
		t.Errorf("%v", got)
	}
	if got := s.call("GET", "/api/state", nil).member("temperatureMonitoringEnabled"); got != false {
		t.Errorf("the state says %v", got)
	}
	_, reader := s.mint("monitoring:read")
	if got := s.callAs(reader, "GET", "/api/system/settings", nil); got.status != http.StatusForbidden {
		t.Errorf("a token that may not: %v", got)
	}
}

// The first version of the resource API, with ids that hold slashes, and the light page.
func TestLegacyResourcesAndTheLightPage(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, token := s.mint("host-agent:report")
	s.must(token, hostReport("anvil", 12))
	eventually(t, "the host is listed", func() bool {
		got := s.call("GET", "/api/resources?type=host", nil)
		return got.member("count") == 1.0 && got.member("resources.0.displayName") == "anvil" && got.member("resources.0.platformType") == "host-agent"
	})
	id := s.call("GET", "/api/resources", nil).member("resources.0.id").(string)
	if got := s.call("GET", "/api/resources/"+id, nil); got.member("id") != id {
		t.Errorf("%v", got)
	}
	if got := s.call("GET", "/api/resources/a/b:c", nil); got.status != http.StatusNotFound || !strings.Contains(string(got.body), "a/b:c") {
		t.Errorf("an id with slashes: %v", got)
	}
	if got := s.call("GET", "/api/v2/resources/"+id+"/metrics", nil); got.member("cpu.percent") != 12.0 {
		t.Errorf("%v", got)
	}
	page := s.call("GET", "/simple-stats", nil)
	if page.status != http.StatusOK || !strings.Contains(string(page.body), "anvil") || !strings.Contains(string(page.body), "Simple Pulse Stats") {
		t.Errorf("%v", page)
	}
}
