package influx

import (
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	user     = "admin"
	password = "pw"
)

// server is a real InfluxDB in a process of its own. One with an organisation is an InfluxDB 2.
type server struct {
	url, token, org string
	arguments       []string
	process         *exec.Cmd
}

// each runs a test against a 1.8 and against an InfluxDB 2.
func each(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	t.Run("1.8", func(t *testing.T) { test(t, start(t)) })
	t.Run("2", func(t *testing.T) { test(t, startSecond(t)) })
}

// start starts the InfluxDB 1.8 that the variable INFLUXD names, or the one on the path.
func start(t *testing.T) *server {
	t.Helper()
	program := os.Getenv("INFLUXD")
	if program == "" {
		var err error
		if program, err = exec.LookPath("influxd"); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal("influxd is missing: scripts/test.sh builds it")
			}
			t.Skip("influxd is missing: scripts/test.sh builds it")
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "influxdb.conf")
	port, other := free(t), free(t)
	conf := fmt.Sprintf(`reporting-disabled = true
bind-address = %q
[meta]
  dir = %q
[data]
  dir = %q
  wal-dir = %q
  query-log-enabled = false
[http]
  bind-address = %q
  flux-enabled = true
  auth-enabled = true
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "error"
`, other, filepath.Join(dir, "meta"), filepath.Join(dir, "data"), filepath.Join(dir, "wal"), port)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{url: "http://" + port, token: user + ":" + password, arguments: []string{"-config", file}}
	s.run(t, program)
	t.Cleanup(s.kill)
	s.query(t, "CREATE USER "+user+" WITH PASSWORD '"+password+"' WITH ALL PRIVILEGES")
	return s
}

// startSecond starts the InfluxDB 2 that the variable INFLUXD2 names, and claims it.
func startSecond(t *testing.T) *server {
	t.Helper()
	program := os.Getenv("INFLUXD2")
	if program == "" {
		t.Skip("there is no InfluxDB 2 in INFLUXD2: scripts/influxd2.sh builds one, for minutes")
	}
	dir, port := t.TempDir(), free(t)
	s := &server{url: "http://" + port, token: "secret-token", org: "house", arguments: []string{
		"--bolt-path", filepath.Join(dir, "bolt"), "--sqlite-path", filepath.Join(dir, "sqlite"), "--engine-path", filepath.Join(dir, "engine"),
		"--http-bind-address", port, "--reporting-disabled", "--log-level", "error",
	}}
	s.run(t, program)
	t.Cleanup(s.kill)
	s.call(t, http.MethodPost, "/api/v2/setup", fmt.Sprintf(`{"username":%q,"password":"long-enough","org":%q,"bucket":"first","token":%q}`, user, s.org, s.token))
	return s
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// run starts the process and waits until it answers.
func (s *server) run(t *testing.T, program string) {
	t.Helper()
	s.process = exec.Command(program, s.arguments...)
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(s.url + "/ping")
		if err == nil {
			resp.Body.Close()
			return
		}
	}
	t.Fatal("influxd does not answer")
}

func (s *server) kill() {
	_ = s.process.Process.Kill()
	_, _ = s.process.Process.Wait()
}

func (s *server) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// query runs InfluxQL on a 1.8 and returns the answer.
func (s *server) query(t *testing.T, statement string) string {
	t.Helper()
	return s.call(t, http.MethodPost, "/query?"+url.Values{"q": {statement}}.Encode(), "")
}

// call makes a request that succeeds and returns the answer.
func (s *server) call(t *testing.T, method, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if s.org == "" {
		req.SetBasicAuth(user, password)
	} else {
		req.Header.Set("Authorization", "Token "+s.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s, %v", method, path, answer, err)
	}
	return string(answer)
}

// database is a name for what lies in a folder.
func (s *server) database(t *testing.T, dir string) string {
	t.Helper()
	h := fnv.New64a()
	_, _ = h.Write([]byte(dir))
	return fmt.Sprintf("pulse%x", h.Sum64())
}
