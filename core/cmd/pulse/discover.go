package main

import (
	"context"
	"net/netip"
	"net/url"
	"time"

	"github.com/pulse-platform/pulse/core/api/discovery"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/discover"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
)

// openDiscover makes what looks through networks.
func (s *server) openDiscover() {
	s.discover = &discover.Service{
		Probe: func(ctx context.Context, kind, address string) (sdk.Candidate, error) {
			return s.plugins.Probe(ctx, kind, address, integration.Network{})
		},
		Options: s.scanOptions, Enabled: s.discovers, Now: time.Now,
		Tell:  func(o discover.Options) discover.Options { return discovery.Tell(o, s.live.Broadcast, time.Now) },
		Ended: func(r discover.Result) { discovery.Ended(r, s.live.Broadcast, time.Now) },
	}
}

// discovers tells whether the settings want networks to be looked through.
func (s *server) discovers() bool { return s.settings.Document(nil).Bool(compat.SettingDiscovery) }

// scanOptions are those of the settings, with what plugins declare and what is configured already.
func (s *server) scanOptions() (discover.Options, error) {
	all := s.settings.Document(nil)
	subnet, _ := all[compat.SettingSubnet].(string)
	networks, err := discover.Parse(subnet)
	if err != nil {
		return discover.Options{}, err
	}
	tuning, _ := all[compat.SettingScan].(map[string]any)
	number := func(key string) int {
		n, _ := tuning[key].(float64)
		return int(n)
	}
	names, _ := tuning["enable_reverse_dns"].(bool)
	o := discover.Options{
		Networks: append(networks, prefixes(tuning["subnet_allowlist"])...), Blocked: prefixes(tuning["subnet_blocklist"]), MaxHosts: number("max_hosts_per_scan"),
		MaxConcurrent: number("max_concurrent"), DialTimeout: time.Duration(number("dial_timeout_ms")) * time.Millisecond,
		ProbeTimeout: time.Duration(number("http_timeout_ms")) * time.Millisecond, ReverseDNS: names,
	}
	for _, d := range s.plugins.Catalog() {
		for _, p := range d.Probes {
			o.Targets = append(o.Targets, discover.Target{Kind: d.Kind, Port: p.Port})
		}
	}
	for _, x := range s.integrations.List() {
		if u, err := url.Parse(hostOf(x.Config)); err == nil && u.Host != "" {
			o.Known = append(o.Known, u.Host)
		}
	}
	return o, nil
}

// prefixes reads a list of networks of the settings, which were judged when they were written.
func prefixes(v any) (out []netip.Prefix) {
	list, _ := v.([]any)
	for _, one := range list {
		text, _ := one.(string)
		if p, err := netip.ParsePrefix(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}
