package collect

import (
	"path/filepath"

	"github.com/pulse-platform/pulse/plugins/internal/mounts"
)

// physicalDisks lists the disks that are devices of their own.
func (m *machine) physicalDisks() []string {
	var out []string
	dirs, _ := filepath.Glob(filepath.Join(m.sys, "block", "*"))
	for _, dir := range dirs {
		name := filepath.Base(dir)
		if mounts.WholeDevice(name) && !mounts.Stacked(name) && exists(dir, "device") && text(dir, "removable") != "1" {
			out = append(out, name)
		}
	}
	return out
}

func (m *machine) hasZFS() bool { return exists(m.proc, "spl", "kstat", "zfs") }
