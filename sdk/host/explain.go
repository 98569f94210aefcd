package host

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/pulse-platform/pulse/sdk/internal/rpc"
)

var (
	greeting   = regexp.MustCompile(`Unrecognized remote plugin message: ?(.*)`)
	otherRange = regexp.MustCompile(`(?i)incompatible (?:core )?API version`)
)

// explain turns a failed start into one sentence that says what is wrong and what helps.
func (p *Plugin) explain(err error, m Manifest, cmd *exec.Cmd) error {
	text := err.Error()
	say := func(format string, args ...any) error {
		return &startError{"plugin " + m.Kind + " does not start: " + fmt.Sprintf(format, args...), err}
	}
	switch {
	case errors.Is(err, syscall.ENOEXEC), strings.Contains(text, "exec format error"):
		return say("its program is not one for this machine: install the build for it")
	case errors.Is(err, os.ErrPermission):
		return say("its program may not be executed: set its mode to 0755")
	case strings.Contains(text, "timeout while waiting for plugin"):
		return say("it did not greet the server within %s%s", p.cfg.Timing.Start.Round(time.Millisecond), p.lastWords())
	case otherRange.MatchString(text):
		return say("it speaks another protocol than this server (%d): install a version that fits", rpc.Protocol)
	case strings.Contains(text, "exited before we could connect"), strings.Contains(text, "Failed to read any lines"):
		if how := ending(cmd); how != killed {
			return say("it ended before it greeted the server%s%s", how, p.lastWords())
		}
		return say("it closed its standard output without the greeting of a plugin%s", p.lastWords())
	}
	if found := greeting.FindStringSubmatch(text); found != nil {
		return say("it wrote %s to its standard output instead of the greeting of a plugin", quoted(found[1]))
	}
	return say("%s", oneLine(text))
}

// startError is a sentence with what led to it.
type startError struct {
	text string
	err  error
}

func (e *startError) Error() string { return e.text }
func (e *startError) Unwrap() error { return e.err }

// lastWords is what the plugin wrote last, for the end of a sentence.
func (p *Plugin) lastWords() string {
	if last := p.logs.Last(); last != "" {
		return "; it said last: " + quoted(last)
	}
	return ""
}

// killed is the ending of a process that was killed, here because it had not ended by itself.
const killed = " (signal: killed)"

// ending is how a process ended, in brackets, as far as it is known. The process must have been waited for.
func ending(cmd *exec.Cmd) string {
	if cmd == nil || cmd.ProcessState == nil {
		return ""
	}
	return " (" + cmd.ProcessState.String() + ")"
}

// longestWord bounds what is quoted from a plugin, in bytes.
const longestWord = 120

func quoted(s string) string { return fmt.Sprintf("%q", cut(s)) }

func cut(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "?")
	if len(s) > longestWord {
		s = strings.ToValidUTF8(s[:longestWord], "") + "…"
	}
	return s
}

// oneLine makes one line of a text of the library.
func oneLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	const longest = 300
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}
