package config

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// declare adds all flags to the set. Defaults come from c and l, which hold what the environment says.
func declare(set *flag.FlagSet, c *Config, l *later, level *string) {
	set.StringVar(&c.URL, "url", c.URL, "server base `URL` (PULSE_URL)")
	set.StringVar(&c.Token, "token", c.Token, "API `token`; others on this machine may see it: prefer --token-file (PULSE_TOKEN)")
	set.StringVar(&c.TokenFile, "token-file", c.TokenFile, "`file` that holds the token")
	set.DurationVar(&c.Interval, "interval", c.Interval, "time between reports (PULSE_INTERVAL)")
	set.StringVar(&c.Hostname, "hostname", c.Hostname, "host `name`, by default the system's (PULSE_HOSTNAME)")
	set.StringVar(&c.AgentID, "agent-id", c.AgentID, "agent `id`, by default the machine's (PULSE_AGENT_ID)")
	set.BoolVar(&c.Insecure, "insecure", c.Insecure, "accept any certificate (PULSE_INSECURE_SKIP_VERIFY)")
	set.StringVar(level, "log-level", *level, "debug, info, warn or error (LOG_LEVEL)")
	set.BoolVar(&c.EnableHost, "enable-host", c.EnableHost, "report this machine (PULSE_ENABLE_HOST)")
	set.Var(list{&c.Tags}, "tag", "`tag` of this machine, repeatable (PULSE_TAGS)")
	set.Var(list{&c.DiskExclude}, "disk-exclude", "`pattern` of mounts and disks to leave out: exact, prefix* or *part*; repeatable (PULSE_DISK_EXCLUDE)")
	set.StringVar(&c.ReportIP, "report-ip", c.ReportIP, "`address` to show for this machine (PULSE_REPORT_IP)")
	set.StringVar(&c.HealthAddr, "health-addr", c.HealthAddr, "`address` of /healthz, /readyz and /metrics, empty to turn them off (PULSE_HEALTH_ADDR)")
	set.StringVar(&c.StateDir, "state-dir", c.StateDir, "`directory` for what outlives a restart, by default "+DefaultStateDir+" (PULSE_AGENT_STATE_DIR)")
	set.Int64Var(&c.SpoolBytes, "spool-size", c.SpoolBytes, "most `bytes` kept while the server is away (PULSE_SPOOL_SIZE)")
	set.IntVar(&c.SpoolCount, "spool-reports", c.SpoolCount, "most `reports` kept while the server is away (PULSE_SPOOL_REPORTS)")
	set.BoolVar(&c.ShowVersion, "version", false, "print the version")
	set.BoolVar(&c.SelfTest, "self-test", false, "check the configuration and end")

	set.BoolVar(&l.docker, "enable-docker", l.docker, "not in this version (PULSE_ENABLE_DOCKER)")
	set.BoolVar(&l.kubernetes, "enable-kubernetes", l.kubernetes, "not in this version (PULSE_ENABLE_KUBERNETES)")
	set.BoolVar(&l.proxmox, "enable-proxmox", l.proxmox, "not in this version (PULSE_ENABLE_PROXMOX)")
	set.BoolVar(&l.commands, "enable-commands", l.commands, "not in this version (PULSE_ENABLE_COMMANDS)")
	set.BoolVar(&l.noCommands, "disable-commands", false, "deprecated: commands are off (PULSE_DISABLE_COMMANDS)")
	set.BoolVar(&l.noUpdate, "disable-auto-update", false, "accepted: this version never updates itself (PULSE_DISABLE_AUTO_UPDATE)")
	set.BoolVar(&l.noUpdateChecks, "disable-docker-update-checks", false, "accepted (PULSE_DISABLE_DOCKER_UPDATE_CHECKS)")
	set.BoolVar(&l.noCeph, "disable-ceph", false, "accepted: this version does not read Ceph (PULSE_DISABLE_CEPH)")
	for _, name := range []string{"proxmox-type", "docker-runtime", "kubeconfig", "kube-context"} {
		set.StringVar(&l.text, name, "", "accepted for a module that is not in this version")
	}
	for _, name := range []string{"kube-include-namespace", "kube-exclude-namespace"} {
		set.Var(list{&l.patterns}, name, "accepted for a module that is not in this version")
	}
	for _, name := range []string{"kube-include-all-pods", "kube-include-all-deployments"} {
		set.BoolVar(new(bool), name, false, "accepted for a module that is not in this version")
	}
	set.IntVar(&l.pods, "kube-max-pods", 200, "accepted for a module that is not in this version")
}

