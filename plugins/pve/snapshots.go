package pve

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// snapshotTasks are the tasks that change which snapshots a guest has.
var snapshotTasks = []string{"qmsnapshot", "qmdelsnapshot", "qmrollback", "vzsnapshot", "vzdelsnapshot", "vzrollback"}

// snapshotMemory is what is remembered of a guest's snapshots.
type snapshotMemory struct {
	asked time.Time // zero once a task has changed them
	tried time.Time // when the guest was last asked in vain
	gen   int32     // of the guest
}

// snapshotBook is what is remembered of snapshots. One cycle at a time uses it.
type snapshotBook struct {
	turn   chan struct{}
	guests map[int]*snapshotMemory
	ended  map[string]bool // tasks that were taken into account
}

func newSnapshotBook() snapshotBook {
	return snapshotBook{turn: make(chan struct{}, 1), guests: map[int]*snapshotMemory{}, ended: map[string]bool{}}
}

// collectSnapshots asks a few guests for their snapshots: those that a task has changed first, then those that were not
// asked for longest. Each guest is a partition of its own.
func (c *Collector) collectSnapshots(ctx context.Context, sink sdk.Sink) error {
	if !c.cfg.MonitorBackups {
		return nil
	}
	v, err := c.told(ctx)
	if v == nil {
		return err
	}
	select {
	case c.snapshots.turn <- struct{}{}:
		defer func() { <-c.snapshots.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := c.findChangedSnapshots(ctx); err != nil {
		return err
	}
	for _, g := range c.nextForSnapshots(v) {
		found, err := c.askSnapshots(ctx, g)
		if proxmox.KindOf(err) == proxmox.KindBudget {
			break // the others come with the next cycle
		}
		if err := tell(sink.Partition(guestKey(g)), found, err); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return sink.Emit(c.snapshotAges(v)...)
}

// findChangedSnapshots looks for guests whose snapshots a task has changed since the last cycle.
func (c *Collector) findChangedSnapshots(ctx context.Context) error {
	rows, _, err := proxmox.Rows[taskRow](ctx, c.client, proxmox.Path("cluster", "tasks"))
	if err != nil {
		return fmt.Errorf("read tasks: %w", err)
	}
	ended := map[string]bool{}
	for _, r := range rows {
		c.noteIdentityTask(r)
		upid := string(r.UPID)
		if !r.EndTime.OK || !slices.Contains(snapshotTasks, string(r.Type)) {
			continue
		}
		ended[upid] = true
		for _, id := range numbers(string(r.ID)) {
			if m := c.snapshots.guests[id]; m != nil && !c.snapshots.ended[upid] {
				m.asked = time.Time{}
			}
		}
	}
	c.snapshots.ended = ended
	return nil
}

// nextForSnapshots returns whom to ask in this cycle.
func (c *Collector) nextForSnapshots(v *view) []resourceRow {
	var all []resourceRow
	there := map[int]bool{}
	for _, g := range v.guests {
		id := int(g.VMID.V)
		there[id] = true
		if m := c.snapshots.guests[id]; m != nil && m.gen != g.gen {
			delete(c.snapshots.guests, id) // they are those of another guest
		}
		on, known := v.node(string(g.Node))
		if c.wanted(g) && known && on.online && c.left(on.name) == nil {
			all = append(all, g)
		}
	}
	for id := range c.snapshots.guests {
		if !there[id] {
			delete(c.snapshots.guests, id)
		}
	}
	// What was asked within the last minutes and has not changed is not asked again only because there are few.
	soon := c.deps.Now().Add(-10 * time.Minute)
	all = slices.DeleteFunc(all, func(g resourceRow) bool { return c.snapshots.of(g).asked.After(soon) })
	slices.SortStableFunc(all, func(a, b resourceRow) int { return c.snapshots.of(a).last().Compare(c.snapshots.of(b).last()) })
	return all[:min(len(all), c.cfg.SnapshotCallsPerMinute)]
}

// of is what is remembered of a guest, nothing when it was never asked.
func (b *snapshotBook) of(g resourceRow) (m snapshotMemory) {
	if known := b.guests[int(g.VMID.V)]; known != nil {
		m = *known
	}
	return m
}

// last is when a guest was last asked, be it in vain: those that cannot be asked hold up nobody.
func (m snapshotMemory) last() time.Time {
	if m.tried.After(m.asked) {
		return m.tried
	}
	return m.asked
}

// snapshotDoc is a snapshot as the state shows it.
type snapshotDoc struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Node        string `json:"node"`
	Instance    string `json:"instance"`
	Type        string `json:"type"`
	VMID        int64  `json:"vmid"`
	Time        string `json:"time"`
	Description string `json:"description,omitempty"`
	Parent      string `json:"parent,omitempty"`
	VMState     bool   `json:"vmstate"`
}

// askSnapshots tells of the snapshots of one guest. A guest that went away in between is no failure.
func (c *Collector) askSnapshots(ctx context.Context, g resourceRow) ([]sdk.Observation, error) {
	id := int(g.VMID.V)
	rows, _, err := proxmox.Rows[snapshotRow](ctx, c.client, proxmox.OnNode(string(g.Node), string(g.Type), itoa(id), "snapshot").Within(statusPatience))
	if err != nil {
		c.noteSilence(string(g.Node), err)
		m := c.snapshots.of(g)
		m.tried, m.gen = c.deps.Now(), g.gen
		c.snapshots.guests[id] = &m
		if proxmox.KindOf(err) == proxmox.KindGuestGone {
			err = sdk.Wrap(sdk.KindUpstream, err, "The guest has moved or was removed in between.")
		}
		return nil, err
	}
	c.snapshots.guests[id] = &snapshotMemory{asked: c.deps.Now(), gen: g.gen}
	return c.snapshotRows(g, rows), nil
}

// snapshotRows tells of the snapshots of a guest.
func (c *Collector) snapshotRows(g resourceRow, rows []snapshotRow) (out []sdk.Observation) {
	id, kindOf, key := int(g.VMID.V), guestType(g), guestKey(g)
	count, oldest := 0, int64(0)
	for _, r := range rows {
		if r.Name == "current" || r.Name == "" {
			continue // the state that it runs in
		}
		count++
		d := snapshotDoc{
			ID: fmt.Sprintf("%s-%s-%d-%s", c.instance, g.Node, id, r.Name), Name: string(r.Name), Node: string(g.Node), Instance: c.instance, Type: string(g.Type),
			VMID: int64(id), Time: rfc3339(r.Time), Description: clip(string(r.Description)), Parent: string(r.Parent), VMState: bool(r.VMState),
		}
		row := sdk.Row{Rows: rowsSnapshots, Key: itoa(id) + "/" + d.Name, OwnerType: kindOf, OwnerKey: key, Subject: c.guestEvidence(id, g.gen), Time: r.Time.Time(), Doc: proxmox.Document(d)}
		if !row.Time.IsZero() && (oldest == 0 || r.Time.V < oldest) {
			oldest = r.Time.V
		}
		out = append(out, row)
	}
	c.noteOldestSnapshot(g, oldest)
	return append(out, sdk.RowsEnd{Rows: rowsSnapshots, OwnerType: kindOf, OwnerKey: key},
		sdk.Sample{Type: kindOf, Key: key, Metric: "snapshots", Value: float64(count)})
}

// noteOldestSnapshot remembers when the oldest snapshot of a guest was made, for a later process too: it takes long until all
// guests were asked.
func (c *Collector) noteOldestSnapshot(g resourceRow, oldest int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.rememberedOf(g); m != nil && m.oldestSnapshot != oldest {
		m.oldestSnapshot = oldest
		c.identities.dirty[int(g.VMID.V)%guestChunks] = true
	}
}

// rememberedOf is what is remembered of a guest, nil when another one has its id by now. The lock is held.
func (c *Collector) rememberedOf(g resourceRow) *guestMemory {
	if id := int(g.VMID.V); c.identities.of[id].gen == g.gen {
		return c.guests[id]
	}
	return nil
}

// snapshotAges tells how old the oldest snapshot of each guest is: 0 for none, once it was asked.
func (c *Collector) snapshotAges(v *view) []sdk.Observation {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []sdk.Observation
	now := c.deps.Now()
	for _, g := range v.guests {
		m := c.rememberedOf(g)
		if m == nil || !c.wanted(g) {
			continue
		}
		age := 0.0
		if m.oldestSnapshot > 0 {
			age = max(0, c.client.TimeThere(now).Sub(time.Unix(m.oldestSnapshot, 0)).Seconds())
		} else if s := c.snapshots.guests[int(g.VMID.V)]; s == nil || s.asked.Before(now.Add(-time.Minute)) {
			continue
		}
		out = append(out, sdk.Sample{Type: guestType(g), Key: guestKey(g), Metric: "snapshot_age", Value: age})
	}
	return out
}
