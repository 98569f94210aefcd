package collect

import (
	"strings"

	"github.com/shirou/gopsutil/v4/sensors"
	"golang.org/x/sys/unix"

	"github.com/pulse-platform/pulse/plugins/host/wire"
)

// reclaimable is the cache of ZFS, which the system counts as used and gives up when asked.
func reclaimable() uint64 {
	size, err := unix.SysctlUint64("kstat.zfs.misc.arcstats.size")
	if err != nil {
		return 0
	}
	return size
}

func (m *machine) sensors() wire.Sensors {
	s := wire.Sensors{TemperatureCelsius: map[string]float64{}, Additional: map[string]float64{}}
	all, err := sensors.SensorsTemperatures()
	if err != nil && len(all) == 0 {
		return s
	}
	for _, t := range all {
		key := strings.TrimSuffix(t.SensorKey, ".temperature")
		if core, ok := strings.CutPrefix(key, "dev.cpu."); ok {
			key = "cpu_core_" + core
		} else if zone, ok := strings.CutPrefix(key, "hw.acpi.thermal.tz"); ok {
			key = "acpi_tz" + zone
		}
		if t.Temperature > 0 && t.Temperature < 150 {
			s.TemperatureCelsius[strings.ReplaceAll(key, ".", "_")] = t.Temperature
		}
	}
	return s
}

// physicalDisks lists the disks that the kernel names.
func (m *machine) physicalDisks() []string {
	names, err := unix.Sysctl("kern.disks")
	if err != nil {
		return nil
	}
	var out []string
	for _, name := range strings.Fields(names) {
		if !strings.HasPrefix(name, "cd") && !strings.HasPrefix(name, "md") {
			out = append(out, name)
		}
	}
	return out
}

func (m *machine) hasZFS() bool {
	_, err := unix.SysctlUint64("kstat.zfs.misc.arcstats.size")
	return err == nil
}
