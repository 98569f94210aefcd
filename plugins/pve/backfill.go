package pve

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// The product keeps a history of its own. What nobody watched, because the server or this plugin did not run, is taken over
// from there: never for a time of which there are numbers of our own, which are finer.

const (
	// leastGap is how long nobody has to have watched, and mostGap how far back numbers are taken.
	leastGap = 10 * time.Minute
	mostGap  = 47 * time.Hour
	// fillsAtOnce is how many histories are read in one cycle.
	fillsAtOnce = 20
)

// gap is a time in which nobody watched.
type gap struct {
	from, to time.Time
	found    bool      // the things of the first view are in left
	left     []filling // whose history is still to be read
	told     int       // samples
}

// filling is a thing whose history is to be read.
type filling struct {
	node  string
	guest resourceRow // none for the node itself
}

// pastRow is an entry of a history: means of some minutes. What was not measured is missing.
type pastRow struct {
	Time      proxmox.Int `json:"time"`
	CPU       proxmox.Num `json:"cpu"`
	Mem       proxmox.Int `json:"mem"`
	MaxMem    proxmox.Int `json:"maxmem"`
	MemHost   proxmox.Int `json:"memhost"`
	Disk      proxmox.Int `json:"disk"`
	MaxDisk   proxmox.Int `json:"maxdisk"`
	NetIn     proxmox.Num `json:"netin"`
	NetOut    proxmox.Num `json:"netout"`
	DiskRead  proxmox.Num `json:"diskread"`
	DiskWrite proxmox.Num `json:"diskwrite"`

	MemUsed   proxmox.Int `json:"memused"`
	MemTotal  proxmox.Int `json:"memtotal"`
	Cache     proxmox.Int `json:"arcsize"`
	RootUsed  proxmox.Int `json:"rootused"`
	RootTotal proxmox.Int `json:"roottotal"`
}

// noticeGap remembers that nobody has watched since a time, when that was long enough. The lock is held.
func (c *Collector) noticeGap(from, to time.Time) {
	if c.gap != nil || to.Sub(from) < leastGap {
		return
	}
	if to.Sub(from) > mostGap {
		from = to.Add(-mostGap)
	}
	c.gap = &gap{from: from, to: to}
}

// fillGap reads some of the histories that hold what nobody watched, until all are read.
func (c *Collector) fillGap(ctx context.Context, v *view, sink sdk.Sink) error {
	c.mu.Lock()
	g := c.gap
	c.mu.Unlock()
	if g == nil {
		return nil
	}
	if !g.found {
		g.find(c, v)
	}
	for range min(fillsAtOnce, len(g.left)) {
		found, err := c.readPast(ctx, g, g.left[0])
		if proxmox.KindOf(err) == proxmox.KindBudget || proxmox.Away(err) || ctx.Err() != nil {
			return nil //nolint:nilerr // the rest comes with a later cycle
		}
		g.left = g.left[1:] // a history that cannot be read stays unknown
		g.told += len(found)
		if err := sink.Emit(found...); err != nil {
			return fmt.Errorf("tell of the past: %w", err)
		}
	}
	if len(g.left) > 0 {
		return nil
	}
	c.mu.Lock()
	c.gap = nil
	c.mu.Unlock()
	if g.told == 0 {
		return nil
	}
	return sink.Emit(sdk.Event{
		ID: "history/" + itoa(int(g.from.Unix())), Type: typeCluster, Key: clusterKey, Kind: eventFilled, Time: g.to, Severity: sdk.SeverityInfo,
		Text: fmt.Sprintf("Numbers of %s, when nobody watched, were taken from the cluster's own history. They are means of its steps.", g.to.Sub(g.from).Round(time.Minute)),
	})
}

// find lists the things whose history is to be read: nodes first.
func (g *gap) find(c *Collector, v *view) {
	g.found = true
	for _, n := range v.nodes {
		g.left = append(g.left, filling{node: n.name})
	}
	for _, row := range v.guests {
		if c.wanted(row) && row.Status != "stopped" {
			g.left = append(g.left, filling{string(row.Node), row})
		}
	}
}

func (c *Collector) readPast(ctx context.Context, g *gap, of filling) ([]sdk.Observation, error) {
	frame := "hour"
	if c.deps.Now().Sub(g.from) > time.Hour {
		frame = "day"
	}
	path := []string{"nodes", of.node, "rrddata"}
	if of.guest.VMID.V > 0 {
		path = []string{"nodes", of.node, string(of.guest.Type), itoa(int(of.guest.VMID.V)), "rrddata"}
	}
	// The server that is asked has them all, so that no node is waited for.
	rows, _, err := proxmox.Rows[pastRow](ctx, c.client, proxmox.Path(path...).With("timeframe", frame))
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	slices.SortFunc(rows, func(a, b pastRow) int { return int(a.Time.V - b.Time.V) })
	var out []sdk.Observation
	for _, r := range rows {
		at := r.Time.Time()
		if !at.After(g.from) || !at.Before(g.to) {
			continue
		}
		s := samples{kind: typeNode, key: nodeKey(of.node)}
		if of.guest.VMID.V > 0 {
			s = samples{kind: guestType(of.guest), key: guestKey(of.guest)}
			c.guestPast(&s, of.guest, r)
		} else {
			r.nodePast(&s)
		}
		for _, o := range s.out {
			if one, ok := o.(sdk.Sample); ok {
				one.Time = at
				out = append(out, one)
			}
		}
	}
	return out, nil
}

func (r pastRow) nodePast(s *samples) {
	s.ratio("cpu", r.CPU.V, r.CPU.OK)
	used := r.MemUsed
	used.V = max(0, used.V-r.Cache.V)
	s.share("memory", used, r.MemTotal)
	s.share("disk", r.RootUsed, r.RootTotal)
}

// guestPast tells what a guest's history says of a moment. How much of its memory was a cache is not known of the past: where
// that does not count now, nothing is told of memory.
func (c *Collector) guestPast(s *samples, row resourceRow, r pastRow) {
	s.ratio("cpu", r.CPU.V, r.CPU.OK)
	row.Mem, row.MaxMem, row.MemHost = r.Mem, r.MaxMem, r.MemHost
	c.mu.Lock()
	m := c.guests[int(row.VMID.V)]
	cached := m != nil && m.cacheAt > 0
	c.mu.Unlock()
	if source := memorySource(row); !cached {
		s.share(c.memoryMetric(row, source), row.Mem, row.MaxMem)
	}
	if row.Type == "lxc" {
		s.share("disk", r.Disk, r.MaxDisk)
	}
	for what, n := range [counters]proxmox.Num{r.NetIn, r.NetOut, r.DiskRead, r.DiskWrite} {
		if n.OK && n.V >= 0 {
			s.add(rateMetrics[what], n.V)
		}
	}
}
