package pve

import (
	"net"
	"strings"
)

// The documents are what the state shows, without what the server adds. Members of the reference's come first; what
// follows after a blank line are additions.

type clusterDoc struct {
	Name        string `json:"name"`
	Instance    string `json:"instance"`
	Host        string `json:"host"`
	StandAlone  bool   `json:"standAlone"`
	Nodes       int    `json:"nodes"`
	NodesOnline int    `json:"nodesOnline"`
	Quorate     bool   `json:"quorate"`
	// Calls is how many requests a minute this integration makes, Allowed how many it may, and AllowedInside how many more to
	// guest agents.
	Calls         float64 `json:"callsPerMinute"`
	Allowed       int     `json:"callsAllowed"`
	AllowedInside int     `json:"agentCallsAllowed"`
}

type nodeDoc struct {
	Node         string    `json:"node"`
	Name         string    `json:"name"`
	Instance     string    `json:"instance"`
	Host         string    `json:"host,omitempty"`
	GuestURL     string    `json:"guestURL,omitempty"`
	Type         string    `json:"type"`
	CPU          float64   `json:"cpu"`
	Memory       *space    `json:"memory,omitempty"`
	Mem          int64     `json:"mem"`
	MaxMem       int64     `json:"maxmem"`
	Disk         *space    `json:"disk,omitempty"`
	MaxDisk      int64     `json:"maxdisk"`
	Uptime       int64     `json:"uptime"`
	LoadAverage  []float64 `json:"loadAverage"`
	Kernel       string    `json:"kernelVersion"`
	Version      string    `json:"pveVersion"`
	CPUInfo      cpuInfo   `json:"cpuInfo"`
	Member       bool      `json:"isClusterMember,omitempty"`
	Cluster      string    `json:"clusterName,omitempty"`
	Temperatures *bool     `json:"temperatureMonitoringEnabled,omitempty"`

	NodeName string `json:"nodeName"`
	HAState  string `json:"haState,omitempty"`
	Level    string `json:"subscriptionLevel,omitempty"`
	// Requests is how many requests of this integration it answers a minute.
	Requests float64 `json:"requestsPerMinute,omitempty"`
	// NetworkIn and NetworkOut are in bytes a second, over all physical interfaces. Cache is what ZFS keeps in memory: it does
	// not count as used.
	NetworkIn  int64 `json:"networkIn,omitempty"`
	NetworkOut int64 `json:"networkOut,omitempty"`
	Cache      int64 `json:"zfsCache,omitempty"`
}

type cpuInfo struct {
	Model   string `json:"model"`
	Cores   int64  `json:"cores"`
	Sockets int64  `json:"sockets"`
	MHz     string `json:"mhz"`
}

func (c *Collector) nodeDoc(v *view, n node) nodeDoc {
	d := nodeDoc{
		Node: n.name, Name: n.name, NodeName: n.name, Instance: c.instance, Host: c.nodeURL(n), GuestURL: c.cfg.GuestURL, Type: "node",
		MaxMem: n.MaxMem.V, MaxDisk: n.MaxDisk.V, LoadAverage: []float64{}, CPUInfo: cpuInfo{Cores: int64(n.MaxCPU.V)},
		Member: v.cluster != "", Cluster: v.cluster, Temperatures: c.cfg.TemperatureMonitoring,
		HAState: string(n.HAState), Level: levels[n.level], Requests: n.calls,
	}
	if n.online {
		d.CPU, d.Uptime, d.Mem = short(n.CPU.V), n.Uptime.V, n.Mem.V
		d.Memory, d.Disk = spaceOf(n.Mem, n.MaxMem), spaceOf(n.Disk, n.MaxDisk)
	}
	c.mu.Lock()
	more, ok := c.details[n.name]
	c.mu.Unlock()
	if ok {
		d.Kernel, d.Version, d.CPUInfo = more.kernel, more.version, more.cpu
	}
	if ok && n.online {
		d.LoadAverage = append(d.LoadAverage, more.load...)
		if d.Memory != nil {
			d.Memory.SwapUsed, d.Memory.SwapTotal = more.swap.Used, more.swap.Total
		}
	}
	return d
}

// levels are the words for levels of subscription.
var levels = map[string]string{"c": "community", "b": "basic", "s": "standard", "p": "premium"}

// nodeURL is where people reach a node: the address that the operator gave for it, else the one that the cluster names.
func (c *Collector) nodeURL(n node) string {
	for _, m := range c.cfg.Members {
		if m.Node == n.name {
			return m.Host
		}
	}
	if n.local || n.ip == "" {
		return c.cfg.Host
	}
	return "https://" + net.JoinHostPort(n.ip, "8006")
}

