package pbs

import (
	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// metrics is the table of all metrics.
func metrics() []sdk.Metric {
	server, store := []string{typeServer}, []string{typeDatastore}
	return proxmox.Metrics([]sdk.Metric{
		{Name: "cpu", Types: server, Unit: sdk.UnitRatio, Precision: 10, Label: "CPU", Help: "Busy share of all processors.", Chart: "cpu"},
		{Name: "iowait", Types: server, Unit: sdk.UnitRatio, Precision: 10, Label: "Waiting for disks", Help: "Share of time in which processors waited for disks.", Chart: "cpu"},
		{Name: "memory", Types: server, Unit: sdk.UnitRatio, Precision: 12, Label: "Memory", Help: "Used share of memory, as the server counts it: the cache of ZFS is used.", Chart: "memory"},
		{Name: "swap", Types: server, Unit: sdk.UnitRatio, Precision: 12, Label: "Swap", Help: "Used share of swap space.", Chart: "memory"},
		{Name: "disk", Types: server, Unit: sdk.UnitRatio, Precision: 14, Label: "System disk", Help: "Used share of the root file system.", Chart: "disk"},
		{Name: "load1", Types: server, Unit: sdk.UnitCount, Precision: 12, Label: "Load 1 min", Help: "Load average over a minute.", Chart: "load"},
		{Name: "uptime", Types: server, Unit: sdk.UnitSeconds, Label: "Uptime", Help: "Time since the machine started.", Chart: "uptime"},
		{Name: "tasks_running", Types: server, Unit: sdk.UnitCount, Label: "Tasks running", Help: "How many tasks run: backups, verifications and the like.", Chart: "tasks"},
		{Name: "updates_pending", Types: server, Unit: sdk.UnitCount, Label: "Packages that wait", Help: "How many packages of the system have a newer version.", Chart: "updates"},
		{Name: "certificate_left", Types: server, Unit: sdk.UnitSeconds, Precision: 16, Label: "Certificate good for", Help: "Time until the certificate ends that the server shows.", Chart: "certificate"},
		{Name: "disk_wear", Types: server, Unit: sdk.UnitRatio, Instance: "disk", Precision: 8, Label: "Wear", Help: "Share of a disk's life that is used up.", Chart: "wear"},

		{Name: "usage", Types: store, Unit: sdk.UnitRatio, Precision: 14, Label: "Used", Help: "Used share of the file system that the datastore lies on; missing when the backend is S3, as a cache is meant to be full.", Chart: "usage"},
		{Name: "used", Types: store, Unit: sdk.UnitBytes, Precision: 20, Label: "Bytes used", Help: "Used bytes of the file system; of the local cache when the backend is S3.", Chart: "space"},
		{Name: "avail", Types: store, Unit: sdk.UnitBytes, Precision: 20, Label: "Free", Help: "Bytes that backups can still take.", Chart: "space"},
		{Name: "total", Types: store, Unit: sdk.UnitBytes, Precision: 20, Label: "Size", Help: "Size of the file system.", Chart: "space"},
		{Name: "deduplication", Types: store, Unit: sdk.UnitCount, Precision: 12, Label: "Deduplication", Help: "How many times over what is stored is used, since the last garbage collection.", Chart: "deduplication"},
		{Name: "full_in", Types: store, Unit: sdk.UnitSeconds, Precision: 16, Label: "Full in", Help: "Time until the datastore is full, as the server estimates it of the last month; missing while it does not fill.", Chart: "time_until_full"},
		{Name: "gc_pending", Types: store, Unit: sdk.UnitBytes, Precision: 16, Label: "To be freed", Help: "Bytes that the next garbage collection frees when nothing refers to them until then.", Chart: "garbage"},
		{Name: "bad_chunks", Types: store, Unit: sdk.UnitCount, Label: "Bad chunks", Help: "Pieces of backups that were found damaged and are still referred to.", Chart: "bad_chunks"},
		{Name: "groups", Types: store, Unit: sdk.UnitCount, Label: "Things backed up", Help: "How many guests and hosts have backups.", Chart: "backups"},
		{Name: "backups", Types: store, Unit: sdk.UnitCount, Label: "Backups", Help: "How many backups there are.", Chart: "backups"},
		{Name: "unverified", Types: store, Unit: sdk.UnitCount, Label: "Not verified", Help: "Backups that are older than two days and were never verified.", Chart: "backups"},
		{Name: "backup_age", Types: store, Unit: sdk.UnitSeconds, Instance: "group", Precision: 12, Label: "Age of the newest backup", Help: "Time since the newest whole backup of a guest or host.", Chart: "backup_age"},
		{Name: "backup_overdue", Types: store, Unit: sdk.UnitSeconds, Instance: "group", Subject: proxmox.EvidenceBackups, Precision: 12, Label: "Backup overdue", Help: "By how much the newest backup of a guest or host is older than one and a half times the longest distance between its last six; missing with fewer, and when it seems to be given up.", Chart: "backup_age"},
	})
}

func metricNames(kind string) []string { return proxmox.MetricsOf(kind, metrics()) }
