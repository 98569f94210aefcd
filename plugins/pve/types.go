package pve

import (
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// The resource types.
const (
	typeCluster = "pve-cluster"
	typeNode    = "pve-node"
	typeVM      = "pve-vm"
	typeLXC     = "pve-lxc"
	typeStorage = "pve-storage"
	typeDisk    = "pve-disk"
	typeCeph    = "pve-ceph"
)

// clusterKey is the key of the cluster itself; an integration has one.
const clusterKey = "cluster"

func resourceTypes() []sdk.ResourceType {
	return []sdk.ResourceType{clusterType(), nodeType(), vmType(), containerType(), storageType(), diskType(), cephType()}
}

func clusterType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: typeCluster, Label: "Proxmox cluster", Plural: "Proxmox clusters", Icon: "network", Family: "infrastructure",
		Columns: []sdk.Column{
			{Name: "nodes", Label: "Nodes", Path: "nodes", Format: sdk.FormatNumber, Default: true, Priority: 2, Width: 80},
			{Name: "online", Label: "Online", Metric: "nodes_online", Path: "nodesOnline", Format: sdk.FormatNumber, Default: true, Priority: 2, Width: 80},
			{Name: "quorate", Label: "Quorum", Path: "quorate", Format: sdk.FormatBool, Default: true, Priority: 1, Width: 80},
		},
		Facts: []sdk.Fact{
			{Label: "Address", Path: "host", Format: sdk.FormatText}, {Label: "Nodes", Path: "nodes", Format: sdk.FormatNumber},
			{Label: "Nodes online", Path: "nodesOnline", Format: sdk.FormatNumber}, {Label: "Quorum", Path: "quorate", Format: sdk.FormatBool},
			{Label: "Requests a minute", Path: "callsPerMinute", Format: sdk.FormatNumber}, {Label: "Allowed a minute", Path: "callsAllowed", Format: sdk.FormatNumber},
			{Label: "And to guest agents", Path: "agentCallsAllowed", Format: sdk.FormatNumber},
		},
		Metrics: metricNames(typeCluster), Conditions: []string{kindQuorum, kindHASilent, kindDisarmed, kindClock},
		Thresholds: []sdk.Threshold{{Metric: "token_left", Trigger: 14 * 24 * hour, Clear: 15 * 24 * hour, Below: true, Severity: sdk.SeverityWarning,
			Says: "The token with which {name} is watched ends in {value}: let it live longer, or make another one."}},
	}
}

