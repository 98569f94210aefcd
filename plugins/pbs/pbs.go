// Package pbs is the plugin for Proxmox Backup Server: the server, its datastores, its jobs and the backups that lie on it.
//
// It reads and never writes. What moves quickly (load, space) is asked often and costs two calls; what makes the server
// read its disks (backups) is asked seldom, one call at a time, and only where something changed.
package pbs

import (
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/plugins/internal/proxmox/setup"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// The resource types. A server is one record; what a person calls a storage is a datastore.
const (
	typeServer    = "pbs"
	typeDatastore = "datastore"
)

// The tasks.
const (
	taskStatus  = "status"
	taskJobs    = "jobs"
	taskBackups = "backups"
	taskSystem  = "system"
	taskTape    = "tape"
)

// Version of the plugin.
const Version = "1.0.0"

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Unconfigured(schema.Define(sdk.Description{
		Kind:     "pbs",
		Name:     "Proxmox Backup Server",
		Summary:  "Backup servers: datastores, jobs, tasks and backups.",
		Version:  Version,
		Types:    []sdk.ResourceType{serverType(), datastoreType()},
		Metrics:  metrics(),
		Rows:     rowsTypes(),
		Kinds:    kinds(),
		Sections: []sdk.StateSection{serverSection(), datastoreSection()},
		Tasks: []sdk.Task{
			{Name: taskStatus, Label: "Server and datastores", Interval: 30 * time.Second, Cost: sdk.CostLight, Types: []string{typeServer, typeDatastore}},
			{Name: taskJobs, Label: "Jobs and tasks", Interval: 2 * time.Minute, Cost: sdk.CostLight, Parts: []string{verifying.part, pruning.part, syncing.part, collecting.part}, Rows: []string{rowsTasks}},
			{Name: taskBackups, Label: "Backups", Interval: 10 * time.Minute, Timeout: 30 * time.Minute, Cost: sdk.CostHeavy, Parts: []string{"namespaces", "backups"}, Rows: []string{rowsBackups}},
			{Name: taskSystem, Label: "Packages, disks and services", Interval: 6 * time.Hour, Timeout: 10 * time.Minute, Cost: sdk.CostHeavy, Rows: []string{rowsUpdates}},
			{Name: taskTape, Label: "Tapes", Interval: time.Hour, Timeout: 5 * time.Minute, Cost: sdk.CostHeavy, Rows: []string{rowsMedia}},
		},
		Probes: setup.Probes(proxmox.Backup), Scripts: setup.Scripts(),
	}, New), setup.PBS)
}

