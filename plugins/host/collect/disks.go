package collect

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
)

// usageTimeout is how long one file system may take to tell how full it is.
const usageTimeout = time.Second

// usage is how full a file system is, in bytes. Free is what users may still write.
type usage struct{ total, used, free int64 }

func (u usage) percent() float64 {
	if u.used+u.free <= 0 {
		return 0
	}
	return 100 * float64(u.used) / float64(u.used+u.free)
}

// usageReader asks file systems in goroutines of their own: the system call cannot be interrupted, and one on a
// dead disk may never return. A file system that has not answered is not asked again until it does, so that at
// most one goroutine hangs on each.
type usageReader struct {
	read    func(point string) (usage, error)
	mu      sync.Mutex
	pending map[string]bool
}

func newUsageReader(read func(string) (usage, error)) *usageReader {
	return &usageReader{read: read, pending: map[string]bool{}}
}

// ask returns the usage of a mount point; ok is false when it failed or hangs.
func (r *usageReader) ask(ctx context.Context, point string) (u usage, ok bool) {
	r.mu.Lock()
	hangs := r.pending[point]
	r.pending[point] = true
	r.mu.Unlock()
	if hangs {
		return usage{}, false
	}
	type answer struct {
		usage usage
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		u, err := r.read(point)
		r.mu.Lock()
		delete(r.pending, point)
		r.mu.Unlock()
		answers <- answer{u, err}
	}()
	timer := time.NewTimer(usageTimeout)
	defer timer.Stop()
	select {
	case a := <-answers:
		return a.usage, a.err == nil && a.usage.total > 0
	case <-timer.C:
	case <-ctx.Done():
	}
	return usage{}, false
}

// disks lists the file systems that are worth showing, ZFS by pool.
func (c *Collector) disks(ctx context.Context) []wire.Disk {
	byPoint := map[string]usage{}
	var plain, zfs []mounts.Mount
	for _, m := range c.machine.mounts() {
		if !mounts.Wanted(m) || c.exclude.MatchMount(m) {
			continue
		}
		if _, seen := byPoint[m.Point]; seen {
			continue
		}
		u, ok := c.usage.ask(ctx, m.Point)
		if !ok {
			continue
		}
		m.Total, m.Used = u.total, u.used
		byPoint[m.Point] = u
		if m.Type == mounts.ZFS {
			zfs = append(zfs, m)
		} else {
			plain = append(plain, m)
		}
	}
	pools := c.poolMounts(zfs, byPoint)
	var out []wire.Disk
	for _, m := range mounts.Unique(append(plain, pools...)) {
		if len(out) == maxEntries {
			break
		}
		u := byPoint[m.Point]
		out = append(out, wire.Disk{Device: m.Device, Mountpoint: m.Point, Filesystem: m.Type, Type: m.Type,
			TotalBytes: u.total, UsedBytes: u.used, FreeBytes: u.free, Usage: u.percent()})
	}
	return out
}

// poolMounts makes one entry of the datasets of each pool. Datasets share the pool's free space, so each alone would
// show a size that moves with the others.
func (c *Collector) poolMounts(datasets []mounts.Mount, byPoint map[string]usage) []mounts.Mount {
	grouped := map[string][]mounts.Mount{}
	for _, d := range datasets {
		pool, _, _ := strings.Cut(d.Device, "/")
		grouped[pool] = append(grouped[pool], d)
	}
	c.mu.Lock()
	sizes := map[string]wire.Pool{}
	for _, p := range c.pools {
		sizes[p.Name] = p
	}
	c.mu.Unlock()
	var out []mounts.Mount
	for _, name := range sortedKeys(grouped) {
		shown, largest := grouped[name][0], grouped[name][0]
		for _, d := range grouped[name][1:] {
			if d.Device == name && shown.Device != name || shown.Device != name && shorter(d.Point, shown.Point) {
				shown = d
			}
			if d.Total > largest.Total {
				largest = d
			}
		}
		u := poolUsage(sizes[name], byPoint[largest.Point])
		byPoint[shown.Point] = u
		out = append(out, mounts.Mount{Device: name, Point: shown.Point, Type: mounts.ZFS, Total: u.total, Used: u.used})
	}
	return out
}

func shorter(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// poolUsage corrects the pool's raw size by what redundancy costs, as far as its largest dataset shows it.
func poolUsage(pool wire.Pool, largest usage) usage {
	if pool.SizeBytes <= 0 {
		return largest
	}
	u := usage{total: pool.SizeBytes, free: pool.FreeBytes}
	if largest.free > 0 && pool.FreeBytes >= largest.free {
		u.total = int64(float64(pool.SizeBytes) * (float64(largest.free) / float64(pool.FreeBytes)))
		u.free = largest.free
	}
	u.used = max(u.total-u.free, 0)
	return u
}