func nodeType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: typeNode, APIName: "host", Label: "Proxmox node", Plural: "Proxmox nodes", Icon: "server", Family: "infrastructure", Relations: []sdk.RelationKind{sdk.MemberOf},
		Columns: []sdk.Column{
			{Name: "name", Label: "Name", Path: "displayName", Format: sdk.FormatText, Default: true, Priority: 1, Width: 180},
			{Name: "status", Label: "Status", Path: "status", Format: sdk.FormatText, Default: true, Priority: 1, Width: 90},
			{Name: "cluster", Label: "Cluster", Path: "clusterName", Format: sdk.FormatText, Default: true, Priority: 5, Width: 120},
			{Name: "cpu", Label: "CPU", Metric: "cpu", Path: "cpu", Format: sdk.FormatRatio, Default: true, Priority: 2, Width: 110},
			{Name: "memory", Label: "Memory", Metric: "memory", Path: "memory.usage", Format: sdk.FormatPercent, Default: true, Priority: 2, Width: 110},
			{Name: "disk", Label: "Disk", Metric: "disk", Path: "disk.usage", Format: sdk.FormatPercent, Default: true, Priority: 3, Width: 110},
			{Name: "netin", Label: "Net in", Metric: "netin", Path: "networkIn", Unit: "B/s", Format: sdk.FormatRate, Default: true, Priority: 5, Width: 100},
			{Name: "netout", Label: "Net out", Metric: "netout", Path: "networkOut", Unit: "B/s", Format: sdk.FormatRate, Default: true, Priority: 5, Width: 100},
			{Name: "uptime", Label: "Uptime", Path: "uptime", Unit: "s", Format: sdk.FormatDuration, Default: true, Priority: 6, Width: 100},
			{Name: "load", Label: "Load", Metric: "load1", Path: "loadAverage.0", Format: sdk.FormatNumber, Priority: 7, Width: 80},
			{Name: "swap", Label: "Swap", Metric: "swap", Path: "memory.swapUsed", Format: sdk.FormatBytes, Priority: 8, Width: 100},
			{Name: "version", Label: "Version", Path: "pveVersion", Format: sdk.FormatText, Priority: 8, Width: 160},
			{Name: "kernel", Label: "Kernel", Path: "kernelVersion", Format: sdk.FormatText, Priority: 9, Width: 160},
			{Name: "requests", Label: "Requests/min", Path: "requestsPerMinute", Format: sdk.FormatNumber, Priority: 9, Width: 110},
		},
		Facts: []sdk.Fact{
			{Label: "Cluster", Path: "clusterName", Format: sdk.FormatText, Group: "System"},
			{Label: "Address", Path: "host", Format: sdk.FormatText, Group: "System"},
			{Label: "Version", Path: "pveVersion", Format: sdk.FormatText, Group: "System"},
			{Label: "Kernel", Path: "kernelVersion", Format: sdk.FormatText, Group: "System"},
			{Label: "Uptime", Path: "uptime", Format: sdk.FormatDuration, Group: "System"},
			{Label: "High availability", Path: "haState", Format: sdk.FormatText, Group: "System"},
			{Label: "Subscription", Path: "subscriptionLevel", Format: sdk.FormatText, Group: "System"},
			{Label: "Requests a minute from here", Path: "requestsPerMinute", Format: sdk.FormatNumber, Group: "System"},
			{Label: "Processor", Path: "cpuInfo.model", Format: sdk.FormatText, Group: "Hardware"},
			{Label: "Logical CPUs", Path: "cpuInfo.cores", Format: sdk.FormatNumber, Group: "Hardware"},
			{Label: "Load", Path: "loadAverage", Format: sdk.FormatList, Group: "Hardware"},
			{Label: "Memory", Path: "maxmem", Format: sdk.FormatBytes, Group: "Hardware"},
			{Label: "ZFS cache, not counted as used", Path: "zfsCache", Format: sdk.FormatBytes, Group: "Hardware"},
			{Label: "Root file system", Path: "maxdisk", Format: sdk.FormatBytes, Group: "Hardware"},
		},
		Metrics: metricNames(typeNode),
		Thresholds: []sdk.Threshold{
			{Metric: "cpu", Trigger: 0.80, Clear: 0.75, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
			{Metric: "memory", Trigger: 0.85, Clear: 0.80, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
			{Metric: "disk", Trigger: 0.90, Clear: 0.85, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
			{Metric: "certificate_left", Trigger: 14 * 24 * hour, Clear: 15 * 24 * hour, Below: true, Severity: sdk.SeverityWarning,
				Says: "The certificate of {name} ends in {value}. Renew it, in the node's page Certificates."},
			{Metric: "certificate_left", Trigger: 3 * 24 * hour, Clear: 4 * 24 * hour, Below: true, Severity: sdk.SeverityCritical},
			{Metric: "pending_updates", Trigger: 1, Clear: 0, For: 14 * 24 * time.Hour, Severity: sdk.SeverityWarning,
				Says: "Updates have been waiting on {name} for long; {value} packages do now."},
			// Full metadata stops a thin pool, whatever room it has.
			{Metric: "thin_metadata", Trigger: 0.80, Clear: 0.75, Severity: sdk.SeverityWarning,
				Says: "The metadata of thin pool {instance} on {name} is {value} full, over the limit of {limit}. When it is full the pool stops: extend it with lvextend --poolmetadatasize."},
			{Metric: "thin_metadata", Trigger: 0.95, Clear: 0.90, Severity: sdk.SeverityCritical},
		},
		Conditions: []string{kindStuck, kindNoAnswer, kindFenced, kindHASilent, kindPool, kindSubscription},
	}
}

func guestColumns() []sdk.Column {
	return []sdk.Column{
		{Name: "name", Label: "Name", Path: "displayName", Format: sdk.FormatText, Default: true, Priority: 1, Width: 200},
		{Name: "status", Label: "Status", Path: "status", Format: sdk.FormatText, Default: true, Priority: 1, Width: 90},
		{Name: "vmid", Label: "Id", Path: "vmid", Format: sdk.FormatText, Default: true, Priority: 5, Width: 70},
		{Name: "node", Label: "Node", Path: "node", Format: sdk.FormatText, Default: true, Priority: 4, Width: 110},
		{Name: "cpu", Label: "CPU", Metric: "cpu", Path: "cpu", Format: sdk.FormatRatio, Default: true, Priority: 2, Width: 110},
		{Name: "memory", Label: "Memory", Metric: "memory", Path: "memory.usage", Format: sdk.FormatPercent, Default: true, Priority: 2, Width: 110},
		{Name: "disk", Label: "Disk", Metric: "disk", Path: "disk.usage", Format: sdk.FormatPercent, Default: true, Priority: 3, Width: 110},
		{Name: "netin", Label: "Net in", Metric: "netin", Path: "networkIn", Unit: "B/s", Format: sdk.FormatRate, Default: true, Priority: 5, Width: 100},
		{Name: "netout", Label: "Net out", Metric: "netout", Path: "networkOut", Unit: "B/s", Format: sdk.FormatRate, Default: true, Priority: 5, Width: 100},
		{Name: "diskread", Label: "Disk read", Metric: "diskread", Path: "diskRead", Unit: "B/s", Format: sdk.FormatRate, Priority: 7, Width: 100},
		{Name: "diskwrite", Label: "Disk write", Metric: "diskwrite", Path: "diskWrite", Unit: "B/s", Format: sdk.FormatRate, Priority: 7, Width: 100},
		{Name: "uptime", Label: "Uptime", Path: "uptime", Unit: "s", Format: sdk.FormatDuration, Default: true, Priority: 6, Width: 100},
		{Name: "backup", Label: "Last backup", Path: "lastBackup", Format: sdk.FormatTime, Default: true, Priority: 6, Width: 120},
		{Name: "tags", Label: "Tags", Path: "tags", Format: sdk.FormatText, Priority: 8, Width: 140},
		{Name: "pool", Label: "Pool", Path: "pool", Format: sdk.FormatText, Priority: 9, Width: 100},
		{Name: "cluster", Label: "Cluster", Path: "clusterName", Format: sdk.FormatText, Priority: 9, Width: 120},
		{Name: "onboot", Label: "Starts with node", Path: "onBoot", Format: sdk.FormatBool, Priority: 9, Width: 110},
	}
}

func guestFacts() []sdk.Fact {
	return []sdk.Fact{
		{Label: "Id", Path: "vmid", Format: sdk.FormatText, Group: "Guest"}, {Label: "Node", Path: "node", Format: sdk.FormatText, Group: "Guest"},
		{Label: "Pool", Path: "pool", Format: sdk.FormatText, Group: "Guest"}, {Label: "Tags", Path: "tags", Format: sdk.FormatText, Group: "Guest"},
		{Label: "Locked for", Path: "lock", Format: sdk.FormatText, Group: "Guest"}, {Label: "High availability", Path: "haState", Format: sdk.FormatText, Group: "Guest"},
		{Label: "Uptime", Path: "uptime", Format: sdk.FormatDuration, Group: "Guest"}, {Label: "Starts with its node", Path: "onBoot", Format: sdk.FormatBool, Group: "Guest"},
		{Label: "CPUs", Path: "cpus", Format: sdk.FormatNumber, Group: "Size"}, {Label: "Memory", Path: "maxmem", Format: sdk.FormatBytes, Group: "Size"},
		{Label: "Memory used", Path: "memory.used", Format: sdk.FormatBytes, Group: "Size"}, {Label: "Memory as seen by", Path: "memorySource", Format: sdk.FormatText, Group: "Size"},
		{Label: "System", Path: "osName", Format: sdk.FormatText, Group: "Guest"}, {Label: "Version", Path: "osVersion", Format: sdk.FormatText, Group: "Guest"},
		{Label: "Addresses", Path: "ipAddresses", Format: sdk.FormatList, Group: "Guest"}, {Label: "Guest agent", Path: "agentVersion", Format: sdk.FormatText, Group: "Guest"},
		{Label: "Agent asked", Path: "agentAskedAt", Format: sdk.FormatTime, Group: "Guest"}, {Label: "Disks unknown because", Path: "diskStatusWords", Format: sdk.FormatText, Group: "Size"},
		{Label: "Disk", Path: "maxdisk", Format: sdk.FormatBytes, Group: "Size"}, {Label: "All disks", Path: "allottedDisk", Format: sdk.FormatBytes, Group: "Size"}, {Label: "Last backup", Path: "lastBackup", Format: sdk.FormatTime, Group: "Backups"},
		{Label: "Backups", Path: "backupCount", Format: sdk.FormatNumber, Group: "Backups"}, {Label: "Snapshots", Path: "snapshotCount", Format: sdk.FormatNumber, Group: "Backups"}, {Label: "Size of backups", Path: "backupBytes", Format: sdk.FormatBytes, Group: "Backups"},
	}
}

func guestThresholds() []sdk.Threshold {
	return []sdk.Threshold{
		{Metric: "cpu", Trigger: 0.80, Clear: 0.75, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
		{Metric: "memory", Trigger: 0.98, Clear: 0.95, For: 30 * time.Minute, Severity: sdk.SeverityWarning},
		{Metric: "disk", Trigger: 0.90, Clear: 0.85, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
		// Half a day later than its jobs allow: a night's run takes a while.
		{Metric: "backup_overdue", Trigger: 12 * hour, Clear: 0, Severity: sdk.SeverityWarning,
			Says: "The last backup of {name} is {value} later than its backup jobs allow. Look at what their last runs say."},
		// No usual schedule is longer. It is for guests in no job, and in jobs whose schedule nobody can read.
		{Metric: "backup_age", Trigger: 35 * 24 * hour, Clear: 35 * 24 * hour, Severity: sdk.SeverityWarning, Unless: "backup_overdue",
			Says: "The newest backup of {name} is {value} old, over the limit of {limit}. Is it in a backup job?"},
		{Metric: "replication_overdue", Trigger: hour, Clear: 0, Severity: sdk.SeverityWarning,
			Says: "The copy of {name} that replication {instance} makes is {value} later than its schedule allows."},
		{Metric: "snapshot_age", Trigger: 30 * 24 * hour, Clear: 29 * 24 * hour, Severity: sdk.SeverityWarning,
			Says: "The oldest snapshot of {name} is {value} old, over the limit of {limit}. Snapshots grow: remove it if nobody needs it."},
	}
}

// hour in seconds, the unit of durations.
const hour = 3600

func guestConditions() []string {
	return []string{kindGuestFault, kindLocked, kindHA, kindBackupFailed, kindNeverBackedUp, kindReplication}
}

func vmType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: typeVM, APIName: "vm", Label: "Virtual machine", Plural: "Virtual machines", Icon: "monitor", Family: "workloads", Relations: []sdk.RelationKind{sdk.RunsOn},
		Columns: guestColumns(), Facts: guestFacts(), Metrics: metricNames(typeVM), Thresholds: guestThresholds(), Conditions: guestConditions(),
	}
}

func containerType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: typeLXC, APIName: "lxc", Label: "Container (LXC)", Plural: "Containers (LXC)", Icon: "box", Family: "workloads", Relations: []sdk.RelationKind{sdk.RunsOn},
		Columns: guestColumns(), Facts: guestFacts(), Metrics: metricNames(typeLXC), Thresholds: guestThresholds(), Conditions: guestConditions(),
	}
}

