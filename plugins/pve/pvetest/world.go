// Package pvetest is a simulated Proxmox VE cluster, like httptest for one: it speaks the API over TLS with its real
// manners (reason phrases, 595 and 596, lists that are empty for who may not read, rows by version, tickets that end) and
// does what a test tells it: nodes go away, hang or cut connections, guests stop and move, backups fail. What it answers
// follows from a [World], which is data.
package pvetest

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

// World is what the simulated API tells about. Change it within [World.Edit] once a server serves it.
type World struct {
	mu sync.Mutex

	// Name of the cluster; empty for a server that stands alone.
	Name string
	// CA is the SHA-256 fingerprint of the cluster's own certificate authority, in hex.
	CA string
	// Version of the packages, for example "9.2.10".
	Version string
	Quorate bool
	// Now is the clock of all nodes, and Ahead by how much more ahead their answers say that it is.
	Now   func() time.Time
	Ahead time.Duration

	Nodes    []*Node
	Guests   []*Guest
	Storages []*Storage
	Jobs     []*Job
	Backups  []*Backup
	Tasks    []*Task
	Copies   []*Replication
	Ceph     *Ceph
	// Master is the node that decides for high availability, empty while there is none, and Armed how fencing is set.
	Master, Armed string
	// TokenEnds is when the account's token ends, zero for never.
	TokenEnds time.Time
	Accounts  []*Account
	Faults    []*Fault
	// Refusal is how long a server takes to refuse credentials; real ones take three seconds.
	Refusal time.Duration
	// Latency is what every answer takes.
	Latency time.Duration
	// TicketLife is how long a ticket is good, two hours when it is 0.
	TicketLife time.Duration
	// Still worlds do not live by themselves; whoever reaches them may change them.
	Still bool
}

// Edit changes the world while it is served.
func (w *World) Edit(change func(w *World)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// major is the major version.
func (w *World) major() int {
	n, err := strconv.Atoi(strings.SplitN(w.Version, ".", 2)[0])
	if err != nil {
		return 0
	}
	return n
}

// Node is a server of the cluster.
type Node struct {
	Name, IP string
	Online   bool
	Threads  int
	Memory   int64 // bytes
	Swap     int64 // bytes
	Cache    int64 // bytes that ZFS keeps of the memory, counted as used
	Root     int64 // bytes of the root file system
	RootUsed int64 // bytes; a part of it when it is 0
	Busy     float64
	Since    time.Time // when it started
	Lost     time.Time // when it went away, while it is not online
	Level    string    // of the subscription
	Lapsed   string    // what has become of the subscription: expired, suspended; empty for nothing
	Disks    []*Disk
	Pools    []*Pool
	// Thin are the used shares of the metadata of thin pools, by volume group and name.
	Thin map[string]float64
	// Updates are pending ones: name, installed and new version.
	Updates [][3]string
	// CertificateEnds is when the certificate of its web interface ends.
	CertificateEnds time.Time
	// Stuck says that its status daemon hangs: nothing is known of what runs there.
	Stuck bool
	// Hanging says that it does not answer what is forwarded to it, Slow what its answers take.
	Hanging bool
	Slow    time.Duration
	// HA is how high availability sees it (fence, maintenance), and Silent how long its manager has said nothing.
	HA     string
	Silent time.Duration
	// Fingerprint is that of its certificate; empty for that of the test's server.
	Fingerprint string
}

// Guest is a virtual machine or a container.
type Guest struct {
	ID       int
	Kind     string // qemu or lxc
	Name     string
	Node     string
	Status   string // as the resources list it: running, stopped, paused, io-error
	Template bool
	CPUs     float64
	Memory   int64 // bytes
	Disk     int64 // bytes
	Busy     float64
	Traffic  float64 // bytes a second
	Tags     string
	Lock     string
	Pool     string
	HA       string
	OnBoot   bool // it starts with its node
	Since    time.Time
	// Wrap is where its counters begin anew, 0 for never.
	Wrap int64
	// UUID tells it from another one that had its id; for containers it is the address of the network card. Empty is one that
	// follows from the id.
	UUID string
	// HostMemory says that the guest has no balloon driver: its memory is what it takes on the host.
	HostMemory bool
	// Cache are the bytes of the used memory that the guest's system keeps only as long as nobody needs them. Foreign says that
	// the system has no account of that.
	Cache   int64
	Foreign bool
	// Agent is how the guest agent of a virtual machine fares: empty when it answers, off, silent, timeout, or old.
	Agent     string
	Snapshots []Snapshot
}

// Snapshot is a state of a guest that was kept.
type Snapshot struct {
	Name, Parent, Description string
	Made                      time.Time
	WithMemory                bool
}

// Replication is a job that copies a guest to another node.
type Replication struct {
	ID, Target, Schedule string
	Guest                int
	Disabled             bool
	LastSync             time.Time
	Failed               int
	Error                string
}

// Storage is a place for disks and backups.
type Storage struct {
	Name, Type, Content string
	Shared              bool
	Nodes               []string // empty: all
	Size, Used          int64    // bytes
	// Inactive names the nodes where it does not work.
	Inactive map[string]bool
	// Server, Datastore, Namespace and Fingerprint say where a storage of type pbs lies.
	Server, Datastore, Namespace, Fingerprint string
	// Path is that of a directory, Pool the data set of one of ZFS; Group and Thin are what one of LVM lies in.
	Path, Pool, Group, Thin string
}

func (s *Storage) on(node string) bool {
	if len(s.Nodes) == 0 {
		return true
	}
	for _, n := range s.Nodes {
		if n == node {
			return true
		}
	}
	return false
}

// Guest returns the guest with the id, nil when there is none.
func (w *World) Guest(id int) *Guest {
	for _, g := range w.Guests {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// Node returns the node with the name, nil when there is none.
func (w *World) Node(name string) *Node {
	for _, n := range w.Nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}
