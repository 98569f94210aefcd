package pbs

import (
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// The lists of rows.
const (
	rowsBackups = "pbs_backups"
	rowsTasks   = "pbs_tasks"
	rowsUpdates = "pbs_updates"
	rowsMedia   = "pbs_media"
)

// DerivedLast is what rows of backups derive for the guest that they are of: when the newest was made.
const derivedLast = "last"

func rowsTypes() []sdk.RowsType {
	column := func(name, label, path string, format sdk.Format, priority int) sdk.Column {
		return sdk.Column{Name: name, Label: label, Path: path, Format: format, Default: true, Priority: priority}
	}
	return []sdk.RowsType{
		{
			Name: rowsBackups, Family: "backups", Label: "Backups on backup servers", APIList: "pbsBackups",
			Columns: []sdk.Column{
				column("made", "Made", "backupTime", sdk.FormatTime, 1), column("type", "Type", "backupType", sdk.FormatText, 3), column("id", "ID", "vmid", sdk.FormatText, 1),
				column("comment", "Note", "comment", sdk.FormatText, 2), column("server", "Server", "instance", sdk.FormatText, 4),
				column("datastore", "Datastore", "datastore", sdk.FormatText, 3), column("namespace", "Namespace", "namespace", sdk.FormatText, 5),
				column("size", "Size", "size", sdk.FormatBytes, 2), column("verified", "Verified", "verified", sdk.FormatBool, 2), column("protected", "Protected", "protected", sdk.FormatBool, 4),
				column("encrypted", "Encrypted", "encrypted", sdk.FormatBool, 5),
			},
			Derive: []sdk.Derive{{Name: derivedLast, Op: "latest"}, {Name: "count", Op: "count"}},
		},
		{
			Name: rowsTasks, Family: "backups", Label: "Tasks of backup servers", Retention: 14 * 24 * time.Hour,
			Columns: []sdk.Column{
				column("started", "Started", "startTime", sdk.FormatTime, 1), column("ended", "Ended", "endTime", sdk.FormatTime, 3), column("type", "Task", "type", sdk.FormatText, 1),
				column("subject", "Of", "subject", sdk.FormatText, 2), column("status", "Status", "status", sdk.FormatText, 1), column("error", "Error", "error", sdk.FormatText, 2),
			},
		},
		{
			Name: rowsMedia, Family: "backups", Label: "Tapes",
			Columns: []sdk.Column{
				column("label", "Label", "label", sdk.FormatText, 1), column("pool", "Pool", "pool", sdk.FormatText, 2), column("status", "Status", "status", sdk.FormatText, 1),
				column("expired", "Expired", "expired", sdk.FormatBool, 3), column("location", "Where", "location", sdk.FormatText, 3), column("used", "Used", "used", sdk.FormatBytes, 4),
			},
		},
		{
			Name: rowsUpdates, Family: "backups", Label: "Updates of backup servers",
			Columns: []sdk.Column{
				column("package", "Package", "package", sdk.FormatText, 1), column("version", "Version", "version", sdk.FormatText, 1),
				column("old", "Installed", "oldVersion", sdk.FormatText, 2), column("origin", "Origin", "origin", sdk.FormatText, 3),
			},
		},
	}
}
