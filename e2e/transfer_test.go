package e2e

import (
	"net/http"
	"strings"
	"testing"
)

const passphrase = "correct horse battery"

// What one server exports another one takes in: integrations with their secrets, tokens, settings and notes. A dry run
// tells it before; the passphrase decides; while the server begins anew nobody is refused.
func TestConfigurationMovesToAnotherServer(t *testing.T) {
	t.Parallel()
	from := startServer(t)
	from.claim()
	id, reporter := from.mint("host-agent:report")
	made := from.call("POST", "/api/integrations", map[string]any{"kind": "webhook", "name": "chat", "config": map[string]any{"url": "https://chat.example.com/secret-path"}})
	if made.status != http.StatusCreated {
		t.Fatalf("make: %v", made)
	}
	if got := from.call("POST", "/api/system/settings/update", map[string]any{"theme": "dark"}); got.status != http.StatusOK {
		t.Fatalf("settings: %v", got)
	}

	if got := from.call("POST", "/api/config/export", map[string]any{"passphrase": "short"}); got.status != http.StatusBadRequest || got.member("details.field") != "passphrase" {
		t.Errorf("a short passphrase: %v", got)
	}
	exported := from.call("POST", "/api/config/export", map[string]any{"passphrase": passphrase})
	data, _ := exported.member("data").(string)
	if exported.status != http.StatusOK || data == "" || strings.Contains(string(exported.body), "secret-path") {
		t.Fatalf("export: %v", exported)
	}

	to := startServer(t)
	to.claim()
	wrong := to.call("POST", "/api/config/import", map[string]any{"data": data, "passphrase": "wrong horse battery"})
	if wrong.status != http.StatusBadRequest || wrong.member("code") != "wrong_passphrase" {
		t.Errorf("a wrong passphrase: %v", wrong)
	}
	cut := to.call("POST", "/api/config/import", map[string]any{"data": data[:len(data)/8*4], "passphrase": passphrase})
	if cut.status != http.StatusBadRequest || cut.member("code") != "damaged_bundle" {
		t.Errorf("a truncated bundle: %v", cut)
	}
	dry := to.call("POST", "/api/config/import", map[string]any{"data": string(exported.body), "passphrase": passphrase, "dryRun": true, "sections": []string{"integrations", "tokens"}})
	if dry.status != http.StatusOK || dry.member("changes.0.added.0") != "webhook/chat" || strings.Contains(string(dry.body), "secret-path") {
		t.Fatalf("dry run: %v", dry)
	}
	if got := to.call("GET", "/api/integrations/webhook/chat", nil); got.status != http.StatusNotFound {
		t.Fatalf("the dry run changed something: %v", got)
	}

	done := to.call("POST", "/api/config/import", map[string]any{"data": data, "passphrase": passphrase})
	if done.status != http.StatusOK || done.member("origin") != "pulse" {
		t.Fatalf("import: %v", done)
	}
	// The tokens are those of the bundle now, so the first server's token works here, and at once.
	to.token = from.token
	if got := to.call("GET", "/api/integrations/webhook/chat", nil); got.status != http.StatusOK {
		t.Fatalf("after the import: %v", got)
	}
	if got := to.call("GET", "/api/system/settings", nil); got.member("theme") != "dark" {
		t.Errorf("settings: %v", got)
	}
	if got, err := to.reported(reporter, hostReport("moved", 1)); err != nil || got.status != http.StatusOK {
		t.Errorf("an agent with the token %s reports: %v, %v", id, got, err)
	}
	same := to.call("POST", "/api/config/import", map[string]any{"data": data, "passphrase": passphrase, "dryRun": true, "sections": []string{"integrations"}})
	if same.member("changes.0.same") != 1.0 || same.member("changes.0.changed.0") != nil {
		t.Errorf("the secret did not come as it was: %v", same)
	}
}

// A token that may only change settings brings in no tokens: it would make itself a greater one.
func TestImportRaisesNobody(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	data, _ := s.call("POST", "/api/config/export", map[string]any{"passphrase": passphrase}).member("data").(string)
	_, small := s.mint("settings:read", "settings:write")
	got := s.callAs(small, "POST", "/api/config/import", map[string]any{"data": data, "passphrase": passphrase})
	if got.status != http.StatusForbidden || got.member("requiredScope") != "*" {
		t.Errorf("import of tokens: %v", got)
	}
	got = s.callAs(small, "POST", "/api/config/export", map[string]any{"passphrase": passphrase, "sections": []string{"users"}})
	if got.status != http.StatusForbidden {
		t.Errorf("export of users: %v", got)
	}
	got = s.callAs(small, "POST", "/api/config/import", map[string]any{"data": data, "passphrase": passphrase, "sections": []string{"settings"}, "dryRun": true})
	if got.status != http.StatusOK {
		t.Errorf("import of settings: %v", got)
	}
}
