//go:build deep

package e2e

import (
	"context"
	"net/http"
	"os/exec"
	"testing"
	"time"
)

// A plugin in another language, made from the generated stubs, is as good as ours.
func TestPythonPlugin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "../examples/plugins/python/build.sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("build the plugin: %v: %s", err, tail(string(out), 2000))
	}
	s := newServer(t, t.TempDir())
	s.plugins = dir
	s.start()
	s.claim()
	wrong := s.call("POST", "/api/integrations", map[string]any{"kind": "pyload", "name": "here", "config": map[string]any{"nam": 1}})
	if wrong.status != http.StatusBadRequest {
		t.Errorf("a wrong key: %v", wrong)
	}
	made := s.call("POST", "/api/integrations", map[string]any{"kind": "pyload", "name": "here"})
	if made.status != http.StatusCreated {
		t.Fatalf("make: %v", made)
	}
	eventually(t, "the load is there", func() bool { return s.members("loads") == 1 })
	s.stop()
}
