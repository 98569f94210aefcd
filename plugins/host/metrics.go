package host

import "github.com/pulse-platform/pulse/sdk"

// metrics is the table of all metrics of a host.
func metrics() []sdk.Metric {
	m := []sdk.Metric{
		{Name: "cpu", Unit: sdk.UnitRatio, Precision: 10, Label: "CPU", Help: "Busy share of all processors.", Chart: "cpu"},
		{Name: "memory", Unit: sdk.UnitRatio, Precision: 12, Label: "Memory", Help: "Used share of memory; caches that can be given up do not count.", Chart: "memory"},
		{Name: "memory_used", Unit: sdk.UnitBytes, Precision: 16, Label: "Memory used", Help: "Used memory.", Chart: "memory_bytes"},
		{Name: "swap", Unit: sdk.UnitRatio, Precision: 12, Label: "Swap", Help: "Used share of swap space.", Chart: "memory"},
		{Name: "disk", Unit: sdk.UnitRatio, Precision: 14, Label: "Disk", Help: "Used share of the primary file system: the root, else the first.", Chart: "disk"},
		{Name: "load1", Unit: sdk.UnitCount, Precision: 12, Label: "Load 1 min", Help: "Load average over a minute.", Chart: "load"},
		{Name: "load5", Unit: sdk.UnitCount, Precision: 12, Label: "Load 5 min", Help: "Load average over five minutes.", Chart: "load"},
		{Name: "load15", Unit: sdk.UnitCount, Precision: 12, Label: "Load 15 min", Help: "Load average over fifteen minutes.", Chart: "load"},
		{Name: "uptime", Unit: sdk.UnitSeconds, Label: "Uptime", Help: "Time since the machine started.", Chart: "uptime"},
		{Name: "netin", Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Precision: 12, Label: "Received", Help: "Bytes received a second by all physical interfaces.", Chart: "network"},
		{Name: "netout", Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Precision: 12, Label: "Sent", Help: "Bytes sent a second by all physical interfaces.", Chart: "network"},
		{Name: "diskread", Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Precision: 12, Label: "Read", Help: "Bytes read a second from all disks.", Chart: "diskio"},
		{Name: "diskwrite", Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Precision: 12, Label: "Written", Help: "Bytes written a second to all disks.", Chart: "diskio"},
		{Name: "fs_used", Unit: sdk.UnitRatio, Instance: "mount", Precision: 14, Label: "File system", Help: "Used share of a file system.", Chart: "filesystems"},
		{Name: "fs_used_bytes", Unit: sdk.UnitBytes, Instance: "mount", Precision: 20, Label: "File system used", Help: "Used bytes of a file system.", Chart: "filesystem_bytes"},
		{Name: "fs_total_bytes", Unit: sdk.UnitBytes, Instance: "mount", Precision: 20, Label: "File system size", Help: "Size of a file system.", Chart: "filesystem_bytes"},
		{Name: "if_rx", Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Instance: "interface", Precision: 12, Label: "Interface received", Help: "Bytes received a second by an interface.", Chart: "interfaces"},
		{Name: "if_tx", Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Instance: "interface", Precision: 12, Label: "Interface sent", Help: "Bytes sent a second by an interface.", Chart: "interfaces"},
		{Name: "io_read", Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Instance: "disk", Precision: 12, Label: "Disk read", Help: "Bytes read a second from a disk.", Chart: "disks"},
		{Name: "io_write", Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Instance: "disk", Precision: 12, Label: "Disk written", Help: "Bytes written a second to a disk.", Chart: "disks"},
		{Name: "temperature", Unit: sdk.UnitCelsius, Instance: "sensor", Precision: 10, Label: "Temperature", Help: "Temperature by sensor; disks that sleep are left out.", Chart: "temperature"},
		{Name: "fan", Unit: sdk.UnitRPM, Instance: "sensor", Precision: 10, Label: "Fan", Help: "Speed of a fan.", Chart: "fans"},
	}
	for i := range m {
		m[i].Types = []string{kind}
		m[i].WireName, m[i].WireScale = m[i].Name, 1
		if m[i].Unit == sdk.UnitRatio {
			m[i].WireScale = 100
		}
		if m[i].Kind == "" {
			m[i].Kind = sdk.Gauge
		}
	}
	return m
}

func metricNames() []string {
	var names []string
	for _, m := range metrics() {
		names = append(names, m.Name)
	}
	return names
}
