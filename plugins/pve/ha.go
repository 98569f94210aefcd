package pve

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// managerSilence is how long a manager of high availability may be silent: it speaks every ten seconds.
const managerSilence = 2 * time.Minute

// tellHA judges what high availability says. An account that may not read it sees none.
func (c *Collector) tellHA(ctx context.Context, v *view) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[haRow](ctx, c.client, proxmox.Path("cluster", "ha", "status", "current"))
	switch proxmox.KindOf(err) {
	case proxmox.KindForbidden, proxmox.KindUnsupported:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read high availability: %w", err)
	}
	guests := map[string]resourceRow{}
	for _, g := range v.guests {
		if c.wanted(g) {
			guests[itoa(int(g.VMID.V))] = g
		}
	}
	out := judgeManagers(v, rows, c.client.TimeThere(c.deps.Now()).Unix())
	for _, r := range rows {
		_, id, _ := strings.Cut(string(r.SID), ":")
		g, shown := guests[id]
		says, bad := haTroubles[string(r.State)]
		if r.Type != "service" || !bad || !shown {
			continue
		}
		out = append(out, sdk.Condition{Type: guestType(g), Key: guestKey(g), Kind: kindHA, Severity: sdk.SeverityCritical,
			Message: fmt.Sprintf("High availability of %s (%s): %s.", g.Name, id, says), Metadata: map[string]string{"state": string(r.State), "node": string(r.Node)}})
	}
	return out, nil
}

// haTroubles are the states of services that somebody should look at.
var haTroubles = map[string]string{
	"error":    "it has failed and is not started again until somebody clears the error",
	"fence":    "its node is being fenced",
	"recovery": "it waits for a node that can take it over",
}

// judgeManagers tells which parts of high availability are silent: the manager of a node, which starts what shall run there, or
// the master, which decides. They are compared with each other, as the clocks there may differ from the one here; one
// whose own clock is ahead has not spoken later than now.
func judgeManagers(v *view, rows []haRow, now int64) (out []sdk.Observation) {
	newest := int64(0)
	for _, r := range rows {
		newest = max(newest, min(r.Timestamp.V, now))
	}
	for _, r := range rows {
		silent := r.Timestamp.V > 0 && time.Duration(newest-r.Timestamp.V)*time.Second > managerSilence
		switch {
		case r.Type == "fencing" && strings.Contains(strings.ToLower(string(r.Armed)), "disarm"):
			out = append(out, sdk.Condition{Type: typeCluster, Key: clusterKey, Kind: kindDisarmed, Severity: sdk.SeverityWarning,
				Message: "High availability is disarmed: what runs on a node that fails is not started on another."})
		case r.Type == "master" && silent:
			out = append(out, sdk.Condition{Type: typeCluster, Key: clusterKey, Kind: kindHASilent, Severity: sdk.SeverityWarning, Since: r.Timestamp.Time(),
				Message: fmt.Sprintf("The master of high availability, on %s, is silent: nothing is moved away from a node that fails.", r.Node)})
		case r.Type == "lrm" && silent:
			if n, member := v.node(string(r.Node)); member && n.online {
				out = append(out, sdk.Condition{Type: typeNode, Key: nodeKey(n.name), Kind: kindHASilent, Severity: sdk.SeverityWarning, Since: r.Timestamp.Time(),
					Message: fmt.Sprintf("The manager of high availability on %s is silent: what it looks after there is not started or moved.", n.name)})
			}
		}
	}
	return out
}
