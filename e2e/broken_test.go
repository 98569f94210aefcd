package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// plant puts a program that is no plugin among the plugins, with a manifest that may be spoiled.
func plant(t *testing.T, dir, kind, script string, spoil func(manifest map[string]any)) {
	t.Helper()
	binary := writeFile(t, filepath.Join(dir, "pulse-plugin-"+kind), script)
	if err := os.Chmod(binary, 0o755); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(script))
	manifest := map[string]any{
		"manifest": 1, "kind": kind, "name": kind, "version": "1.0.0", "protocol": map[string]int{"min": 1, "max": 1},
		"sha256": hex.EncodeToString(sum[:]), "os": runtime.GOOS, "arch": runtime.GOARCH,
		"description": map[string]any{"kind": kind, "name": kind, "version": "1.0.0", "implicit": true},
	}
	if spoil != nil {
		spoil(manifest)
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, binary+".json", string(raw))
}

// Whatever lies among the plugins: each trouble is one sentence in the API and in the log, and the rest runs on.
func TestBrokenPlugins(t *testing.T) {
	t.Parallel()
	s := newServer(t, t.TempDir())
	s.plugins = t.TempDir()
	for _, name := range []string{"pulse-plugin-host", "pulse-plugin-host.json"} {
		raw, err := os.ReadFile(filepath.Join(bin, "plugins", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.plugins, name), raw, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const quiet = "#!/bin/sh\nexec sleep 600\n"
	plant(t, s.plugins, "machine", quiet, func(m map[string]any) { m["arch"] = "pdp11" })
	plant(t, s.plugins, "future", quiet, func(m map[string]any) { m["protocol"] = map[string]int{"min": 9, "max": 9} })
	plant(t, s.plugins, "swapped", quiet, func(m map[string]any) { m["sha256"] = strings.Repeat("0", 64) })
	plant(t, s.plugins, "gone", quiet, nil)
	plant(t, s.plugins, "crash", "#!/bin/sh\necho out of beans >&2\nexit 7\n", nil)
	plant(t, s.plugins, "garbage", "#!/bin/sh\necho good morning\nexec sleep 600\n", nil)
	plant(t, s.plugins, "loud", "#!/bin/sh\nyes loud >&2\n", nil)
	plant(t, s.plugins, "closed", "#!/bin/sh\nexec sleep 600 >&2\n", nil)
	plant(t, s.plugins, "silent", quiet, nil)
	if err := os.Remove(filepath.Join(s.plugins, "pulse-plugin-gone")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(s.plugins, "pulse-plugin-torn.json"), `{"manifest":1,`)
	s.start()
	s.claim()
	for kind, want := range map[string]string{
		"machine": "is built for " + runtime.GOOS + "/pdp11; this machine is", "future": "needs protocol 9; this server speaks 1",
		"swapped": "checksum", "gone": "its program pulse-plugin-gone is missing: install the plugin again", "torn": "parse manifest",
		"crash":   `it ended before it greeted the server (exit status 7); it said last: "out of beans"`,
		"garbage": `it wrote "good morning" to its standard output instead of the greeting of a plugin`,
		"closed":  "it closed its standard output without the greeting of a plugin",
		"loud":    "it did not greet the server within 10s", "silent": "it did not greet the server within 10s",
	} {
		eventually(t, kind+" says what is wrong", func() bool {
			got := s.call("GET", "/api/plugins/"+kind, nil)
			said := fmt.Sprint(got.member("plugin.problem"), got.member("plugin.error"))
			return strings.Contains(said, want) && !strings.Contains(said, "\n")
		})
		eventually(t, kind+" is in the log", func() bool {
			return strings.Contains(strings.ReplaceAll(s.output.String(), `\"`, `"`), want)
		})
	}
	_, token := s.mint("host-agent:report")
	s.must(token, hostReport("steady", 10))
	if size := len(s.output.String()); size > 256<<10 {
		t.Errorf("the log has %d bytes: a plugin that writes without end must not fill it", size)
	}
	s.stop()
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the server stopped with exit code %d", code)
	}
}
