// Package config reads the agent's command line and environment: every flag of the reference's agent, and a few of
// ours. It opens no connection and reads no file but the token's.
package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"
)

// DefaultURL is where a server of this machine listens.
const DefaultURL = "http://localhost:7655"

// DefaultInterval is the time between reports.
const DefaultInterval = 30 * time.Second

// DefaultHealthAddr is where the agent tells how it is. The reference listens on all interfaces; what needs no
// authentication stays on this machine unless someone says otherwise.
const DefaultHealthAddr = "127.0.0.1:9191"

// MinInterval is the shortest time between reports.
const MinInterval = time.Second

// Config is what the agent was told.
type Config struct {
	URL         string
	Token       string // given on the command line or in the environment
	TokenFile   string
	Interval    time.Duration
	Hostname    string
	AgentID     string
	Insecure    bool
	LogLevel    slog.Level
	EnableHost  bool
	Tags        []string
	ReportIP    string
	DiskExclude []string
	HealthAddr  string // empty turns it off
	StateDir    string // empty lets the agent choose
	SpoolBytes  int64
	SpoolCount  int
	ShowVersion bool
	SelfTest    bool
	// Asked names what was asked for and is not part of this version.
	Asked []string
	// TokenInArguments is set when the token stands on the command line, for others to see.
	TokenInArguments bool
}

// ErrHelp is returned by [Parse] when help was asked for and has been written.
var ErrHelp = flag.ErrHelp

// list is a flag that may be given several times.
type list struct{ values *[]string }

func (l list) String() string { return "" }

func (l list) Set(s string) error {
	if s = strings.TrimSpace(s); s != "" && !slices.Contains(*l.values, s) {
		*l.values = append(*l.values, s)
	}
	return nil
}

// later are the modules of the reference that this version accepts and does not have.
type later struct {
	docker, kubernetes, proxmox, commands, noCommands, noUpdate, noUpdateChecks, noCeph bool
	text                                                                                string
	patterns                                                                            []string
	pods                                                                                int
}

// Parse reads arguments (without the program's name) and environment. A flag goes before its variable, that before the
// default; lists are those of the environment with those of the flags appended. Help and errors about flags are
// written to out.
func Parse(args []string, getenv func(string) string, out io.Writer) (Config, error) {
	c, l, err := fromEnv(getenv)
	if err != nil {
		return c, err
	}
	set := flag.NewFlagSet("pulse-agent", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	level := getenv("LOG_LEVEL")
	declare(set, &c, &l, &level)
	set.Usage = func() {}
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			usage(set, out)
			return c, ErrHelp
		}
		return c, fmt.Errorf("%w; --help lists the flags", err)
	}
	if set.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q; a boolean flag takes a value only as --flag=value", set.Arg(0))
	}
	c.LogLevel = levelOf(level)
	set.Visit(func(f *flag.Flag) { c.TokenInArguments = c.TokenInArguments || f.Name == "token" })
	given := map[string]bool{}
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	c.Asked = l.asked(given, getenv)
	return c, c.validate()
}

// levelOf reads a level; what is none means info, as in the reference.
func levelOf(s string) slog.Level {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "debug", "trace":
		return slog.LevelDebug
	case "warn", "warning":
		return slog.LevelWarn
	case "error", "fatal", "panic":
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (c *Config) validate() error {
	c.URL = strings.TrimRight(strings.TrimSpace(c.URL), "/")
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("--url needs a form such as https://pulse.example.net:7655")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("--url holds more than scheme, host, port and path")
	}
	if c.Interval < MinInterval {
		return fmt.Errorf("--interval %s is too short: at least %s", c.Interval, MinInterval)
	}
	if c.Interval > 24*time.Hour {
		return fmt.Errorf("--interval %s is too long: at most 24h", c.Interval)
	}
	if c.SpoolBytes < 1<<20 || c.SpoolCount < 1 {
		return errors.New("--spool-size and --spool-reports need at least 1 MiB and 1")
	}
	return nil
}
