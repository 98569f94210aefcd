package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A backup of a server at work brings back what it had acknowledged before, on the same or on another machine; a file
// that is damaged changes nothing.
func TestBackupOfARunningServer(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, reporter := s.mint("host-agent:report")
	made := s.call("POST", "/api/integrations", map[string]any{"kind": "webhook", "name": "chat", "config": map[string]any{"url": "https://chat.example.com/secret-path"}})
	if made.status != http.StatusCreated {
		t.Fatalf("make: %v", made)
	}
	s.must(reporter, hostReport("saved", 1))
	load := newLoad(s, reporter, 4, 4) // it works while it is saved
	done := make(chan struct{})
	go func() { defer close(done); load.run(t.Context(), 2*time.Second, 50) }()
	file := filepath.Join(t.TempDir(), "pulse.tar.gz")
	out := pulse(t, "backup", file, "--data", s.data)
	<-done
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(out, "pulse restore") {
		t.Errorf("%v, %v: %s", info, err, out)
	}
	if code, out := once(t, "pulse", "restore", file, "--data", s.data); code == 0 || !strings.Contains(out, "in use") {
		t.Errorf("restored under a running server: %s", out)
	}

	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fresh := t.TempDir()
	for name, content := range map[string][]byte{"cut off": whole[:len(whole)*2/3], "damaged": flipped(whole), "something else": []byte("hello")} {
		bad := filepath.Join(t.TempDir(), "bad.tar.gz")
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if code, out := once(t, "pulse", "restore", bad, "--data", fresh); code == 0 || !strings.Contains(out, "nothing was changed") {
			t.Errorf("%s: %s", name, out)
		}
		if left, _ := filepath.Glob(filepath.Join(fresh, "*.db")); len(left) > 0 {
			t.Errorf("%s left %v", name, left)
		}
	}

	pulse(t, "restore", file, "--data", fresh)
	other := startServerIn(t, fresh)
	other.token = s.token
	if got := other.call("GET", "/api/integrations/webhook/chat", nil); got.status != http.StatusOK {
		t.Errorf("the integration: %v", got)
	}
	if other.hosts()["saved"] == nil {
		t.Error("the host is gone")
	}
	if len(other.history("saved", "cpu")) == 0 {
		t.Error("its history is gone")
	}
	other.must(reporter, hostReport("saved", 2))

	// After a change of the key everything opens, and the old key is gone.
	before, err := os.ReadFile(filepath.Join(fresh, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	other.kill()
	if out := pulse(t, "key", "rotate", "--data", fresh); !strings.Contains(out, "secrets are sealed under it") {
		t.Errorf("rotate: %s", out)
	}
	if after, err := os.ReadFile(filepath.Join(fresh, "secret.key")); err != nil || string(after) == string(before) {
		t.Errorf("the key stayed, %v", err)
	}
	other.start()
	if got := other.call("GET", "/api/integrations/webhook/chat", nil); got.status != http.StatusOK {
		t.Errorf("after the change of the key: %v", got)
	}

	// The file goes over a server that has moved on; what was there is kept beside it.
	other.kill()
	pulse(t, "restore", file, "--data", fresh)
	if _, err := os.Stat(filepath.Join(fresh, "before-restore", "pulse.db")); err != nil {
		t.Error(err)
	}
	other.start()
	if got := other.call("GET", "/api/integrations/webhook/chat", nil); got.status != http.StatusOK {
		t.Errorf("after a second restore: %v", got)
	}
}

// flipped returns content with a byte in the middle changed.
func flipped(content []byte) []byte {
	out := append([]byte{}, content...)
	out[len(out)/2] ^= 1
	return out
}
