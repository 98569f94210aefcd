package pbs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// readable returns the datastores that can be read now, by name.
func (c *Collector) readable() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for store, at := range c.stores {
		if at.readable {
			out = append(out, store)
		}
	}
	slices.Sort(out)
	return out
}

// removable tells whether a datastore lies on a disk that people take out.
func (c *Collector) removable(store string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stores[store].removable
}

// identity names the server in evidence, as others who write backups to it know it: by the certificate where somebody had
// to accept it, by its name where the certificate speaks for itself.
func (c *Collector) identity() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn.trusted || c.fingerprint == "" {
		return c.conn.host
	}
	return c.fingerprint
}

// pullsOnly tells whether this release was found not to know of jobs that push.
func (c *Collector) pullsOnly() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.noPush != "" && c.noPush == c.version.text()
}

// onlyPulls notes that it does not: it is asked again after an upgrade.
func (c *Collector) onlyPulls() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noPush = c.version.text()
}

func (c *Collector) verifiedAt(store string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.verified[store]) {
		c.verified[store] = at
	}
}

// collectedAt notes how a garbage collection ended.
func (c *Collector) collectedAt(store string, run lastRun) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if run.Ended.V > c.collected[store].Ended.V {
		c.collected[store] = run
	}
}

// lastCollection is how the last one ended that the task log tells of, or that an earlier life knew.
func (c *Collector) lastCollection(store string) lastRun {
	c.mu.Lock()
	defer c.mu.Unlock()
	if run, seen := c.collected[store]; seen {
		return run
	}
	return c.ran[collecting.part+"/"+store+"/"+store]
}

func stateKey(store string) string { return "groups/" + store }

// remembered returns what is known of a datastore: in memory, or of an earlier life which groups there were. Without the
// latter a group that went while the plugin was away would never be missed.
func (c *Collector) remembered(ctx context.Context, store string) (sweep, error) {
	c.mu.Lock()
	s, known := c.swept[store]
	s.verified = c.verified[store]
	c.mu.Unlock()
	if known || c.deps.Host == nil {
		return s, nil
	}
	value, _, err := c.deps.Host.State(ctx, stateKey(store))
	if err != nil && sdk.KindOf(err) != sdk.KindUnsupported {
		return s, fmt.Errorf("read what is known of %s: %w", store, err)
	}
	s.groups = map[groupKey]groupState{}
	var names map[string][]string
	if json.Unmarshal(value, &names) != nil {
		return s, nil // nothing, or of another version
	}
	for ns, groups := range names {
		for _, g := range groups {
			s.groups[groupKey{store, ns, g}] = groupState{}
		}
	}
	return s, nil
}

// remember keeps what was read, and the names of the groups over restarts.
func (c *Collector) remember(ctx context.Context, store string, s sweep) error {
	c.mu.Lock()
	old, known := c.swept[store]
	c.swept[store] = s
	c.mu.Unlock()
	if c.deps.Host == nil || known && sameGroups(old, s) {
		return nil
	}
	names := map[string][]string{}
	for key := range s.groups {
		names[key.namespace] = append(names[key.namespace], key.group)
	}
	for _, groups := range names {
		slices.Sort(groups)
	}
	if err := proxmox.Keep(ctx, c.deps.Host, stateKey(store), proxmox.Document(names)); err != nil {
		// It costs at worst rows of groups that go while nobody looks.
		c.deps.Log.Warn("the groups of a datastore were not kept", "datastore", store, "error", err)
	}
	return nil
}

func sameGroups(a, b sweep) bool {
	if len(a.groups) != len(b.groups) {
		return false
	}
	for key := range maps.Keys(a.groups) {
		if _, there := b.groups[key]; !there {
			return false
		}
	}
	return true
}
