package checks

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Config is what is asked, and how.
type Config struct {
	Targets []Target       `name:"targets" required:"true" max:"500" help:"What is asked."`
	Timeout time.Duration  `name:"timeout" default:"5s" min:"100ms" max:"30s" help:"How long a target may take to answer."`
	Allow   []netip.Prefix `name:"allow_loopback_in" help:"Loopback networks of this machine that may be asked all the same." example:"127.0.0.1/32"`
}

// Target is one door.
type Target struct {
	Name    string `name:"name" key:"true" required:"true" help:"What people call it; it may not change, because its history hangs on it."`
	By      string `name:"by" default:"http" enum:"ping,tcp,http" help:"How it is asked."`
	Address string `name:"address" required:"true" help:"A host for ping, host:port for TCP, a URL for HTTP." example:"https://example.com/health"`
	Status  int    `name:"status" default:"0" min:"0" max:"599" help:"The HTTP status that is expected; 0 takes all below 400."`
}

// Validate says what the tags cannot: that each address fits the way it is asked, and that names are unique.
func (c Config) Validate() []sdk.Diagnostic {
	var diags []sdk.Diagnostic
	report := func(i int, key, detail string) {
		diags = append(diags, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: fmt.Sprintf("targets.%d.%s", i, key), Summary: "Invalid value", Detail: detail})
	}
	seen := map[string]bool{}
	for i, t := range c.Targets {
		if seen[t.Name] {
			report(i, "name", "Another target has this name.")
		}
		seen[t.Name] = true
		switch t.By {
		case "tcp":
			_, port, err := net.SplitHostPort(t.Address)
			if _, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil {
				report(i, "address", "TCP needs host:port.")
			}
		case "http":
			if u, err := url.Parse(t.Address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
				report(i, "address", "HTTP needs a URL that begins with http:// or https://.")
			}
		case "ping":
			if _, _, err := net.SplitHostPort(t.Address); err == nil {
				report(i, "address", "Ping knows no ports: give the host alone.")
			}
		}
	}
	return diags
}
