package pvetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
)

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
)

// New makes a cluster of nodes and guests that is well. Every third guest is a container, every seventh is stopped. One
// account may read everything: [Token] with [Secret].
func New(nodes, guests int, now func() time.Time) *World {
	w := &World{
		Name: "lab", CA: strings.Repeat("CA", 32), Version: "9.2.10", Quorate: true, Now: now,
		Accounts: []*Account{{ID: Token, Secret: Secret, Rights: map[string][]string{"/": Everything()}}},
	}
	if nodes == 1 {
		w.Name = ""
	}
	since := now().Add(-20 * 24 * time.Hour).Truncate(time.Second)
	for i := range nodes {
		w.Nodes = append(w.Nodes, &Node{
			Name: fmt.Sprintf("pve%d", i+1), IP: simulate.Address(i), Online: true, Threads: 32, Memory: 256 * gib, Swap: 8 * gib,
			Root: 100 * gib, Busy: 0.3, Since: since.Add(-time.Duration(i) * time.Hour), Level: "c", CertificateEnds: now().Add(400 * 24 * time.Hour),
			Disks: []*Disk{
				{Path: "/dev/nvme0n1", Kind: "nvme", Model: "WD_BLACK SN850X 2000GB", Serial: fmt.Sprintf("NVME-%d", i+1), Size: 1863 * gib, Health: "PASSED", Wearout: 97, Temperature: 41, Used: "ZFS"},
				{Path: "/dev/sda", Kind: "hdd", Model: "ST8000VN004", Serial: fmt.Sprintf("HDD-%d", i+1), Size: 7452 * gib, Health: "PASSED", Wearout: -1, Temperature: 34, Used: "LVM"},
			},
			Pools:   []*Pool{{Name: "rpool", Health: "ONLINE"}},
			Thin:    map[string]float64{"pve/data": 0.12},
			Updates: [][3]string{{"pve-manager", "9.2.9", "9.2.10"}, {"libc6", "2.41-12", "2.41-13"}},
		})
	}
	for i := range guests {
		w.Guests = append(w.Guests, w.guest(i, since))
	}
	w.Storages = []*Storage{
		{Name: "local", Type: "dir", Path: "/var/lib/vz", Content: "backup,iso,vztmpl", Size: 100 * gib, Used: 21 * gib},
		{Name: "local-zfs", Type: "zfspool", Pool: "rpool/data", Content: "images,rootdir", Size: 1800 * gib, Used: 700 * gib},
		{Name: "nas", Type: "nfs", Content: "backup,images", Shared: true, Size: 20000 * gib, Used: 9000 * gib},
	}
	w.Jobs = []*Job{{ID: "backup-nightly", Schedule: "21:00", Storage: "nas", All: true}}
	w.backUp()
	if len(w.Nodes) > 1 && len(w.Guests) > 0 {
		g := w.Guests[0]
		g.Snapshots = []Snapshot{{Name: "before_update", Description: "before the update", Made: now().Add(-3 * 24 * time.Hour)}}
		w.Copies = []*Replication{{ID: fmt.Sprintf("%d-0", g.ID), Guest: g.ID, Target: w.Nodes[1].Name, LastSync: now().Add(-7 * time.Minute)}}
	}
	return w
}

// lastNight is when the nightly job began last, at nine in the evening.
func (w *World) lastNight() time.Time {
	const evening = 21 * time.Hour
	return w.Now().Add(-evening).Truncate(24 * time.Hour).Add(evening)
}

// backUp lets last night's job have run well.
func (w *World) backUp() {
	night := w.lastNight()
	for _, n := range w.Nodes {
		t := &Task{Node: n.Name, Type: "vzdump", Began: night, Ended: night.Add(40 * time.Minute), Status: "OK"}
		for _, g := range w.Guests {
			if g.Node == n.Name {
				w.Backups = append(w.Backups, &Backup{Storage: "nas", Guest: g.ID, Kind: g.Kind, Made: night.Add(time.Minute), Size: g.Disk / 3, Notes: g.Name})
				t.Log = append(t.Log, fmt.Sprintf("INFO: Finished Backup of VM %d (00:01:23)", g.ID))
			}
		}
		w.AddTask(t)
	}
}

func (w *World) guest(i int, since time.Time) *Guest {
	g := &Guest{
		ID: 100 + i, Kind: "qemu", Name: fmt.Sprintf("vm%d", 100+i), Node: w.Nodes[i%len(w.Nodes)].Name, Status: "running", CPUs: float64(1 + i%8),
		Memory: int64(1+i%16) * gib, Disk: int64(16+i%64) * gib, Busy: 0.05 + float64(i%10)/20, Traffic: float64(1000 * (1 + i%97)),
		Since: since.Add(time.Duration(i) * time.Minute), HostMemory: i%11 == 0, OnBoot: true,
	}
	if i%3 == 2 {
		g.Kind, g.Name = "lxc", fmt.Sprintf("ct%d", 100+i)
	}
	if i%7 == 6 {
		g.Status, g.OnBoot = "stopped", false
	}
	if g.HostMemory {
		g.Agent = "off"
	}
	if i%13 == 1 {
		g.Wrap = 1 << 32
	}
	if i%5 == 0 {
		g.Tags = "prod;web"
	}
	return g
}
