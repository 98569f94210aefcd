package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// brewer builds a stranger's plugin in a module of its own and packs it.
func brewer(t *testing.T) (archive, sum string) {
	t.Helper()
	code, err := os.ReadFile("testdata/outside/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(code, []byte("\n")); n >= 60 {
		t.Errorf("the plugin has %d lines: a type with a metric needs fewer than 60", n)
	}
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "brewer")
	mustOnce(t, "plugin", "new", "brewer", "--dir", dir, "--replace", checkout)
	for _, name := range []string{"brewer.go", "brewer_test.go"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(dir, "cmd", "pulse-plugin-brewer", "main.go"), string(code))
	if out := mustOnce(t, "plugin", "test", dir); !strings.Contains(out, "No faults.") {
		t.Errorf("the trials: %s", out)
	}
	archive = filepath.Join(t.TempDir(), "brewer.tar.gz")
	sum, _, _ = strings.Cut(mustOnce(t, "plugin", "pack", dir, "--out", archive), " ")
	return archive, sum
}

func mustOnce(t *testing.T, args ...string) string {
	t.Helper()
	code, out := once(t, "pulse", args...)
	if code != 0 {
		t.Fatalf("pulse %v: code %d\n%s", args, code, out)
	}
	return out
}

// A stranger's plugin, installed while the server runs, brings a type of its own: it is in the catalogue, in the state, in
// the charts and in the history, and no line of the server knows it. It is killed over and over, and then removed.
func TestAStrangersPlugin(t *testing.T) {
	t.Parallel()
	archive, sum := brewer(t)
	s := startServer(t)
	s.claim()
	raw, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(s.data, "archives"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(s.data, "archives", "brewer.tar.gz"), string(raw))
	if got := s.call("POST", "/api/plugins/install", map[string]any{"archive": "brewer.tar.gz", "sha256": strings.Repeat("0", 64)}); got.status != http.StatusBadRequest {
		t.Errorf("a wrong checksum: %v", got)
	}
	if got := s.call("POST", "/api/plugins/install", map[string]any{"archive": "brewer.tar.gz", "sha256": sum}); got.status != http.StatusCreated {
		t.Fatalf("install: %v", got)
	}
	if got := s.call("POST", "/api/integrations", map[string]any{"kind": "brewer", "name": "cellar", "config": map[string]any{"kettles": 3}}); got.status != http.StatusCreated {
		t.Fatalf("make: %v", got)
	}
	eventually(t, "three kettles in the state", func() bool { return s.members("kettles") == 3 })
	if types := s.call("GET", "/api/types", nil); !strings.Contains(string(types.body), `"name":"kettle"`) {
		t.Errorf("the catalogue: %v", types)
	}
	eventually(t, "their heat is in the charts", func() bool {
		series, ok := s.call("GET", "/api/charts?range=5m", nil).member("kettleData.kettle-1.heat").([]any)
		return ok && len(series) > 0
	})
	eventually(t, "and in the history", func() bool {
		got := s.call("GET", "/api/metrics-store/history?resourceType=kettle&resourceId=kettle-2&metric=heat&range=1h", nil)
		points, ok := got.member("points").([]any)
		return ok && len(points) > 0
	})
	eventually(t, "the plugin tells what it owns", func() bool {
		got := s.call("GET", "/api/plugins/brewer", nil)
		return got.member("plugin.records") == 3.0 && got.member("plugin.series") == 3.0 && got.member("plugin.installed") == true
	})
	killOften(t, s, "brewer")

	if got := s.call("DELETE", "/api/plugins/brewer", nil); got.status != http.StatusNoContent {
		t.Errorf("remove: %v", got)
	}
	if got := s.call("GET", "/api/plugins/brewer", nil); got.status != http.StatusNotFound {
		t.Errorf("after removal: %v", got)
	}
	eventually(t, "its process is gone", func() bool { return children(s.pid())["pulse-plugin-brewer"] == 0 })
	if s.members("hosts") != 0 || !s.healthy() {
		t.Error("the server is not well after it")
	}
}

// killOften kills a plugin again and again: each time it comes back, and nothing is left behind.
func killOften(t *testing.T, s *server, kind string) {
	t.Helper()
	pid := func() int { return children(s.pid())["pulse-plugin-"+kind] }
	before := s.held()
	for range kills {
		old := s.killPlugin(kind)
		eventually(t, "the death is noticed", func() bool {
			got := s.call("GET", "/api/plugins/"+kind, nil)
			return got.member("plugin.pid") != float64(old)
		})
		if got := s.call("POST", "/api/plugins/"+kind+"/restart", nil); got.status != http.StatusOK {
			t.Fatalf("restart: %v", got)
		}
		eventually(t, "it is back", func() bool {
			got := s.call("GET", "/api/plugins/"+kind, nil)
			return got.member("plugin.state") == "ready" && pid() != 0 && pid() != old
		})
	}
	if got := s.call("GET", "/api/plugins/"+kind, nil); !strings.Contains(fmt.Sprint(got.member("plugin.error")), "ended by itself (signal: killed)") {
		t.Errorf("the last error: %v", got)
	}
	eventually(t, "it collects again", func() bool {
		tasks, ok := s.call("GET", "/api/plugins/"+kind, nil).member("tasks").([]any)
		return ok && len(tasks) == 1 && tasks[0].(map[string]any)["failures"] == nil
	})
	if !within(patience, func() bool {
		after := s.held()
		return after.files <= before.files+3 && after.goroutines <= before.goroutines+5
	}) {
		t.Errorf("after %d kills the server holds %+v, before %+v", kills, s.held(), before)
	}
}

// holding is what a server holds that might leak.
type holding struct{ files, goroutines int }

func (s *server) held() holding {
	s.t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.pid()))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(s.call("GET", "/metrics", nil).body), "\ngo_goroutines ")
	number, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(number)
	if err != nil {
		s.t.Fatalf("goroutines: %v", err)
	}
	return holding{len(files), n}
}
