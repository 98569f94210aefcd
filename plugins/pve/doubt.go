package pve

import (
	"context"
	"fmt"
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

	// skewMatters is from when on a clock that differs is told of.
	skewMatters = time.Minute
)

// doubt asks other members when the one that was asked sees no quorum: it may be the one that is cut off, and takes the others
// for dead. When another one is among the majority, its view counts, and it is asked from now on.
func (c *Collector) doubt(ctx context.Context, v *view) {
	if !v.asked || v.quorate || v.cluster == "" {
		return
	}
	c.mu.Lock()
	pause := v.at.Before(c.doubted)
	c.mu.Unlock()
	for range opinions {
		if pause {
			return
		}
		back, ok := c.client.PassOver(doubtFor)
		if !ok {
			break
		}
		other := &view{at: v.at}
		if err := c.askStatus(ctx, other, opinionPatience); err == nil && other.asked && other.quorate {
			c.deps.Log.Warn("the member that was asked is cut off from its cluster; another one is asked")
			*v = *other
			return
		}
		defer back()
	}
	c.mu.Lock()
	c.doubted = v.at.Add(doubtPause)
	c.mu.Unlock()
}

// serverTime is the time of the cluster that goes with one of here: ages of what the cluster has written are told by it. Small
// differences may come from the way.
func (c *Collector) serverTime(at time.Time) time.Time {
	if skew := c.client.Skew(); skew.Abs() >= skewMatters {
		return at.Add(skew)
	}
	return at
}

// judgeClock tells of a clock there that differs from the one here.
func (c *Collector) judgeClock() (out []sdk.Observation) {
	skew := c.client.Skew()
	if skew.Abs() < skewMatters {
		return nil
	}
	where := "behind"
	if skew > 0 {
		where = "ahead of"
	}
	return []sdk.Observation{sdk.Condition{Type: typeCluster, Key: clusterKey, Kind: kindClock, Severity: sdk.SeverityWarning,
		Message: fmt.Sprintf("The clock of the node that is asked is more than a minute %s the one here. Logins and backups by time go wrong on one of the two.", where)}}
}
