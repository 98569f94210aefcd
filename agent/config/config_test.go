package config

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write golden files anew")

func parse(t *testing.T, env map[string]string, args ...string) Config {
	t.Helper()
	c, err := Parse(args, func(name string) string { return env[name] }, io.Discard)
	if err != nil {
		t.Fatalf("parse %v: %v", args, err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	c := parse(t, nil)
	if c.URL != "http://localhost:7655" || c.Interval != 30*time.Second || !c.EnableHost || c.HealthAddr != "127.0.0.1:9191" ||
		c.LogLevel != slog.LevelInfo || len(c.Asked) != 0 || c.TokenInArguments {
		t.Errorf("got %+v", c)
	}
}

func TestFlagsGoBeforeVariables(t *testing.T) {
	env := map[string]string{
		"PULSE_URL": "https://env.example/p/", "PULSE_INTERVAL": "1m", "PULSE_TAGS": "a, b,,a", "PULSE_DISK_EXCLUDE": "/x",
		"PULSE_INSECURE_SKIP_VERIFY": "YES", "PULSE_ENABLE_HOST": "off", "LOG_LEVEL": "debug", "PULSE_HEALTH_ADDR": "", "PULSE_TOKEN": "t",
	}
	c := parse(t, env, "-tag", "c", "--tag=b", "--interval", "10s")
	if c.URL != "https://env.example/p" || c.Interval != 10*time.Second || !slices.Equal(c.Tags, []string{"a", "b", "c"}) || !c.Insecure ||
		c.EnableHost || c.LogLevel != slog.LevelDebug || c.HealthAddr != DefaultHealthAddr || c.Token != "t" || c.TokenInArguments {
		t.Errorf("got %+v", c)
	}
	c = parse(t, env, "--enable-host=true", "--insecure=false", "-url=http://flag:1", "--health-addr=", "--token", "u", "--log-level=nonsense")
	if c.URL != "http://flag:1" || !c.EnableHost || c.Insecure || c.HealthAddr != "" || c.Token != "u" || !c.TokenInArguments || c.LogLevel != slog.LevelInfo {
		t.Errorf("got %+v", c)
	}
	if c := parse(t, map[string]string{"PULSE_INTERVAL": "soon"}); c.Interval != DefaultInterval {
		t.Errorf("a variable that is no duration counts: %s", c.Interval)
	}
}

// Every flag of the reference's agent is accepted; what is not there is named.
func TestModulesThatAreNotThere(t *testing.T) {
	c := parse(t, nil, "--enable-docker", "--enable-kubernetes", "--enable-proxmox", "--proxmox-type", "pve", "--enable-commands",
		"--disable-auto-update", "--disable-docker-update-checks", "--docker-runtime", "podman", "--disable-ceph", "--kubeconfig", "/k",
		"--kube-context", "c", "--kube-include-namespace", "a", "--kube-exclude-namespace=b", "--kube-include-all-pods",
		"--kube-include-all-deployments", "--kube-max-pods", "9", "--agent-id", "x", "--report-ip", "192.0.2.1", "--hostname", "h")
	if !slices.Equal(c.Asked, []string{"docker", "kubernetes", "proxmox", "commands"}) {
		t.Errorf("got %v", c.Asked)
	}
	if c := parse(t, map[string]string{"PULSE_DISABLE_COMMANDS": "false"}); !slices.Equal(c.Asked, []string{"commands"}) {
		t.Errorf("got %v", c.Asked)
	}
	if c := parse(t, map[string]string{"PULSE_ENABLE_COMMANDS": "1"}, "--enable-commands=false"); len(c.Asked) != 0 {
		t.Errorf("a flag that says no does not count: %v", c.Asked)
	}
}

func TestRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"unknown flag":   {"--frobnicate"},
		"no value":       {"--url"},
		"wrong duration": {"--interval", "30"},
		"too short":      {"--interval", "10ms"},
		"too long":       {"--interval", "1000h"},
		"stray argument": {"--insecure", "true"},
		"no scheme":      {"--url", "pulse.example:7655"},
		"odd scheme":     {"--url", "ftp://x"},
		"credentials":    {"--url", "http://a:b@x"},
		"tiny spool":     {"--spool-size", "10"},
	} {
		_, err := Parse(args, func(string) string { return "" }, io.Discard)
		if err == nil || strings.Contains(err.Error(), "a:b") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	_, err := Parse([]string{"--help"}, func(name string) string {
		if name == "PULSE_TOKEN" {
			return "s3cret"
		}
		return ""
	}, &out)
	if !errors.Is(err, ErrHelp) {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "s3cret") {
		t.Error("help shows the token")
	}
	path := filepath.Join("testdata", "help.golden")
	if *update {
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("help differs; got:\n%s", out.String())
	}
}

func FuzzParse(f *testing.F) {
	f.Add("--url=http://x --tag a", "30s")
	f.Add("-interval 1h --disk-exclude *a*", "")
	f.Fuzz(func(t *testing.T, line, interval string) {
		c, err := Parse(strings.Fields(line), func(name string) string {
			if name == "PULSE_INTERVAL" {
				return interval
			}
			return ""
		}, io.Discard)
		if err == nil && (c.Interval < MinInterval || c.URL == "") {
			t.Errorf("accepted %+v", c)
		}
	})
}
