package pmg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// gatewayKey is the key of the one gateway of an integration.
const gatewayKey = "gateway"

func nodeKey(node string) string { return "node/" + node }

// membersEvery is how long the members of the cluster and the version are taken as known.
const membersEvery = 10 * time.Minute

// Collector reads one gateway, which may be a cluster.
type Collector struct {
	cfg    Config
	deps   sdk.Deps
	client *proxmox.Client
	first  proxmox.Endpoint // the address that the user gave
	name   string

	mu      sync.Mutex
	members []member
	partial bool // there are more, which could not be read
	alone   bool // there is no cluster
	version string
	asked   time.Time
	queues  map[string]queue
	held    map[string][]heldAt  // what was in quarantine during the last hours, by its name
	newest  map[string]time.Time // when the newest backup was made, by node and backup server

	places sync.Mutex          // guards told
	told   map[string][]string // of whom was told: nodes, and the backup servers of each node under its name
}

// New returns a collector. It dials nothing yet.
func New(cfg Config, deps sdk.Deps) (*Collector, error) {
	client, first, err := cfg.connect(deps)
	if err != nil {
		return nil, err
	}
	return &Collector{cfg: cfg, deps: deps, client: client, first: first, name: cmp.Or(deps.Name, cfg.hostName())}, nil
}

// Close lets go of the connections.
func (c *Collector) Close() error {
	c.client.Close()
	return nil
}

// Collect runs one of the tasks.
func (c *Collector) Collect(ctx context.Context, task string, sink sdk.Sink) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch task {
	case taskStatus:
		return c.collectStatus(ctx, sink)
	case taskQueues:
		return c.collectQueues(ctx, sink)
	case taskMail:
		return c.collectMail(ctx, sink)
	case taskStatistics:
		return c.collectStatistics(ctx, sink)
	case taskBackups:
		return c.collectBackups(ctx, sink)
	case taskTasks:
		return c.collectTasks(ctx, sink)
	case taskSystem:
		return c.collectSystem(ctx, sink)
	}
	return sdk.Errorf(sdk.KindInvalid, "there is no task %q", task)
}

// gatewayDoc is the document of the gateway, with the reference's names.
type gatewayDoc struct {
	Name     string `json:"name"`
	Host     string `json:"host"`
	GuestURL string `json:"guestURL,omitempty"`
	Version  string `json:"version"`
	Cluster  bool   `json:"cluster"`
}

// collectStatus reads who belongs to the gateway, then each node on its own: one that hangs keeps no other waiting.
func (c *Collector) collectStatus(ctx context.Context, sink sdk.Sink) error {
	whole := sink.Partition("gateway")
	members, err := c.readMembers(ctx)
	if err != nil {
		return errors.Join(whole.Done(err), err)
	}
	record := sdk.Record{Type: typeGateway, Key: gatewayKey, Name: c.name, WireID: c.wireID(), Status: sdk.StatusUp, StatusWord: "online"}
	record.Doc = proxmox.Document(gatewayDoc{Name: c.name, Host: c.cfg.Host, GuestURL: c.cfg.GuestURL, Version: c.versionText(), Cluster: !c.standsAlone()})
	found := []sdk.Observation{record}
	if !c.standsAlone() && !slices.ContainsFunc(members, func(m member) bool { return m.Type == "master" }) {
		found = append(found, sdk.Condition{Type: typeGateway, Key: gatewayKey, Kind: kindNoMaster, Severity: sdk.SeverityCritical, Message: fmt.Sprintf("The cluster of %s has no master, and so takes no changes of settings. Bring it back, or make another node the master with pmgcm promote.", c.name)})
	}
	if err := errors.Join(whole.Emit(found...), whole.Done(nil)); err != nil {
		return err
	}
	return c.onNodes(ctx, sink, "node/", func(ctx context.Context, m member) ([]sdk.Observation, error) { return c.readNode(ctx, m) })
}