func serverType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: typeServer, Label: "Backup server", Plural: "Backup servers", Icon: "archive", Family: "backups",
		Columns: []sdk.Column{
			{Name: "name", Label: "Name", Path: "name", Format: sdk.FormatText, Default: true, Priority: 1, Width: 200},
			{Name: "status", Label: "Status", Path: "status", Format: sdk.FormatText, Default: true, Priority: 1, Width: 90},
			{Name: "cpu", Label: "CPU", Metric: "cpu", Path: "cpu", Format: sdk.FormatRatio, Default: true, Priority: 2, Width: 110},
			{Name: "memory", Label: "Memory", Metric: "memory", Path: "memory", Format: sdk.FormatPercent, Default: true, Priority: 2, Width: 110},
			{Name: "disk", Label: "System disk", Metric: "disk", Path: "disk", Format: sdk.FormatPercent, Default: true, Priority: 3, Width: 110},
			{Name: "load", Label: "Load", Metric: "load1", Path: "loadAverage.0", Format: sdk.FormatNumber, Priority: 6, Width: 80},
			{Name: "uptime", Label: "Uptime", Metric: "uptime", Path: "uptime", Format: sdk.FormatDuration, Default: true, Priority: 4, Width: 100},
			{Name: "version", Label: "Version", Path: "version", Format: sdk.FormatText, Default: true, Priority: 5, Width: 100},
		},
		Facts: []sdk.Fact{
			{Label: "Version", Path: "version", Format: sdk.FormatText, Group: "System"},
			{Label: "Address", Path: "host", Format: sdk.FormatText, Group: "System"},
			{Label: "Kernel", Path: "kernelVersion", Format: sdk.FormatText, Group: "System"},
			{Label: "Uptime", Path: "uptime", Format: sdk.FormatDuration, Group: "System"},
			{Label: "Starts by", Path: "bootMode", Format: sdk.FormatText, Group: "System"},
			{Label: "Processor", Path: "cpuModel", Format: sdk.FormatText, Group: "Hardware"},
			{Label: "Logical CPUs", Path: "cpuCount", Format: sdk.FormatNumber, Group: "Hardware"},
			{Label: "Load", Path: "loadAverage", Format: sdk.FormatList, Group: "Hardware"},
			{Label: "Memory", Path: "memoryTotal", Format: sdk.FormatBytes, Group: "Hardware"},
			{Label: "Memory used", Path: "memoryUsed", Format: sdk.FormatBytes, Group: "Hardware"},
			{Label: "System disk", Path: "rootTotal", Format: sdk.FormatBytes, Group: "Hardware"},
		},
		Metrics: metricNames(typeServer),
		Thresholds: []sdk.Threshold{
			{Metric: "cpu", Trigger: 0.80, Clear: 0.75, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
			{Metric: "memory", Trigger: 0.85, Clear: 0.80, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
			{Metric: "disk", Trigger: 0.90, Clear: 0.85, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
			{Metric: "certificate_left", Trigger: 14 * day, Clear: 15 * day, Below: true, Severity: sdk.SeverityWarning, Says: "The certificate of {name} ends in {value}. Renew it, in its page Certificates."},
			{Metric: "certificate_left", Trigger: 3 * day, Clear: 4 * day, Below: true, Severity: sdk.SeverityCritical},
			{Metric: "disk_wear", Trigger: 0.90, Clear: 0.89, Severity: sdk.SeverityWarning, Says: "Disk {instance} of {name} has used up {value} of its life, over the limit of {limit}. Plan to replace it."},
			{Metric: "updates_pending", Trigger: 1, Clear: 0, For: 14 * 24 * time.Hour, Severity: sdk.SeverityWarning, Says: "Updates have been waiting on {name} for long; {value} packages do now."},
		},
		Conditions: serverConditions(),
	}
}

func datastoreType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: typeDatastore, Label: "Datastore", Plural: "Datastores", Icon: "database", Family: "backups",
		Relations: []sdk.RelationKind{sdk.OwnedBy},
		Columns: []sdk.Column{
			{Name: "name", Label: "Name", Path: "name", Format: sdk.FormatText, Default: true, Priority: 1, Width: 180},
			{Name: "status", Label: "Status", Path: "status", Format: sdk.FormatText, Default: true, Priority: 1, Width: 90},
			{Name: "server", Label: "Server", Path: "node", Format: sdk.FormatText, Default: true, Priority: 3, Width: 140},
			{Name: "usage", Label: "Used", Metric: "usage", Path: "usage", Format: sdk.FormatPercent, Default: true, Priority: 1, Width: 110},
			{Name: "used", Label: "Bytes used", Metric: "used", Path: "used", Format: sdk.FormatBytes, Default: true, Priority: 4, Width: 100},
			{Name: "total", Label: "Size", Metric: "total", Path: "total", Format: sdk.FormatBytes, Default: true, Priority: 3, Width: 100},
			{Name: "deduplication", Label: "Deduplication", Metric: "deduplication", Path: "deduplicationFactor", Format: sdk.FormatNumber, Default: true, Priority: 5, Width: 110},
			{Name: "full", Label: "Full in", Metric: "full_in", Path: "fullInSeconds", Format: sdk.FormatDuration, Default: true, Priority: 5, Width: 110},
			{Name: "backups", Label: "Backups", Metric: "backups", Path: "backupCount", Format: sdk.FormatNumber, Default: true, Priority: 5, Width: 90},
			{Name: "unverified", Label: "Not verified", Metric: "unverified", Path: "unverifiedCount", Format: sdk.FormatNumber, Priority: 6, Width: 90},
		},
		Facts: []sdk.Fact{
			{Label: "Server", Path: "node", Format: sdk.FormatText, Group: "Datastore"},
			{Label: "Kept on", Path: "backend", Format: sdk.FormatText, Group: "Datastore"},
			{Label: "Mounted", Path: "mountStatus", Format: sdk.FormatText, Group: "Datastore"},
			{Label: "Trouble", Path: "error", Format: sdk.FormatText, Group: "Datastore"},
			{Label: "Guests and hosts", Path: "groupCount", Format: sdk.FormatNumber, Group: "Backups"},
			{Label: "Backups", Path: "backupCount", Format: sdk.FormatNumber, Group: "Backups"},
			{Label: "Never verified", Path: "unverifiedCount", Format: sdk.FormatNumber, Group: "Backups"},
			{Label: "Size", Path: "total", Format: sdk.FormatBytes, Group: "Space"},
			{Label: "Used", Path: "used", Format: sdk.FormatBytes, Group: "Space"},
			{Label: "Free", Path: "free", Format: sdk.FormatBytes, Group: "Space"},
			{Label: "Deduplication factor", Path: "deduplicationFactor", Format: sdk.FormatNumber, Group: "Space"},
			{Label: "Full about", Path: "estimatedFull", Format: sdk.FormatTime, Group: "Space"},
		},
		Metrics: metricNames(typeDatastore),
		Thresholds: []sdk.Threshold{
			{Metric: "usage", Trigger: 0.85, Clear: 0.80, For: 5 * time.Minute, Severity: sdk.SeverityWarning,
				Says: "Datastore {name} is {value} full, over the limit of {limit}. Keep fewer backups and collect garbage, or add space."},
			{Metric: "full_in", Trigger: 7 * day, Clear: 10 * day, Below: true, For: time.Hour, Severity: sdk.SeverityWarning,
				Says: "Datastore {name} will be full in {value}, as it has been growing. Keep fewer backups and collect garbage, or add space."},
			// Half a day, as for guests whose jobs are known: a night's run takes a while.
			{Metric: "backup_overdue", Trigger: day / 2, Clear: 0, Severity: sdk.SeverityWarning,
				Says: "The newest backup of {instance} in datastore {name} is {value} later than could be expected of the distances of its last six. Does whoever makes it still run?"},
			{Metric: "bad_chunks", Trigger: 1, Clear: 0, Severity: sdk.SeverityCritical,
				Says: "Datastore {name} has {value} damaged chunks: backups that need them cannot be restored. Verify all backups, and look at its disks."},
		},
		Conditions: datastoreConditions(),
	}
}

