package pve

import (
	"slices"

	"github.com/pulse-platform/pulse/sdk"
)

// metrics are the numbers over time.
func metrics() []sdk.Metric {
	guests := []string{typeVM, typeLXC}
	nodes := []string{typeNode}
	busy := append([]string{typeNode}, guests...)
	m := []sdk.Metric{
		{Name: "nodes_online", Types: []string{typeCluster}, Unit: sdk.UnitCount, Precision: 14, Label: "Nodes online", Help: "Nodes of the cluster that are online.", Chart: "nodes"},
		{Name: "api_calls", Types: []string{typeCluster}, Unit: sdk.UnitPerSecond, Kind: sdk.Rate, Precision: 12, Label: "Requests", Help: "Requests a second that this integration makes.", Chart: "requests"},
		{Name: "load1", Types: nodes, Unit: sdk.UnitCount, Precision: 12, Label: "Load 1 min", Help: "Load average over a minute.", Chart: "load"},
		{Name: "load5", Types: nodes, Unit: sdk.UnitCount, Precision: 12, Label: "Load 5 min", Help: "Load average over five minutes.", Chart: "load"},
		{Name: "load15", Types: nodes, Unit: sdk.UnitCount, Precision: 12, Label: "Load 15 min", Help: "Load average over fifteen minutes.", Chart: "load"},
		{Name: "swap", Types: nodes, Unit: sdk.UnitRatio, Precision: 12, Label: "Swap", Help: "Used share of swap space.", Chart: "memory"},
		{Name: "iowait", Types: nodes, Unit: sdk.UnitRatio, Precision: 12, Label: "Waiting for disks", Help: "Share of time in which processors wait for disks.", Chart: "cpu"},
		{Name: "cpu", Types: busy, Unit: sdk.UnitRatio, Precision: 14, Label: "CPU", Help: "Busy share of a node's processors, or of those that a guest has.", Chart: "cpu"},
		{Name: "memory", Types: busy, Unit: sdk.UnitRatio, Precision: 14, Label: "Memory", Help: "Used share of memory; for guests as their node or themselves see it.", Chart: "memory"},
		{Name: "disk", Types: busy, Unit: sdk.UnitRatio, Precision: 14, Label: "Disk", Help: "Used share of a node's root file system, of a container's root volume, or of all file systems that a guest agent names.", Chart: "disk"},
		{Name: "netin", Types: guests, Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Precision: 12, Label: "Received", Help: "Bytes received a second.", Chart: "network"},
		{Name: "netout", Types: guests, Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Precision: 12, Label: "Sent", Help: "Bytes sent a second.", Chart: "network"},
		{Name: "diskread", Types: guests, Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Precision: 12, Label: "Read", Help: "Bytes read a second from all disks.", Chart: "diskio"},
		{Name: "diskwrite", Types: guests, Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Precision: 12, Label: "Written", Help: "Bytes written a second to all disks.", Chart: "diskio"},
		{Name: "fs_used", Types: []string{typeVM}, Unit: sdk.UnitRatio, Instance: "mount", Precision: 14, Label: "File system", Help: "Used share of a file system, as the guest agent says.", Chart: "filesystems"},
		{Name: "backup_age", Types: guests, Unit: sdk.UnitSeconds, Precision: 16, Label: "Age of the last backup", Help: "Time since the newest backup was made.", Chart: "backups"},
		{Name: "backup_overdue", Types: guests, Unit: sdk.UnitSeconds, Precision: 16, Label: "Backup overdue", Help: "By how much the newest backup is older than the schedules of the guest's jobs allow.", Chart: "backups"},
		{Name: "snapshots", Types: guests, Unit: sdk.UnitCount, Precision: 14, Label: "Snapshots", Help: "How many snapshots there are.", Chart: "snapshots"},
		{Name: "snapshot_age", Types: guests, Unit: sdk.UnitSeconds, Precision: 16, Label: "Age of the oldest snapshot", Help: "Time since the oldest snapshot was made; 0 when there is none.", Chart: "snapshot_age"},
		{Name: "replication_lag", Types: guests, Unit: sdk.UnitSeconds, Instance: "job", Precision: 16, Label: "Replication lag", Help: "Time since the copy was last made the same.", Chart: "replication"},
		{Name: "replication_overdue", Types: guests, Unit: sdk.UnitSeconds, Instance: "job", Precision: 16, Label: "Replication overdue", Help: "By how much the lag is longer than the schedule allows.", Chart: "replication"},
		{Name: "guests_without_job", Types: []string{typeCluster}, Unit: sdk.UnitCount, Precision: 14, Label: "Guests without backup job", Help: "Guests that no backup job covers.", Chart: "backups"},
		{Name: "usage", Types: []string{typeStorage}, Unit: sdk.UnitRatio, Precision: 14, Label: "Used", Help: "Used share of the storage.", Chart: "usage"},
		{Name: "used_bytes", Types: []string{typeStorage}, Unit: sdk.UnitBytes, Precision: 20, WireName: "used", Label: "Used bytes", Help: "Used bytes of the storage.", Chart: "bytes"},
		{Name: "total_bytes", Types: []string{typeStorage}, Unit: sdk.UnitBytes, Precision: 20, WireName: "total", Label: "Size", Help: "Size of the storage in bytes.", Chart: "bytes"},
	}
	for i := range m {
		if m[i].WireName == "" {
			m[i].WireName = m[i].Name
		}
		m[i].WireScale = 1
		if m[i].Unit == sdk.UnitRatio {
			m[i].WireScale = 100
		}
		if m[i].Kind == "" {
			m[i].Kind = sdk.Gauge
		}
	}
	return m
}

// metricNames are the names of a type's metrics.
func metricNames(kind string) []string {
	var names []string
	for _, m := range metrics() {
		if slices.Contains(m.Types, kind) {
			names = append(names, m.Name)
		}
	}
	return names
}
