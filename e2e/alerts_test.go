package e2e

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// ear is a service that hears what the server tells.
type ear struct {
	mu sync.Mutex
	// said are the ids of messages by what they say: "firing <incident>".
	said map[string]map[string]bool
}

func (e *ear) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var m struct {
		ID, Event string
		Alerts    []struct{ Metadata map[string]string }
	}
	if json.Unmarshal(raw, &m) != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range m.Alerts {
		word := m.Event + " " + a.Metadata["incident"]
		if e.said[word] == nil {
			e.said[word] = map[string]bool{}
		}
		e.said[word][m.ID] = true
	}
}

// count is how many incidents were told to have begun or ended.
func (e *ear) count(event string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for word := range e.said {
		if len(word) > len(event) && word[:len(event)+1] == event+" " {
			n++
		}
	}
	return n
}

// A change of an alert that a report brought, and that the server answered with 200, is told although the server is
// killed at any moment after it; what is told twice bears the same id. PULSE_KILLS says how often, 30 times by default.
func TestServerKilledWhileAlertsAreTold(t *testing.T) {
	t.Parallel()
	kills := 30
	if text := os.Getenv("PULSE_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	heard := &ear{said: map[string]map[string]bool{}}
	service := httptest.NewServer(heard)
	defer service.Close()
	s := startServer(t)
	s.claim()
	_, token := s.mint("host-agent:report")
	s.call("POST", "/api/system/settings/update", map[string]any{"webhookAllowedPrivateCIDRs": "127.0.0.0/8"})
	s.call("POST", "/api/notifications/webhooks", map[string]any{"name": "ear", "url": service.URL, "enabled": true, "service": "generic"})
	config := s.call("GET", "/api/alerts/config", nil)
	var doc map[string]any
	if err := json.Unmarshal(config.body, &doc); err != nil {
		t.Fatal(err)
	}
	doc["activationState"], doc["flappingEnabled"] = "active", false
	schedule := doc["schedule"].(map[string]any)
	schedule["cooldown"], schedule["maxAlertsHour"], schedule["grouping"] = 0, 0, map[string]any{"enabled": false}
	s.call("PUT", "/api/alerts/config", doc)
	s.call("POST", "/api/rules", map[string]any{"name": "busy", "enabled": true, "kind": "cpu", "trigger": 0.5, "clear": 0.4, "for": 0})

	taken := func(cpu float64) {
		t.Helper()
		eventually(t, "a report is taken", func() bool {
			got, err := s.report(token, hostReport("lab", cpu))
			return err == nil && got.status == http.StatusOK
		})
	}
	for n := range kills {
		taken(90)
		if n%2 == 0 {
			<-time.After(rand.N(1500 * time.Millisecond))
			s.kill()
			s.start()
		}
		eventually(t, "it is told that it fires", func() bool { return heard.count("firing") == n+1 })
		taken(5)
		if n%2 == 1 {
			<-time.After(rand.N(1500 * time.Millisecond))
			s.kill()
			s.start()
		}
		eventually(t, "it is told that it is over", func() bool { return heard.count("resolved") == n+1 })
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	for word, ids := range heard.said {
		if len(ids) != 1 {
			t.Errorf("%s was told under %d ids", word, len(ids))
		}
	}
}
