package pve

import (
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
)

// Whose view of a virtual machine's memory is shown.
const (
	viewAuto  = "auto"
	viewGuest = "guest"
	viewHost  = "host"
)

// Where a number comes from, in the words of the state.
const (
	sourceGuest = "guest"
	sourceHost  = "host"
	// sourceNoCache is the guest's own view without the files that its system keeps in memory as long as nobody needs it.
	sourceNoCache = "guest without cache"
)

// cacheAge is how long it is believed that a guest's system keeps as much as it said.
const cacheAge = 2 * time.Hour

// GuestMemory says for one guest what the configuration says for all.
type GuestMemory struct {
	VMID int    `name:"vmid" label:"Guest" required:"true" min:"1" help:"Id of the guest."`
	View string `name:"view" required:"true" enum:"auto,guest,host" help:"Whose view of its memory counts."`
}

// memoryView is whose view of a guest's memory counts.
func (c *Collector) memoryView(id int) string {
	if view, own := c.views[id]; own {
		return view
	}
	return c.cfg.GuestMemory
}

// memoryOf is the used memory of a guest that runs, and whose view that is; empty when the release does not say. Containers
// are measured on their node.
func (c *Collector) memoryOf(row resourceRow, m *guestMemory, now time.Time) (used proxmox.Int, source string) {
	source = memorySource(row)
	if row.Type == "lxc" {
		return row.Mem, source
	}
	switch c.memoryView(int(row.VMID.V)) {
	case viewHost:
		if row.MemHost.V > 0 {
			return row.MemHost, sourceHost
		}
	case viewGuest:
	default:
		if m.knowsCache(row, now) && m.cacheOfHost == (source == sourceHost) && row.Mem.OK {
			return proxmox.Int{V: min(max(row.Mem.V-m.cache, 0), max(row.MaxMem.V, 0)), OK: true}, sourceNoCache
		}
	}
	return row.Mem, source
}

// knowsCache tells whether the guest has said not long ago, and since it started, how much its system keeps.
func (m *guestMemory) knowsCache(row resourceRow, now time.Time) bool {
	age := now.Unix() - m.cacheAt
	return m.cacheAt > 0 && age < int64(cacheAge/time.Second) && age <= row.Uptime.V
}

// memoryMetric is the metric of a guest's memory. What a virtual machine takes on its node is near its size for ever, whatever
// is used of it: unless somebody wants it so, that is another number, and no reason for an alert.
func (c *Collector) memoryMetric(row resourceRow, source string) string {
	if row.Type == "qemu" && source == sourceHost && c.memoryView(int(row.VMID.V)) != viewHost {
		return "memory_host"
	}
	return "memory"
}

// memorySource tells where the memory of a guest was measured. Releases before 9 do not say for virtual machines.
func memorySource(row resourceRow) string {
	switch {
	case row.Type == "lxc":
		return sourceHost
	case !row.MemHost.OK || row.MemHost.V <= 0:
		return ""
	case row.Mem.V == row.MemHost.V:
		return sourceHost
	}
	return sourceGuest
}

// learnCache remembers by how much the product's number exceeds what a guest says that it really needs. The number goes on
// being told each few seconds, the guest is asked now and then.
func (c *Collector) learnCache(row resourceRow, needed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.guests[int(row.VMID.V)]; m != nil && row.Mem.OK {
		m.cache, m.cacheAt, m.cacheOfHost = row.Mem.V-needed, c.deps.Now().Unix(), memorySource(row) == sourceHost
		c.identities.dirty[int(row.VMID.V)%guestChunks] = true
	}
}

// neededMemory reads from the kernel's account of its memory how many bytes are not available to who needs them.
func neededMemory(account string) (bytes int64, ok bool) {
	found := map[string]int64{}
	for line := range strings.Lines(account) {
		name, rest, _ := strings.Cut(line, ":")
		if name != "MemTotal" && name != "MemAvailable" {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) != 2 || fields[1] != "kB" {
			return 0, false
		}
		n, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil || n <= 0 || n > 1<<50 {
			return 0, false
		}
		found[name] = n * 1024
	}
	total, available := found["MemTotal"], found["MemAvailable"]
	return total - available, available > 0 && total >= available
}
