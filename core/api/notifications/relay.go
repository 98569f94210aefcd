package notifications

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
)

// relayID is the one channel of its kind that the reference knows.
const relayID = id.Integration(compat.RelayPlugin + "/" + compat.RelayPlugin)

// Relay is the channel that relays to services by their URLs, as the reference has it.
type Relay struct {
	Enabled        bool     `json:"enabled"`
	Mode           string   `json:"mode"`
	Targets        []string `json:"targets"`
	CLIPath        string   `json:"cliPath"`
	TimeoutSeconds int      `json:"timeoutSeconds"`
	ServerURL      string   `json:"serverUrl"`
	ConfigKey      string   `json:"configKey"`
	APIKey         string   `json:"apiKey"`
	APIKeyHeader   string   `json:"apiKeyHeader"`
	SkipTLSVerify  bool     `json:"skipTlsVerify"`
}

// relayConfig is the configuration of the plugin.
type relayConfig struct {
	Mode         string   `json:"mode,omitempty"`
	ServerURL    string   `json:"server_url,omitempty"`
	ConfigKey    string   `json:"config_key,omitempty"`
	APIKey       string   `json:"api_key,omitempty"`
	APIKeyHeader string   `json:"api_key_header,omitempty"`
	Targets      []string `json:"targets,omitempty"`
	Timeout      string   `json:"timeout,omitempty"`
}

func (a Area) relay(context.Context, route.None) (Relay, error) {
	out := Relay{Mode: "cli", Targets: []string{}, CLIPath: compat.RelayPlugin, TimeoutSeconds: 15, APIKeyHeader: "X-API-KEY"}
	x, there := a.find(relayID)
	if !there {
		return out, nil
	}
	var c relayConfig
	if err := json.Unmarshal(x.Config, &c); err != nil {
		return out, err
	}
	out.Enabled, out.Mode, out.ServerURL, out.ConfigKey, out.APIKey = x.Enabled, cmp.Or(c.Mode, "http"), c.ServerURL, c.ConfigKey, masked(c.APIKey)
	out.APIKeyHeader = cmp.Or(c.APIKeyHeader, out.APIKeyHeader)
	for _, t := range c.Targets {
		out.Targets = append(out.Targets, masked(t))
	}
	if _, err := fmt.Sscanf(c.Timeout, "%ds", &out.TimeoutSeconds); err != nil {
		out.TimeoutSeconds = 15
	}
	return out, nil
}

// complete tells whether there is anything to send to.
func (r Relay) complete() bool {
	if r.Mode == "http" {
		return r.ServerURL != ""
	}
	return len(r.Targets) > 0
}

// Integration is the integration of the channel with its secrets in clear.
func (r Relay) Integration() (integration.Integration, error) {
	return r.integrate(integration.Integration{})
}

// integrate makes the integration of the channel. Masked values keep what is stored.
func (r Relay) integrate(old integration.Integration) (integration.Integration, error) {
	unmask := func(v string) string {
		if v == redacted {
			return sdk.Masked
		}
		return v
	}
	c := relayConfig{
		Mode: r.Mode, ServerURL: r.ServerURL, ConfigKey: r.ConfigKey, APIKey: unmask(r.APIKey), APIKeyHeader: cmp.Or(r.APIKeyHeader, "X-API-KEY"),
		Timeout: fmt.Sprintf("%ds", min(max(cmp.Or(r.TimeoutSeconds, 15), 5), 120)),
	}
	for _, t := range r.Targets {
		c.Targets = append(c.Targets, unmask(t))
	}
	raw, err := json.Marshal(c)
	return integration.Integration{ID: relayID, Kind: compat.RelayPlugin, Name: compat.RelayPlugin, Enabled: r.Enabled, Config: raw, Network: old.Network}, err
}

func (a Area) setRelay(ctx context.Context, in Relay) (Relay, error) {
	old, there := a.find(relayID)
	if in.Mode != "http" {
		in.Mode = "cli"
	}
	var targets []string
	for _, t := range in.Targets {
		if t = strings.TrimSpace(t); t != "" && (t == redacted || !slices.Contains(targets, t)) {
			targets = append(targets, t)
		}
	}
	in.Targets = targets
	if !in.complete() {
		// Without a target it cannot be on; what there was is off then.
		if there {
			if err := a.Channels.Delete(ctx, relayID, old.Revision); err != nil {
				return in, err
			}
		}
		return a.relay(ctx, route.None{})
	}
	x, err := in.integrate(old)
	if err != nil {
		return in, err
	}
	if err := a.save(ctx, x, old.Revision, map[string]string{"server_url": "serverUrl", "api_key": "apiKey"}); err != nil {
		return in, err
	}
	return a.relay(ctx, route.None{})
}
