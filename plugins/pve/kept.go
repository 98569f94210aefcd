package pve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// What a later process has to know from the beginning is kept with the server. Without it the cluster could not be asked
// while the configured node is away, cached memory would count as used for a while, and what has lasted for long would
// begin anew.

const (
	// guestChunks is over how many values of the server's the guests are spread.
	guestChunks = 16
	// savePause is how long what changes all the time waits to be kept, nodesPause what changes for nodes.
	savePause  = 10 * time.Minute
	nodesPause = 5 * time.Minute
)

// The names of the values. Those of guests end in a number, those of disks in the name of their node.
const (
	keptCluster = "cluster"
	keptNodes   = "nodes"
)

func keptGuests(chunk int) string { return "guests/" + itoa(chunk) }

// keptGuest is what is kept of a guest. Times are in Unix seconds.
type keptGuest struct {
	Mark uint64 `json:"m,string,omitempty"`
	LXC  bool   `json:"l,omitempty"`
	Gen  int32  `json:"g,omitempty"`
	Born int64  `json:"b,omitempty"`
	Seen int64  `json:"s,omitempty"`

	Lock      string `json:"k,omitempty"`
	LockedAt  int64  `json:"t,omitempty"`
	Cache     int64  `json:"c,omitempty"`
	CacheAt   int64  `json:"a,omitempty"`
	CacheHost bool   `json:"h,omitempty"`
	Allotted  int64  `json:"d,omitempty"`
	OnBoot    *bool  `json:"o,omitempty"`
	Snapshot  int64  `json:"n,omitempty"`

	Name   string      `json:"w,omitempty"`
	Failed *keptFailed `json:"f,omitempty"`
}

// keptFailed is a backup that failed: its node may be away while the next process begins, and tells it no more when it has
// done much else since.
type keptFailed struct {
	At   int64  `json:"a"`
	Why  string `json:"w"`
	Node string `json:"n"`
}

// keptState is what is kept of the cluster as a whole.
type keptState struct {
	// UID tells the cluster from others, of the nodes in UIDOf.
	UID   string `json:"uid,omitempty"`
	UIDOf string `json:"uidOf,omitempty"`
	// Ends are the members to fall back on, when the configured address is First.
	First string             `json:"first"`
	Ends  []proxmox.Endpoint `json:"ends,omitempty"`
	// Away are the nodes that do not answer what is forwarded to them, and since when.
	Away    map[string]keptAway `json:"away,omitempty"`
	Configs []storageConfig     `json:"storages,omitempty"`
	// Ceph is the node that answers for Ceph.
	Ceph string `json:"ceph,omitempty"`
	// Told is of which nodes and storages tasks have told, by task.
	Told map[string][]string `json:"told,omitempty"`
}

type keptAway struct {
	Since time.Time `json:"since"`
	Why   string    `json:"why"`
}

// keptLook is what is kept of a look at the nodes.
type keptLook struct {
	At    time.Time           `json:"at"`
	Nodes map[string]keptNode `json:"nodes"`
}

// keptNode is what is kept of a node: how much ZFS keeps in memory, and when it did.
type keptNode struct {
	Cache int64     `json:"c"`
	At    time.Time `json:"a"`
}

