package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The plugin that the README shows is a plugin.
func TestReadmePlugin(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```go\n")
	code, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the README shows no Go code")
	}
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "main.go"), code)
	binary := filepath.Join(dir, "pulse-plugin-thermometer")
	if err := command("go", "build", "-o", binary, file); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(context.Background(), binary, "manifest").Output()
	if err != nil {
		t.Fatalf("pulse-plugin-thermometer manifest: %v", err)
	}
	var manifest struct{ Kind, Version, SHA256 string }
	if err := json.Unmarshal(out, &manifest); err != nil || manifest.Kind != "thermometer" || manifest.SHA256 == "" {
		t.Errorf("manifest %+v (%v):\n%s", manifest, err, out)
	}
}

// Every file that the pages of documentation link to is there.
func TestDocumentationLinks(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../README.md") {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq(string(content), "](") {
			target, _, ok := strings.Cut(part, ")")
			target, _, _ = strings.Cut(target, "#")
			if !ok || target == "" || strings.ContainsAny(target, " \n|") || strings.Contains(target, "://") || part == string(content) {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s: %v", page, target, err)
			}
		}
	}
}
