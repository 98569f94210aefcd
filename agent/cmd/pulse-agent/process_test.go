//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the agent, built once for all tests of real processes.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "pulse-agent-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "pulse-agent")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// report is what a fake server keeps of one that it was sent.
type report struct {
	at    time.Time
	token string
}

// fakeServer takes reports, or answers with a status other than 200.
type fakeServer struct {
	mu      sync.Mutex
	status  int
	header  http.Header
	reports []report
	calls   int
	away    bool // it hangs up on whoever calls
	addr    string
}

func (s *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/report") {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		panic(http.ErrAbortHandler)
	}
	s.calls++
	for k, v := range s.header {
		w.Header()[k] = v
	}
	if s.status != 200 || err != nil {
		w.WriteHeader(s.status)
		return
	}
	var got struct {
		Timestamp time.Time `json:"timestamp"`
	}
	if json.Unmarshal(body, &got) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.reports = append(s.reports, report{got.Timestamp, r.Header.Get("X-API-Token")})
	_, _ = io.WriteString(w, `{"success":true}`)
}

func (s *fakeServer) answer(status int, header http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.header = status, header
}

func (s *fakeServer) got() []report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]report(nil), s.reports...)
}

func (s *fakeServer) called() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// goAway has it hang up on whoever calls, or serve again. Its address stays its own.
func (s *fakeServer) goAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func newServer(t *testing.T) *fakeServer {
	t.Helper()
	s := &fakeServer{status: 200}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.addr = server.Listener.Addr().String()
	return s
}

// running is an agent as a process.
type running struct {
	*exec.Cmd
	out   *bytes.Buffer
	mu    *sync.Mutex
	ended chan error
}

type lockedWriter struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (a *running) log() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.out.String()
}

func start(t *testing.T, s *fakeServer, dir string, args ...string) *running {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"--url", "http://" + s.addr, "--interval", "1s", "--state-dir", dir, "--health-addr="}, args...)
	a := &running{Cmd: exec.Command(path, args...), out: &bytes.Buffer{}, mu: &sync.Mutex{}, ended: make(chan error, 1)}
	a.Stdout = lockedWriter{a.mu, a.out}
	a.Stderr = a.Stdout
	a.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir}
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { a.ended <- a.Wait() }()
	t.Cleanup(func() { a.kill(t) })
	return a
}

func (a *running) kill(t *testing.T) {
	t.Helper()
	_ = a.Process.Kill()
	select {
	case err := <-a.ended:
		a.ended <- err
	case <-time.After(patience):
		t.Error("the agent does not die")
	}
}

func (a *running) stop(t *testing.T) {
	t.Helper()
	_ = a.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-a.ended:
		a.ended <- err
		if err != nil {
			t.Errorf("the agent ends with %v", err)
		}
	case <-time.After(patience):
		t.Error("the agent does not stop")
	}
}

// patience is how long something may take on a busy machine.
const patience = 3 * time.Minute

func eventually(t *testing.T, what string, a *running, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		if ok() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s\n%s", patience, what, a.log())
		}
		<-time.After(20 * time.Millisecond)
	}
}

func tokenFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func spooled(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "spool", "*.report"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// While the server is away reports gather on disk; they survive the death of the agent and arrive in order.
func TestKilledWithAFullSpool(t *testing.T) {
	s, dir, token := newServer(t), t.TempDir(), tokenFile(t)
	first := start(t, s, dir, "--token-file", token)
	eventually(t, "a report arrives", first, func() bool { return len(s.got()) > 0 })
	if n := spooled(t, dir); n != 0 {
		t.Errorf("%d reports on disk while the server answers", n)
	}
	s.goAway(true)
	eventually(t, "reports are spooled", first, func() bool { return spooled(t, dir) >= 3 })
	first.kill(t)
	waiting := spooled(t, dir)

	s.goAway(false)
	before := len(s.got())
	second := start(t, s, dir, "--token-file", token)
	eventually(t, "what waited arrives", second, func() bool { return len(s.got()) > before+waiting && spooled(t, dir) == 0 })
	got := s.got()
	for i := 1; i < len(got); i++ {
		if !got[i].at.After(got[i-1].at) {
			t.Errorf("report %d of %s arrived after that of %s", i, got[i].at, got[i-1].at)
		}
	}
	second.stop(t)
}

func TestStopKeepsWhatWaits(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	s.answer(503, http.Header{"Retry-After": {"3600"}})
	a := start(t, s, dir, "--token-file", tokenFile(t))
	eventually(t, "reports are spooled", a, func() bool { return spooled(t, dir) >= 2 })
	if n := s.called(); n != 1 {
		t.Errorf("%d calls although the server asked to wait", n)
	}
	a.stop(t)
	if n := spooled(t, dir); n < 2 {
		t.Errorf("%d reports on disk after a stop", n)
	}
}

func TestUnknownTokenKeepsAndForbiddenDrops(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	s.answer(401, nil)
	a := start(t, s, dir, "--token-file", tokenFile(t))
	eventually(t, "reports are kept", a, func() bool { return spooled(t, dir) >= 2 })
	s.answer(200, nil)
	eventually(t, "they are delivered", a, func() bool { return spooled(t, dir) == 0 && len(s.got()) >= 2 })
	s.answer(403, nil)
	eventually(t, "the agent says why it drops", a, func() bool { return strings.Contains(a.log(), "may not report") })
	a.stop(t)
}

func TestRedirectIsRefused(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	s.answer(308, http.Header{"Location": {"https://127.0.0.1:1/"}})
	a := start(t, s, dir, "--token-file", tokenFile(t))
	eventually(t, "the agent says what to do", a, func() bool { return strings.Contains(a.log(), "use https") && spooled(t, dir) > 0 })
	a.stop(t)
}

// A token on the command line is moved to a file, and the process list does not show it.
func TestTokenLeavesTheProcessList(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	const token = "feedfacefeedface"
	s, dir := newServer(t), t.TempDir()
	a := start(t, s, dir, "--token", token)
	eventually(t, "a report arrives", a, func() bool { return len(s.got()) > 0 })
	if got := s.got()[0].token; got != token {
		t.Errorf("the server saw the token %q", got)
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", a.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(line, []byte(token)) {
		t.Errorf("the process list shows the token: %q", line)
	}
	info, err := os.Stat(filepath.Join(dir, "token"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("token file: %v, %v", info, err)
	}
	if log := a.log(); strings.Contains(log, token) || !strings.Contains(log, "--token-file") {
		t.Errorf("log: %s", log)
	}
	a.stop(t)
}

func TestTwoAgentsNeedTwoDirectories(t *testing.T) {
	s, dir, token := newServer(t), t.TempDir(), tokenFile(t)
	a := start(t, s, dir, "--token-file", token)
	eventually(t, "a report arrives", a, func() bool { return len(s.got()) > 0 })
	b := start(t, s, dir, "--token-file", token)
	select {
	case err := <-b.ended:
		b.ended <- err
		if err == nil || !strings.Contains(b.log(), "another agent") {
			t.Errorf("the second ends with %v: %s", err, b.log())
		}
	case <-time.After(patience):
		t.Error("the second agent runs")
	}
	a.stop(t)
}

func TestHealthAndMetrics(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	a := start(t, s, dir, "--token-file", tokenFile(t), "--health-addr", "127.0.0.1:0")
	said := regexp.MustCompile(`health checks are answered.*(127\.0\.0\.1:\d+)`)
	var addr string
	eventually(t, "it says where it answers", a, func() bool {
		found := said.FindStringSubmatch(a.log())
		if found != nil {
			addr = found[1]
		}
		return found != nil
	})
	get := func(path string) (int, string) {
		resp, err := http.Get("http://" + addr + path)
		if err != nil {
			return 0, ""
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	eventually(t, "it is ready and has delivered", a, func() bool {
		code, _ := get("/readyz")
		_, metrics := get("/metrics")
		return code == 200 && strings.Contains(metrics, "pulse_agent_connected 1")
	})
	if code, body := get("/healthz"); code != 200 || body != "ok" {
		t.Errorf("healthz %d %q", code, body)
	}
	_, metrics := get("/metrics")
	for _, want := range []string{`pulse_agent_info{version="dev",host_enabled="true",docker_enabled="false",kubernetes_enabled="false"} 1`, "pulse_agent_up 1", "pulse_agent_reports_lost_total 0"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s:\n%s", want, metrics)
		}
	}
	a.stop(t)
}

func TestOneShotCalls(t *testing.T) {
	none := func(string) string { return "" }
	tests := map[string]struct {
		args []string
		code int
		out  string
		err  string
	}{
		"version":      {[]string{"--version"}, 0, "pulse-agent dev", ""},
		"one dash":     {[]string{"-version"}, 0, "pulse-agent dev", ""},
		"no file":      {[]string{"--self-test", "--token-file", filepath.Join(t.TempDir(), "none")}, 1, "", "--token-file"},
		"self test":    {[]string{"--self-test", "--token", "x"}, 0, "ok", ""},
		"help":         {[]string{"--help"}, 0, "--token-file", ""},
		"unknown flag": {[]string{"--frobnicate"}, 2, "", "frobnicate"},
		"no token":     {[]string{"--state-dir", t.TempDir()}, 1, "", "no token"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(tt.args, none, &out, &errs)
			if code != tt.code || !strings.Contains(out.String(), tt.out) || !strings.Contains(errs.String(), tt.err) {
				t.Errorf("status %d, out %q, err %q", code, out.String(), errs.String())
			}
		})
	}
}
