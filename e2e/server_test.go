package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// server is a running pulse with its data directory, and the token that it was claimed with.
type server struct {
	*process
	t       testing.TB
	url     string
	address string
	data    string
	plugins string
	token   string
	args    []string // more arguments of the server
	client  *http.Client
}

// startServer runs a new server on a data directory of its own.
func startServer(t testing.TB) *server {
	t.Helper()
	return startServerIn(t, t.TempDir())
}

func startServerIn(t testing.TB, data string) *server {
	t.Helper()
	s := newServer(t, data)
	s.start()
	return s
}

// newServer returns a server that is not started yet.
func newServer(t testing.TB, data string) *server {
	t.Helper()
	s := &server{t: t, data: data, plugins: filepath.Join(bin, "plugins"), address: freeAddress(t)}
	s.url = "http://" + s.address
	s.client = newClient()
	return s
}

// newClient returns a client that keeps no connection over the death of a server.
func newClient() *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
}

// start runs the server (again) and waits until it says that it is healthy.
func (s *server) start() {
	s.t.Helper()
	args := append([]string{"serve", "--data", s.data, "--listen", s.address, "--plugins", s.plugins}, s.args...)
	s.process = launch(s.t, "pulse", args...)
	eventually(s.t, "the server is healthy", func() bool {
		if !s.running() {
			s.t.Fatalf("the server ended: %v", s.err)
		}
		return s.healthy()
	})
}

func (s *server) healthy() bool {
	answer, err := s.try("GET", "/api/health", "", nil)
	return err == nil && answer.status == http.StatusOK
}

// answer is what came back for a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, tail(string(a.body), 600)) }

// member returns what stands at a dotted path of names and list positions in a JSON answer, nil when it is absent.
func (a answer) member(path string) any {
	var value any
	if json.Unmarshal(a.body, &value) != nil {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		switch of := value.(type) {
		case map[string]any:
			value = of[name]
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n >= len(of) {
				return nil
			}
			value = of[n]
		default:
			return nil
		}
	}
	return value
}

// try sends a request with a token and returns the error of a connection that failed.
func (s *server) try(method, path, token string, body []byte, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, content}, err
}

// call sends a request with the server's own token and fails the test when no answer comes.
func (s *server) call(method, path string, body any, headers ...string) answer {
	s.t.Helper()
	return s.callAs(s.token, method, path, body, headers...)
}

