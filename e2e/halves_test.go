package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// halvesKills is how often each of the works below is killed at a moment of its own.
const halvesKills = 4

// marked is a server that has been stopped, on which everything says the same word: integrations with their secrets and a
// setting.
func marked(t *testing.T, word string, integrations int) (data string) {
	t.Helper()
	s := startServer(t)
	s.claim()
	for i := range integrations {
		made := s.call("POST", "/api/integrations", map[string]any{"kind": "webhook", "name": fmt.Sprintf("hook-%d", i), "title": word, "config": map[string]any{"url": "https://chat.example.com/" + word}})
		if made.status != http.StatusCreated {
			t.Fatalf("make: %v", made)
		}
	}
	if got := s.call("POST", "/api/system/settings/update", map[string]any{"publicURL": "https://" + word + ".example.com"}); got.status != http.StatusOK {
		t.Fatalf("settings: %v", got)
	}
	s.stop()
	return s.data
}

// word is the one that a started server says, and an error when it says two or cannot open its secrets.
func (s *server) word() string {
	s.t.Helper()
	words := map[string]bool{}
	list := s.call("GET", "/api/integrations", nil)
	for i := 0; ; i++ {
		title, ok := list.member(fmt.Sprintf("%d.title", i)).(string)
		if !ok {
			title, ok = list.member(fmt.Sprintf("integrations.%d.title", i)).(string)
		}
		if !ok {
			break
		}
		words[title] = true
	}
	setting, _ := s.call("GET", "/api/system/settings", nil).member("publicURL").(string)
	words[strings.TrimSuffix(strings.TrimPrefix(setting, "https://"), ".example.com")] = true
	if len(words) != 1 {
		s.t.Errorf("half of one and half of the other: %v", words)
	}
	if got := s.call("POST", "/api/config/export", map[string]any{"passphrase": passphrase}); got.status != http.StatusOK {
		s.t.Errorf("secrets do not open: %v", got)
	}
	for w := range words {
		return w
	}
	return ""
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", dir, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

// killedAt runs a command and kills it: every second round in the middle, which is when it has made a file, else after a part
// of the time that it takes.
func killedAt(t *testing.T, round int, middle string, takes time.Duration, args ...string) {
	t.Helper()
	p := launch(t, "pulse", args...)
	deadline := time.Now().Add(rand.N(takes))
	for p.running() {
		if _, err := os.Stat(middle); round%2 == 0 && err == nil || round%2 == 1 && time.Now().After(deadline) {
			break
		}
		<-time.After(100 * time.Microsecond) // others work too
	}
	p.kill()
}

// A restore that is killed at any moment leaves the server of before or the one of the backup.
func TestRestoreKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	old, fresh := marked(t, "old", 20), marked(t, "new", 20)
	file := filepath.Join(t.TempDir(), "pulse.tar.gz")
	pulse(t, "backup", file, "--data", fresh)
	whole := copyOf(t, old)
	began := time.Now()
	pulse(t, "restore", file, "--data", whole)
	takes := time.Since(began)
	seen := map[string]int{}
	for round := range halvesKills {
		data := copyOf(t, old)
		killedAt(t, round, filepath.Join(data, ".restore"), takes, "restore", file, "--data", data)
		s := startServerIn(t, data)
		s.token = adminToken
		seen[s.word()]++
		s.stop()
		pulse(t, "restore", file, "--data", data) // and it can be done again
		s.start()
		if got := s.word(); got != "new" {
			t.Errorf("restored again it says %q", got)
		}
		s.stop()
	}
	if seen["old"]+seen["new"] != halvesKills {
		t.Errorf("afterwards: %v", seen)
	}
	t.Logf("afterwards: %v", seen)
}

// An import that is killed with its server at any moment has happened as a whole or not at all.
func TestImportKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	old, fresh := marked(t, "old", 20), marked(t, "new", 20)
	from := startServerIn(t, fresh)
	from.token = adminToken
	sections := []string{"integrations", "settings"}
	data, _ := from.call("POST", "/api/config/export", map[string]any{"passphrase": passphrase, "sections": sections}).member("data").(string)
	from.stop()
	order := map[string]any{"data": data, "passphrase": passphrase, "sections": sections}
	takes := time.Duration(0)
	seen := map[string]int{}
	for round := range halvesKills + 1 {
		s := startServerIn(t, copyOf(t, old))
		s.token = adminToken
		if round == 0 { // as long as it takes when nobody disturbs it
			began := time.Now()
			if got := s.call("POST", "/api/config/import", order); got.status != http.StatusOK {
				t.Fatalf("import: %v", got)
			}
			takes = time.Since(began)
			eventually(t, "the import counts", func() bool { return s.healthy() && s.word() == "new" })
			s.stop()
			continue
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			body := fmt.Appendf(nil, `{"data":%q,"passphrase":%q,"sections":["integrations","settings"]}`, data, passphrase)
			_, _ = s.try("POST", "/api/config/import", s.token, body)
		}()
		wal := func() int64 {
			info, err := os.Stat(filepath.Join(s.data, "pulse.db-wal"))
			if err != nil {
				return 0
			}
			return info.Size()
		}
		before, deadline := wal(), time.Now().Add(takes/2+rand.N(takes))
		switch round % 3 {
		case 0: // when it is answered, while the server begins anew
			<-done
		case 1: // as soon as something is written
			for time.Now().Before(deadline) && wal() == before {
				<-time.After(100 * time.Microsecond)
			}
		default:
			<-time.After(time.Until(deadline))
		}
		s.kill()
		<-done
		s.start()
		seen[s.word()]++
		s.stop()
	}
	if seen["old"]+seen["new"] != halvesKills || seen["new"] == 0 { // what was answered counts
		t.Errorf("afterwards: %v", seen)
	}
	t.Logf("afterwards: %v", seen)
}

// A change of the key that is killed at any moment leaves every secret open, and is ended by doing it again.
func TestKeyRotationKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	old := marked(t, "old", 60)
	whole := copyOf(t, old)
	began := time.Now()
	pulse(t, "key", "rotate", "--data", whole)
	takes := time.Since(began)
	for round := range halvesKills {
		data := copyOf(t, old)
		for range 2 { // the second is killed while it ends the first
			killedAt(t, round, filepath.Join(data, "secret.key.old"), takes, "key", "rotate", "--data", data)
		}
		s := startServerIn(t, data)
		s.token = adminToken
		if got := s.word(); got != "old" {
			t.Errorf("it says %q", got)
		}
		s.stop()
		pulse(t, "key", "rotate", "--data", data)
		if _, err := os.Stat(filepath.Join(data, "secret.key.old")); err == nil {
			t.Error("the key of before is left")
		}
		s.start()
		if got := s.word(); got != "old" {
			t.Errorf("with the new key it says %q", got)
		}
		s.stop()
	}
}