type guestDoc struct {
	VMID     int64   `json:"vmid"`
	Name     string  `json:"name"`
	Node     string  `json:"node"`
	Instance string  `json:"instance"`
	Type     string  `json:"type"`
	CPU      float64 `json:"cpu"`
	CPUs     float64 `json:"cpus"`
	Memory   *space  `json:"memory,omitempty"`
	Mem      int64   `json:"mem"`
	MaxMem   int64   `json:"maxmem"`
	Disk     *space  `json:"disk,omitempty"`
	// Disks are the file systems of a container, of which the product tells the root only; those of virtual machines come from
	// within.
	Disks []fileSystem `json:"disks,omitempty"`
	// Rates in bytes a second; 0 while none is known.
	NetworkIn  int64  `json:"networkIn"`
	NetworkOut int64  `json:"networkOut"`
	DiskRead   int64  `json:"diskRead"`
	DiskWrite  int64  `json:"diskWrite"`
	Uptime     int64  `json:"uptime"`
	Template   bool   `json:"template"`
	Tags       string `json:"tags,omitempty"`
	Lock       string `json:"lock,omitempty"`

	// MemorySource is "guest" when the number is the guest's own view, "guest without cache" when it is that without what its
	// system gives back when needed, "host" when it is what the guest takes on its node.
	MemorySource string `json:"memorySource,omitempty"`
	MaxDisk      int64  `json:"maxdisk,omitempty"`
	Allotted     int64  `json:"allottedDisk,omitempty"` // bytes of all disks; MaxDisk is that of the first
	Pool         string `json:"pool,omitempty"`
	HAState      string `json:"haState,omitempty"`
	OnBoot       *bool  `json:"onBoot,omitempty"` // it starts with its node
	Cluster      string `json:"clusterName,omitempty"`
}

func (c *Collector) guestDoc(v *view, row resourceRow, m *guestMemory, runs bool, source string) guestDoc {
	d := guestDoc{
		VMID: row.VMID.V, Name: m.name, Node: string(row.Node), Instance: c.instance, Type: string(row.Type), CPUs: row.MaxCPU.V, MaxMem: row.MaxMem.V,
		Tags: joinTags(string(row.Tags)), Lock: string(row.Lock), MaxDisk: row.MaxDisk.V, Pool: string(row.Pool), HAState: string(row.HAState), Allotted: m.allotted, OnBoot: m.onBoot, Cluster: v.cluster,
	}
	if row.Type == "lxc" {
		// What lies on the volume of one that does not run is not known: the product says 0.
		row.Disk.OK = row.Disk.OK && runs
		if d.Disk = spaceOf(row.Disk, row.MaxDisk); d.Disk != nil {
			d.Disks = []fileSystem{{space: *d.Disk, Mountpoint: "/"}}
		}
	}
	if !runs {
		row.Mem.V, row.Mem.OK = 0, row.Status == "stopped"
		d.Memory = spaceOf(row.Mem, row.MaxMem)
		return d
	}
	d.CPU, d.Mem, d.Uptime = short(row.CPU.V), row.Mem.V, row.Uptime.V
	d.Memory = spaceOf(row.Mem, row.MaxMem)
	d.MemorySource = source
	for what, to := range [counters]*int64{&d.NetworkIn, &d.NetworkOut, &d.DiskRead, &d.DiskWrite} {
		*to = int64(max(m.rates[what], 0))
	}
	return d
}

type storageDoc struct {
	Storage  string   `json:"storage"`
	Name     string   `json:"name"`
	Node     string   `json:"node"`
	Instance string   `json:"instance"`
	Nodes    []string `json:"nodes,omitempty"`
	NodeIDs  []string `json:"nodeIds,omitempty"`
	Count    int      `json:"nodeCount,omitempty"`
	Type     string   `json:"type"`
	Total    int64    `json:"total"`
	Used     int64    `json:"used"`
	Avail    int64    `json:"avail"`
	Free     int64    `json:"free"`
	// Usage is in percent, and missing when the size is not known.
	Usage   *float64 `json:"usage,omitempty"`
	Content string   `json:"content"`
	Shared  bool     `json:"shared"`
	Enabled bool     `json:"enabled"`
	Active  bool     `json:"active"`

	// Pool is one that it shares with other storages of its node. What it adds to sums over all is told then, in bytes: what
	// they share counts once.
	Pool         string `json:"pool,omitempty"`
	CountedUsed  *int64 `json:"countedUsed,omitempty"`
	CountedTotal *int64 `json:"countedTotal,omitempty"`
	Cluster      string `json:"clusterName,omitempty"`
}

func (c *Collector) storageDoc(v *view, best resourceRow, rows []resourceRow, works bool) storageDoc {
	d := storageDoc{
		Storage: string(best.Storage), Name: string(best.Storage), Node: string(best.Node), Instance: c.owner(v), Type: string(best.Plugin),
		Content: sortedList(string(best.Content)), Shared: isShared(best), Enabled: true, Active: works, Count: len(rows), Cluster: v.cluster,
	}
	if d.Shared {
		d.Node = "cluster"
	}
	for _, row := range rows {
		d.Nodes = append(d.Nodes, string(row.Node))
		d.NodeIDs = append(d.NodeIDs, strings.Join([]string{c.owner(v), string(row.Node)}, "-"))
	}
	if s := spaceOf(best.Disk, best.MaxDisk); s != nil && works {
		d.Total, d.Used, d.Avail, d.Free = s.Total, s.Used, s.Free, s.Free
		d.Usage = &s.Usage
	}
	return d
}
