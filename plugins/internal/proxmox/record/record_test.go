package record_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox/record"
	"github.com/pulse-platform/pulse/plugins/pve"
	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
)

// record runs the command against a cluster.
func run(t *testing.T, s *pvetest.Server, args ...string) (dir, output string, err error) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.json")
	text := fmt.Sprintf(`{"host":%q,"fingerprint":%q,"token_name":%q,"token_value":%q}`, s.URL, s.Pin, pvetest.Token, pvetest.Secret)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "recording")
	var out bytes.Buffer
	err = record.Command(pve.Plugin()).Run(t.Context(), append([]string{"--config", config, "--out", dir, "--allow-loopback"}, args...), &out)
	return dir, out.String(), err
}

func TestAClusterIsRecorded(t *testing.T) {
	w := pvetest.New(2, 6, time.Now)
	w.Name, w.Nodes[0].Name, w.Nodes[0].IP = "castle", "dungeon", "192.0.2.1"
	for _, g := range w.Guests {
		g.Node, g.Name = "dungeon", "treasury-"+g.Name
	}
	s := pvetest.Start(t, w)
	dir, out, err := run(t, s)
	if err != nil {
		t.Fatal(err, out)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 3 {
		t.Fatalf("%v %v", entries, err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, own := range []string{"castle", "dungeon", "treasury", "192.0.2.1", pvetest.Secret} {
			if strings.Contains(string(text), own) || strings.Contains(e.Name(), own) {
				t.Errorf("%s holds %q: %s", e.Name(), own, text)
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "cluster_resources.json"))
	var answer struct {
		Data []struct{ Type, Node, Status string }
	}
	if err != nil || json.Unmarshal(text, &answer) != nil || len(answer.Data) < 8 {
		t.Errorf("%v: %s", err, text)
	}
}

func TestWhatFailsIsSaid(t *testing.T) {
	w := pvetest.New(1, 1, time.Now)
	w.Accounts[0].Secret = "another"
	s := pvetest.Start(t, w)
	if _, out, err := run(t, s); err == nil && !strings.Contains(out, "Did not get all") {
		t.Errorf("refused credentials: %v %s", err, out)
	}
	command := record.Command(pve.Plugin())
	for name, args := range map[string][]string{
		"no config": {}, "no such file": {"--config", "/nowhere/config.json"}, "unknown": {"--what"},
	} {
		if err := command.Run(t.Context(), args, &bytes.Buffer{}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	dir := t.TempDir()
	if _, _, err := run(t, pvetest.Start(t, pvetest.New(1, 1, time.Now)), "--out", dir); err == nil {
		t.Error("it writes into a folder that is there")
	}
}