// load takes over what an earlier process knew, once. What cannot be decoded is found out anew; while the server does not
// tell, nothing is collected, as guests might be taken for others.
func (c *Collector) load(ctx context.Context) error {
	if c.loaded || c.deps.Host == nil {
		return nil
	}
	var state keptState
	var look keptLook
	guests := map[int]keptGuest{}
	err := errors.Join(c.read(ctx, keptCluster, &state), c.read(ctx, keptNodes, &look))
	for chunk := 0; chunk < guestChunks && err == nil; chunk++ {
		err = c.read(ctx, keptGuests(chunk), &guests)
	}
	c.loaded = err == nil || sdk.KindOf(err) == sdk.KindUnsupported
	if err != nil && !c.loaded {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keeps = err == nil
	for id, k := range guests {
		// While nobody looked, it may have gone and another come.
		c.identities.of[id] = identity{mark: k.Mark, lxc: k.LXC, gen: k.Gen, born: k.Born, seen: k.Seen}
		m := newGuestMemory()
		m.lock, m.lockedAt, m.allotted = k.Lock, k.LockedAt, k.Allotted
		m.cache, m.cacheAt, m.cacheOfHost = k.Cache, k.CacheAt, k.CacheHost
		m.onBoot, m.oldestSnapshot, m.name = k.OnBoot, k.Snapshot, k.Name
		if f := k.Failed; f != nil {
			m.failed = outcome{time.Unix(f.At, 0), f.Why, f.Node}
		}
		c.guests[id] = m
	}
	if !look.At.IsZero() {
		// It was watched for up to nodesPause after that.
		c.noticeGap(look.At.Add(nodesPause), c.deps.Now())
	}
	for name, n := range look.Nodes {
		c.histories[name] = nodeHistory{at: n.At, cache: proxmox.Int{V: n.Cache, OK: true}}
	}
	return c.takeOver(state)
}

// takeOver takes over what is kept of the cluster. The lock is held.
func (c *Collector) takeOver(k keptState) error {
	c.uid, c.uidOf, c.ceph.node = k.UID, k.UIDOf, k.Ceph
	for task, names := range k.Told {
		c.toldOf[task] = map[string]bool{}
		for _, name := range names {
			c.toldOf[task][name] = true
		}
	}
	for name, a := range k.Away {
		// It is asked at once whether it is still so.
		c.away[name] = awayNode{a.Since, c.deps.Now(), sdk.Errorf(sdk.KindUnreachable, "%s", a.Why)}
	}
	if len(k.Configs) > 0 {
		c.configs.Store(&storageConfigs{all: k.Configs})
	}
	if len(k.Ends) < 2 || k.First != c.configured() {
		return nil
	}
	c.ends = append([]proxmox.Endpoint{c.cfg.first(c.deps)}, k.Ends[1:]...)
	if err := c.client.SetEndpoints(c.ends); err != nil {
		c.deps.Log.Warn("the addresses of members that are kept were not taken", "error", err)
		c.ends = nil
	}
	return nil
}

// configured stands for what of the configuration decides which addresses are asked.
func (c *Collector) configured() string { return fmt.Sprint(c.cfg.Host, c.cfg.Members) }

// read decodes a value that is kept, if there is one.
func (c *Collector) read(ctx context.Context, key string, into any) error {
	value, _, err := c.deps.Host.State(ctx, key)
	if err != nil {
		return fmt.Errorf("read what is kept: %w", err)
	}
	if len(value) > 0 && json.Unmarshal(value, into) != nil {
		c.deps.Log.Warn("what is kept could not be read", "key", key)
	}
	return nil
}

// write keeps a value. Only one collector writes those of an integration.
func (c *Collector) write(ctx context.Context, key string, value any) error {
	err := proxmox.Keep(ctx, c.deps.Host, key, proxmox.Document(value))
	if err != nil {
		c.deps.Log.Warn("a value was not kept", "key", key, "error", err)
	}
	return err
}

// saveGuests keeps what has changed of guests: at once when an id went to another one or a backup failed, else now and then.
// What is older never replaces what is newer, whichever tasks do so at the same time.
func (c *Collector) saveGuests(ctx context.Context) {
	c.saving.Lock()
	defer c.saving.Unlock()
	for chunk, guests := range c.changedGuests() {
		if c.write(ctx, keptGuests(chunk), guests) != nil {
			c.mu.Lock()
			c.identities.dirty[chunk] = true
			c.mu.Unlock()
		}
	}
}

// changedGuests returns the chunks that are to be kept now.
func (c *Collector) changedGuests() map[int]map[int]keptGuest {
	c.mu.Lock()
	defer c.mu.Unlock()
	book, now := &c.identities, c.deps.Now()
	if !c.keeps || len(book.dirty) == 0 || now.Sub(book.saved) < savePause {
		return nil
	}
	chunks := map[int]map[int]keptGuest{}
	for chunk := range book.dirty {
		chunks[chunk] = map[int]keptGuest{}
	}
	for id, who := range book.of {
		if chunks[id%guestChunks] == nil {
			continue
		}
		k := keptGuest{Mark: who.mark, LXC: who.lxc, Gen: who.gen, Born: who.born, Seen: who.seen}
		if m := c.guests[id]; m != nil {
			k.Lock, k.LockedAt, k.Allotted = m.lock, m.lockedAt, m.allotted
			k.Cache, k.CacheAt, k.CacheHost = m.cache, m.cacheAt, m.cacheOfHost
			k.OnBoot, k.Snapshot, k.Name = m.onBoot, m.oldestSnapshot, m.name
			if f := m.failed; f.error != "" {
				k.Failed = &keptFailed{f.at.Unix(), f.error, f.node}
			}
		}
		chunks[id%guestChunks][id] = k
	}
	book.dirty, book.saved = map[int]bool{}, now
	return chunks
}

// saveCluster keeps what is known of the cluster when it has changed, and of its nodes now and then.
func (c *Collector) saveCluster(ctx context.Context) {
	state, keeps := c.state()
	if !keeps {
		return
	}
	if text := string(proxmox.Document(state)); text != c.kept && c.write(ctx, keptCluster, state) == nil {
		c.kept = text
	}
	if now := c.deps.Now(); now.Sub(c.nodesKept) >= nodesPause {
		if c.write(ctx, keptNodes, keptLook{now, c.caches()}) == nil {
			c.nodesKept = now
		}
	}
}

func (c *Collector) state() (k keptState, keeps bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k = keptState{UID: c.uid, UIDOf: c.uidOf, First: c.configured(), Ends: slices.Clone(c.ends), Away: map[string]keptAway{}, Ceph: c.ceph.node, Told: map[string][]string{}}
	for task, names := range c.toldOf {
		k.Told[task] = slices.Sorted(maps.Keys(names))
	}
	if len(k.Ends) > 0 {
		k.Ends[0] = proxmox.Endpoint{} // that of the configuration
	}
	for name, a := range c.away {
		k.Away[name] = keptAway{a.since, plain(a.err)}
	}
	if known := c.configs.Load(); known != nil {
		k.Configs = known.all
	}
	return k, c.keeps
}

// caches are those of the nodes whose history tells of one.
func (c *Collector) caches() map[string]keptNode {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]keptNode{}
	for name, h := range c.histories {
		if h.cache.OK {
			out[name] = keptNode{h.cache.V, h.at}
		}
	}
	return out
}
