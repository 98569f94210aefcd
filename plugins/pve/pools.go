package pve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// collectPools judges the ZFS pools of each node, and measures the metadata of its thin pools.
func (c *Collector) collectPools(ctx context.Context, sink sdk.Sink) error {
	if !c.cfg.MonitorPhysicalDisks {
		return nil
	}
	v, err := c.recent(ctx)
	if err != nil {
		return err
	}
	return c.eachNode(ctx, v, sink, topic{"zfs", c.ifThere(c.askPools)}, topic{"thin", c.ifThere(c.askThin)})
}

// askThin measures the metadata of thin pools: when it is full, a pool stops, whatever room it has.
func (c *Collector) askThin(ctx context.Context, n node) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[thinRow](ctx, c.client, proxmox.OnNode(n.name, "disks", "lvmthin").Slowly())
	switch proxmox.KindOf(err) {
	case proxmox.KindForbidden, proxmox.KindUnsupported:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read thin pools: %w", err)
	}
	return tellThin(n, rows), nil
}

func tellThin(n node, rows []thinRow) (out []sdk.Observation) {
	for _, t := range rows {
		if t.MetaSize.V > 0 && t.MetaUsed.OK && t.LV != "" {
			out = append(out, sdk.Sample{Type: typeNode, Key: nodeKey(n.name), Metric: "thin_metadata", Instance: string(t.VG) + "/" + string(t.LV),
				Value: proxmox.Ratio(float64(t.MetaUsed.V) / float64(t.MetaSize.V))})
		}
	}
	return out
}

// lost are the states of pools that have lost data or cannot be used.
var lost = []string{"FAULTED", "UNAVAIL", "SUSPENDED", "REMOVED", "OFFLINE"}

// askPools judges the ZFS pools of a node. The pool is asked for the reason only when it is not well.
func (c *Collector) askPools(ctx context.Context, n node) ([]sdk.Observation, error) {
	pools, _, err := proxmox.Rows[poolRow](ctx, c.client, proxmox.OnNode(n.name, "disks", "zfs"))
	switch proxmox.KindOf(err) {
	case proxmox.KindForbidden, proxmox.KindUnsupported:
		return nil, nil
	}
	if err != nil && strings.Contains(err.Error(), "not installed") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read pools: %w", err)
	}
	var out []sdk.Observation
	for _, p := range pools {
		health := strings.ToUpper(string(p.Health))
		if p.Name == "" || health == "" || health == "ONLINE" {
			continue
		}
		severity := sdk.SeverityWarning
		if slices.Contains(lost, health) {
			severity = sdk.SeverityCritical
		}
		message := fmt.Sprintf("ZFS pool %s of %s is %s: zpool status tells why.", p.Name, n.name, health)
		detail, err := proxmox.Get[poolAnswer](ctx, c.client, proxmox.OnNode(n.name, "disks", "zfs", string(p.Name)))
		if err == nil {
			if bad := detail.bad(); len(bad) > 0 {
				message += " Not well: " + strings.Join(slices.Sorted(maps.Keys(bad)), ", ") + "."
			}
		}
		out = append(out, sdk.Condition{Type: typeNode, Key: nodeKey(n.name), Kind: kindPool, Instance: string(p.Name), Severity: severity, Message: message,
			Metadata: map[string]string{"pool_name": string(p.Name), "pool_state": health}})
	}
	return out, nil
}

// bad returns the devices of a pool that are not well.
func (a poolAnswer) bad() map[string]bool {
	out := map[string]bool{}
	var walk func(all []poolDevice, depth int)
	walk = func(all []poolDevice, depth int) {
		for _, d := range all {
			state := strings.ToUpper(string(d.State))
			if len(d.Children) == 0 && state != "" && state != "ONLINE" && state != "AVAIL" {
				out[string(d.Name)+" ("+state+")"] = true
			}
			if depth < 16 {
				walk(d.Children, depth+1)
			}
		}
	}
	walk(a.Children, 0)
	return out
}
