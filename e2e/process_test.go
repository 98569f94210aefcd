package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a condition may take to come true on a loaded machine.
const patience = 3 * time.Minute

// eventually polls until the condition holds and fails the test with what when it does not in time.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if !within(patience, condition) {
		t.Fatalf("not within %v: %s", patience, what)
	}
}

// within polls until the condition holds or the time is over.
func within(limit time.Duration, condition func() bool) bool {
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if condition() {
			return true
		}
		select {
		case <-deadline:
			return false
		case <-tick.C:
		}
	}
}

// process is a running program with what it wrote.
type process struct {
	t      testing.TB
	name   string
	cmd    *exec.Cmd
	output lockedBuffer
	done   chan struct{}
	err    error
}

// lockedBuffer collects output while others look at it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// environment is that of a service: no settings of the developer's own.
func environment(extra ...string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "GORACE=halt_on_error=0"}
	return slices.Concat(env, goCaches(), extra)
}

// goCaches names the caches of the Go command that built us, so that what our programs build with it, at another home, is
// neither downloaded nor compiled anew.
var goCaches = sync.OnceValue(func() []string {
	var env []string
	for _, name := range []string{"GOMODCACHE", "GOCACHE", "GOPROXY", "GOSUMDB"} {
		if value, err := exec.CommandContext(context.Background(), "go", "env", name).Output(); err == nil {
			env = append(env, name+"="+strings.TrimSpace(string(value)))
		}
	}
	return env
})

// launch starts one of our programs. It is killed when the test ends, and what it wrote is shown when the test failed.
func launch(t testing.TB, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, done: make(chan struct{})}
	p.cmd = exec.CommandContext(context.Background(), filepath.Join(bin, name), args...)
	p.cmd.Env = environment()
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	// A group of its own, so that plugins that survive their server do not survive the test.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = patience
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() { p.err = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
		if _, race, found := strings.Cut(p.output.String(), "DATA RACE"); found {
			t.Errorf("%s has a data race:%.8000s", name, race)
		}
		if t.Failed() {
			t.Logf("%s wrote:\n%s", name, tail(p.output.String(), 8<<10))
		}
	})
	return p
}

func tail(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return "…" + text[len(text)-limit:]
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatalf("signal %s: %v", p.name, err)
	}
}

// kill ends the process the hard way and waits for it.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	<-p.done
}

// stop asks the process to end and waits until it has.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("%s did not stop within %v", p.name, patience)
	}
}

// compiling is how long a program may take that has the compiler work, on a loaded machine with cold caches.
const compiling = 10 * time.Minute

// once runs a program to its end and returns its exit code and what it wrote.
func once(t testing.TB, name string, args ...string) (code int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), compiling)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
	cmd.Env = environment()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %s %v: %v", name, args, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// ports are those that freeAddress has not given away: below the ones that the system takes for connections and for whoever
// listens on any port, so that none is taken between the look and the use, nor while a server starts again.
var ports = struct {
	sync.Mutex
	left []int
}{left: rand.Perm(12_000)}

// portLocks keep others who test beside us away from our ports, until this process ends: a port is free while its server starts.
var portLocks []net.Listener

// freeAddress returns a loopback address that nobody listens on, and that is given to nobody else.
func freeAddress(t testing.TB) string {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	var config net.ListenConfig
	for len(ports.left) > 0 {
		port := 20_000 + ports.left[0]
		ports.left = ports.left[1:]
		lock, err := config.Listen(context.Background(), "unix", fmt.Sprintf("@pulse-test-port-%d", port))
		if err != nil {
			continue
		}
		portLocks = append(portLocks, lock)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if l, err := config.Listen(context.Background(), "tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// children returns the live processes that the process started, by the name of their program.
func children(pid int) map[string]int {
	found := map[string]int{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return found
	}
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		parent, state := stat(id)
		if parent != pid || state == "Z" {
			continue
		}
		if program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", id)); err == nil {
			found[filepath.Base(strings.TrimSuffix(program, " (deleted)"))] = id
		}
	}
	return found
}

// killPlugin kills the process of a plugin and returns which it was. A process that goes by itself between the look and
// the kill, as one does that is being replaced, was not killed: the one after it is.
func (s *server) killPlugin(kind string) (killed int) {
	s.t.Helper()
	eventually(s.t, "plugin "+kind+" runs and is killed", func() bool {
		killed = children(s.pid())["pulse-plugin-"+kind]
		return killed != 0 && syscall.Kill(killed, syscall.SIGKILL) == nil
	})
	return killed
}

// stat returns the parent and the state of a process, zero when it is gone.
func stat(pid int) (parent int, state string) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, ""
	}
	fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	if len(fields) < 2 {
		return 0, ""
	}
	parent, _ = strconv.Atoi(fields[1])
	return parent, fields[0]
}
