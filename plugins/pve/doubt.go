package pve

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

const (
	// doubtFor is how long a member that is cut off from the others is passed over, and doubtPause how long nobody asks for
	// another opinion after there was none.
	doubtFor   = 5 * time.Minute
	doubtPause = time.Minute
	// opinions is how many other members are asked at most, and opinionPatience how long each may take.
	opinions        = 2
	opinionPatience = 3 * time.Second
)

// doubt asks other members when the one that was asked sees no quorum, or has lost several others at once: it may be the one
// that is cut off, and takes the others for dead. When it sees no quorum and another one does, that one's view counts, and it
// is asked from now on. In any other case a node is there when any of them says so.
func (c *Collector) doubt(ctx context.Context, v *view) {
	if !v.asked || v.cluster == "" {
		return
	}
	c.mu.Lock()
	pause, vouched, old := v.at.Before(c.doubted), c.vouched, c.view
	c.mu.Unlock()
	if pause {
		v.believe(vouched)
		return
	}
	if v.quorate && v.lost(old) < 2 && !v.misses(vouched) {
		return
	}
	vouched = nil
	for range opinions {
		back, ok := c.client.PassOver(doubtFor)
		if !ok {
			break
		}
		other := &view{at: v.at}
		err := c.askStatus(ctx, other, opinionPatience)
		if err == nil && other.asked && other.quorate && !v.quorate {
			c.deps.Log.Warn("the member that was asked is cut off from its cluster; another one is asked")
			*v = *other
			return
		}
		defer back()
		if err == nil {
			vouched = append(vouched, other.beyond(v)...)
		}
	}
	v.believe(vouched)
	c.mu.Lock()
	c.doubted, c.vouched = v.at.Add(doubtPause), vouched
	c.mu.Unlock()
}

// lost counts the nodes that are offline and were not in an earlier view.
func (v *view) lost(before *view) (n int) {
	for _, now := range v.nodes {
		if now.online {
			continue
		}
		if before == nil {
			n++
		} else if old, known := before.node(now.name); known && old.online {
			n++
		}
	}
	return n
}

// misses tells whether a node is offline here that others have seen.
func (v *view) misses(vouched []string) bool {
	return slices.ContainsFunc(v.nodes, func(n node) bool { return !n.online && slices.Contains(vouched, n.name) })
}

// beyond are the names of the nodes that are online here and are not in another view.
func (v *view) beyond(other *view) (names []string) {
	for _, n := range v.nodes {
		if there, known := other.node(n.name); n.online && known && !there.online {
			names = append(names, n.name)
		}
	}
	return names
}

// believe takes nodes for online that another member sees.
func (v *view) believe(names []string) {
	for i := range v.nodes {
		v.nodes[i].online = v.nodes[i].online || slices.Contains(names, v.nodes[i].name)
	}
}

// judgeClock tells of a clock there that differs from the one here.
func (c *Collector) judgeClock() (out []sdk.Observation) {
	now := c.deps.Now()
	skew := c.client.TimeThere(now).Sub(now)
	if skew == 0 {
		return nil
	}
	where := "behind"
	if skew > 0 {
		where = "ahead of"
	}
	return []sdk.Observation{sdk.Condition{Type: typeCluster, Key: clusterKey, Kind: kindClock, Severity: sdk.SeverityWarning,
		Message: fmt.Sprintf("The clock of the node that is asked is more than a minute %s the one here. Logins and backups by time go wrong on one of the two.", where)}}
}