// fromEnv returns the defaults with what the environment says.
func fromEnv(getenv func(string) string) (Config, later, error) {
	or := func(name, standard string) string {
		if v := strings.TrimSpace(getenv(name)); v != "" {
			return v
		}
		return standard
	}
	c := Config{
		URL: or("PULSE_URL", DefaultURL), Token: strings.TrimSpace(getenv("PULSE_TOKEN")), Interval: DefaultInterval,
		Hostname: or("PULSE_HOSTNAME", ""), AgentID: or("PULSE_AGENT_ID", ""), Insecure: truth(getenv("PULSE_INSECURE_SKIP_VERIFY")),
		EnableHost: truth(or("PULSE_ENABLE_HOST", "true")), Tags: csv(getenv("PULSE_TAGS")), DiskExclude: csv(getenv("PULSE_DISK_EXCLUDE")),
		ReportIP: or("PULSE_REPORT_IP", ""), HealthAddr: or("PULSE_HEALTH_ADDR", DefaultHealthAddr), StateDir: or("PULSE_AGENT_STATE_DIR", ""),
		SpoolBytes: 32 << 20, SpoolCount: 5760,
	}
	// A variable that is no duration is ignored, as in the reference.
	if d, err := time.ParseDuration(getenv("PULSE_INTERVAL")); err == nil && d >= MinInterval {
		c.Interval = d
	}
	var err error
	if v := getenv("PULSE_SPOOL_SIZE"); v != "" {
		if c.SpoolBytes, err = strconv.ParseInt(v, 10, 64); err != nil {
			return c, later{}, fmt.Errorf("PULSE_SPOOL_SIZE is not a number of bytes: %q", v)
		}
	}
	if v := getenv("PULSE_SPOOL_REPORTS"); v != "" {
		if c.SpoolCount, err = strconv.Atoi(v); err != nil {
			return c, later{}, fmt.Errorf("PULSE_SPOOL_REPORTS is not a number: %q", v)
		}
	}
	l := later{
		docker: truth(getenv("PULSE_ENABLE_DOCKER")), kubernetes: truth(getenv("PULSE_ENABLE_KUBERNETES")),
		proxmox: truth(getenv("PULSE_ENABLE_PROXMOX")), commands: truth(getenv("PULSE_ENABLE_COMMANDS")),
	}
	return c, l, nil
}

// truth reads a boolean variable; what is not true is false.
func truth(s string) bool {
	return slices.Contains([]string{"1", "true", "yes", "y", "on"}, strings.ToLower(strings.TrimSpace(s)))
}

func csv(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" && !slices.Contains(out, part) {
			out = append(out, part)
		}
	}
	return out
}

// asked names the modules that were asked for and are not there.
func (l later) asked(given map[string]bool, getenv func(string) string) []string {
	var out []string
	for _, m := range []struct {
		on   bool
		name string
	}{{l.docker, "docker"}, {l.kubernetes, "kubernetes"}, {l.proxmox, "proxmox"}, {l.commands, "commands"}} {
		if m.on {
			out = append(out, m.name)
		}
	}
	// The deprecated variable, set to false, used to mean that commands are on.
	if v := getenv("PULSE_DISABLE_COMMANDS"); v != "" && !truth(v) && !l.commands && !given["enable-commands"] && !given["disable-commands"] {
		out = append(out, "commands")
	}
	return out
}

// usage writes all flags with two dashes, by name.
func usage(set *flag.FlagSet, out io.Writer) {
	fmt.Fprint(out, "pulse-agent reports this machine to a Pulse server.\n\nUsage: pulse-agent [flags]\n\nFlags take one or two dashes. Each has a variable, given in parentheses; the flag goes first.\n\n")
	set.VisitAll(func(f *flag.Flag) {
		kind, help := flag.UnquoteUsage(f)
		head := "--" + f.Name
		if kind != "" {
			head += " " + kind
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.Name != "token" {
			help += " [" + f.DefValue + "]"
		}
		fmt.Fprintf(out, "  %-34s %s\n", head, help)
	})
}
