package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// What stands in for everything outside of a script: where a script reads what commands of the products and curl say, they say
// what they are told to. They write down how they were called, each call a line of quoted words.
const (
	standIn = `#!/bin/bash
printf ' %q' "${0##*/}" "$@" >>"$FAKE_STATE/calls"; printf '\n' >>"$FAKE_STATE/calls"
case "$*" in *list* | *generate-token* | *'token add'* | -s | x509*) printf '%s\n' "$FAKE_SAYS" ;; esac
`
	curlStandIn = `#!/bin/bash
for word in "$@"; do [ "$word" != --data-binary ] || /bin/cat >"$FAKE_STATE/sent"; done
printf '%s\n' "$FAKE_SAYS"
`
	rootStandIn = "#!/bin/bash\necho 0\n"
)

// handler is what bash calls for a command that is not there: something came to be run that the script does not name.
const handler = `BASH_FUNC_command_not_found_handle%%=() { printf '%s\n' "$1" >>"$FAKE_STATE/ran"; }`

// fuzzBin is the PATH of a machine on which nothing is but what scripts need. It has none of the commands that people would inject.
func fuzzBin(t testing.TB) string {
	t.Helper()
	bin := t.TempDir()
	for name, text := range map[string]string{
		"pveum": standIn, "pveversion": standIn, "proxmox-backup-manager": standIn, "pmgsh": standIn, "hostname": standIn, "openssl": standIn, "curl": curlStandIn, "id": rootStandIn,
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil { //nolint:gosec // it is run
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bash", "sed", "tr", "date", "sort"} {
		at, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(at, filepath.Join(bin, name))
		}
		if err != nil {
			t.Skip(err)
		}
	}
	return bin
}

// removed is a token that may be removed by its name; anything else could be an option.
var removed = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// FuzzScript has bash run scripts: what was typed in Pulse, and what the machine and Pulse say to a script, is never run, and Pulse
// is told of it in JSON.
func FuzzScript(f *testing.F) {
	for _, odd := range []string{
		"", "$(touch x)", "`touch x`", "';touch x;'", `";touch x;"`, "\ntouch x\n", "&& touch x", "| touch x", "* ? [a]", "-rf", "~", "${IFS}touch", "\\", "é", "\x1b]0;x\a", "!!", "<<EOF", "#", "%s%n", "a\rb",
	} {
		f.Add("https://pulse.example.com/"+odd, "https://10.0.0.1:8006"+odd, odd, false)
		f.Add("https://"+odd, "", `{"value":"`+odd+`","message":"`+odd+`","tokenid":"`+odd+`"}`, true)
		f.Add("http://[fd00::1]:7655", "https://a", `[{"tokenid":"pulse-fd00--1-1700000000"},{"tokenid":"`+odd+`"},{"token-name":"`+odd+`"},"success"]`, true)
	}
	bin := fuzzBin(f)
	writers := map[string]Writer{}
	for kind, open := range map[string]func(sdk.Deps) (Writer, error){"pve": PVE, "pbs": PBS} {
		w, err := open(sdk.Deps{})
		if err != nil {
			f.Fatal(err)
		}
		writers[kind] = w
	}
	f.Fuzz(func(t *testing.T, url, host, says string, remove bool) {
		if strings.ContainsRune(says, 0) || len(says) > 10_000 {
			return // no command says that
		}
		for kind, w := range writers {
			text, err := w.Script(t.Context(), sdk.ScriptRequest{Name: Script, Params: map[string]string{"url": url, "host": host, "backup_perms": "true"}, Token: token})
			if err != nil {
				if sdk.KindOf(err) != sdk.KindInvalid {
					t.Errorf("%s: %v", kind, err)
				}
				continue
			}
			action := "install"
			if remove {
				action = "remove"
			}
			fuzzRun(t, bin, kind, text, says, action)
		}
	})
}

// fuzzRun reads a script with both shells, runs it, and looks at what it has done.
func fuzzRun(t *testing.T, bin, kind, text, says, action string) {
	t.Helper()
	state := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, shell := range []string{"bash", "sh"} {
		cmd := exec.CommandContext(ctx, shell, "-n")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s does not read it: %v, %s", shell, err, out)
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "bash"))
	cmd.Stdin, cmd.Dir = strings.NewReader(text), state
	cmd.Env = []string{"PATH=" + bin, "FAKE_STATE=" + state, "FAKE_SAYS=" + says, "PULSE_SETUP_UNATTENDED=1", "PULSE_SETUP_ACTION=" + action, "PULSE_SETUP_CONFIRM=yes", "HOME=/", handler}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if bytes.ContainsAny(out, "\x1b\a\r") {
		t.Errorf("it writes to the terminal what that obeys: %q", out)
	}
	files, err := os.ReadDir(state)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.Contains([]string{"calls", "sent"}, file.Name()) {
			ran, _ := os.ReadFile(filepath.Join(state, file.Name()))
			t.Errorf("%s of %s: something was run, %s: %s", kind, action, file.Name(), ran)
		}
	}
	calls, _ := os.ReadFile(filepath.Join(state, "calls"))
	for _, line := range strings.Split(string(calls), "\n") {
		words := strings.Fields(line)
		if at := max(slices.Index(words, "delete-token"), slices.Index(words, "remove")); at >= 0 && slices.Contains(words, "token") || slices.Contains(words, "delete-token") {
			if len(words) != at+3 || !removed.MatchString(words[at+2]) {
				t.Errorf("it removes a token that none is called: %s", line)
			}
		}
	}
	sent, err := os.ReadFile(filepath.Join(state, "sent"))
	if err != nil {
		return // it told nobody
	}
	var said map[string]string
	if err := json.Unmarshal(sent, &said); err != nil || said["authToken"] != token || said["type"] != kind || len(said) != 8 {
		t.Errorf("Pulse is told %s, %v", sent, err)
	}
}
