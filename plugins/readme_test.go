package plugins

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	named    = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9]*)")
	declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9]*)\(`)
	testFile = regexp.MustCompile("`([a-z_]+_test\\.go)`")
)

// The tables of the readmes say which test covers what a product does. Each of these tests is there.
func TestReadmesNameTestsThatExist(t *testing.T) {
	shared := testsBelow(t, "internal/proxmox", "../sdk")
	for _, plugin := range []string{"pve", "pbs", "pmg"} {
		text, err := os.ReadFile(filepath.Join(plugin, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		own, rows := testsBelow(t, plugin), 0
		for line := range strings.Lines(string(text)) {
			for _, name := range named.FindAllStringSubmatch(line, -1) {
				rows++
				if !own[name[1]] && !shared[name[1]] {
					t.Errorf("%s names %s, which is nowhere", plugin, name[1])
				}
			}
			for _, file := range testFile.FindAllStringSubmatch(line, -1) {
				if _, err := os.Stat(filepath.Join(plugin, file[1])); err != nil {
					t.Errorf("%s names %s: %v", plugin, file[1], err)
				}
			}
		}
		if rows < 20 {
			t.Errorf("%s names only %d tests", plugin, rows)
		}
	}
}

// testsBelow returns the names of all tests in some folders.
func testsBelow(t *testing.T, folders ...string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, name := range declared.FindAllStringSubmatch(string(text), -1) {
				out[name[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
