package e2e

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Server, plugin and agent are three processes; the page's facts about this machine come through all of them.
func TestThreeProcessesShowThisMachine(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	agent := startAgent(t, s)
	eventually(t, "this machine is shown as online with its memory", func() bool {
		for _, host := range s.hosts() {
			memory, _ := host["memory"].(map[string]any)
			total, _ := memory["total"].(float64)
			return host["status"] == "online" && total > 1<<20
		}
		return false
	})
	if s.plugin() == 0 {
		t.Error("the host plugin is no process of its own")
	}
	if !agent.running() || !s.running() {
		t.Error("server or agent ended")
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range s.hosts() {
		if host["hostname"] != name {
			t.Errorf("host name %v, want %s", host["hostname"], name)
		}
	}
}

// No secret stands in the process list or in the environment of a plugin.
func TestProcessesHideSecrets(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, token := s.mint("host-agent:report")
	agent := launch(t, "pulse-agent", "--url", s.url, "--token", token, "--state-dir", t.TempDir(), "--interval", "1s", "--health-addr=")
	eventually(t, "the agent reports", func() bool { return len(s.hosts()) == 1 })

	for _, pid := range []int{agent.pid(), s.pid(), s.plugin()} {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(line), token) {
			t.Errorf("the command line of process %d shows the token", pid)
		}
	}
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", s.plugin()))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(env), "HOME=") {
		t.Errorf("the plugin inherited the server's environment: %q", env)
	}
	for _, p := range []*process{agent, s.process} {
		for _, secret := range []string{token, adminToken, adminPassword} {
			if strings.Contains(p.output.String(), secret) {
				t.Errorf("%s logged a secret", p.name)
			}
		}
	}
	for _, name := range []string{"secret.key", "local-agent.token", "pulse.db", "metrics.db"} {
		info, err := os.Stat(filepath.Join(s.data, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v: others may read it", name, info.Mode().Perm())
		}
	}
}

// Nothing leaves the machine unless something that says so is configured.
func TestNoOutboundConnections(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	agent := startAgent(t, s)
	eventually(t, "the agent reports", func() bool { return len(s.hosts()) == 1 })

	pids := []int{s.pid(), s.plugin(), agent.pid()}
	seen := map[string]bool{}
	within(5*time.Second, func() bool {
		for _, pid := range pids {
			for _, remote := range remotes(t, pid) {
				seen[remote.String()] = true
			}
		}
		return false
	})
	if len(seen) == 0 {
		t.Error("not even the connections between the processes were seen: the test looks at the wrong place")
	}
	for address := range seen {
		if ip := net.ParseIP(address); !ip.IsLoopback() {
			t.Errorf("a connection to %s", address)
		}
	}
}

// remotes returns the far ends of a process's TCP and UDP sockets.
func remotes(t *testing.T, pid int) []net.IP {
	t.Helper()
	inodes := map[string]bool{}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		target, err := os.Readlink(fd)
		if inode, ok := strings.CutPrefix(target, "socket:["); err == nil && ok {
			inodes[strings.TrimSuffix(inode, "]")] = true
		}
	}
	var found []net.IP
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		f, err := os.Open(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) < 10 || !inodes[fields[9]] {
				continue
			}
			address, port, _ := strings.Cut(fields[2], ":")
			if raw, err := hex.DecodeString(address); err == nil && port != "0000" {
				found = append(found, ip(raw))
			}
		}
		_ = f.Close()
	}
	return found
}

// ip turns the kernel's words of four bytes, each in the machine's order, into an address.
func ip(raw []byte) net.IP {
	out := slices.Clone(raw)
	for i := 0; i+4 <= len(out); i += 4 {
		slices.Reverse(out[i : i+4])
	}
	return net.IP(out)
}
