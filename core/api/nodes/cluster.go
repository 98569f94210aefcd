package nodes

import (
	"context"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/address"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
)

// Cluster is what is known of a cluster.
type Cluster struct {
	// Name is empty for a node that is in none.
	Name    string
	Members []Endpoint
}

// Endpoint is a member of a cluster. The names of its members are those of the reference.
type Endpoint struct {
	NodeID      string
	NodeName    string
	Host        string
	GuestURL    string
	IP          string
	IPOverride  string
	Fingerprint string
	Online      bool
	LastSeen    time.Time
	// PulseReachable and LastPulseCheck are null as long as nobody has asked the member itself.
	PulseReachable *bool
	LastPulseCheck *time.Time
	PulseError     string
}

// Refreshed is what looking for members has found.
type Refreshed struct {
	Status       string     `json:"status"`
	ClusterName  string     `json:"clusterName"`
	OldNodeCount int        `json:"oldNodeCount"`
	NewNodeCount int        `json:"newNodeCount"`
	NodesAdded   int        `json:"nodesAdded" help:"Negative when members have left."`
	ClusterNodes []Endpoint `json:"clusterNodes"`
}

func (a Area) refresh(ctx context.Context, in idIn) (Refreshed, error) {
	e, err := a.find(in.ID)
	if err != nil {
		return Refreshed{}, err
	}
	if e.kind.Cluster == "" {
		return Refreshed{}, errs.New(errs.Invalid, "%s has no clusters", e.kind.Title)
	}
	before := a.Cluster(e.ID, e.kind.Cluster)
	if err := a.Refresh(ctx, e.ID); err != nil {
		return Refreshed{}, errs.Wrap(errs.Upstream, err, "The members were not found: %v", err)
	}
	after := a.Cluster(e.ID, e.kind.Cluster)
	after.Members = overridden(after.Members, e.config())
	if after.Name == "" {
		return Refreshed{}, errs.New(errs.Invalid, "Node is not part of a cluster")
	}
	return Refreshed{
		Status: "success", ClusterName: after.Name, OldNodeCount: len(before.Members), NewNodeCount: len(after.Members),
		NodesAdded: len(after.Members) - len(before.Members), ClusterNodes: after.Members,
	}, nil
}

// overridden puts in the addresses and fingerprints that the configuration gives for members.
func overridden(members []Endpoint, config map[string]any) []Endpoint {
	given, _ := config[compat.NodeMembers].([]any)
	out := slices.Clone(members)
	for _, one := range given {
		of, _ := one.(map[string]any)
		for i := range out {
			if out[i].NodeName == text(of[compat.NodeMember]) {
				out[i].IPOverride, out[i].Fingerprint = address.Bare(text(of[compat.NodeMemberHost])), text(of[compat.NodeMemberPinned])
			}
		}
	}
	return out
}
