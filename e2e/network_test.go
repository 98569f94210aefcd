package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// An address on this machine with a certificate that nobody has signed: the operator allows the one and accepts the
// other, deliberately and for this integration only, by the API or in the file.
func TestWhatAnIntegrationMayReachAndBelieve(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	door := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(door.Close)
	address := strings.TrimPrefix(door.URL, "https://")
	digest := sha256.Sum256(door.Certificate().Raw)
	print := hex.EncodeToString(digest[:])

	s := startServer(t)
	s.claim()
	s.install("knocker", "1.0.0", readFile(t, "testdata/knocker/main.go"))
	try := func(network map[string]any) answer {
		return s.call("POST", "/api/integrations/test", map[string]any{"kind": "knocker", "config": map[string]any{"url": door.URL}, "network": network})
	}
	if got := try(nil); got.member("ok") != false || !strings.Contains(got.member("failure").(string), "allow loopback") {
		t.Errorf("this machine: %v", got)
	}
	got := try(map[string]any{"allowLoopback": true})
	if got.member("ok") != false || got.member("untrustedCertificate.address") != address || got.member("untrustedCertificate.sha256") != print {
		t.Errorf("a certificate that nobody knows: %v", got)
	}
	network := map[string]any{"allowLoopback": true, "pins": map[string]any{address: strings.ToUpper(print)}}
	if got := try(network); got.member("ok") != true {
		t.Errorf("both allowed: %v", got)
	}
	other := map[string]any{"allowLoopback": true, "pins": map[string]any{address: strings.Repeat("ab", 32)}}
	if got := try(other); got.member("ok") != false || got.member("untrustedCertificate.sha256") != print {
		t.Errorf("another certificate was accepted: %v", got)
	}
	for name, wrong := range map[string]map[string]any{
		"pins":          {"pins": map[string]any{"door": print}},
		"fingerprint":   {"pins": map[string]any{address: "AB"}},
		"allowNetworks": {"allowNetworks": []string{"10.0.0.0"}},
	} {
		got := s.call("POST", "/api/integrations", map[string]any{"kind": "knocker", "name": "x", "config": map[string]any{"url": door.URL}, "network": wrong})
		if got.status != http.StatusBadRequest || !strings.Contains(string(got.body), "network.") {
			t.Errorf("%s: %v", name, got)
		}
	}
	body := map[string]any{"kind": "knocker", "name": "front", "config": map[string]any{"url": door.URL}, "network": network}
	if got := s.call("POST", "/api/integrations", body); got.status != http.StatusCreated || got.member("network.pins") == nil {
		t.Fatalf("make: %v", got)
	}
	eventually(t, "it is asked", func() bool { return s.members("doors") == 1 })
	// A change that does not speak of the network keeps it; so does a crash.
	if got := s.call("PUT", "/api/integrations/knocker/front", map[string]any{"revision": 1, "config": map[string]any{"url": door.URL}}); got.member("network.allowLoopback") != true {
		t.Errorf("change: %v", got)
	}
	s.kill()
	before := asked.Load()
	s.start()
	eventually(t, "it is asked after a crash", func() bool { return asked.Load() > before })
	if got := s.call("DELETE", "/api/integrations/knocker/front?revision=2", nil); got.status != http.StatusNoContent {
		t.Fatal(got)
	}
	s.kill()
	file := "integration \"knocker\" \"back\" {\n  url = \"" + door.URL + "\"\n  network {\n    allow_loopback = true\n    pins = { \"" + address + "\" = \"" + print + "\" }\n  }\n}\n"
	s.args = []string{"--config", writeFile(t, filepath.Join(t.TempDir(), "config.hcl"), file)}
	s.start()
	eventually(t, "the file's is asked", func() bool {
		return s.members("doors") == 1 && s.call("GET", "/api/integrations/knocker/back", nil).member("network.allowLoopback") == true
	})
}