func storageType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: typeStorage, APIName: "storage", Label: "Storage", Plural: "Storage", Icon: "database", Family: "storage", Relations: []sdk.RelationKind{sdk.MemberOf, sdk.OwnedBy},
		Columns: []sdk.Column{
			{Name: "name", Label: "Name", Path: "displayName", Format: sdk.FormatText, Default: true, Priority: 1, Width: 160},
			{Name: "status", Label: "Status", Path: "status", Format: sdk.FormatText, Default: true, Priority: 1, Width: 90},
			{Name: "node", Label: "Node", Path: "node", Format: sdk.FormatText, Default: true, Priority: 3, Width: 110},
			{Name: "kind", Label: "Kind", Path: "type", Format: sdk.FormatText, Default: true, Priority: 4, Width: 90},
			{Name: "usage", Label: "Used", Metric: "usage", Path: "usage", Format: sdk.FormatPercent, Default: true, Priority: 2, Width: 110},
			{Name: "used", Label: "Used bytes", Metric: "used_bytes", Path: "used", Format: sdk.FormatBytes, Default: true, Priority: 5, Width: 100},
			{Name: "total", Label: "Size", Metric: "total_bytes", Path: "total", Format: sdk.FormatBytes, Default: true, Priority: 5, Width: 100},
			{Name: "content", Label: "Content", Path: "content", Format: sdk.FormatText, Priority: 8, Width: 160},
			{Name: "shared", Label: "Shared", Path: "shared", Format: sdk.FormatBool, Priority: 8, Width: 80},
			{Name: "cluster", Label: "Cluster", Path: "clusterName", Format: sdk.FormatText, Priority: 9, Width: 120},
			// Pages get the values of columns only, and add these up.
			{Name: "counted_used", Label: "Counted used", Path: "countedUsed", Format: sdk.FormatBytes, Priority: 9, Width: 100},
			{Name: "counted_size", Label: "Counted size", Path: "countedTotal", Format: sdk.FormatBytes, Priority: 9, Width: 100},
		},
		Facts: []sdk.Fact{
			{Label: "Type", Path: "type", Format: sdk.FormatText}, {Label: "Content", Path: "content", Format: sdk.FormatText},
			{Label: "Shared", Path: "shared", Format: sdk.FormatBool}, {Label: "Nodes", Path: "nodes", Format: sdk.FormatList},
			{Label: "Shares the pool", Path: "pool", Format: sdk.FormatText},
			{Label: "Size", Path: "total", Format: sdk.FormatBytes}, {Label: "Used", Path: "used", Format: sdk.FormatBytes}, {Label: "Free", Path: "free", Format: sdk.FormatBytes},
		},
		Metrics: metricNames(typeStorage),
		Thresholds: []sdk.Threshold{
			{Metric: "usage", Trigger: 0.85, Clear: 0.80, For: 5 * time.Minute, Severity: sdk.SeverityWarning, Says: "Storage {name} is {value} full, over the limit of {limit}. Delete what is not needed there, or add space."},
		},
		Conditions: []string{kindStorageAway},
	}
}

