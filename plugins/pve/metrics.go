package pve

import (
	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// metrics are the numbers over time.
func metrics() []sdk.Metric {
	guests := []string{typeVM, typeLXC}
	nodes, ceph, disks := []string{typeNode}, []string{typeCeph}, []string{typeDisk}
	busy := append([]string{typeNode}, guests...)
	return proxmox.Metrics([]sdk.Metric{
		{Name: "nodes_online", Types: []string{typeCluster}, Unit: sdk.UnitCount, Precision: 14, Label: "Nodes online", Help: "Nodes of the cluster that are online.", Chart: "nodes"},
		{Name: "api_calls", Types: []string{typeCluster}, Unit: sdk.UnitPerSecond, Precision: 12, Label: "Requests", Help: "Requests a second that this integration makes.", Chart: "requests"},
		{Name: "load1", Types: nodes, Unit: sdk.UnitCount, Precision: 12, Label: "Load 1 min", Help: "Load average over a minute.", Chart: "load"},
		{Name: "load5", Types: nodes, Unit: sdk.UnitCount, Precision: 12, Label: "Load 5 min", Help: "Load average over five minutes.", Chart: "load"},
		{Name: "load15", Types: nodes, Unit: sdk.UnitCount, Precision: 12, Label: "Load 15 min", Help: "Load average over fifteen minutes.", Chart: "load"},
		{Name: "cpu", Types: busy, Unit: sdk.UnitRatio, Precision: 14, Label: "CPU", Help: "Busy share of a node's processors, or of those that a guest has.", Chart: "cpu"},
		{Name: "memory", Types: busy, Unit: sdk.UnitRatio, Precision: 14, Label: "Memory", Help: "Used share of memory; of nodes without the cache of ZFS where it is known, of guests as they or their node see it.", Chart: "memory"},
		{Name: "memory_host", Types: []string{typeVM}, Unit: sdk.UnitRatio, Precision: 14, Label: "Memory on the node", Help: "What a virtual machine takes of its node's memory, as a share of its size, while its own view is not known.", Chart: "memory"},
		{Name: "swap", Types: nodes, Unit: sdk.UnitRatio, Precision: 12, Label: "Swap", Help: "Used share of swap space.", Chart: "memory"},
		{Name: "zfs_cache", Types: nodes, Unit: sdk.UnitBytes, Precision: 14, Label: "ZFS cache", Help: "Memory that ZFS keeps as a cache and gives back when it is needed.", Chart: "cache"},
		{Name: "pressure_cpu", Types: nodes, Unit: sdk.UnitRatio, Precision: 10, Label: "Waiting for processors", Help: "Share of time in which something waits for a processor.", Chart: "pressure"},
		{Name: "pressure_io", Types: nodes, Unit: sdk.UnitRatio, Precision: 10, Label: "Waiting for I/O", Help: "Share of time in which something waits for disks or network.", Chart: "pressure"},
		{Name: "pressure_memory", Types: nodes, Unit: sdk.UnitRatio, Precision: 10, Label: "Waiting for memory", Help: "Share of time in which something waits for memory.", Chart: "pressure"},
		{Name: "iowait", Types: nodes, Unit: sdk.UnitRatio, Precision: 12, Label: "Waiting for disks", Help: "Share of time in which processors wait for disks.", Chart: "cpu"},
		{Name: "disk", Types: busy, Unit: sdk.UnitRatio, Precision: 14, Label: "Disk", Help: "Used share of a node's root file system, of a container's root volume, or of all file systems that a guest agent names.", Chart: "disk"},
		{Name: "netin", Types: busy, Unit: sdk.UnitBytesPerSecond, Precision: 12, Label: "Received", Help: "Bytes received a second; of nodes by all physical interfaces, as their history says.", Chart: "network"},
		{Name: "netout", Types: busy, Unit: sdk.UnitBytesPerSecond, Precision: 12, Label: "Sent", Help: "Bytes sent a second; of nodes by all physical interfaces, as their history says.", Chart: "network"},
		{Name: "diskread", Types: guests, Unit: sdk.UnitBytesPerSecond, Precision: 12, Label: "Read", Help: "Bytes read a second from all disks.", Chart: "diskio"},
		{Name: "diskwrite", Types: guests, Unit: sdk.UnitBytesPerSecond, Precision: 12, Label: "Written", Help: "Bytes written a second to all disks.", Chart: "diskio"},
		{Name: "fs_used", Types: []string{typeVM}, Unit: sdk.UnitRatio, Instance: "mount", Precision: 14, Label: "File system", Help: "Used share of a file system, as the guest agent says.", Chart: "filesystems"},
		{Name: "backup_age", Types: guests, Unit: sdk.UnitSeconds, Precision: 16, Label: "Age of the last backup", Help: "Time since the newest backup was made.", Chart: "backups"},
		{Name: "backup_overdue", Types: guests, Unit: sdk.UnitSeconds, Precision: 16, Label: "Backup overdue", Help: "By how much the newest backup is older than the schedules of the guest's jobs allow.", Chart: "backups"},
		{Name: "snapshots", Types: guests, Unit: sdk.UnitCount, Precision: 14, Label: "Snapshots", Help: "How many snapshots there are.", Chart: "snapshots"},
		{Name: "snapshot_age", Types: guests, Unit: sdk.UnitSeconds, Precision: 16, Label: "Age of the oldest snapshot", Help: "Time since the oldest snapshot was made; 0 when there is none.", Chart: "snapshot_age"},
		{Name: "replication_lag", Types: guests, Unit: sdk.UnitSeconds, Instance: "job", Precision: 16, Label: "Replication lag", Help: "Time since the copy was last made the same.", Chart: "replication"},
		{Name: "replication_overdue", Types: guests, Unit: sdk.UnitSeconds, Instance: "job", Precision: 16, Label: "Replication overdue", Help: "By how much the lag is longer than the schedule allows.", Chart: "replication"},
		{Name: "guests_without_job", Types: []string{typeCluster}, Unit: sdk.UnitCount, Precision: 14, Label: "Guests without backup job", Help: "Guests that no backup job covers.", Chart: "backups"},
		{Name: "usage", Types: []string{typeStorage, typeCeph}, Unit: sdk.UnitRatio, Precision: 14, Label: "Used", Help: "Used share of the storage.", Chart: "usage"},
		{Name: "used_bytes", Types: []string{typeStorage, typeCeph}, Unit: sdk.UnitBytes, Precision: 20, WireName: "used", Label: "Used bytes", Help: "Used bytes of the storage.", Chart: "bytes"},
		{Name: "total_bytes", Types: []string{typeStorage, typeCeph}, Unit: sdk.UnitBytes, Precision: 20, WireName: "total", Label: "Size", Help: "Size of the storage in bytes.", Chart: "bytes"},
		{Name: "osds_up", Types: ceph, Unit: sdk.UnitCount, Precision: 14, Label: "OSDs up", Help: "OSDs that run.", Chart: "osds"},
		{Name: "osds_in", Types: ceph, Unit: sdk.UnitCount, Precision: 14, Label: "OSDs in", Help: "OSDs that hold data.", Chart: "osds"},
		{Name: "ceph_read", Types: ceph, Unit: sdk.UnitBytesPerSecond, Precision: 12, Label: "Read", Help: "Bytes read a second by clients.", Chart: "io"},
		{Name: "ceph_write", Types: ceph, Unit: sdk.UnitBytesPerSecond, Precision: 12, Label: "Written", Help: "Bytes written a second by clients.", Chart: "io"},
		{Name: "ceph_recovery", Types: ceph, Unit: sdk.UnitBytesPerSecond, Precision: 12, Label: "Recovered", Help: "Bytes a second that are put back in their place.", Chart: "io"},
		{Name: "ceph_degraded", Types: ceph, Unit: sdk.UnitRatio, Precision: 12, Label: "Degraded", Help: "Share of objects that have too few copies.", Chart: "degraded"},
		{Name: "wearout", Types: disks, Unit: sdk.UnitRatio, Precision: 12, Label: "Life left", Help: "Share of its life that a disk has left, as it says.", Chart: "wear"},
		{Name: "temperature", Types: disks, Unit: sdk.UnitCelsius, Precision: 10, Label: "Temperature", Help: "Temperature of a disk.", Chart: "temperature"},
		{Name: "power_on", Types: disks, Unit: sdk.UnitSeconds, Precision: 20, Label: "Time switched on", Help: "How long a disk has run in all.", Chart: "power_on"},
		{Name: "reallocated_sectors", Types: disks, Unit: sdk.UnitCount, Precision: 20, Label: "Sectors replaced", Help: "Sectors that a disk has replaced by spare ones.", Chart: "sectors"},
		{Name: "pending_sectors", Types: disks, Unit: sdk.UnitCount, Precision: 20, Label: "Sectors that cannot be read", Help: "Sectors that a disk could not read and has not replaced yet.", Chart: "sectors"},
		{Name: "media_errors", Types: disks, Unit: sdk.UnitCount, Precision: 20, Label: "Media errors", Help: "Times when a disk could not give back what was written.", Chart: "sectors"},
		{Name: "thin_metadata", Types: nodes, Unit: sdk.UnitRatio, Instance: "pool", Precision: 12, Label: "Metadata of thin pools", Help: "Used share of the metadata of an LVM thin pool.", Chart: "thin"},
		{Name: "pending_updates", Types: nodes, Unit: sdk.UnitCount, Precision: 14, Label: "Pending updates", Help: "Packages that can be updated; only the product's own ones when the account may not see all.", Chart: "updates"},
		{Name: "certificate_left", Types: nodes, Unit: sdk.UnitSeconds, Precision: 16, Label: "Certificate good for", Help: "Time until the certificate of the web interface ends.", Chart: "certificate"},
		{Name: "token_left", Types: []string{typeCluster}, Unit: sdk.UnitSeconds, Precision: 16, Label: "Token good for", Help: "Time until the token of this integration ends.", Chart: "token"},
	})
}

// metricNames are the names of a type's metrics.
func metricNames(kind string) []string { return proxmox.MetricsOf(kind, metrics()) }
