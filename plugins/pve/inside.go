package pve

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/mounts"
	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

type fileSystem struct {
	space
	Mountpoint string `json:"mountpoint,omitempty"`
	Type       string `json:"type,omitempty"`
	Device     string `json:"device,omitempty"`
}

type nic struct {
	Name      string   `json:"name"`
	MAC       string   `json:"mac,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	RX        int64    `json:"rxBytes,omitempty"`
	TX        int64    `json:"txBytes,omitempty"`
}

// setFiles keeps the file systems that hold data of the guest's own, each once.
func (m *agentMemory) setFiles(files []agentFile) {
	var wanted []mounts.Mount
	special := 0
	for _, f := range files {
		mount := mounts.Mount{Point: string(f.Mountpoint), Type: string(f.Type), Total: f.Total.V, Used: f.Used.V}
		if len(f.Disks) > 0 {
			mount.Device = string(f.Disks[0].Dev)
		}
		if mount.Device == "" && (mount.Type == "zfs" || mount.Type == "btrfs") {
			mount.Device = mount.Type // data sets and subvolumes of one size are one pool
		}
		if !mounts.Wanted(mount) {
			special++
			continue
		}
		wanted = append(wanted, mount)
	}
	m.disks, m.reason, m.fresh = nil, "", true
	for _, w := range mounts.Unique(wanted) {
		used := min(w.Used, w.Total)
		m.disks = append(m.disks, fileSystem{space{Total: w.Total, Used: used, Free: w.Total - used, Usage: percent(used, w.Total)}, w.Point, w.Type, w.Device})
	}
	switch {
	case len(m.disks) > 0:
	case special > 0:
		m.reason = reasonOnlyOthers
	default:
		m.reason = reasonNoFiles
	}
}

func (m *agentMemory) setNICs(all []agentNIC) {
	m.nics = nil
	for _, n := range all {
		one := nic{Name: string(n.Name), MAC: string(n.MAC), RX: n.Statistics.RX.V, TX: n.Statistics.TX.V}
		for _, a := range n.Addresses {
			one.Addresses = append(one.Addresses, string(a.Address))
		}
		m.nics = append(m.nics, one)
	}
	m.tidyNICs()
}

func (m *agentMemory) setContainerNICs(all []containerNIC) {
	m.nics = nil
	for _, n := range all {
		one := nic{Name: string(n.Name), MAC: string(n.MAC)}
		for _, text := range []proxmox.Str{n.Inet, n.Inet6} {
			if address, _, _ := strings.Cut(string(text), "/"); address != "" {
				one.Addresses = append(one.Addresses, address)
			}
		}
		m.nics = append(m.nics, one)
	}
	m.tidyNICs()
}

// maxNICs keeps hosts of many containers from filling documents.
const maxNICs = 32

// tidyNICs drops the loopback and addresses that lead nowhere, and lists the others.
func (m *agentMemory) tidyNICs() {
	m.addrs = nil
	m.nics = slices.DeleteFunc(m.nics, func(n nic) bool { return n.Name == "" || n.Name == "lo" || strings.HasPrefix(n.Name, "Loopback") })
	m.nics = m.nics[:min(len(m.nics), maxNICs)]
	for i := range m.nics {
		m.nics[i].Addresses = slices.DeleteFunc(m.nics[i].Addresses, func(text string) bool {
			a, err := netip.ParseAddr(text)
			return err != nil || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified()
		})
		m.addrs = append(m.addrs, m.nics[i].Addresses...)
	}
}

// called is what people call an operating system, and its version.
func (s agentSystem) called() (name, version string) {
	name = string(orText(s.Name, s.ID))
	if s.ID == "mswindows" && s.Pretty != "" {
		name = string(s.Pretty)
	}
	return name, string(orText(s.Version, s.VersionID))
}

// insideDoc is the part of a guest's document that speaks of its inside.
type insideDoc struct {
	Disk    *space       `json:"disk,omitempty"`
	Disks   []fileSystem `json:"disks,omitempty"`
	Reason  string       `json:"diskStatusReason,omitempty"`
	Words   string       `json:"diskStatusWords,omitempty"`
	NICs    []nic        `json:"networkInterfaces,omitempty"`
	Addrs   []string     `json:"ipAddresses,omitempty"`
	OSName  string       `json:"osName,omitempty"`
	OSVer   string       `json:"osVersion,omitempty"`
	Agent   string       `json:"agentVersion,omitempty"`
	AskedAt int64        `json:"agentAskedAt,omitempty"` // Unix ms
}

// tellInside tells what is known of a guest's inside. What was never asked is not told: what the server knows of earlier
// stays.
func (c *Collector) tellInside(g resourceRow, m *agentMemory) []sdk.Observation {
	if !m.sent {
		return nil
	}
	kindOf, key := guestType(g), guestKey(g)
	d := insideDoc{NICs: m.nics, Addrs: m.addrs, OSName: m.osName, OSVer: m.osVer, Agent: m.agent}
	s := samples{kind: kindOf, key: key}
	if g.Type == "qemu" {
		d.Disks, d.Reason, d.Words = m.disks, m.reason, inWords[m.reason]
		if at := m.asked[askFiles]; !at.IsZero() {
			d.AskedAt = at.UnixMilli()
		}
		d.Disk = &space{Total: g.MaxDisk.V, Free: g.MaxDisk.V, Usage: -1}
		if total := sum(m.disks); total != nil {
			d.Disk = total
			if m.fresh {
				s.ratio("disk", float64(total.Used)/float64(total.Total), true)
			}
		}
		for _, f := range m.disks {
			if m.fresh {
				s.out = append(s.out, sdk.Sample{Type: kindOf, Key: key, Metric: "fs_used", Instance: f.Mountpoint, Value: float64(f.Used) / float64(f.Total)})
			}
		}
	}
	return append(s.out, sdk.Part{Type: kindOf, Key: key, Name: "inside", Doc: proxmox.Document(d)})
}

// sum adds up file systems, nil for none.
func sum(all []fileSystem) *space {
	var out space
	for _, f := range all {
		out.Total += f.Total
		out.Used += f.Used
	}
	if out.Total <= 0 {
		return nil
	}
	out.Free, out.Usage = out.Total-out.Used, percent(out.Used, out.Total)
	return &out
}