// onNodes asks all nodes at once, a partition each. It fails when none answers: the gateway is away then.
func (c *Collector) onNodes(ctx context.Context, sink sdk.Sink, prefix string, read func(context.Context, member) ([]sdk.Observation, error)) error {
	members, err := c.knownMembers(ctx)
	if err != nil {
		return err
	}
	if err := c.closeDeparted(ctx, sink, prefix, members); err != nil {
		return err
	}
	faults := make([]error, len(members))
	var group sync.WaitGroup
	for i, m := range members {
		p := sink.Partition(prefix + string(m.Name))
		group.Go(func() {
			found, err := read(ctx, m)
			if err == nil {
				err = p.Emit(found...)
			}
			faults[i] = err
			if failed := p.Done(err); failed != nil && err == nil {
				faults[i] = failed
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, err := range faults {
		if proxmox.Away(err) {
			return err
		}
	}
	return nil
}

// closeDeparted says that nothing is there any more of nodes that have left the cluster.
func (c *Collector) closeDeparted(ctx context.Context, sink sdk.Sink, prefix string, members []member) error {
	c.mu.Lock()
	partial := c.partial
	c.mu.Unlock()
	if partial {
		return nil
	}
	var names []string
	for _, m := range members {
		names = append(names, string(m.Name))
	}
	gone, err := c.departed(ctx, "", names)
	for _, name := range gone {
		err = errors.Join(err, sink.Partition(prefix+name).Done(nil))
	}
	return err
}

// timeThere is the gateway's time: ages of what it has written are told by it.
func (c *Collector) timeThere() time.Time { return c.client.TimeThere(c.deps.Now()) }

func (c *Collector) wireID() string { return "pmg-" + c.name }

func (c *Collector) versionText() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

func (c *Collector) standsAlone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.alone
}

// knownMembers returns the members, asking for them when nobody has yet.
func (c *Collector) knownMembers(ctx context.Context) ([]member, error) {
	c.mu.Lock()
	known := c.members
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	return c.readMembers(ctx)
}

// readMembers asks now and then which nodes there are. The list is the configured one: asking the cluster for its status
// would make a node ask all others, one after the other.
func (c *Collector) readMembers(ctx context.Context) ([]member, error) {
	now := c.deps.Now()
	c.mu.Lock()
	known, asked := c.members, c.asked
	c.mu.Unlock()
	if known != nil && now.Sub(asked) < membersEvery {
		// Something has to be asked for, or a gateway that is away would seem to be there.
		_, err := proxmox.Get[versionInfo](ctx, c.client, proxmox.Path("version"))
		return known, err
	}
	version, err := proxmox.Get[versionInfo](ctx, c.client, proxmox.Path("version"))
	if err != nil {
		return nil, err
	}
	members, skipped, err := proxmox.Rows[member](ctx, c.client, proxmox.Path("config", "cluster", "nodes"))
	if err != nil {
		return nil, err
	}
	members = slices.DeleteFunc(members, func(m member) bool { return m.Name == "" })
	alone := len(members) == 0
	if alone {
		if members, err = c.onlyNode(ctx); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.Name, b.Name) })
	if err := c.fallBack(members); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != string(version.Version) {
		c.client.TryAgain() // another release has other calls
	}
	c.partial = skipped > 0
	c.members, c.alone, c.version, c.asked = members, alone, string(version.Version), now
	return members, nil
}

// onlyNode returns the node of a gateway that stands alone.
func (c *Collector) onlyNode(ctx context.Context) ([]member, error) {
	nodes, _, err := proxmox.Rows[nodeName](ctx, c.client, proxmox.Path("nodes"))
	if err != nil {
		return nil, err
	}
	if len(nodes) == 0 || nodes[0].Node == "" {
		return nil, sdk.Errorf(sdk.KindUpstream, "The gateway names no node.")
	}
	return []member{{Name: nodes[0].Node}}, nil
}

// fallBack makes the members that the user did not name answer while the named one does not. Each proves itself by the
// fingerprint that the cluster knows of it.
func (c *Collector) fallBack(members []member) error {
	c.mu.Lock()
	same := slices.Equal(c.members, members)
	c.mu.Unlock()
	if same {
		return nil
	}
	return c.client.SetEndpoints(c.endpoints(members))
}

// endpoints are the address that was given, then the members that are another one and can prove themselves.
func (c *Collector) endpoints(members []member) []proxmox.Endpoint {
	ends := []proxmox.Endpoint{c.first}
	for _, m := range members {
		given := strings.EqualFold(string(m.IP), c.cfg.hostName()) || strings.EqualFold(string(m.Name), c.cfg.hostName())
		if given || m.IP == "" || proxmox.Fingerprint(string(m.Fingerprint)) == "" {
			continue
		}
		ends = append(ends, proxmox.Endpoint{URL: string(m.IP), Pin: string(m.Fingerprint)})
	}
	return ends
}

// nodeDoc is the document of a node within its gateway. Percentages are 0 to 100.
type nodeDoc struct {
	Name          string   `json:"name"`
	Role          string   `json:"role,omitempty"`
	Uptime        int64    `json:"uptime,omitempty"` // seconds
	LoadAvg       string   `json:"loadAvg,omitempty"`
	Version       string   `json:"version,omitempty"`
	CPU           *float64 `json:"cpu,omitempty"` // 0 to 1
	Memory        *float64 `json:"memory,omitempty"`
	MemoryUsed    int64    `json:"memoryUsed,omitempty"`
	MemoryTotal   int64    `json:"memoryTotal,omitempty"`
	Disk          *float64 `json:"disk,omitempty"`
	KernelVersion string   `json:"kernelVersion,omitempty"`
	CPUModel      string   `json:"cpuModel,omitempty"`
	CPUCount      int64    `json:"cpuCount,omitempty"`
}

// readNode returns a node. One that the asked node cannot reach is down; one that hangs is not known.
func (c *Collector) readNode(ctx context.Context, m member) ([]sdk.Observation, error) {
	name := string(m.Name)
	record := sdk.Record{
		Type: typeNode, Key: nodeKey(name), Name: name, WireID: c.wireID() + "-" + name, Status: sdk.StatusUp, StatusWord: "online",
		Evidence:  []sdk.Evidence{{Kind: sdk.EvidenceHostName, Value: name}},
		Relations: []sdk.Relation{{Kind: sdk.MemberOf, Type: typeGateway, Key: gatewayKey}},
	}
	doc := nodeDoc{Name: name, Role: string(m.Type)}
	s, err := proxmox.Get[nodeStatus](ctx, c.client, proxmox.OnNode(name, "status"))
	if proxmox.KindOf(err) == proxmox.KindNodeUnreachable {
		record.Status, record.StatusWord, record.Doc = sdk.StatusDown, "offline", proxmox.Document(doc)
		return []sdk.Observation{record}, nil
	}
	if err != nil {
		return nil, err
	}
	doc.fill(s)
	record.Doc = proxmox.Document(doc)
	out := append([]sdk.Observation{record}, s.samples(name)...)
	if s.InSync != nil && !bool(*s.InSync) && !c.standsAlone() {
		out = append(out, sdk.Condition{Type: typeNode, Key: nodeKey(name), Kind: kindNotInSync, Severity: sdk.SeverityWarning, Message: fmt.Sprintf("The database of %s has not been in sync with the cluster for three minutes.", name)})
	}
	return out, nil
}

func (d *nodeDoc) fill(s nodeStatus) {
	d.Uptime, d.Version, d.MemoryUsed, d.MemoryTotal = s.Uptime.V, s.version(), s.Memory.Used.V, s.Memory.Total.V
	if s.busy() && s.Uptime.V > 0 {
		v := proxmox.Round(proxmox.Ratio(s.CPU.V), 4)
		d.CPU = &v
	}
	if s.Memory.known() {
		v := proxmox.Round(s.Memory.ratio()*100, 2)
		d.Memory = &v
	}
	if s.Root.known() {
		v := proxmox.Round(s.Root.ratio()*100, 2)
		d.Disk = &v
	}
	var loads []string
	for _, l := range s.LoadAvg {
		if l.OK {
			loads = append(loads, fmt.Sprintf("%.2f", l.V))
		}
	}
	d.LoadAvg = strings.Join(loads, ", ")
	d.KernelVersion = string(cmp.Or(s.Kernel.Release, s.KVersion))
	d.CPUModel, d.CPUCount = string(s.CPUInfo.Model), s.CPUInfo.CPUs.V
}

func (s nodeStatus) samples(node string) []sdk.Observation {
	m := proxmox.Meter{Type: typeNode, Key: nodeKey(node)}
	if s.Uptime.V > 0 {
		m.Add("cpu", proxmox.Ratio(s.CPU.V), s.busy())
		m.Add("iowait", proxmox.Ratio(s.Wait.V), s.Wait.OK && s.busy())
		m.Add("uptime", float64(s.Uptime.V), true)
	}
	m.Add("memory", s.Memory.ratio(), s.Memory.known())
	m.Add("swap", s.Swap.ratio(), s.Swap.known())
	m.Add("disk", s.Root.ratio(), s.Root.known())
	if len(s.LoadAvg) > 0 {
		m.Add("load1", s.LoadAvg[0].V, s.LoadAvg[0].OK)
	}
	return m.Samples
}