func (s *server) callAs(token, method, path string, body any, headers ...string) answer {
	s.t.Helper()
	var raw []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		raw = b
	default:
		var err error
		if raw, err = json.Marshal(b); err != nil {
			s.t.Fatal(err)
		}
	}
	got, err := s.try(method, path, token, raw, headers...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

const (
	adminName     = "admin"
	adminPassword = "correct horse battery"
	adminToken    = "0123456789abcdef0123456789abcdef0123456789abcdef"
)

// claim sets the first password with the bootstrap token, as the wizard does.
func (s *server) claim() {
	s.t.Helper()
	code, out := once(s.t, "pulse", "bootstrap-token", "--data", s.data)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 {
		s.t.Fatalf("pulse bootstrap-token: exit code %d: %s", code, out)
	}
	got := s.callAs("", "POST", "/api/security/quick-setup", map[string]any{
		"username": adminName, "password": adminPassword, "apiToken": adminToken,
	}, "X-Setup-Token", lines[len(lines)-1])
	if got.status != http.StatusOK {
		s.t.Fatalf("claim the server: %v", got)
	}
	s.token = adminToken
}

// mint makes a token with scopes and returns its id and its raw value.
func (s *server) mint(scopes ...string) (id, raw string) {
	s.t.Helper()
	got := s.call("POST", "/api/security/tokens", map[string]any{"name": "test", "scopes": scopes})
	raw, _ = got.member("token").(string)
	id, _ = got.member("record.id").(string)
	if got.status != http.StatusOK || raw == "" || id == "" {
		s.t.Fatalf("create a token: %v", got)
	}
	return id, raw
}

// report sends a host report and returns the answer, or the error of a broken connection.
func (s *server) report(token string, body []byte, headers ...string) (answer, error) {
	return s.try("POST", "/api/agents/host/report", token, body, headers...)
}

// hosts returns the hosts of the state document by id.
func (s *server) hosts() map[string]map[string]any {
	s.t.Helper()
	got := s.call("GET", "/api/state", nil)
	var state struct {
		Hosts []map[string]any `json:"hosts"`
	}
	if err := json.Unmarshal(got.body, &state); got.status != http.StatusOK || err != nil {
		s.t.Fatalf("read the state: %v (%v)", got, err)
	}
	byID := map[string]map[string]any{}
	for _, host := range state.Hosts {
		id, _ := host["id"].(string)
		byID[id] = host
	}
	return byID
}

// settled returns the hosts once the one that reported last is among them: the state document may be a second old.
func (s *server) settled(last string) (hosts map[string]map[string]any) {
	s.t.Helper()
	eventually(s.t, last+" is shown", func() bool {
		hosts = s.hosts()
		return hosts[last] != nil
	})
	return hosts
}

// point is one point of a series.
type point struct {
	Timestamp int64   `json:"timestamp"`
	Value     float64 `json:"value"`
}

// history returns the stored points of a host's metric over the last hour.
func (s *server) history(host, metric string) []point {
	s.t.Helper()
	query := url.Values{"resourceType": {"host"}, "resourceId": {host}, "metric": {metric}, "range": {"1h"}}
	got := s.call("GET", "/api/metrics-store/history?"+query.Encode(), nil)
	var series struct {
		Points []point `json:"points"`
		Source string  `json:"source"`
	}
	if err := json.Unmarshal(got.body, &series); got.status != http.StatusOK || err != nil {
		s.t.Fatalf("read the history of %s: %v (%v)", host, got, err)
	}
	if series.Source != "store" {
		return nil
	}
	return series.Points
}

// plugin returns the process of the host plugin, 0 when it does not run.
func (s *server) plugin() int { return children(s.pid())["pulse-plugin-host"] }

// agent is a running agent with its state directory.
type agent struct {
	*process
	state string
}

// startAgent runs an agent against the server with the enrolment token of the local one.
func startAgent(t testing.TB, s *server, args ...string) *agent {
	t.Helper()
	a := &agent{state: t.TempDir()}
	a.process = launch(t, "pulse-agent", append([]string{
		"--url", s.url, "--token-file", filepath.Join(s.data, "local-agent.token"),
		"--state-dir", a.state, "--interval", "1s", "--health-addr=",
	}, args...)...)
	return a
}

// waiting returns how many reports the agent keeps on disk.
func (a *agent) waiting() int {
	count := 0
	_ = filepath.WalkDir(a.state, func(path string, _ os.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".report" {
			count++
		}
		return nil
	})
	return count
}

// hostReport is a report in the reference's wire format for a host that uses cpu percent.
func hostReport(host string, cpu float64) []byte {
	body, err := json.Marshal(map[string]any{
		"agent": map[string]any{"id": host + "-agent", "version": "v5.1.13", "type": "unified", "intervalSeconds": 30, "hostname": host},
		"host": map[string]any{
			"id": host, "hostname": host, "machineId": host, "platform": "debian", "osName": "debian", "cpuCount": 4,
			"uptimeSeconds": 4242,
		},
		"metrics": map[string]any{
			"cpuUsagePercent": cpu,
			"memory":          map[string]any{"totalBytes": 8 << 30, "usedBytes": 2 << 30, "freeBytes": 6 << 30, "usage": 25.0},
		},
		"disks":     []any{},
		"timestamp": time.Now().UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		panic(err)
	}
	return body
}

// reported delivers a report, again while the server says to send it later, as agents do: it or its plugin has just begun.
func (s *server) reported(token string, body []byte, headers ...string) (got answer, err error) {
	s.t.Helper()
	eventually(s.t, "the answer to a report is a last one", func() bool {
		got, err = s.report(token, body, headers...)
		return err != nil || got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == ""
	})
	return got, err
}

// must reports a host and fails the test unless the server acknowledges it. As an agent does, it comes again when it is told
// to, because the plugin is not there yet.
func (s *server) must(token string, body []byte) {
	s.t.Helper()
	if got, err := s.reported(token, body); err != nil || got.status != http.StatusOK {
		s.t.Fatalf("report: %v %v", got, err)
	}
}

// writeFile writes a file of the test's own.
func writeFile(t testing.TB, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A server that finds no plugins serves, and says that it is of no use so.
func TestServerWithoutPlugins(t *testing.T) {
	t.Parallel()
	s := newServer(t, t.TempDir())
	s.plugins = filepath.Join(t.TempDir(), "elsewhere")
	s.start()
	eventually(t, "the log names the folder and the flag", func() bool {
		out := s.output.String()
		return strings.Contains(out, s.plugins) && strings.Contains(out, "--plugins")
	})
}

// A folder of plugins may be named from where the server is started, although plugins run in one of their own.
func TestPluginsInARelativeFolder(t *testing.T) {
	t.Parallel()
	s := newServer(t, t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if s.plugins, err = filepath.Rel(here, s.plugins); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.claim()
	if got := s.call("POST", "/api/integrations", map[string]any{"kind": "demo", "name": "lab", "config": map[string]any{"guests": 1}}); got.status != http.StatusCreated {
		t.Fatalf("%v", got)
	}
	eventually(t, "it collects", func() bool { return s.members("demoGuests") == 1 })
}
