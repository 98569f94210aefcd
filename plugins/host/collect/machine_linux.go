package collect

import (
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pulse-platform/pulse/plugins/host/wire"
)

// machine reads a Linux machine from the kernel's files.
type machine struct {
	tree
	chips chipCache
}

func newMachine(t tree) *machine { return &machine{tree: t} }

func (m *machine) facts() facts {
	id, version := m.release()
	var name unix.Utsname
	arch := ""
	if unix.Uname(&name) == nil {
		arch = unix.ByteSliceToString(name.Machine[:])
	}
	return facts{
		platform: id, osName: id, osVersion: version, arch: arch, kernel: text(m.proc, "sys", "kernel", "osrelease"),
		cpuModel: m.cpuModel(), cpus: m.cpuCount(),
	}
}

func (m *machine) usage(point string) (usage, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(filepath.Join("/", m.root, point), &s); err != nil {
		return usage{}, err
	}
	size := int64(s.Bsize)
	if s.Frsize > 0 {
		size = int64(s.Frsize)
	}
	return usage{total: int64(s.Blocks) * size, used: int64(s.Blocks-s.Bfree) * size, free: int64(s.Bavail) * size}, nil
}

func (m *machine) sensors() wire.Sensors { return m.tree.sensors(&m.chips, time.Now()) }

// storedID is the system's machine id.
func (m *machine) storedID() string { return text(m.etc, "machine-id") }

// prefersAddress: without a machine id a hardware address names the machine.
func (m *machine) prefersAddress() bool { return true }

func (m *machine) platformID() string { return text(m.sys, "class", "dmi", "id", "product_uuid") }
