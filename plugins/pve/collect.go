package pve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/rate"
)

// Collector watches one cluster, or one server that stands alone. It is safe for concurrent use: its tasks overlap.
type Collector struct {
	cfg    Config
	deps   sdk.Deps
	client *proxmox.Client
	// instance is what the operator calls the integration.
	instance string
	rates    *rate.Tracker[counter]
	// looking is held by whoever asks for a new view, so that the tasks that begin together ask once. It guards loaded, which
	// says that what an earlier process knew was taken over.
	looking chan struct{}
	loaded  bool
	// kept is what is kept of the cluster, nodesKept when the nodes' was written. Only the task of the nodes has them.
	kept      string
	nodesKept time.Time
	// saving is held while what is known of guests is kept.
	saving sync.Mutex

	mu   sync.Mutex
	view *view
	// gap is a time of which the history is still to be read; what it holds is used by one task only.
	gap        *gap
	rights     rights
	rightsAt   time.Time
	guests     map[int]*guestMemory
	identities identityBook
	details    map[string]nodeDetails
	// views are those of guests for which not the same counts as for all.
	views map[int]string
	// histories are by node.
	histories map[string]nodeHistory
	away      map[string]awayNode
	// keeps says that the server keeps what a later process has to know.
	keeps bool
	// members are the nodes that the endpoints were made of, and when.
	members string
	// doubted is until when nobody asks for another opinion.
	doubted   time.Time
	vouched   []string // nodes that others then said are online
	membersAt time.Time
	ends      []proxmox.Endpoint
	// uid is what tells this cluster from others, of the nodes in uidOf; it was read at uidAt.
	uid   string
	uidOf string
	uidAt time.Time

	backups   backupBook
	snapshots snapshotBook
	agents    agentBook
	// configs say where storages lie.
	configs atomic.Pointer[storageConfigs]
	disks   map[string]diskBook     // by node
	upkeep  map[upkeepKey]time.Time // when a node was asked
	ceph    cephBook
	// toldOf are the nodes and storages of which a task has told, by task: what it told of those that are gone is over.
	toldOf map[string]map[string]bool
	// shown is the last view that was told: what else is said about its things finds them there.
	shown *view
}

// New returns a collector. It asks nothing yet.
func New(cfg Config, deps sdk.Deps) (*Collector, error) { return newWith(cfg, deps, nil) }

func newWith(cfg Config, deps sdk.Deps, sleep func(context.Context, time.Duration) error) (*Collector, error) {
	views := map[int]string{}
	for _, g := range cfg.GuestMemoryOf {
		views[g.VMID] = g.View
	}
	c := &Collector{
		cfg: cfg, deps: deps, instance: deps.Name, rates: rate.New[counter](rate.Options{}),
		looking: make(chan struct{}, 1), guests: map[int]*guestMemory{}, details: map[string]nodeDetails{}, histories: map[string]nodeHistory{}, views: views, away: map[string]awayNode{},
		identities: identityBook{of: map[int]identity{}, dirty: map[int]bool{}},
		backups:    newBackupBook(), snapshots: newSnapshotBook(), agents: newAgentBook(),
		disks: map[string]diskBook{}, toldOf: map[string]map[string]bool{}, upkeep: map[upkeepKey]time.Time{},
	}
	var err error
	c.client, err = cfg.client(deps, sleep, c.answered)
	return c, err
}

// Close lets go of idle connections.
func (c *Collector) Close() error {
	c.client.Close()
	return nil
}

// classes say which tasks wait for which when the budget of calls runs short. What is not here is background.
var classes = map[string]proxmox.Class{
	taskResources: proxmox.Urgent, taskNodes: proxmox.Normal, taskCeph: proxmox.Normal, taskAgents: proxmox.Inside,
}

// Collect runs one cycle of a task.
func (c *Collector) Collect(ctx context.Context, task string, sink sdk.Sink) error {
	class, named := classes[task]
	if !named {
		class = proxmox.Background
	}
	ctx = proxmox.As(ctx, class)
	switch task {
	case taskResources:
		return c.collectResources(ctx, sink)
	case taskNodes:
		return c.collectNodes(ctx, sink)
	case taskBackups:
		return c.collectBackups(ctx, sink)
	case taskSnapshots:
		return c.collectSnapshots(ctx, sink)
	case taskConfigs:
		return c.collectConfigs(ctx, sink)
	case taskAgents:
		return c.collectAgents(ctx, sink)
	case taskDisks:
		return c.collectDisks(ctx, sink)
	case taskPools:
		return c.collectPools(ctx, sink)
	case taskCeph:
		return c.collectCeph(ctx, sink)
	case taskUpkeep:
		return c.collectUpkeep(ctx, sink)
	case taskReplication:
		return c.collectReplication(ctx, sink)
	}
	return sdk.Errorf(sdk.KindInvalid, "There is no task %q.", task)
}

