package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packed puts an archive of a plugin's program into the server's folder for them.
func packed(t *testing.T, s *server, kind, version, code string) (archive, sum string) {
	t.Helper()
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), kind)
	mustOnce(t, "plugin", "new", kind, "--dir", dir, "--replace", checkout)
	for _, name := range []string{kind + ".go", kind + "_test.go"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(dir, "cmd", "pulse-plugin-"+kind, "main.go"), code)
	archive = kind + "-" + version + ".tar.gz"
	if err := os.MkdirAll(filepath.Join(s.data, "archives"), 0o700); err != nil {
		t.Fatal(err)
	}
	sum, _, _ = strings.Cut(mustOnce(t, "plugin", "pack", dir, "--out", filepath.Join(s.data, "archives", archive)), " ")
	return archive, sum
}

// install installs a plugin whose program is given.
func (s *server) install(kind, version, code string) {
	s.t.Helper()
	archive, sum := packed(s.t.(*testing.T), s, kind, version, code)
	if got := s.call("POST", "/api/plugins/install", map[string]any{"archive": archive, "sha256": sum}); got.status >= 300 {
		s.t.Fatalf("install %s %s: %v", kind, version, got)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// renamed is the stranger's plugin as its author writes it later, when a key has another name.
func renamed(code string) string {
	code = strings.Replace(code, `"1.0.0"`, `"2.0.0"`, 1)
	code = strings.Replace(code, `name:"kettles"`, `name:"pots"`, 1)
	code = strings.Replace(code, `Version: "2.0.0",`, `Version: "2.0.0", ConfigVersion: 2,`, 1)
	code = strings.Replace(code, `serve.Main(schema.Define(`, `serve.Main(schema.Upgrading(schema.Define(`, 1)
	return strings.Replace(code, `return &brewery{c, d.Now}, nil }))`, `return &brewery{c, d.Now}, nil }), func(c map[string]any, _ int) (map[string]any, error) {
		schema.Rename(c, "kettles", "pots")
		return c, nil
	}))`, 1)
}

// A key of a plugin's configuration gets another name in its next version. What was configured before works on without a
// gap, is stored as the new version reads it, and stays so over a restart; what a file owns works on with a warning.
func TestARenamedKeySurvivesAnUpgrade(t *testing.T) {
	t.Parallel()
	file := writeFile(t, filepath.Join(t.TempDir(), "config.hcl"), "integration \"brewer\" \"attic\" {\n  kettles = 2\n}\n")
	s := newServer(t, t.TempDir())
	s.args = []string{"--config", file}
	s.start()
	s.claim()
	code := readFile(t, "testdata/outside/main.go")
	s.install("brewer", "1.0.0", code)
	if got := s.call("POST", "/api/integrations", map[string]any{"kind": "brewer", "name": "cellar", "config": map[string]any{"kettles": 3}}); got.status != http.StatusCreated {
		t.Fatalf("make: %v", got)
	}
	s.kill() // the file's integration is adopted at a start, when its plugin is there
	s.start()
	eventually(t, "five kettles", func() bool { return s.members("kettles") == 5 })

	s.install("brewer", "2.0.0", renamed(code))
	upgraded := func() bool {
		got := s.call("GET", "/api/integrations/brewer/cellar", nil)
		return got.member("config.pots") == 3.0 && got.member("config.kettles") == nil && got.member("revision") == 1.0 && got.member("status.state") == "ok"
	}
	eventually(t, "it is stored as the second version reads it", upgraded)
	eventually(t, "five kettles again", func() bool {
		return s.members("kettles") == 5 && s.call("GET", "/api/plugins/brewer", nil).member("plugin.version") == "2.0.0"
	})
	s.kill()
	s.start()
	eventually(t, "it is so after a crash, and the file's works too", func() bool {
		return upgraded() && s.members("kettles") == 5 && s.call("GET", "/api/integrations/brewer/attic", nil).member("status.state") == "ok"
	})
	if got := s.call("PUT", "/api/integrations/brewer/cellar", map[string]any{"revision": 1, "config": map[string]any{"kettles": 4}}); got.status != http.StatusBadRequest {
		t.Errorf("the old key is taken: %v", got)
	}
}
