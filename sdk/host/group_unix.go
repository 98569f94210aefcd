//go:build unix

package host

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the process the first of a group, so that what it starts can be ended with it. Signals of a terminal
// do not reach it then: the server decides when a plugin leaves.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends the process and what it has started. One of them that lives on would hold the pipes open, and with
// them those who wait for their end.
func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil && cmd.Process.Pid > 0 {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
