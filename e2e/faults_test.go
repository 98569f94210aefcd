package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A report that comes while the plugin is away is refused with the time to come again, never half taken.
func TestPluginKilledWhileReportsCome(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, token := s.mint("host-agent:report")
	s.must(token, hostReport("steady", 10))

	refused := 0
	before := s.killPlugin("host")
	eventually(t, "reports are taken again", func() bool {
		got, err := s.report(token, hostReport("steady", 20))
		switch {
		case err != nil:
			t.Fatalf("the server hung up: %v", err)
		case got.status == http.StatusOK:
			return true
		case got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "":
			t.Fatalf("a report without a plugin: %v, Retry-After %q", got, got.header.Get("Retry-After"))
		}
		refused++
		return false
	})
	after := s.plugin()
	if after == 0 || after == before {
		t.Errorf("plugin process %d after it was %d", after, before)
	}
	t.Logf("%d reports were refused meanwhile", refused)
}

// The agent keeps what it could not deliver and delivers it later, with the time at which it was measured.
func TestAgentDeliversAfterOutage(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func(s *server) (end func()){
		"server away": func(s *server) func() {
			s.kill()
			return s.start
		},
		"plugin dying again and again": func(s *server) func() {
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				within(patience, func() bool {
					pid := s.plugin()
					if pid == 0 || syscall.Kill(pid, syscall.SIGSTOP) != nil {
						return false
					}
					<-stop
					_ = syscall.Kill(pid, syscall.SIGKILL)
					return true
				})
			}()
			return func() { close(stop); <-stopped }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t)
			s.claim()
			agent := startAgent(t, s)
			var host string
			eventually(t, "the agent's host is there", func() bool {
				for id := range s.hosts() {
					host = id
				}
				return host != ""
			})

			start := time.Now()
			end := outage(s)
			eventually(t, "the agent keeps what it measures", func() bool {
				if !agent.running() {
					t.Fatalf("the agent ended: %v", agent.err)
				}
				return agent.waiting() >= 5
			})
			over := time.Now().Truncate(time.Second) // times are stored as seconds
			end()

			eventually(t, "the samples of the outage are delivered", func() bool {
				during := 0
				for _, p := range s.history(host, "memory") {
					if at := time.UnixMilli(p.Timestamp); at.After(start) && at.Before(over) {
						during++
					}
				}
				return during >= 2
			})
			eventually(t, "nothing is left to deliver", func() bool { return agent.waiting() <= 1 })
		})
	}
}

func TestServerStopsWhenAsked(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, token := s.mint("host-agent:report")
	s.must(token, hostReport("steady", 10))
	plugin := s.plugin()

	s.stop()
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("SIGTERM: exit code %d", code)
	}
	eventually(t, "the plugin ends with its server", func() bool {
		_, state := stat(plugin)
		return state == "" || state == "Z"
	})

	s.start()
	if s.hosts()["steady"] == nil {
		t.Error("a host is gone after a stop")
	}
}

func TestAgentStopsWhenAsked(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	agent := startAgent(t, s)
	s.kill() // so that it has something to deliver and nobody to deliver it to
	eventually(t, "the agent keeps what it measures", func() bool { return agent.waiting() > 0 })
	agent.stop()
	if code := agent.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("SIGTERM: exit code %d", code)
	}
}

func TestSecondServerOnOneDataDirectory(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	code, out := once(t, "pulse", "serve", "--data", s.data, "--listen", freeAddress(t), "--plugins", s.plugins)
	if code == 0 {
		t.Fatalf("a second server ran on the same data:\n%s", out)
	}
	if !strings.Contains(out, s.data) {
		t.Errorf("the message does not name the data directory: %s", out)
	}
	if !s.healthy() {
		t.Error("the first server suffered")
	}
}

func TestWrongConfiguration(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config string
		want   string // beside file and line
		line   int
	}{
		"unknown key":    {"# mine\n\nserver {\n  listn = \":1\"\n}\n", "listn", 4},
		"wrong value":    {"server {\n  log_level = \"loud\"\n}\n", "log_level", 2},
		"not HCL":        {"server {\n", "", 1},
		"unknown block":  {"\nteapot \"short\" {\n}\n", "teapot", 2},
		"absent env var": {"server {\n  listen = env(\"PULSE_NOT_SET_ANYWHERE\")\n}\n", "PULSE_NOT_SET_ANYWHERE", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := writeFile(t, filepath.Join(t.TempDir(), "config.hcl"), tt.config)
			place := regexp.MustCompile(regexp.QuoteMeta(file) + fmt.Sprintf("(:| line )%d\\b", tt.line))
			for _, args := range [][]string{
				{"config", "check", file},
				{"serve", "--config", file, "--data", t.TempDir(), "--listen", "127.0.0.1:0"},
			} {
				code, out := once(t, "pulse", args...)
				if code == 0 || !place.MatchString(out) || !strings.Contains(out, tt.want) {
					t.Errorf("pulse %s: exit code %d, want a diagnostic at line %d with %q, got:\n%s", args[0], code, tt.line, tt.want, out)
				}
			}
		})
	}
}

// A full disk is told in the answer; what was acknowledged stays, and with space again it goes on.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := syscall.Mount("tmpfs", data, "tmpfs", 0, "size=12m,mode=0700"); err != nil {
		skip(t, "mount a small file system: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(data, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	s := startServerIn(t, data)
	s.claim()
	_, token := s.mint("host-agent:report")
	s.must(token, hostReport("first", 10))

	filler := fill(t, filepath.Join(data, "filler"))
	acknowledged := []string{"first"}
	refusal := answer{}
	for n := 0; n < 3000 && refusal.status == 0; n++ {
		host := fmt.Sprintf("host-%d", n)
		got, err := s.report(token, hostReport(host, 10))
		switch {
		case err != nil:
			t.Fatalf("the server hung up on a full disk: %v", err)
		case got.status == http.StatusOK:
			acknowledged = append(acknowledged, host)
		default:
			refusal = got
		}
	}
	if refusal.status < 500 {
		t.Fatalf("%d reports were acknowledged on a full disk, last answer %v", len(acknowledged), refusal)
	}
	if out := strings.ToLower(s.output.String()); !strings.Contains(out, "full") && !strings.Contains(out, "no space") {
		t.Error("the log does not say that the disk is full")
	}
	if !s.healthy() {
		t.Error("the server is not there any more")
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "reports are taken again", func() bool {
		got, err := s.report(token, hostReport("later", 10))
		return err == nil && got.status == http.StatusOK
	})
	s.kill()
	s.start()
	hosts := s.hosts()
	for _, host := range append(acknowledged, "later") {
		if hosts[host] == nil {
			t.Errorf("%s was acknowledged and is gone", host)
		}
	}
}

// fill writes a file until the file system is full.
func fill(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size >= 512; size /= 2 {
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
	}
	return path
}
