package pve

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	// nodesAtOnce is how many nodes are asked at the same time.
	nodesAtOnce = 4
	// statusPatience is how long a node may take for an answer that costs it nothing.
	statusPatience = 10 * time.Second
	// membersAge is how long the certificates of the members are believed to be the same.
	membersAge = time.Hour
)

// nodeDetails is what a node says of itself and the resources do not.
type nodeDetails struct {
	load    []float64
	kernel  string
	version string
	cpu     cpuInfo
	swap    space
}

// awayNode is a node that did not answer what was forwarded to it.
type awayNode struct {
	since, until time.Time
	err          error
}

// aside is how long a node that did not answer is left alone. Its status is asked for all the same.
const aside = 2 * time.Minute

// asker reads something of a node.
type asker func(ctx context.Context, n node) ([]sdk.Observation, error)

// topic is what a node is asked about, apart from all else: its answer is a partition of this name.
type topic struct {
	name string
	ask  asker
}

// errLater is why a node is not asked in this cycle.
var errLater = errors.New("it is not time to ask")

// eachNode asks the nodes that are online about each of the topics, a few nodes at a time, and tells what it found in
// partitions of their own. Nodes that did not answer lately come last, so that they hold up nobody; those for which the budget
// of calls has none left are passed over until the next cycle.
func (c *Collector) eachNode(ctx context.Context, v *view, sink sdk.Sink, topics ...topic) error {
	var online []node
	for _, n := range v.nodes {
		if n.online {
			online = append(online, n)
		}
	}
	slices.SortStableFunc(online, func(a, b node) int { return rank(c.left(a.name)) - rank(c.left(b.name)) })
	work := make(chan node)
	failures := make(chan error, len(online)*len(topics))
	var workers sync.WaitGroup
	for range min(nodesAtOnce, len(online)) {
		workers.Go(func() {
			for n := range work {
				for _, s := range topics {
					found, err := s.ask(ctx, n)
					if errors.Is(err, errLater) || proxmox.KindOf(err) == proxmox.KindBudget {
						continue
					}
					c.noteSilence(n.name, err)
					failures <- tell(sink.Partition(s.name+"/"+n.name), found, err)
				}
			}
		})
	}
	for _, n := range online {
		work <- n
	}
	close(work)
	workers.Wait()
	close(failures)
	var all []error
	for err := range failures {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// tell ends a partition with what was found, or with the reason why nothing was.
func tell(p sdk.Partition, found []sdk.Observation, err error) error {
	if err == nil {
		err = p.Emit(found...)
	}
	return p.Done(err)
}

func rank(err error) int {
	if err != nil {
		return 1
	}
	return 0
}

// left returns why a node is left alone for now, nil when it is not.
func (c *Collector) left(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a, ok := c.away[name]; ok && c.deps.Now().Before(a.until) {
		return a.err
	}
	return nil
}

// ifThere leaves out the nodes that did not answer lately, for the same reason.
func (c *Collector) ifThere(ask asker) asker {
	return func(ctx context.Context, n node) ([]sdk.Observation, error) {
		if err := c.left(n.name); err != nil {
			return nil, err
		}
		return ask(ctx, n)
	}
}

// silentSince returns since when a node has not answered what is forwarded to it, and why, once that has happened again after
// a while: a single call may fail for reasons that pass.
func (c *Collector) silentSince(name string) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, away := c.away[name]
	if !away || a.until.Sub(a.since) < 2*aside {
		return time.Time{}, nil
	}
	return a.since, a.err
}

// noteSilence remembers that a node did not answer, when that is what failed.
func (c *Collector) noteSilence(name string, err error) {
	if kind := proxmox.KindOf(err); kind != proxmox.KindNodeTimeout && kind != proxmox.KindNodeUnreachable {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	since := c.deps.Now()
	if a, before := c.away[name]; before {
		since = a.since
	}
	c.away[name] = awayNode{since, c.deps.Now().Add(aside), err}
}

// answered remembers that a node did answer. That a task has what it needs does not say so: it may not have asked.
func (c *Collector) answered(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.away, name)
}

// collectNodes reads what each node says of itself, and what high availability says of guests.
func (c *Collector) collectNodes(ctx context.Context, sink sdk.Sink) error {
	v, err := c.recent(ctx)
	if err != nil {
		return err
	}
	if err := c.followMembers(ctx, v); err != nil {
		return err
	}
	found, err := c.tellHA(ctx, v)
	if err := tell(sink.Partition("cluster"), found, err); err != nil {
		return err
	}
	err = c.eachNode(ctx, v, sink, topic{"node", c.askNode})
	c.learnIdentity(ctx, v)
	if err == nil {
		err = c.collectHistories(ctx, v, sink)
	}
	c.saveCluster(ctx)
	return err
}

// askNode reads one node's status. Its numbers go out at once; what the document shows goes with the next cycle of the
// task that owns the document.
func (c *Collector) askNode(ctx context.Context, n node) ([]sdk.Observation, error) {
	got, err := proxmox.Get[nodeStatusAnswer](ctx, c.client, proxmox.OnNode(n.name, "status").Within(statusPatience))
	if err != nil {
		return nil, fmt.Errorf("read status of node: %w", err)
	}
	d := got.details()
	c.mu.Lock()
	old := c.details[n.name].version
	c.details[n.name] = d
	c.mu.Unlock()
	if old != "" && old != d.version {
		c.client.TryAgain() // another release may have what the one before did not
	}
	s := samples{kind: typeNode, key: nodeKey(n.name)}
	for i, metric := range []string{"load1", "load5", "load15"} {
		if i < len(d.load) {
			s.add(metric, d.load[i])
		}
	}
	s.share("swap", got.Swap.Used, got.Swap.Total)
	if got.CPU.V > 0 {
		// A worker of the server that has just begun answers 0 for both.
		s.ratio("iowait", got.Wait.V, got.Wait.OK)
	}
	return s.out, nil
}

func (a nodeStatusAnswer) details() nodeDetails {
	d := nodeDetails{
		kernel: string(a.Kernel), version: string(a.Version),
		cpu: cpuInfo{Model: string(a.CPUInfo.Model), Cores: a.CPUInfo.CPUs.V, Sockets: a.CPUInfo.Sockets.V, MHz: string(a.CPUInfo.MHz)},
	}
	for _, n := range a.Load {
		if !n.OK {
			break
		}
		d.load = append(d.load, n.V)
	}
	if a.Swap.Total.V > 0 {
		d.swap = space{Total: a.Swap.Total.V, Used: a.Swap.Used.V}
	}
	return d
}

// learnIdentity finds out now and then which cluster this is, and at once when nodes came or went: a server that joins a
// cluster is the cluster's from then on. What is known stays when nobody tells.
func (c *Collector) learnIdentity(ctx context.Context, v *view) {
	var names []string
	for _, n := range v.nodes {
		names = append(names, n.name)
	}
	of := v.cluster + " " + strings.Join(names, ",")
	c.mu.Lock()
	known := c.uid != "" && c.uidOf == of && v.at.Sub(c.uidAt) < membersAge
	c.mu.Unlock()
	if known {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, statusPatience)
	defer cancel()
	uid := c.identity(ctx, v)
	c.mu.Lock()
	defer c.mu.Unlock()
	if uid != "" || c.uidOf != of {
		c.uid, c.uidOf, c.uidAt = uid, of, v.at
	}
}

// followMembers lets the client ask other members when the configured node cannot be reached. Their certificates are those
// that the cluster itself names, over a connection that is trusted.
func (c *Collector) followMembers(ctx context.Context, v *view) error {
	var names []string
	for _, n := range v.nodes {
		names = append(names, n.name+" "+n.ip)
	}
	who := strings.Join(names, ",")
	c.mu.Lock()
	known := c.members == who && v.at.Sub(c.membersAt) < membersAge
	c.mu.Unlock()
	if known || v.cluster == "" {
		return nil
	}
	rows, _, err := proxmox.Rows[nodeRow](ctx, c.client, proxmox.Path("nodes"))
	if err != nil {
		return fmt.Errorf("read nodes: %w", err)
	}
	pins := map[string]string{}
	for _, r := range rows {
		pins[string(r.Node)] = string(r.Fingerprint)
	}
	ends := c.endpoints(v, pins)
	c.mu.Lock()
	changed := !slices.Equal(c.ends, ends)
	c.members, c.membersAt, c.ends = who, v.at, ends
	c.mu.Unlock()
	if !changed {
		return nil
	}
	if err := c.client.SetEndpoints(ends); err != nil {
		return fmt.Errorf("take over the members' addresses: %w", err)
	}
	return nil
}

// endpoints are the configured address and then the other members.
func (c *Collector) endpoints(v *view, pins map[string]string) []proxmox.Endpoint {
	first := c.cfg.first(c.deps)
	ends := []proxmox.Endpoint{first}
	base, err := proxmox.ParseURL(proxmox.VirtualEnvironment, c.cfg.Host)
	if err != nil {
		base = &url.URL{}
	}
	for _, n := range v.nodes {
		host, pin := n.ip, pins[n.name]
		for _, m := range c.cfg.Members {
			if m.Node == n.name {
				host = m.Host
				if m.Fingerprint != "" {
					pin = m.Fingerprint
				}
			}
		}
		u, err := proxmox.ParseURL(proxmox.VirtualEnvironment, host)
		if err != nil || u.Host == base.Host || strings.EqualFold(u.Hostname(), base.Hostname()) && u.Port() == base.Port() {
			continue
		}
		ends = append(ends, c.cfg.endpoint(c.deps, host, pin))
	}
	return ends
}
