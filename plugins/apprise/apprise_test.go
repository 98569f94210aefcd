package apprise_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/apprise"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

func message(kind string) sdk.Message {
	return sdk.Message{ID: "m", Kind: kind, Severity: sdk.SeverityCritical, Title: "--help \"x\"", Text: "CPU of bøx is high\nsecond line", Time: time.Unix(1_800_000_000, 0), URL: "https://pulse.example.com"}
}

func notifier(t *testing.T, c apprise.Config) *apprise.Notifier {
	t.Helper()
	c.Timeout, c.APIKeyHeader = 20*time.Second, "X-API-KEY"
	n, err := apprise.New(c, sdk.Deps{HTTP: http.DefaultClient, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheServerIsAsked(t *testing.T) {
	var path, key string
	var body map[string]string
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, key = r.URL.Path, r.Header.Get("X-API-KEY")
		_ = json.NewDecoder(r.Body).Decode(&body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "about json://user:secret-word@host")
	}))
	defer s.Close()
	n := notifier(t, apprise.Config{Mode: "http", ServerURL: s.URL + "/", ConfigKey: "home", APIKey: "k3y-word", Targets: []sdk.Secret{"json://user:secret-word@host"}})
	for kind, want := range map[string]string{"firing": "failure", "resolved": "info"} {
		receipts, err := n.Send(t.Context(), message(kind), nil)
		if err != nil || !receipts[0].OK || path != "/notify/home" || key != "k3y-word" || body["type"] != want || body["title"] != `--help "x"` || body["urls"] != "json://user:secret-word@host" {
			t.Fatalf("%v %v %s %s %v", receipts, err, path, key, body)
		}
		if strings.Contains(receipts[0].Excerpt, "secret-word") {
			t.Fatal("the answer shows a target")
		}
	}
	for code, permanent := range map[int]bool{400: true, 404: true, 424: false, 500: false} {
		status = code
		receipts, err := n.Send(t.Context(), message("firing"), nil)
		if err != nil || receipts[0].OK || receipts[0].Permanent != permanent {
			t.Errorf("%d: %+v %v", code, receipts, err)
		}
	}
	s.Close()
	if _, err := n.Send(t.Context(), message("firing"), nil); sdk.KindOf(err) != sdk.KindUnreachable {
		t.Fatal(err)
	}
}

// TestTheRealCommand runs the command that Debian has against a service of our own.
func TestTheRealCommand(t *testing.T) {
	if _, err := exec.LookPath("apprise"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("apprise is not installed")
		}
		t.Skip("apprise is not installed")
	}
	var got map[string]any
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = json.NewDecoder(r.Body).Decode(&got) }))
	defer s.Close()
	host, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	n := notifier(t, apprise.Config{Mode: "cli", Targets: []sdk.Secret{sdk.Secret("json://" + net.JoinHostPort(host, port))}})
	receipts, err := n.Send(t.Context(), message("firing"), nil)
	if err != nil || !receipts[0].OK || got["title"] != `--help "x"` || got["type"] != "failure" || !strings.Contains(got["message"].(string), "bøx") {
		t.Fatalf("%+v %v %v", receipts, err, got)
	}
}

func TestTheCommandIsNotThere(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := os.Stat("/usr/bin/apprise"); err == nil {
		t.Skip("apprise is installed")
	}
	n := notifier(t, apprise.Config{Mode: "cli", Targets: []sdk.Secret{"json://x"}})
	if _, err := n.Send(t.Context(), message("firing"), nil); sdk.KindOf(err) != sdk.KindConfig {
		t.Fatal(err)
	}
}

func TestConfigurations(t *testing.T) {
	for text, want := range map[string]string{
		`{"server_url":"https://a","targets":["json://x"]}`: "", `{"server_url":"https://a","config_key":"k"}`: "",
		`{"server_url":"https://a"}`: "targets", `{}`: "server_url", `{"mode":"cli"}`: "targets", `{"mode":"cli","targets":["x"]}`: "targets.0",
		`{"mode":"shell","targets":["x://y"]}`: "mode",
	} {
		var paths []string
		for _, d := range apprise.Plugin().Validate(t.Context(), json.RawMessage(text)) {
			paths = append(paths, d.Path)
		}
		if strings.Join(paths, " ") != want {
			t.Errorf("%s: %v", text, paths)
		}
	}
}

func TestConformance(t *testing.T) {
	sdktest.Conformance(t, apprise.Plugin(), sdktest.Options{Config: `{"server_url":"http://127.0.0.1:1","config_key":"k"}`})
}
