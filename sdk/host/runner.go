package host

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin/runner"
)

// command is a plugin's process as go-plugin runs it. go-plugin has one of its own, but lets only those of others have
// their sockets in a directory of their own, which is what keeps them from piling up in that for temporary files each
// time that one end is killed, and which may be elsewhere where the plugin's directory has a path too long for a socket.
type command struct {
	*exec.Cmd
	stdout, stderr io.ReadCloser
	sockets        string // the directory that go-plugin made for them
	started        func() // is called when it runs
}

// runs makes the runner of cmd, which must not be started yet, and calls started when it is.
func runs(cmd *exec.Cmd, started func()) func(hclog.Logger, *exec.Cmd, string) (runner.Runner, error) {
	return func(_ hclog.Logger, extra *exec.Cmd, sockets string) (runner.Runner, error) {
		// What go-plugin would start is an empty command with the environment that the handshake needs.
		cmd.Env = append(cmd.Env, extra.Env...)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		stderr, err := cmd.StderrPipe()
		if err != nil {
			return nil, err
		}
		return &command{cmd, stdout, stderr, sockets, started}, nil
	}
}

// Start starts the process. go-plugin forgets the directory of one that does not start.
func (c *command) Start(context.Context) error {
	err := c.Cmd.Start()
	if err != nil {
		_ = os.RemoveAll(c.sockets)
		return err
	}
	c.started()
	return nil
}

func (c *command) Wait(context.Context) error { return c.Cmd.Wait() }
func (c *command) Stdout() io.ReadCloser      { return c.stdout }
func (c *command) Stderr() io.ReadCloser      { return c.stderr }
func (c *command) Name() string               { return c.Path }

// Kill ends the process and what it started.
func (c *command) Kill(context.Context) error {
	killGroup(c.Cmd)
	return nil
}

// ID is empty until the process runs.
func (c *command) ID() string {
	if c.Process == nil {
		return ""
	}
	return strconv.Itoa(c.Process.Pid)
}

// Diagnose adds nothing: explain has the words for what keeps a plugin from starting.
func (c *command) Diagnose(context.Context) string { return "" }

// PluginToHost leaves an address as it is: both ends are on this machine.
func (c *command) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin leaves an address as it is.
func (c *command) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
