package proxmox

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recordings is where real answers lie beside the project, when they are there.
const recordings = "../../../../shared/proxmox/fixtures"

// TestRecordedAnswersAreRead reads every recorded answer: none of real servers' forms may fail a whole reply.
func TestRecordedAnswersAreRead(t *testing.T) {
	if _, err := os.Stat(recordings); err != nil {
		t.Skip("the recorded answers are not beside the project")
	}
	read := 0
	err := filepath.WalkDir(recordings, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") || strings.Contains(path, ".status") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		var whole struct{ Data json.RawMessage }
		if err := json.Unmarshal(text, &whole); err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		if strings.HasPrefix(strings.TrimSpace(string(whole.Data)), "[") {
			rows := 0
			if _, err := readList(strings.NewReader(string(text)), func(json.RawMessage) error { rows++; return nil }); err != nil {
				t.Errorf("%s: %v after %d rows", path, err, rows)
			}
			return nil
		}
		var v any
		if err := readObject(strings.NewReader(string(text)), &v); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil || read == 0 {
		t.Fatalf("%d read, %v", read, err)
	}
}
