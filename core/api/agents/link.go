package agents

import (
	"context"
	"strings"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// Linker says which other resource a host is.
type Linker interface {
	// Link ends other links of both; code not found when one of them is not there.
	Link(ctx context.Context, host, node string) error
	// Unlink fails with code not found when the host is not there or not linked.
	Unlink(ctx context.Context, host string) error
}

func (a *Area) linkRoutes() []route.Route {
	manage, settings := auth.ScopeHostManage, auth.ScopeSettingsWrite
	return []route.Route{
		route.Post("/api/agents/host/link", "linkHost", "Say which node a host is", a.link).Admin(manage, settings).Body(maxBody),
		route.Post("/api/agents/host/unlink", "unlinkHost", "Say that a host is none of the nodes and guests", a.unlink).Admin(manage, settings).Body(maxBody),
	}
}

type linkIn struct {
	HostID string `json:"hostId"`
	NodeID string `json:"nodeId"`
}

func (a *Area) link(ctx context.Context, in linkIn) (Done, error) {
	host, node := strings.TrimSpace(in.HostID), strings.TrimSpace(in.NodeID)
	if host == "" {
		return Done{}, missingHost()
	}
	if node == "" {
		return Done{}, errs.New(errs.Invalid, "nodeId is missing").WithWord("missing_node_id").WithField("nodeId")
	}
	if err := a.linker.Link(ctx, host, node); errs.Is(err, errs.NotFound) {
		return Done{}, errs.Wrap(errs.Invalid, err, "there is no such host, or no such node").WithWord("link_failed")
	} else if err != nil {
		return Done{}, err
	}
	return Done{Success: true, HostID: host, NodeID: node, Message: "Host linked"}, nil
}

func (a *Area) unlink(ctx context.Context, in hostIn) (Done, error) {
	host := strings.TrimSpace(in.HostID)
	if host == "" {
		return Done{}, missingHost()
	}
	if err := a.linker.Unlink(ctx, host); errs.Is(err, errs.NotFound) {
		return Done{}, errs.Wrap(errs.NotFound, err, "there is no such host, or it is not linked").WithWord("unlink_failed")
	} else if err != nil {
		return Done{}, err
	}
	return Done{Success: true, HostID: host, Message: "Host unlinked"}, nil
}
