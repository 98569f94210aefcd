package host

import (
	"strings"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
)

// maxInstances bounds each list of a report, and with it the series that one host can make.
const maxInstances = 256

// mend applies what the server does to every report: it fills in what follows from other members, leaves out what no
// user wants to see, and bounds lists and numbers.
func (in *Ingester) mend(r *wire.Report) {
	mendMemory(&r.Metrics.Memory)
	if p := r.Metrics.CPUUsagePercent; p != nil {
		*p = min(max(*p, 0), 100)
	}
	r.Disks = in.mendDisks(r.Disks)
	r.DiskIO = keep(r.DiskIO, func(d wire.DiskIO) bool {
		return usable(d.Device) && mounts.WholeDevice(d.Device) && !in.exclude.Match(d.Device, "/dev/"+d.Device)
	})
	r.Network = keep(r.Network, func(n wire.Network) bool { return usable(n.Name) })
	r.Sensors.SMART = keep(r.Sensors.SMART, func(d wire.SMART) bool { return usable(d.Device) })
	r.RAID = keep(r.RAID, func(a wire.Array) bool { return usable(a.Device) })
	r.Pools = keep(r.Pools, func(p wire.Pool) bool { return usable(p.Name) })
	r.Tags = keep(r.Tags, func(tag string) bool { return usable(tag) })
	for _, m := range []map[string]float64{r.Sensors.TemperatureCelsius, r.Sensors.FanRPM, r.Sensors.PowerWatts, r.Sensors.Additional} {
		bound(m)
	}
	if len(r.Host.LoadAverage) > 3 {
		r.Host.LoadAverage = r.Host.LoadAverage[:3]
	}
}

// mendMemory fills in used and usage from the other numbers.
func mendMemory(m *wire.Memory) {
	if m.UsedBytes == 0 && m.TotalBytes > 0 && m.FreeBytes > 0 {
		m.UsedBytes = max(m.TotalBytes-m.FreeBytes, 0)
	}
	if m.TotalBytes > 0 && m.Usage <= 0 {
		m.Usage = 100 * float64(m.UsedBytes) / float64(m.TotalBytes)
	}
	m.Usage = min(max(m.Usage, 0), 100)
}

// mendDisks filters the file systems again, for agents that know fewer rules.
func (in *Ingester) mendDisks(disks []wire.Disk) []wire.Disk {
	byPoint := make(map[string]int, len(disks))
	all := make([]mounts.Mount, 0, len(disks))
	for i, d := range disks {
		m := mounts.Mount{Device: d.Device, Point: d.Mountpoint, Type: name(d.Type, d.Filesystem), Total: d.TotalBytes, Used: d.UsedBytes}
		if !usable(m.Point) || !mounts.Wanted(m) || in.exclude.MatchMount(m) {
			continue
		}
		if _, ok := byPoint[m.Point]; !ok {
			byPoint[m.Point] = i
			all = append(all, m)
		}
	}
	kept := make([]wire.Disk, 0, min(len(all), maxInstances))
	for _, m := range mounts.Unique(all) {
		d := disks[byPoint[m.Point]]
		if d.Usage <= 0 {
			d.Usage = 100 * float64(d.UsedBytes) / float64(d.TotalBytes)
		}
		d.Usage = min(max(d.Usage, 0), 100)
		kept = append(kept, d)
		if len(kept) == maxInstances {
			break
		}
	}
	return kept
}

// usable reports whether a name can stand for a device, a mount point or a sensor.
func usable(s string) bool { return strings.TrimSpace(s) != "" && len(s) <= 256 }

// keep returns the first entries that are wanted.
func keep[T any](all []T, wanted func(T) bool) []T {
	kept := all[:0]
	for _, x := range all {
		if len(kept) < maxInstances && wanted(x) {
			kept = append(kept, x)
		}
	}
	return kept
}

// bound drops names that cannot be, and the surplus. Which of too many go does not matter: no machine has them.
func bound(m map[string]float64) {
	for name := range m {
		if !usable(name) || len(m) > maxInstances {
			delete(m, name)
		}
	}
}
