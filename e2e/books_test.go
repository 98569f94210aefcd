package e2e

import (
	"net/http"
	"net/url"
	"testing"
)

// What a plugin says besides records and samples arrives, is kept over a crash, and goes with the integration.
func TestRowsConditionsAndEvents(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	made := s.call("POST", "/api/integrations", map[string]any{"kind": "demo", "name": "lab", "config": map[string]any{"machines": 2, "guests": 600}})
	if made.status != http.StatusCreated {
		t.Fatalf("make: %v", made)
	}
	var guest string
	eventually(t, "guests show their last backup", func() bool {
		guests, _ := s.call("GET", "/api/state", nil).member("demoGuests").([]any)
		for _, g := range guests {
			if g := g.(map[string]any); g["lastBackup"] == nil || g["backupCount"] != 3.0 {
				return false
			}
			guest = guests[0].(map[string]any)["id"].(string)
		}
		return len(guests) == 600
	})
	at := "/api/v2/resources/" + url.PathEscape(guest)
	check := func(when string) {
		t.Helper()
		if lists := s.call("GET", at+"/rows", nil); lists.member("lists.0.name") != "demo_backups" || lists.member("lists.0.total") != 3.0 {
			t.Errorf("%s: lists of a guest: %v", when, lists)
		}
		if rows := s.call("GET", at+"/rows/demo_backups?limit=2", nil); rows.member("total") != 3.0 || rows.member("rows.1.data.guest") != guest || rows.member("rows.0.ownerId") == nil {
			t.Errorf("%s: rows of a guest: %v", when, rows)
		}
		if events := s.call("GET", at+"/events", nil); events.member("events.0.kind") != "demo_backed_up" {
			t.Errorf("%s: events of a guest: %v", when, events)
		}
		if all := s.call("GET", "/api/v2/conditions", nil); all.member("conditions.0.kind") != "demo_backup_failed" && all.member("conditions.0.kind") != "fan_failed" {
			t.Errorf("%s: conditions: %v", when, all)
		}
	}
	// Rows show before the rest of their cycle is stored.
	eventually(t, "events of the guest", func() bool { return s.call("GET", at+"/events", nil).member("events.0.kind") != nil })
	eventually(t, "a condition", func() bool { return s.call("GET", "/api/v2/conditions", nil).member("conditions.0.kind") != nil })
	check("at first")
	s.kill()
	s.start()
	check("after a crash")

	for path, want := range map[string]int{
		at + "/rows/nope": 404, at + "/rows/demo_backups?limit=x": 400, at + "/events?before=x": 400, "/api/v2/resources/none/rows": 404, "/api/v2/events?limit=501": 400,
	} {
		if got := s.call("GET", path, nil); got.status != want {
			t.Errorf("%s: %v, want %d", path, got, want)
		}
	}
	if gone := s.call("DELETE", "/api/integrations/demo/lab?revision=1", nil); gone.status != http.StatusNoContent {
		t.Fatalf("remove: %v", gone)
	}
	eventually(t, "all is gone", func() bool {
		all, events := s.call("GET", "/api/v2/conditions", nil), s.call("GET", "/api/v2/events", nil)
		return len(all.member("conditions").([]any))+len(events.member("events").([]any)) == 0
	})
}
