package pve

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// counter is one of the counters of a guest.
type counter struct {
	guest int
	what  int
}

// The counters, in the order of guestMemory.rates.
const (
	counterIn = iota
	counterOut
	counterRead
	counterWrite
	counters
)

// guestMemory is what is remembered of a guest from one cycle to the next.
type guestMemory struct {
	// name is the last known one: what an unreachable node runs loses its name.
	name   string
	uptime int64
	last   [counters]int64
	// rates are the last known ones, in bytes a second; below 0 none is known.
	rates [counters]float64
	// cache is what its system keeps of its memory and gives back when needed, as it said at cacheAt (Unix seconds, 0 for
	// never), when the product's number was the host's view or the guest's own.
	cache, cacheAt int64
	cacheOfHost    bool
	// allotted are the bytes of all its disks, 0 while its configuration was not read.
	allotted int64
	// onBoot says that it starts with its node, nil while its configuration was not read.
	onBoot *bool
	// oldestSnapshot is when the oldest of its snapshots was made, in Unix seconds; 0 when there is none, or nobody has asked.
	oldestSnapshot int64
	// lock is what it is locked for, since lockedAt (Unix seconds).
	lock     string
	lockedAt int64
	// failed is how its last backup ended, when it failed.
	failed outcome
}

func newGuestMemory() *guestMemory { return &guestMemory{rates: [counters]float64{-1, -1, -1, -1}} }

// rateMetrics are the metrics of the counters.
var rateMetrics = [counters]string{"netin", "netout", "diskread", "diskwrite"}

// guestKey is the key of a guest. Ones that took over an id have a number of their own behind it.
func guestKey(row resourceRow) string {
	key := "guest/" + strconv.FormatInt(row.VMID.V, 10)
	if row.gen > 0 {
		key += "." + strconv.Itoa(int(row.gen))
	}
	return key
}

// guestID is the id of a guest as the state shows it.
func (c *Collector) guestID(node string, id int) string {
	return c.instance + ":" + node + ":" + strconv.Itoa(id)
}

func guestType(row resourceRow) string {
	if row.Type == "lxc" {
		return typeLXC
	}
	return typeVM
}

// wanted tells whether a guest is shown at all.
func (c *Collector) wanted(row resourceRow) bool {
	switch {
	case bool(row.Template):
		return false
	case row.Type == "lxc":
		return c.cfg.MonitorContainers
	}
	return c.cfg.MonitorVMs
}

// guestsAtOnce is how many guests are told of together: few enough that a large cluster is never in memory twice.
const guestsAtOnce = 128

// tellGuests tells of virtual machines and containers.
func (c *Collector) tellGuests(v *view, emit func(...sdk.Observation) error) error {
	seen := make(map[int]bool, len(v.guests))
	for some := range slices.Chunk(v.guests, guestsAtOnce) {
		if err := emit(c.tellSomeGuests(v, some, seen)...); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.guests {
		if !seen[id] {
			delete(c.guests, id)
			c.rates.Forget(func(k counter) bool { return k.guest == id })
		}
	}
	return nil
}

func (c *Collector) tellSomeGuests(v *view, some []resourceRow, seen map[int]bool) []sdk.Observation {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]sdk.Observation, 0, 8*len(some))
	for _, row := range some {
		id := int(row.VMID.V)
		if c.wanted(row) && !seen[id] {
			seen[id] = true
			out = c.tellGuest(out, v, row)
		}
	}
	return out
}

