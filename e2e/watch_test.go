package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ships lists what the lookout sees, with its state.
func (s *server) ships() (out []string) {
	s.t.Helper()
	all, _ := s.call("GET", "/api/state", nil).member("ships").([]any)
	for _, one := range all {
		m := one.(map[string]any)
		out = append(out, m["name"].(string)+" "+m["status"].(string))
	}
	slices.Sort(out)
	return out
}

// A plugin that follows its source by itself: changes arrive as they happen, without a task. When the plugin or the
// source is lost all is stale with the reason, and what went meanwhile is gone when it is back.
func TestAWatch(t *testing.T) {
	t.Parallel()
	harbour := filepath.Join(t.TempDir(), "harbour")
	if err := os.Mkdir(harbour, 0o700); err != nil {
		t.Fatal(err)
	}
	berth := func(name string) string { return filepath.Join(harbour, name) }
	writeFile(t, berth("1"), "Anna")
	writeFile(t, berth("2"), "Berta")
	s := startServer(t)
	s.claim()
	s.install("lookout", "1.0.0", readFile(t, "testdata/lookout/main.go"))
	if got := s.call("POST", "/api/integrations", map[string]any{"kind": "lookout", "name": "north", "config": map[string]any{"folder": harbour}}); got.status != http.StatusCreated {
		t.Fatalf("make: %v", got)
	}
	sees := func(when string, want ...string) {
		t.Helper()
		if !within(patience, func() bool { return slices.Equal(s.ships(), want) }) {
			t.Fatalf("%s: %v, want %v", when, s.ships(), want)
		}
	}
	sees("at first", "Anna up", "Berta up")
	writeFile(t, berth("3"), "Cora")
	writeFile(t, berth("1"), "Anna II")
	if err := os.Remove(berth("2")); err != nil {
		t.Fatal(err)
	}
	sees("after changes", "Anna II up", "Cora up")
	eventually(t, "the watch is among the tasks", func() bool {
		got := s.call("GET", "/api/integrations/lookout/north", nil)
		return got.member("status.state") == "ok" && got.member("status.tasks.0.name") == "watch" && got.member("status.tasks.0.running") == true
	})

	for range 5 {
		pid := s.killPlugin("lookout")
		eventually(t, "another one runs", func() bool {
			now := children(s.pid())["pulse-plugin-lookout"]
			if now == 0 {
				s.call("POST", "/api/plugins/lookout/restart", nil)
			}
			return now != 0 && now != pid
		})
		sees("after a kill", "Anna II up", "Cora up")
	}

	if err := os.Rename(harbour, harbour+".away"); err != nil {
		t.Fatal(err)
	}
	sees("when the source is away", "Anna II stale", "Cora stale")
	eventually(t, "the reason is told", func() bool {
		got := s.call("GET", "/api/v2/resources/3", nil)
		return strings.Contains(string(got.body), "The harbour cannot be seen.")
	})
	if err := os.Remove(filepath.Join(harbour+".away", "3")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(harbour+".away", harbour); err != nil {
		t.Fatal(err)
	}
	sees("when it is back", "Anna II up")
	if got := s.call("DELETE", "/api/integrations/lookout/north?revision=1", nil); got.status != http.StatusNoContent {
		t.Fatal(got)
	}
	sees("when it is removed")
}
