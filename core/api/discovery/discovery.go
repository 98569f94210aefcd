// Package discovery holds the routes that look through networks for systems that could be added.
package discovery

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/discover"
)

// Scanner looks through networks.
type Scanner interface {
	Last() discover.Result
	Running() (discover.Progress, bool)
	Stop() bool
	Scan(ctx context.Context, networks []netip.Prefix) (discover.Result, error)
}

// Area serves the rows.
type Area struct {
	Scanner Scanner
	// Enabled tells whether networks are looked through by themselves.
	Enabled func() bool
	Now     func() time.Time
}

// patience is how long a scan may take that somebody waits for.
const patience = 30 * time.Second

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	write := auth.ScopeSettingsWrite
	return []route.Route{
		route.Get("/api/discover", "getDiscovered", "What was found in the network last", a.get).Admin(write),
		route.Post("/api/discover", "discover", "Look through private networks for systems that could be added", a.scan).Admin(write).Body(8 << 10),
		route.Delete("/api/discover", "stopDiscovery", "Stop looking through networks; who waits for it is told what was found until then", a.stop).Admin(write),
	}
}

// Server is a system that was found.
type Server struct {
	IP       string `json:"ip"`
	Port     int    `json:"port"`
	Type     string `json:"type"`
	Version  string `json:"version"`
	Hostname string `json:"hostname,omitempty"`
	Release  string `json:"release,omitempty"`
	// Fingerprint is the SHA-256 of the certificate that it shows.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Environment says which networks were looked through.
type Environment struct {
	Type       string            `json:"type"`
	Confidence float64           `json:"confidence"`
	Phases     []Phase           `json:"phases"`
	Warnings   []string          `json:"warnings"`
	Metadata   map[string]string `json:"metadata"`
}

// Phase is a part of a scan.
type Phase struct {
	Name       string   `json:"name"`
	Subnets    []string `json:"subnets"`
	Confidence float64  `json:"confidence"`
}

// Found is what a scan has found.
type Found struct {
	Servers     []Server     `json:"servers"`
	Errors      []string     `json:"errors"`
	Environment *Environment `json:"environment"`
	Cached      bool         `json:"cached"`
	Scanning    *bool        `json:"scanning,omitempty"`
	Updated     *int64       `json:"updated,omitempty" help:"Unix seconds, 0 for never."`
	Age         *float64     `json:"age,omitempty" help:"Seconds."`
	Progress    *Progress    `json:"progress,omitempty" help:"While a scan runs."`
}

// Progress is how far a scan is, in addresses.
type Progress struct {
	Total int `json:"total"`
	Done  int `json:"done"`
	Found int `json:"found"`
}

func found(r discover.Result) Found {
	out := Found{Servers: servers(r), Errors: Errors(r)}
	if len(r.Networks) > 0 {
		phase := Phase{Name: "extra_targets", Subnets: []string{}, Confidence: 1}
		for _, n := range r.Networks {
			phase.Subnets = append(phase.Subnets, n.String())
		}
		out.Environment = &Environment{Type: "unknown", Phases: []Phase{phase}, Warnings: []string{}, Metadata: map[string]string{}}
	}
	return out
}

func servers(r discover.Result) []Server {
	out := []Server{}
	for _, s := range r.Servers {
		out = append(out, server(s))
	}
	return out
}

func server(s discover.Server) Server {
	return Server{s.IP, s.Port, s.Kind, s.Version, s.Hostname, s.Version, s.CertificateSHA256}
}

// Errors are the faults of a scan as texts.
func Errors(r discover.Result) []string {
	out := []string{}
	for _, f := range r.Faults {
		if f.IP == "" {
			out = append(out, f.Message)
			continue
		}
		out = append(out, fmt.Sprintf("%s port %d: %s", f.IP, f.Port, f.Message))
	}
	return out
}

func (a Area) get(context.Context, route.None) (Found, error) {
	last := a.Scanner.Last()
	out := found(last)
	updated, age := int64(0), 0.0
	if !last.At.IsZero() {
		updated, age = last.At.Unix(), a.Now().Sub(last.At).Seconds()
	}
	out.Cached, out.Updated, out.Age = !last.At.IsZero(), &updated, &age
	if at, running := a.Scanner.Running(); running {
		out.Scanning, out.Progress = &running, &Progress{at.Total, at.Done, at.Found}
	}
	return out, nil
}

// Stopped says whether there was anything to stop.
type Stopped struct {
	Status  string `json:"status"`
	Stopped bool   `json:"stopped" help:"False when nothing was looked through."`
}

func (a Area) stop(context.Context, route.None) (Stopped, error) {
	return Stopped{"success", a.Scanner.Stop()}, nil
}

type scanIn struct {
	Subnet   string `json:"subnet,omitempty" help:"Networks with commas between, or auto for those of the server."`
	UseCache bool   `json:"use_cache,omitempty"`
}

func (a Area) scan(ctx context.Context, in scanIn) (Found, error) {
	if in.UseCache && a.Enabled() {
		return a.get(ctx, route.None{})
	}
	var networks []netip.Prefix
	if in.Subnet != "" && in.Subnet != "auto" {
		var err error
		if networks, err = discover.Parse(in.Subnet); err != nil {
			return Found{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	got, err := a.Scanner.Scan(ctx, networks)
	if err != nil {
		return Found{}, err
	}
	out, over := found(got), false
	out.Scanning = &over
	return out, nil
}

// Tell makes a scan tell those who listen how it goes, in the reference's messages.
func Tell(o discover.Options, broadcast func(kind string, data json.RawMessage), now func() time.Time) discover.Options {
	say := func(kind string, data map[string]any) {
		data["timestamp"] = now().Unix()
		if raw, err := json.Marshal(data); err == nil {
			broadcast(kind, raw)
		}
	}
	say("discovery_started", map[string]any{"scanning": true})
	o.Progress = func(p discover.Progress) {
		say("discovery_progress", map[string]any{"progress": map[string]any{
			"current_phase": "extra_targets", "phase_number": 1, "total_phases": 1, "targets_in_phase": p.Total, "processed_in_phase": p.Done,
			"total_targets": p.Total, "total_processed": p.Done, "servers_found": p.Found, "percentage": percent(p),
		}})
	}
	o.Found = func(s discover.Server) {
		say("discovery_server_found", map[string]any{"server": server(s), "phase": "extra_targets"})
	}
	return o
}

func percent(p discover.Progress) float64 {
	if p.Total == 0 {
		return 100
	}
	return 100 * float64(p.Done) / float64(p.Total)
}

// Ended tells those who listen what a scan has found.
func Ended(r discover.Result, broadcast func(kind string, data json.RawMessage), now func() time.Time) {
	for kind, data := range map[string]map[string]any{
		"discovery_update":   {"servers": servers(r), "errors": Errors(r), "scanning": false, "timestamp": now().Unix()},
		"discovery_complete": {"scanning": false, "timestamp": now().Unix()},
	} {
		if raw, err := json.Marshal(data); err == nil {
			broadcast(kind, raw)
		}
	}
}