// tellGuest adds what there is to tell of one guest. Those of a node that is away are unknown, whatever was last heard of them.
func (c *Collector) tellGuest(out []sdk.Observation, v *view, row resourceRow) []sdk.Observation {
	id := int(row.VMID.V)
	kind, key := guestType(row), guestKey(row)
	m := c.guests[id]
	if m == nil {
		m = newGuestMemory()
		c.guests[id] = m
	}
	if name := string(row.Name); name != "" && name != m.name {
		m.name = name
		c.identities.dirty[id%guestChunks] = true
	}
	if m.name == "" {
		m.name = strconv.Itoa(id)
	}
	on, known := v.node(string(row.Node))
	state := guestState(string(row.Status))
	_, worked := lockTimes[string(row.Lock)]
	switch {
	case known && !on.online:
		state = guestState("unknown")
	case worked && state.status == sdk.StatusOff:
		// A backup or a move may stop a guest for its time: nobody stopped it.
		state.status = sdk.StatusUnknown
	}
	r := sdk.Record{
		Type: kind, Key: key, Name: m.name, WireID: c.guestID(string(row.Node), id), Status: state.status, StatusWord: state.word,
		Tags: proxmox.Tags(string(row.Tags)), Evidence: c.guestEvidence(id, row.gen),
	}
	if row.gen == 0 {
		// A backup server does not tell the backups of guests that had the same id apart.
		r.Evidence = append(r.Evidence, c.backedUpAs(kind, id)...)
	}
	if known {
		r.Relations = []sdk.Relation{{Kind: sdk.RunsOn, Type: typeNode, Key: nodeKey(on.name)}}
	}
	c.measure(v, row, m, state.runs)
	hidden := row.Lock == "" && state.word == "unknown" // nothing is known of it, and so not that it was let go of
	if !hidden && m.watchLock(string(row.Lock), v.at) {
		c.identities.dirty[id%guestChunks] = true
	}
	used, source := c.memoryOf(row, m, v.at)
	row.Mem = used
	r.Doc = proxmox.Document(c.guestDoc(v, row, m, state.runs, source))
	s := samples{kind: kind, key: key, out: append(out, r)}
	if state.trouble != "" {
		s.out = append(s.out, sdk.Condition{Type: kind, Key: key, Kind: kindGuestFault, Severity: sdk.SeverityCritical,
			Message: fmt.Sprintf("%s (%d) on %s %s.", m.name, id, row.Node, state.trouble), Metadata: map[string]string{"state": state.word}})
	}
	s.out = append(s.out, m.judgeLock(row, v.at)...)
	if state.runs {
		c.guestSamples(&s, row, m, source)
	}
	return s.out
}

func (c *Collector) guestSamples(s *samples, row resourceRow, m *guestMemory, source string) {
	s.ratio("cpu", row.CPU.V, row.CPU.OK)
	s.share(c.memoryMetric(row, source), row.Mem, row.MaxMem)
	if row.Type == "lxc" {
		s.share("disk", row.Disk, row.MaxDisk)
	}
	for what, perSecond := range m.rates {
		if perSecond >= 0 {
			s.add(rateMetrics[what], perSecond)
		}
	}
}

// measure makes rates of the counters. While a counter has not moved, the rate is the last one, as the nodes measure less
// often than they are asked; a guest that started anew or came from another node has none.
func (c *Collector) measure(v *view, row resourceRow, m *guestMemory, runs bool) {
	anew := row.Uptime.OK && row.Uptime.V < m.uptime
	m.uptime = row.Uptime.V
	id := int(row.VMID.V)
	for what, n := range [counters]proxmox.Int{row.NetIn, row.NetOut, row.DiskRead, row.DiskWrite} {
		if !runs || !n.OK || n.V < 0 {
			m.rates[what], m.last[what] = -1, 0
			continue
		}
		if anew || n.V < m.last[what] {
			m.rates[what] = -1
		}
		m.last[what] = n.V
		if perSecond, ok := c.rates.Rate(counter{id, what}, uint64(n.V), v.at); ok {
			m.rates[what] = perSecond
		}
	}
}

// state is what a word of the product means.
type state struct {
	status sdk.Status
	word   string
	// runs tells whether the guest has numbers.
	runs    bool
	trouble string
}

// troubles are the states that running guests do not leave by themselves.
var troubles = map[string]string{
	"io-error":       "is paused because of an error of its disks: look whether its storage is full or away",
	"internal-error": "is paused because of an internal error of the emulator",
	"guest-panicked": "has stopped: its kernel panicked",
	"watchdog":       "was stopped by its watchdog",
}

// paused are the states of guests that run and do nothing.
var paused = []string{"paused", "suspended", "prelaunch", "preconfig"}

func guestState(word string) state {
	switch {
	case word == "stopped":
		return state{status: sdk.StatusOff, word: word}
	case word == "" || word == "unknown":
		return state{status: sdk.StatusUnknown, word: "unknown"}
	case troubles[word] != "":
		return state{status: sdk.StatusDegraded, word: word, runs: true, trouble: troubles[word]}
	case slices.Contains(paused, word):
		return state{status: sdk.StatusPaused, word: word, runs: true}
	}
	return state{status: sdk.StatusUp, word: word, runs: true}
}

// evidenceGuest names a guest: the cluster's name or that of the integration, and the id.
const evidenceGuest = "proxmox_guest"

func (c *Collector) guestEvidence(id int, gen int32) []sdk.Evidence {
	name := c.instance + "/" + itoa(id)
	if gen > 0 {
		name += "." + itoa(int(gen))
	}
	return []sdk.Evidence{{Kind: evidenceGuest, Value: name}}
}

// joinTags writes tags as the state shows them.
func joinTags(text string) string { return strings.Join(proxmox.Tags(text), ",") }