func diskType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: typeDisk, Label: "Disk", Plural: "Disks", Icon: "hard-drive", Family: "disks", Relations: []sdk.RelationKind{sdk.OwnedBy},
		Columns: []sdk.Column{
			{Name: "device", Label: "Device", Path: "devPath", Format: sdk.FormatText, Default: true, Priority: 1, Width: 120},
			{Name: "node", Label: "Node", Path: "node", Format: sdk.FormatText, Default: true, Priority: 2, Width: 110},
			{Name: "health", Label: "Health", Path: "health", Format: sdk.FormatText, Priority: 1, Width: 90}, // the status says it too
			{Name: "wearout", Label: "Life left", Metric: "wearout", Path: "lifeLeft", Format: sdk.FormatPercent, Default: true, Priority: 2, Width: 90},
			{Name: "temperature", Label: "Temp", Metric: "temperature", Path: "celsius", Unit: "°C", Format: sdk.FormatCelsius, Default: true, Priority: 3, Width: 80},
			{Name: "model", Label: "Model", Path: "model", Format: sdk.FormatText, Default: true, Priority: 3, Width: 200},
			{Name: "kind", Label: "Kind", Path: "type", Format: sdk.FormatText, Default: true, Priority: 4, Width: 80},
			{Name: "size", Label: "Size", Path: "size", Format: sdk.FormatBytes, Default: true, Priority: 4, Width: 90},
			{Name: "used", Label: "Used for", Path: "used", Format: sdk.FormatText, Default: true, Priority: 5, Width: 120},
			{Name: "serial", Label: "Serial", Path: "serial", Format: sdk.FormatText, Priority: 7, Width: 160},
			{Name: "checked", Label: "Checked", Path: "lastChecked", Format: sdk.FormatTime, Priority: 7, Width: 120},
		},
		Facts: []sdk.Fact{
			{Label: "Model", Path: "model", Format: sdk.FormatText}, {Label: "Serial", Path: "serial", Format: sdk.FormatText}, {Label: "WWN", Path: "wwn", Format: sdk.FormatText},
			{Label: "Size", Path: "size", Format: sdk.FormatBytes}, {Label: "Used for", Path: "used", Format: sdk.FormatText}, {Label: "Checked", Path: "lastChecked", Format: sdk.FormatTime},
			{Label: "Hours switched on", Path: "smartAttributes.powerOnHours", Format: sdk.FormatNumber, Group: "SMART"},
			{Label: "Times switched on", Path: "smartAttributes.powerCycles", Format: sdk.FormatNumber, Group: "SMART"},
			{Label: "Sectors replaced", Path: "smartAttributes.reallocatedSectors", Format: sdk.FormatNumber, Group: "SMART"},
			{Label: "Sectors that cannot be read", Path: "smartAttributes.pendingSectors", Format: sdk.FormatNumber, Group: "SMART"},
			{Label: "Sectors lost", Path: "smartAttributes.offlineUncorrectable", Format: sdk.FormatNumber, Group: "SMART"},
			{Label: "Errors on the cable", Path: "smartAttributes.udmaCrcErrors", Format: sdk.FormatNumber, Group: "SMART"},
			{Label: "Media errors", Path: "smartAttributes.mediaErrors", Format: sdk.FormatNumber, Group: "SMART"},
			{Label: "Spare left", Path: "smartAttributes.availableSpare", Format: sdk.FormatPercent, Group: "SMART"},
			{Label: "Life used", Path: "smartAttributes.percentageUsed", Format: sdk.FormatPercent, Group: "SMART"},
			{Label: "Switched off without warning", Path: "smartAttributes.unsafeShutdowns", Format: sdk.FormatNumber, Group: "SMART"},
		},
		Metrics: metricNames(typeDisk),
		Thresholds: []sdk.Threshold{
			{Metric: "wearout", Trigger: 0.10, Clear: 0.11, Below: true, Severity: sdk.SeverityWarning,
				Says: "Disk {name} has {value} of its life left, under the limit of {limit}. Plan to replace it."},
			{Metric: "temperature", Trigger: 70, Clear: 65, Severity: sdk.SeverityWarning},
			{Metric: "pending_sectors", Trigger: 1, Clear: 0, Severity: sdk.SeverityWarning,
				Says: "Disk {name} has {value} sectors that it cannot read. Look after its backups, and plan to replace it."},
			{Metric: "media_errors", Trigger: 1, Clear: 0, Severity: sdk.SeverityWarning,
				Says: "Disk {name} has failed {value} times to give back what was written. Look after its backups, and plan to replace it."},
		},
		Conditions: []string{kindDisk},
	}
}

