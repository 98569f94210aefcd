package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"pulse me":                          "metrics",
		"pulse metrics ":                    "check copy setup snapshot",
		"pulse metrics s":                   "setup snapshot",
		"pulse --data /var/lib/x user ":     "reset-password",
		"pulse --data=/var/lib/x user res":  "reset-password",
		"pulse --version user ":             "reset-password",
		"pulse completion ":                 "bash fish zsh",
		"pulse completion z":                "zsh",
		"pulse demo --g":                    "--gadgets --guests",
		"pulse serve --tls-":                "--tls-certificate --tls-key",
		"pulse restore /root/pulse":         "", // a file, which the shell knows
		"pulse user reset-password admin ":  "",
		"pulse dance ":                      "",
		"pulse plugin --plugins there test": "test",
		"":                                  "",
	} {
		t.Setenv(lineVariable, line)
		code, out, err := pulse(t)
		got := strings.Fields(out)
		if line == "" {
			if !slices.Contains(got, "serve") {
				t.Errorf("nothing typed: %v", got)
			}
			continue
		}
		if code != 0 || err != "" || strings.Join(got, " ") != want {
			t.Errorf("%q: exit code %d, %v, want %s; %s", line, code, got, want, err)
		}
	}
}

// What is printed for bash is taken by it.
func TestCompletionIsForTheShell(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, out, msg := pulse(t, "completion", shell)
		if code != 0 || !strings.Contains(out, "pulse") {
			t.Fatalf("%s: exit code %d: %s%s", shell, code, out, msg)
		}
		if shell != "bash" {
			continue
		}
		said, err := exec.CommandContext(t.Context(), "bash", "--norc", "-c", out+"complete -p pulse").CombinedOutput()
		if err != nil || !strings.Contains(string(said), "-C 'pulse' pulse") && !strings.Contains(string(said), "-C pulse pulse") {
			t.Errorf("%v: %s", err, said)
		}
	}
	if code, _, msg := pulse(t, "completion", "tcsh"); code != 2 || !strings.Contains(msg, "bash") {
		t.Errorf("exit code %d: %s", code, msg)
	}
}

func TestRecordSaysWhoRecords(t *testing.T) {
	if code, _, msg := pulse(t, "record"); code != 2 || !strings.Contains(msg, "kind") {
		t.Errorf("exit code %d: %s", code, msg)
	}
	if code, _, msg := pulse(t, "record", "pve", "--config", "x", "--plugins", t.TempDir()); code != 1 || msg == "" {
		t.Errorf("exit code %d: %s", code, msg)
	}
}