// day in seconds, the unit of durations.
const day = 86400

func serverSection() sdk.StateSection {
	return sdk.StateSection{
		Section: "pbs", Type: typeServer, Order: 120, SortBy: "name", HealthKey: "pbs-", HistoryType: typeServer,
		ChartGroup: "pbsData", ChartMetrics: []string{"cpu", "memory", "disk"},
		Inject: []sdk.Inject{
			{Member: "id", Value: sdk.InjectID},
			{Member: "status", Value: sdk.InjectStatus, Words: map[string]string{
				"up": "online", "degraded": "online", "maintenance": "online", "unknown": "offline", "stale": "offline", "down": "offline", "off": "offline",
			}},
			{Member: "connectionHealth", Value: sdk.InjectHealth},
			{Member: "lastSeen", Value: sdk.InjectLastSeenTime},
		},
		Nest: []sdk.Nest{{Member: "datastores", Type: typeDatastore, Relation: sdk.OwnedBy}},
	}
}

// datastoreSection puts datastores among the storages, and within their server.
func datastoreSection() sdk.StateSection {
	return sdk.StateSection{
		Section: "storage", Type: typeDatastore, Order: 81, SortBy: "instance", HistoryType: "storage",
		ChartGroup: "storageData", ChartMetrics: []string{"usage", "used", "total", "avail"},
		Inject: []sdk.Inject{
			{Member: "id", Value: sdk.InjectID},
			{Member: "status", Value: sdk.InjectStatus, Words: map[string]string{
				"up": "available", "degraded": "available", "maintenance": "available", "unknown": "inactive", "stale": "inactive", "down": "inactive", "off": "disabled",
			}},
		},
	}
}

var _ sdk.Collector = (*Collector)(nil)
