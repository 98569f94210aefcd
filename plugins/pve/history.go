package pve

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	// historiesAtOnce is how many nodes' histories are read in one cycle: those of a small cluster each minute, of a large one
	// in turn. A history holds the minutes in between, so that nothing is lost.
	historiesAtOnce = 12
	// historyAge is how long the cache of a node is believed to be as large as its history said.
	historyAge = 15 * time.Minute
)

// nodeHistory is what a node's own history last said. Only there the product tells of traffic and of the cache of ZFS.
type nodeHistory struct {
	asked time.Time
	last  int64 // of the newest row that was told, in Unix seconds
	// at is when the rest was measured.
	at      time.Time
	in, out proxmox.Num // bytes a second
	cache   proxmox.Int // bytes that ZFS keeps and gives back when they are needed
}

// historyRow is an entry of /nodes/{node}/rrddata: the mean of a minute. What was not measured is missing; the newest rows
// often hold only the time.
type historyRow struct {
	Time           proxmox.Int `json:"time"`
	NetIn          proxmox.Num `json:"netin"`
	NetOut         proxmox.Num `json:"netout"`
	Cache          proxmox.Int `json:"arcsize"`
	PressureCPU    proxmox.Num `json:"pressurecpusome"`
	PressureIO     proxmox.Num `json:"pressureiosome"`
	PressureMemory proxmox.Num `json:"pressurememorysome"`
}

// collectHistories tells what the histories of nodes say of the minutes since they were last read. The server that is asked
// has them all, so that no node is waited for; without them the rest is shown all the same.
func (c *Collector) collectHistories(ctx context.Context, v *view, sink sdk.Sink) error {
	if !c.granted().somewhere("Sys.Audit") {
		return nil
	}
	for _, n := range c.nextHistories(v) {
		rows, _, err := proxmox.Rows[historyRow](ctx, c.client, proxmox.Path("nodes", n.name, "rrddata").With("timeframe", "hour"))
		switch {
		case proxmox.KindOf(err) == proxmox.KindBudget || proxmox.Away(err) || ctx.Err() != nil:
			return nil //nolint:nilerr // it is read with a later cycle
		case err != nil:
			c.deps.Log.Debug("the history of a node could not be read", "node", n.name, "error", err)
		}
		c.mu.Lock()
		h := c.histories[n.name]
		h.asked = c.deps.Now()
		found := h.take(n.name, rows)
		c.histories[n.name] = h
		c.mu.Unlock()
		if err := sink.Emit(found...); err != nil {
			return fmt.Errorf("tell of a history: %w", err)
		}
	}
	return nil
}

// nextHistories returns the nodes whose histories are read in this cycle: those that were not for longest.
func (c *Collector) nextHistories(v *view) []node {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(v.nodes), func(n node) bool { return !n.online })
	slices.SortStableFunc(next, func(a, b node) int { return c.histories[a.name].asked.Compare(c.histories[b.name].asked) })
	return next[:min(len(next), historiesAtOnce)]
}

// take takes in a history and returns the samples that are new.
func (h *nodeHistory) take(node string, rows []historyRow) (out []sdk.Observation) {
	slices.SortFunc(rows, func(a, b historyRow) int { return int(a.Time.V - b.Time.V) })
	for _, r := range rows {
		if !r.NetIn.OK || r.Time.Time().IsZero() || r.Time.V <= h.last {
			continue
		}
		h.last, h.at, h.in, h.out, h.cache = r.Time.V, r.Time.Time(), r.NetIn, r.NetOut, r.Cache
		for _, m := range []struct {
			metric string
			value  proxmox.Num
			scale  float64
		}{
			{"netin", r.NetIn, 1}, {"netout", r.NetOut, 1},
			{"pressure_cpu", r.PressureCPU, 0.01}, {"pressure_io", r.PressureIO, 0.01}, {"pressure_memory", r.PressureMemory, 0.01},
			{"zfs_cache", proxmox.Num{V: float64(r.Cache.V), OK: r.Cache.V > 0}, 1},
		} {
			if m.value.OK && m.value.V >= 0 {
				out = append(out, sdk.Sample{Type: typeNode, Key: nodeKey(node), Metric: m.metric, Time: h.at, Value: m.value.V * m.scale})
			}
		}
	}
	return out
}

// withoutCache takes what ZFS keeps as a cache off the used memory of a node: the product counts it as used, although it is
// given back when somebody needs it.
func (c *Collector) withoutCache(n node) (node, nodeHistory) {
	c.mu.Lock()
	h := c.histories[n.name]
	c.mu.Unlock()
	if h.at.IsZero() || c.deps.Now().Sub(h.at) > historyAge {
		return n, nodeHistory{}
	}
	if n.Mem.OK && h.cache.OK {
		n.Mem.V = max(0, n.Mem.V-h.cache.V)
	}
	return n, h
}