// view is what the cluster says of itself in its two cheapest answers.
type view struct {
	at time.Time
	// cluster is its name, empty for a server that stands alone or when the account may not read it.
	cluster string
	// asked tells that the account may read whether there is a quorum.
	asked    bool
	quorate  bool
	nodes    []node
	guests   []resourceRow
	storages []resourceRow
}

// node is a server as the cluster sees it.
type node struct {
	resourceRow
	name   string
	ip     string
	local  bool
	level  string
	online bool
	calls  float64 // that it had to answer, a minute
}

// stuck tells that a node is there and nothing is known of it: its status daemon hangs.
func (n node) stuck() bool { return n.online && n.Status == "unknown" }

// owner is what the ids of nodes and storages begin with.
func (c *Collector) owner(v *view) string {
	if v.cluster != "" {
		return v.cluster
	}
	return c.instance
}

func (v *view) node(name string) (node, bool) {
	for _, n := range v.nodes {
		if n.name == name {
			return n, true
		}
	}
	return node{}, false
}

// reservedBeside is how many calls a minute are kept for high availability, Ceph and the members, beside those to each node.
const reservedBeside = 10

// fresh is how old a view may be for a task that needs to know what there is.
const fresh = 45 * time.Second

// recent returns a view that is not old, and asks for one when there is none.
func (c *Collector) recent(ctx context.Context) (*view, error) {
	if v := c.known(fresh); v != nil {
		return v, nil
	}
	release, err := c.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if v := c.known(fresh); v != nil {
		return v, nil
	}
	return c.ask(ctx)
}

// look returns a new view.
func (c *Collector) look(ctx context.Context) (*view, error) {
	release, err := c.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return c.ask(ctx)
}

func (c *Collector) turn(ctx context.Context) (release func(), err error) {
	select {
	case c.looking <- struct{}{}:
		return func() { <-c.looking }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another task: %w", ctx.Err())
	}
}

// told returns the last view that was told to the server. Before the first it is nil, or the reason why there is none: what
// belongs to things waits until the server knows them.
func (c *Collector) told(ctx context.Context) (*view, error) {
	c.mu.Lock()
	v := c.shown
	c.mu.Unlock()
	if v != nil {
		return v, nil
	}
	_, err := c.recent(ctx)
	return nil, err
}

func (c *Collector) known(within time.Duration) *view {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.view == nil || c.deps.Now().Sub(c.view.at) > within {
		return nil
	}
	return c.view
}

// ask makes the two calls of a view, and a third when it is time to look at the account's rights.
func (c *Collector) ask(ctx context.Context) (*view, error) {
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	ctx = proxmox.As(ctx, proxmox.Urgent)
	v := c.newView()
	if err := c.askStatus(ctx, v, 0); err != nil {
		return nil, err
	}
	c.doubt(ctx, v)
	c.client.Allow(c.cfg.callsAllowed(len(v.nodes)))
	c.client.Reserve(len(v.nodes) + min(len(v.nodes), historiesAtOnce) + reservedBeside)
	if _, err := c.client.List(ctx, proxmox.Path("cluster", "resources"), v.add); err != nil {
		return nil, fmt.Errorf("read resources: %w", err)
	}
	if len(v.nodes) == 0 {
		return nil, sdk.Errorf(sdk.KindUpstream, "The server names no node of its cluster.")
	}
	slices.SortFunc(v.nodes, func(a, b node) int { return strings.Compare(a.name, b.name) })
	if err := c.judgeRights(ctx, v); err != nil {
		return nil, err
	}
	c.identify(ctx, v)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.view != nil {
		c.noticeGap(c.view.at, v.at)
	}
	c.view = v
	return v, nil
}

// newView is a view with room for as many guests as the last one had.
func (c *Collector) newView() *view {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := &view{at: c.deps.Now()}
	if c.view != nil {
		v.guests = make([]resourceRow, 0, len(c.view.guests))
	}
	return v
}

// askStatus reads who belongs to the cluster. An account that may not is told of when it is tried; it sees nodes all the
// same.
func (c *Collector) askStatus(ctx context.Context, v *view, patience time.Duration) error {
	rows, _, err := proxmox.Rows[statusRow](ctx, c.client, proxmox.Path("cluster", "status").Within(patience))
	if proxmox.KindOf(err) == proxmox.KindForbidden {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read cluster status: %w", err)
	}
	v.asked, v.quorate = true, true
	for _, r := range rows {
		switch r.Type {
		case "cluster":
			v.cluster, v.quorate = string(r.Name), bool(r.Quorate)
		case "node":
			if r.Name != "" {
				v.nodes = append(v.nodes, node{name: string(r.Name), ip: string(r.IP), local: bool(r.Local), level: string(r.Level), online: bool(r.Online)})
			}
		}
	}
	return nil
}
