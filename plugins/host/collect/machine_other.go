//go:build !linux

package collect

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/net"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
)

// machine reads a machine through the system's own calls.
type machine struct{ tree }

func newMachine(t tree) *machine { return &machine{t} }

func (m *machine) cpuTimes() (busy, total float64, err error) {
	times, err := cpu.Times(false)
	if err != nil {
		return 0, 0, fmt.Errorf("read processor times: %w", err)
	}
	if len(times) == 0 {
		return 0, 0, errors.New("read processor times: there are none")
	}
	t := times[0]
	busy = t.User + t.System + t.Nice + t.Irq + t.Softirq + t.Steal
	return busy, busy + t.Idle + t.Iowait, nil
}

func (m *machine) memory() (wire.Memory, error) {
	v, err := mem.VirtualMemory()
	if err != nil {
		return wire.Memory{}, err
	}
	if v.Total == 0 {
		return wire.Memory{}, errors.New("the total is missing")
	}
	used, free := v.Total-min(v.Available, v.Total), v.Free
	if cache := reclaimable(); cache > 0 {
		used -= min(cache, used)
		free = v.Total - used
	}
	out := wire.Memory{TotalBytes: int64(v.Total), UsedBytes: int64(used), FreeBytes: int64(free), Usage: 100 * float64(used) / float64(v.Total)}
	if s, err := mem.SwapMemory(); err == nil {
		out.SwapTotalBytes, out.SwapUsedBytes = int64(s.Total), int64(s.Total-min(s.Free, s.Total))
	}
	return out, nil
}

func (m *machine) facts() facts {
	f := facts{arch: architecture()}
	if info, err := host.Info(); err == nil {
		f.platform, f.osName, f.osVersion, f.kernel = strings.ToLower(info.Platform), info.Platform, info.PlatformVersion, info.KernelVersion
		if info.KernelArch != "" {
			f.arch = info.KernelArch
		}
	}
	if runtime.GOOS == "darwin" {
		f.platform, f.osName = "macos", "macos"
	}
	if n, err := cpu.Counts(true); err == nil {
		f.cpus = n
	}
	if infos, err := cpu.Info(); err == nil && len(infos) > 0 {
		f.cpuModel = strings.Join(strings.Fields(infos[0].ModelName), " ")
	}
	return f
}

// architecture names the processor as kernels do.
func architecture() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return runtime.GOARCH
}

func (m *machine) uptime() int64 {
	v, err := host.Uptime()
	if err != nil {
		return 0
	}
	return int64(v)
}

func (m *machine) load() []float64 {
	if runtime.GOOS == "windows" {
		return nil // what the library calls load there is its own invention, and needs a background task
	}
	l, err := load.Avg()
	if err != nil {
		return nil
	}
	return []float64{l.Load1, l.Load5, l.Load15}
}

func (m *machine) mounts() []mounts.Mount {
	all, err := disk.Partitions(true)
	if err != nil {
		return nil
	}
	var out []mounts.Mount
	for _, p := range all {
		out = append(out, mounts.Mount{Device: p.Device, Point: p.Mountpoint, Type: p.Fstype})
	}
	return out
}

func (m *machine) usage(point string) (usage, error) {
	u, err := disk.Usage(point)
	if err != nil {
		return usage{}, err
	}
	return usage{total: int64(u.Total), used: int64(u.Used), free: int64(u.Free)}, nil
}

func (m *machine) diskIO() []wire.DiskIO {
	all, err := disk.IOCounters()
	if err != nil {
		return nil
	}
	var out []wire.DiskIO
	for _, name := range sortedKeys(all) {
		c := all[name]
		out = append(out, wire.DiskIO{Device: name, ReadBytes: c.ReadBytes, WriteBytes: c.WriteBytes, ReadOps: c.ReadCount, WriteOps: c.WriteCount,
			ReadTimeMs: c.ReadTime, WriteTimeMs: c.WriteTime, IOTimeMs: c.IoTime})
	}
	return out
}

func (m *machine) links() map[string]link {
	all, err := net.IOCounters(true)
	if err != nil {
		return nil
	}
	out := map[string]link{}
	for _, c := range all {
		out[c.Name] = link{rx: c.BytesRecv, tx: c.BytesSent}
	}
	return out
}

func (m *machine) arrays() []wire.Array { return nil }

// storedID: only Linux keeps a machine id in a file.
func (m *machine) storedID() string { return "" }

func (m *machine) prefersAddress() bool { return false }

func (m *machine) platformID() string {
	id, err := host.HostID()
	if err != nil {
		return ""
	}
	return id
}
