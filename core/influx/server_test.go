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

// server is a real InfluxDB 1.8 in a process of its own.
type server struct {
	url, token string
	dir        string
	conf       string
	process    *exec.Cmd
}

// start starts the InfluxDB that the variable INFLUXD names, or the one on the path.
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
	s := &server{dir: dir, token: user + ":" + password, conf: filepath.Join(dir, "influxdb.conf")}
	port, other := free(t), free(t)
	s.url = "http://" + port
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
	if err := os.WriteFile(s.conf, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(t, program)
	t.Cleanup(func() { s.kill() })
	s.query(t, "CREATE USER "+user+" WITH PASSWORD '"+password+"' WITH ALL PRIVILEGES")
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
	s.process = exec.Command(program, "-config", s.conf)
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
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

// query runs InfluxQL and returns the answer.
func (s *server) query(t *testing.T, statement string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/query", strings.NewReader(url.Values{"q": {statement}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(user, password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", statement, body, err)
	}
	return string(body)
}

// database is a name for what lies in a folder.
func (s *server) database(t *testing.T, dir string) string {
	t.Helper()
	h := fnv.New64a()
	_, _ = h.Write([]byte(dir))
	return fmt.Sprintf("pulse%x", h.Sum64())
}