func cephType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: typeCeph, APIName: "ceph", Label: "Ceph cluster", Plural: "Ceph clusters", Icon: "boxes", Family: "ceph",
		Columns: []sdk.Column{
			{Name: "health", Label: "Health", Path: "health", Format: sdk.FormatText, Priority: 1, Width: 120}, // the status says it too
			{Name: "usage", Label: "Used", Metric: "usage", Path: "usagePercent", Format: sdk.FormatPercent, Default: true, Priority: 1, Width: 110},
			{Name: "total", Label: "Size", Metric: "total_bytes", Path: "totalBytes", Format: sdk.FormatBytes, Default: true, Priority: 3, Width: 100},
			{Name: "osds", Label: "OSDs", Path: "numOsds", Format: sdk.FormatNumber, Default: true, Priority: 4, Width: 80},
			{Name: "up", Label: "Up", Metric: "osds_up", Path: "numOsdsUp", Format: sdk.FormatNumber, Default: true, Priority: 2, Width: 80},
			{Name: "read", Label: "Read", Metric: "ceph_read", Path: "readRate", Format: sdk.FormatRate, Default: true, Priority: 5, Width: 100},
			{Name: "write", Label: "Written", Metric: "ceph_write", Path: "writeRate", Format: sdk.FormatRate, Default: true, Priority: 5, Width: 100},
		},
		Facts: []sdk.Fact{
			{Label: "Health", Path: "health", Format: sdk.FormatText}, {Label: "Says", Path: "healthMessage", Format: sdk.FormatText},
			{Label: "Monitors", Path: "numMons", Format: sdk.FormatNumber}, {Label: "Managers", Path: "numMgrs", Format: sdk.FormatNumber},
			{Label: "OSDs", Path: "numOsds", Format: sdk.FormatNumber}, {Label: "OSDs up", Path: "numOsdsUp", Format: sdk.FormatNumber},
			{Label: "OSDs in", Path: "numOsdsIn", Format: sdk.FormatNumber}, {Label: "Placement groups", Path: "numPGs", Format: sdk.FormatNumber},
			{Label: "Size", Path: "totalBytes", Format: sdk.FormatBytes}, {Label: "Used", Path: "usedBytes", Format: sdk.FormatBytes},
		},
		Metrics: metricNames(typeCeph),
		Thresholds: []sdk.Threshold{
			{Metric: "usage", Trigger: 0.75, Clear: 0.70, For: 5 * time.Minute, Severity: sdk.SeverityWarning,
				Says: "{name} is {value} full, over the limit of {limit}: what a failed disk held may not fit on the others. Add disks, or remove data."},
			{Metric: "usage", Trigger: 0.85, Clear: 0.80, For: 5 * time.Minute, Severity: sdk.SeverityCritical},
		},
		Conditions: []string{kindCeph},
	}
}

