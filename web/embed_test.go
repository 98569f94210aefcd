package web_test

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/web"
)

func TestAssets(t *testing.T) {
	files, built := web.Assets()
	if !built {
		if _, err := fs.Stat(files, "index.html"); err == nil {
			t.Fatal("index.html is there, but the app counts as not built")
		}
		t.Skip("the web app is not built: run make web")
	}
	page, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, []byte(`"__CSP_NONCE__"`)) {
		t.Error("index.html has no place for the nonce")
	}
	if bytes.Contains(page, []byte("<style")) || bytes.Contains(page, []byte(" style=")) {
		t.Error("index.html has inline styles, which the content security policy forbids")
	}
	err = fs.WalkDir(files, "assets", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".js") {
			return err
		}
		for _, suffix := range []string{".br", ".gz"} {
			if _, err := fs.Stat(files, path+suffix); err != nil {
				t.Errorf("no compressed sibling: %v", err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
