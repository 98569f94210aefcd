package agents

import (
	"context"
	"strings"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/inventory"
)

// Overrides are what an operator decided for hosts.
type Overrides interface {
	// CommandsEnabled returns nil when nobody decided.
	CommandsEnabled(host string) *bool
	// SetCommandsEnabled decides; nil takes the decision back. The host need not be there.
	SetCommandsEnabled(ctx context.Context, host string, on *bool) error
}

func (a *Area) configRoutes() []route.Route {
	const path = "/api/agents/host/{hostId}/config"
	return []route.Route{
		route.Get(path, "getHostConfig", "What the server decided for a host", a.config).
			Scope(auth.ScopeHostConfigRead, auth.ScopeHostManage, auth.ScopeSettingsWrite),
		route.Patch(path, "patchHostConfig", "Decide something for a host", a.patchConfig).Admin(auth.ScopeHostManage).Body(maxBody),
	}
}

// HostConfig is what the server decided for a host.
type HostConfig struct {
	Success bool     `json:"success"`
	HostID  string   `json:"hostId"`
	Config  Decision `json:"config"`
}

// Decision is what an operator decided, without what nobody did.
type Decision struct {
	CommandsEnabled *bool `json:"commandsEnabled,omitempty"`
}

func (a *Area) config(ctx context.Context, in hostPath) (HostConfig, error) {
	r, ok := a.configured(ctx, in.HostID)
	if !ok {
		return HostConfig{}, notFound()
	}
	return a.decided(r.Key), nil
}

// configured finds the host whose configuration a caller may read: the named one, and for an agent's token without a host
// of that name the only one that the token reports for. Agents ask by the id that they know, which is not always theirs.
func (a *Area) configured(ctx context.Context, host string) (*inventory.Record, bool) {
	r, ok := a.hosts.Find(hostKind, host)
	p := auth.PrincipalFrom(ctx)
	if p.Token == nil || p.May(auth.ScopeHostManage) || p.May(auth.ScopeSettingsWrite) {
		return r, ok
	}
	if ok && r.Source.TokenID == p.Token.ID {
		return r, true
	}
	if own := a.hosts.Of(hostKind, p.Token.ID); len(own) == 1 {
		return own[0], true
	}
	return nil, false
}

func (a *Area) decided(host string) HostConfig {
	return HostConfig{Success: true, HostID: host, Config: Decision{a.overrides.CommandsEnabled(host)}}
}

type patchIn struct {
	HostID string `path:"hostId"`
	Body   struct {
		CommandsEnabled *bool `json:"commandsEnabled"`
	} `body:"json"`
}

func (a *Area) patchConfig(ctx context.Context, in patchIn) (HostConfig, error) {
	host := strings.TrimSpace(in.HostID)
	if host == "" {
		return HostConfig{}, missingHost()
	}
	if p := auth.PrincipalFrom(ctx); p.Token != nil && !p.May(auth.ScopeSettingsWrite) {
		r, ok := a.hosts.Find(hostKind, host)
		if !ok {
			return HostConfig{}, notFound()
		}
		if !owns(ctx, r) {
			return HostConfig{}, forbidden()
		}
	}
	if err := a.overrides.SetCommandsEnabled(ctx, host, in.Body.CommandsEnabled); err != nil {
		return HostConfig{}, err
	}
	return a.decided(host), nil
}