// sections say where the state shows the types.
func sections() []sdk.StateSection {
	return []sdk.StateSection{
		// The cluster has no section of its own; whether it answers stands in the health map under the integration's name.
		{Type: typeCluster, Order: 5, HealthKey: "{id}", Inject: injected(map[string]string{"stale": "unknown"})},
		{
			Section: "nodes", Type: typeNode, Order: 10, SortBy: "name", HistoryType: "node", ChartGroup: "nodeData",
			ChartMetrics: []string{"cpu", "memory", "disk"},
			Inject: append(injected(map[string]string{
				"up": "online", "degraded": "online", "down": "offline", "off": "offline", "stale": "offline", "maintenance": "online",
			}), sdk.Inject{Member: "connectionHealth", Value: sdk.InjectHealth}, sdk.Inject{Member: "linkedHostAgentId", Value: sdk.InjectLinked, Arg: "host", OmitEmpty: true}),
		},
		guestSection("vms", typeVM, "vm", 20),
		guestSection("containers", typeLXC, "container", 30),
		{
			Section: "storage", Type: typeStorage, Order: 80, SortBy: "instance", HistoryType: "storage", ChartGroup: "storageData",
			ChartMetrics: []string{"disk", "usage", "used", "total"},
			Inject:       injected(map[string]string{"up": "available", "stale": "unknown"}),
		},
		{
			Section: "cephClusters", Type: typeCeph, Order: 90, SortBy: "instance", HistoryType: "ceph", ChartGroup: "cephData", ChartMetrics: []string{"usage", "ceph_read", "ceph_write"},
			Inject: []sdk.Inject{{Member: "id", Value: sdk.InjectID}, {Member: "lastUpdated", Value: sdk.InjectLastSeen}},
		},
		{
			Section: "physicalDisks", Type: typeDisk, Order: 100, SortBy: "node", HistoryType: "disk",
			Inject: []sdk.Inject{{Member: "id", Value: sdk.InjectID}},
		},
	}
}

func guestSection(name, kind, history string, order int) sdk.StateSection {
	return sdk.StateSection{
		Section: name, Type: kind, Order: order, SortBy: "vmid", HistoryType: history, ChartGroup: "data",
		ChartMetrics: []string{"cpu", "memory", "disk", "netin", "netout", "diskread", "diskwrite"},
		Inject:       injected(map[string]string{"stale": "unknown"}),
		Join:         backupJoins(),
	}
}

func injected(words map[string]string) []sdk.Inject {
	return []sdk.Inject{
		{Member: "id", Value: sdk.InjectID},
		{Member: "displayName", Value: sdk.InjectDisplayName},
		{Member: "status", Value: sdk.InjectStatus, Words: words},
		{Member: "lastSeen", Value: sdk.InjectLastSeen},
	}
}
