package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/integrations"
	"github.com/pulse-platform/pulse/core/api/nodes"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
)

// refreshPatience is how long a request waits until an integration has answered anew.
const refreshPatience = 25 * time.Second

// nodes are the routes by which the reference's clients configure what is asked over an API.
func (s *server) nodes() nodes.Area {
	return nodes.Area{
		Service: managed{s.integrations, s}, Schema: s.plugins.Schema, Status: s.nodeStatus, Cluster: s.clusterOf, Now: time.Now,
		Script: s.plugins.Script, Probe: s.plugins.Probe, Token: s.auth.Token, Tickets: s.tickets(), PublicURL: s.publicURL, Broadcast: s.live.Broadcast,
		Again: s.poll.HurryAll,
		Refresh: func(ctx context.Context, name id.Integration) error {
			ctx, cancel := context.WithTimeout(ctx, refreshPatience)
			defer cancel()
			return s.poll.Rerun(ctx, name)
		},
	}
}

// tickets are the one-time tokens of setup scripts.
func (s *server) tickets() *nodes.Tickets {
	if s.base == nil { // the API is described only
		return nil
	}
	return nodes.NewTickets(sqlite.NewSettings(s.base.state), time.Now)
}

// nodeStatus is how an integration is doing, in the words for nodes.
func (s *server) nodeStatus(name id.Integration) string {
	switch st := s.integrationStatus(name); {
	case st.State == "failing":
		return nodes.Disconnected
	case slices.ContainsFunc(st.Tasks, func(t integrations.Task) bool { return t.LastSuccess > 0 }):
		return nodes.Connected
	}
	return nodes.Pending
}

// member is what a member of a cluster says about itself in the state document.
type member struct {
	Cluster  string `json:"clusterName"`
	Host     string `json:"host"`
	GuestURL string `json:"guestURL"`
}

// clusterOf returns what an integration has found of the cluster that it asks: the records of a section.
func (s *server) clusterOf(name id.Integration, section string) nodes.Cluster {
	var out nodes.Cluster
	snap, catalog := s.inventory.Snapshot(), s.inventory.Catalog()
	for _, sec := range catalog.Sections() {
		if sec.Section != section {
			continue
		}
		for _, r := range snap.Type(sec.Type) {
			var m member
			if r.Integration != name || json.Unmarshal(r.Parts[""], &m) != nil || m.Cluster == "" {
				continue
			}
			out.Name = cmp.Or(out.Name, m.Cluster)
			out.Members = append(out.Members, endpoint(r, m))
		}
	}
	return out
}

func endpoint(r *inventory.Record, m member) nodes.Endpoint {
	out := nodes.Endpoint{
		NodeID: compat.MemberPrefix + r.Name, NodeName: r.Name, Host: m.Host, GuestURL: m.GuestURL, Online: r.Healthy(), LastSeen: r.LastSeen.UTC(),
	}
	for _, e := range r.Evidence {
		if e.Kind == sdk.EvidenceAddress {
			out.IP, _, _ = strings.Cut(e.Value, "/")
			break
		}
	}
	return out
}
