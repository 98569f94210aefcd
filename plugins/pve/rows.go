package pve

import (
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// The lists of rows.
const (
	rowsBackups = "pve_backups"
	rowsTasks   = "pve_backup_tasks"
	rowsJobs    = "pve_backup_jobs"

	// rowsOnServers are backups as the servers that keep them tell of them, which another plugin declares.
	rowsOnServers = "pbs_backups"

	rowsSnapshots   = "pve_snapshots"
	rowsReplication = "pve_replication"
	rowsUpdates     = "pve_updates"
)

// rowTypes declares the lists.
func rowTypes() []sdk.RowsType {
	return []sdk.RowsType{
		{
			Name: rowsBackups, Family: "backups", Label: "Backups on storages", APIList: "pveBackups.storageBackups",
			Columns: []sdk.Column{
				{Name: "vmid", Label: "Guest", Path: "vmid", Format: sdk.FormatText, Default: true, Priority: 1},
				{Name: "type", Label: "Type", Path: "type", Format: sdk.FormatText, Default: true, Priority: 3},
				{Name: "time", Label: "Made", Path: "time", Format: sdk.FormatTime, Default: true, Priority: 1},
				{Name: "storage", Label: "Storage", Path: "storage", Format: sdk.FormatText, Default: true, Priority: 2, Names: []string{typeStorage}},
				{Name: "size", Label: "Size", Path: "size", Format: sdk.FormatBytes, Default: true, Priority: 2},
				{Name: "protected", Label: "Protected", Path: "protected", Format: sdk.FormatBool, Default: true, Priority: 4},
				{Name: "verified", Label: "Verified", Path: "verified", Format: sdk.FormatBool, Default: true, Priority: 4},
				{Name: "notes", Label: "Notes", Path: "notes", Format: sdk.FormatText, Priority: 6},
			},
			Derive: []sdk.Derive{{Name: "last", Op: "latest"}, {Name: "count", Op: "count"}, {Name: "bytes", Op: "sum", Path: "size"}},
		},
		{
			Name: rowsTasks, Family: "backups", Label: "Backup tasks", APIList: "pveBackups.backupTasks", Retention: 14 * 24 * time.Hour,
			Columns: []sdk.Column{
				{Name: "vmid", Label: "Guest", Path: "vmid", Format: sdk.FormatText, Default: true, Priority: 1},
				{Name: "node", Label: "Node", Path: "node", Format: sdk.FormatText, Default: true, Priority: 3, Names: []string{typeNode}},
				{Name: "started", Label: "Started", Path: "startTime", Format: sdk.FormatTime, Default: true, Priority: 1},
				{Name: "ended", Label: "Ended", Path: "endTime", Format: sdk.FormatTime, Default: true, Priority: 2},
				{Name: "status", Label: "Result", Path: "status", Format: sdk.FormatText, Default: true, Priority: 1},
			},
		},
		{
			Name: rowsJobs, Family: "backups", Label: "Backup jobs",
			Columns: []sdk.Column{
				{Name: "id", Label: "Job", Path: "id", Format: sdk.FormatText, Default: true, Priority: 1},
				{Name: "enabled", Label: "Enabled", Path: "enabled", Format: sdk.FormatBool, Default: true, Priority: 1},
				{Name: "schedule", Label: "Schedule", Path: "schedule", Format: sdk.FormatText, Default: true, Priority: 2},
				{Name: "next", Label: "Next run", Path: "nextRun", Format: sdk.FormatTime, Default: true, Priority: 2},
				{Name: "guests", Label: "Guests", Path: "guests", Format: sdk.FormatText, Default: true, Priority: 3},
				{Name: "covers", Label: "Covers", Path: "covers", Format: sdk.FormatNumber, Default: true, Priority: 3},
				{Name: "storage", Label: "Storage", Path: "storage", Format: sdk.FormatText, Default: true, Priority: 4, Names: []string{typeStorage}},
				{Name: "comment", Label: "Comment", Path: "comment", Format: sdk.FormatText, Priority: 6},
			},
		},
		{
			Name: rowsSnapshots, Family: "workloads", Label: "Snapshots", APIList: "pveBackups.guestSnapshots",
			Columns: []sdk.Column{
				{Name: "vmid", Label: "Guest", Path: "vmid", Format: sdk.FormatText, Default: true, Priority: 1},
				{Name: "name", Label: "Name", Path: "name", Format: sdk.FormatText, Default: true, Priority: 1},
				{Name: "time", Label: "Made", Path: "time", Format: sdk.FormatTime, Default: true, Priority: 1},
				{Name: "vmstate", Label: "With memory", Path: "vmstate", Format: sdk.FormatBool, Default: true, Priority: 4},
				{Name: "parent", Label: "After", Path: "parent", Format: sdk.FormatText, Priority: 5},
				{Name: "description", Label: "Description", Path: "description", Format: sdk.FormatText, Priority: 5},
			},
			Derive: []sdk.Derive{{Name: "count", Op: "count"}},
		},
		{
			Name: rowsUpdates, Family: "infrastructure", Label: "Pending updates",
			Columns: []sdk.Column{
				{Name: "package", Label: "Package", Path: "package", Format: sdk.FormatText, Default: true, Priority: 1},
				{Name: "current", Label: "Installed", Path: "current", Format: sdk.FormatText, Default: true, Priority: 2},
				{Name: "version", Label: "New", Path: "version", Format: sdk.FormatText, Default: true, Priority: 2},
				{Name: "origin", Label: "From", Path: "origin", Format: sdk.FormatText, Default: true, Priority: 4},
				{Name: "title", Label: "What it is", Path: "title", Format: sdk.FormatText, Priority: 5},
			},
		},
		{
			Name: rowsReplication, Family: "replication", Label: "Replication jobs", APIList: "replicationJobs",
			Columns: []sdk.Column{
				{Name: "job", Label: "Job", Path: "jobId", Format: sdk.FormatText, Default: true, Priority: 1},
				{Name: "guest", Label: "Guest", Path: "guestName", Format: sdk.FormatText, Default: true, Priority: 1, Names: []string{typeVM, typeLXC}},
				{Name: "from", Label: "From", Path: "sourceNode", Format: sdk.FormatText, Default: true, Priority: 2, Names: []string{typeNode}},
				{Name: "to", Label: "To", Path: "targetNode", Format: sdk.FormatText, Default: true, Priority: 2, Names: []string{typeNode}},
				{Name: "state", Label: "State", Path: "state", Format: sdk.FormatText, Default: true, Priority: 1},
				{Name: "last", Label: "Last copy", Path: "lastSyncTime", Format: sdk.FormatTime, Default: true, Priority: 2},
				{Name: "next", Label: "Next", Path: "nextSyncTime", Format: sdk.FormatTime, Default: true, Priority: 3},
				{Name: "failures", Label: "Failures", Path: "failCount", Format: sdk.FormatNumber, Default: true, Priority: 2},
				{Name: "took", Label: "Took", Path: "lastSyncDurationSeconds", Format: sdk.FormatDuration, Default: true, Priority: 4},
				{Name: "schedule", Label: "Schedule", Path: "schedule", Format: sdk.FormatText, Priority: 5},
				{Name: "error", Label: "Error", Path: "error", Format: sdk.FormatText, Default: true, Priority: 3},
			},
		},
	}
}

// backupJoins show on a guest what its backups say.
func backupJoins() []sdk.Join {
	return []sdk.Join{
		{Member: "lastBackup", Rows: rowsBackups, Derive: "last"}, {Member: "lastBackup", Rows: rowsOnServers, Derive: "last"}, {Member: "backupCount", Rows: rowsBackups, Derive: "count"},
		{Member: "backupBytes", Rows: rowsBackups, Derive: "bytes"}, {Member: "snapshotCount", Rows: rowsSnapshots, Derive: "count"},
	}
}
