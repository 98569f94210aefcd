package pmg

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// placesKey is under which it is kept of which nodes and backup servers was told.
const placesKey = "places"

// departed returns those of whom something was told, by this process or an earlier one, and who are not there any more: the nodes
// of the gateway, or the backup servers of a node. What was told of them would stay for ever if nobody said that it is over.
func (c *Collector) departed(ctx context.Context, of string, there []string) ([]string, error) {
	c.places.Lock()
	defer c.places.Unlock()
	if err := c.recall(ctx); err != nil {
		return nil, err
	}
	var gone []string
	for _, name := range c.told[of] {
		if !slices.Contains(there, name) {
			gone = append(gone, name)
		}
	}
	all := slices.Concat(gone, there)
	slices.Sort(all)
	if slices.Equal(all, c.told[of]) {
		return gone, nil
	}
	c.told[of] = all
	if c.deps.Host == nil {
		return gone, nil
	}
	if err := proxmox.Keep(ctx, c.deps.Host, placesKey, proxmox.Document(c.told)); err != nil {
		// It costs at worst what was told of one that goes while nobody looks.
		c.deps.Log.Warn("it was not kept of whom was told", "error", err)
	}
	return gone, nil
}

// recall reads once what an earlier process has kept.
func (c *Collector) recall(ctx context.Context) error {
	if c.told != nil {
		return nil
	}
	told := map[string][]string{}
	if c.deps.Host != nil {
		value, _, err := c.deps.Host.State(ctx, placesKey)
		if err != nil && sdk.KindOf(err) != sdk.KindUnsupported {
			return fmt.Errorf("read of whom was told: %w", err)
		}
		if json.Unmarshal(value, &told) != nil || told == nil {
			told = map[string][]string{} // nothing, or of another version
		}
	}
	c.told = told
	return nil
}
