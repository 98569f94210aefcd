package agents

import (
	"context"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/inventory"
)

// hostKind is the report kind whose reporters these rows are about. Without a plugin for it there are none.
const hostKind = "host"

// maxBody is how large what is sent about a host may be, in bytes.
const maxBody = 16 << 10

// Reporters looks after those who report; it is a [fleet.Fleet].
type Reporters interface {
	Find(kind, host string) (*inventory.Record, bool)
	FindNamed(kind, name string) (*inventory.Record, bool)
	// Of returns those that report with a token.
	Of(kind, token string) []*inventory.Record
	// Remove forgets a reporter; one that is not there is no error.
	Remove(ctx context.Context, kind, host string) error
}

func (a *Area) hostRoutes() []route.Route {
	return []route.Route{
		route.Get("/api/agents/host/lookup", "lookupHost", "Find the host that a token reports for", a.lookup).Scope(auth.ScopeHostReport),
		route.Post("/api/agents/host/uninstall", "uninstallHost", "Remove the host whose agent is being uninstalled", a.uninstall).
			Scope(auth.ScopeHostReport).Body(maxBody),
		route.Delete("/api/agents/host/{hostId}", "deleteHost", "Remove a host", a.remove).Admin(auth.ScopeHostManage, auth.ScopeSettingsWrite),
	}
}

type lookupIn struct {
	ID       string `query:"id"`
	Hostname string `query:"hostname"`
}

// Found is the answer of a lookup.
type Found struct {
	Success bool      `json:"success"`
	Host    FoundHost `json:"host"`
}

// FoundHost is a host as its agent may see it.
type FoundHost struct {
	ID           string    `json:"id"`
	Hostname     string    `json:"hostname"`
	DisplayName  string    `json:"displayName"`
	Status       string    `json:"status"`
	Connected    bool      `json:"connected"`
	LastSeen     time.Time `json:"lastSeen"`
	AgentVersion string    `json:"agentVersion,omitempty"`
}

// Done tells what became of a request about a host.
type Done struct {
	Success bool   `json:"success"`
	HostID  string `json:"hostId"`
	NodeID  string `json:"nodeId,omitempty"`
	Message string `json:"message"`
}

func (a *Area) lookup(ctx context.Context, in lookupIn) (Found, error) {
	name, hostname := strings.TrimSpace(in.ID), strings.TrimSpace(in.Hostname)
	if name == "" && hostname == "" {
		return Found{}, errs.New(errs.Invalid, "name the host by id or hostname").WithWord("missing_lookup_param")
	}
	r, ok := a.hosts.Find(hostKind, name)
	if !ok {
		r, ok = a.hosts.FindNamed(hostKind, hostname)
	}
	if !ok {
		return Found{}, notFound()
	}
	if p := auth.PrincipalFrom(ctx); p.Token != nil && r.Source.TokenID != p.Token.ID {
		return Found{}, forbidden()
	}
	status := a.word(r)
	return Found{true, FoundHost{
		ID: r.WireID, Hostname: r.Source.Hostname, DisplayName: r.DisplayName(), Status: status,
		Connected: status == "online" || status == "running" || status == "healthy", LastSeen: r.LastSeen.UTC(), AgentVersion: r.Source.AgentVersion,
	}}, nil
}

type hostIn struct {
	HostID string `json:"hostId"`
}

func (a *Area) uninstall(ctx context.Context, in hostIn) (Done, error) {
	host := strings.TrimSpace(in.HostID)
	if host == "" {
		return Done{}, missingHost()
	}
	r, ok := a.hosts.Find(hostKind, host)
	if !ok {
		return Done{}, notFound()
	}
	if !owns(ctx, r) {
		return Done{}, forbidden()
	}
	if err := a.hosts.Remove(ctx, hostKind, host); err != nil {
		return Done{}, err
	}
	return Done{Success: true, HostID: host, Message: "Host removed"}, nil
}

type hostPath struct {
	HostID string `path:"hostId"`
}

func (a *Area) remove(ctx context.Context, in hostPath) (Done, error) {
	host := strings.TrimSpace(in.HostID)
	if host == "" {
		return Done{}, missingHost()
	}
	if err := a.hosts.Remove(ctx, hostKind, host); err != nil {
		return Done{}, err
	}
	return Done{Success: true, HostID: host, Message: "Host removed"}, nil
}

// owns reports whether the caller may act on a host: administrators on any, a token that may change no settings only on
// those it reports for.
func owns(ctx context.Context, r *inventory.Record) bool {
	p := auth.PrincipalFrom(ctx)
	return p.Can(auth.ScopeNeed(auth.ScopeHostManage, true)) && p.May(auth.ScopeSettingsWrite) || p.Token != nil && r.Source.TokenID == p.Token.ID
}

func notFound() error {
	return errs.New(errs.NotFound, "there is no such host: it has not reported yet, or was removed").WithWord("host_not_found")
}

func forbidden() error {
	return errs.New(errs.Forbidden, "the host belongs to another token").WithWord("host_lookup_forbidden")
}

func missingHost() error {
	return errs.New(errs.Invalid, "hostId is missing").WithWord("missing_host_id").WithField("hostId")
}
