package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
)

// joinEvery is how often it is looked whether integrations turned out to ask the same cluster.
const joinEvery = 10 * time.Second

// join has one integration go on asking where several turned out to ask the same cluster: after a server has joined one, or
// when the cluster could not be recognised as they were added. The others are kept, disabled, and their past is that of the
// one which goes on.
func (s *server) join(ctx context.Context) {
	ctx = auth.WithPrincipal(ctx, auth.System)
	changes, stop := s.integrations.Changes()
	defer stop()
	look := time.NewTicker(joinEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes:
			s.inventory.Join(s.integrations.Joins())
		case <-look.C:
			for _, of := range s.inventory.Snapshot().Clusters() {
				s.joinAll(ctx, of)
			}
		}
	}
}

// joinAll joins the integrations that ask one cluster with the first of them.
func (s *server) joinAll(ctx context.Context, names []id.Integration) {
	all := map[id.Integration]integration.Integration{}
	for _, x := range s.integrations.List() {
		all[x.ID] = x
	}
	var of []integration.Integration
	for _, name := range names {
		if x, there := all[name]; there && x.Enabled && !x.Apart {
			of = append(of, x)
		}
	}
	// What a file says goes on; then who knows most of the past.
	slices.SortFunc(of, func(a, b integration.Integration) int {
		rank := func(x integration.Integration) int {
			if x.Origin != "" {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(rank(a), rank(b)), s.inventory.Since(a.ID).Compare(s.inventory.Since(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	for _, x := range of[min(1, len(of)):] {
		if x.Origin != "" {
			continue // the file wants both
		}
		if err := s.joinOne(ctx, x, of[0].ID); err != nil {
			s.log.Error("two integrations ask the same cluster, and could not be made one; it is tried again", "integration", x.ID, "with", of[0].ID, "error", err)
		}
	}
}

func (s *server) joinOne(ctx context.Context, x integration.Integration, into id.Integration) error {
	s.keepAddress(ctx, x, into)
	if err := s.integrations.Join(ctx, x.ID, into); err != nil {
		return err
	}
	s.inventory.Join(s.integrations.Joins())
	s.log.Warn("two integrations ask the same cluster: the one is disabled, and the other goes on with its history", "integration", x.ID, "with", into)
	heirs := map[string]string{}
	for _, one := range s.inventory.Successions(x.ID) {
		heirs[one.From.WireID] = one.To.WireID
		if err := s.metadata.Copy(ctx, one.From.WireID, one.To.WireID); err != nil {
			return err
		}
	}
	if err := s.alerts.Inherit(ctx, heirs); err != nil {
		return err
	}
	return s.door.Forget(ctx, x.ID)
}

// keepAddress has the integration that goes on reach the member by the address that somebody gave for it.
func (s *server) keepAddress(ctx context.Context, x integration.Integration, into id.Integration) {
	t, err := s.integrations.Try(ctx, x)
	if err != nil || t.Failure != "" {
		return
	}
	asked := ""
	for _, m := range t.Result.Members {
		if m.Asked {
			asked = m.Name
		}
	}
	for _, other := range s.integrations.List() {
		if other.ID != into || other.Origin != "" || asked == "" {
			continue
		}
		config, changed := withMember(other.Config, asked, x)
		if !changed {
			return
		}
		other.Config = config
		if _, found, err := s.integrations.Save(ctx, other, other.Revision); err != nil || errs.Is(err, errs.Outdated) || len(found) > 0 {
			s.log.Warn("the address of a cluster's member was not kept", "integration", into, "member", asked, "error", err)
		}
	}
}

// withMember adds the address of a member to a configuration that has none for it.
func withMember(config json.RawMessage, member string, x integration.Integration) (json.RawMessage, bool) {
	var to, from map[string]any
	if json.Unmarshal(config, &to) != nil || json.Unmarshal(x.Config, &from) != nil || to[compat.NodeHost] == from[compat.NodeHost] {
		return nil, false
	}
	members, _ := to[compat.NodeMembers].([]any)
	for _, m := range members {
		if of, _ := m.(map[string]any); of[compat.NodeMember] == member {
			return nil, false
		}
	}
	// Which certificate counts there the cluster that is trusted says, and never the one that joins it: whoever may add an
	// integration could name their own machine as a member, and be sent the credentials of the cluster.
	to[compat.NodeMembers] = append(members, map[string]any{compat.NodeMember: member, compat.NodeMemberHost: from[compat.NodeHost]})
	out, err := json.Marshal(to)
	return out, err == nil
}
