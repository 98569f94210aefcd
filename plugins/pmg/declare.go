package pmg

import "github.com/pulse-platform/pulse/sdk"

// The kinds of condition and of event.
const (
	kindNotInSync      = "pmg_not_in_sync"
	kindNoMaster       = "pmg_no_master"
	kindServiceDown    = "pmg_service_down"
	kindNoSubscription = "pmg_subscription"
	kindTaskFailed     = "pmg_task_failed"
)

// The parts of documents that tasks beside the first bring.
const (
	partQueue      = "queue"
	partSum        = "queues"
	partRates      = "rates"
	partQuarantine = "quarantine"
	partStatistics = "statistics"
	partCounts     = "counts"
	partScores     = "scores"
	partDomains    = "domains"
)

// The lists of rows.
const (
	rowsBackups = "pmg_backups"
	rowsUpdates = "pmg_updates"
)

// kinds declares the verdicts that are not numbers, and what happens.
func kinds() []sdk.EventKind {
	list := []sdk.EventKind{
		{Name: kindNotInSync, Label: "Node not in sync", Category: "availability", Severity: sdk.SeverityWarning},
		{Name: kindNoMaster, Label: "Cluster without a master", Category: "availability", Severity: sdk.SeverityCritical},
		{Name: kindServiceDown, Label: "Service not running", Category: "system", Severity: sdk.SeverityWarning},
		{Name: kindNoSubscription, Label: "Subscription", Category: "system", Severity: sdk.SeverityInfo},
	}
	for i := range list {
		list[i].Condition, list[i].Template, list[i].WireType = true, "{message}", list[i].Name
	}
	return append(list, sdk.EventKind{Name: kindTaskFailed, Label: "Task failed", Template: "{error}", Category: "system", Severity: sdk.SeverityWarning})
}

func rowsTypes() []sdk.RowsType {
	column := func(name, label, path string, format sdk.Format, priority int) sdk.Column {
		return sdk.Column{Name: name, Label: label, Path: path, Format: format, Default: true, Priority: priority}
	}
	return []sdk.RowsType{
		{
			Name: rowsBackups, Family: "mail", Label: "Backups of the gateway", APIList: "pmgBackups",
			Columns: []sdk.Column{
				column("made", "Made", "backupTime", sdk.FormatTime, 1), column("node", "Node", "node", sdk.FormatText, 2), column("file", "File", "filename", sdk.FormatText, 1),
				column("size", "Size", "size", sdk.FormatBytes, 2), column("server", "Server", "server", sdk.FormatText, 3), column("datastore", "Datastore", "datastore", sdk.FormatText, 4),
			},
		},
		{
			Name: rowsUpdates, Family: "mail", Label: "Updates of mail gateways",
			Columns: []sdk.Column{
				column("package", "Package", "package", sdk.FormatText, 1), column("version", "Version", "version", sdk.FormatText, 1),
				column("old", "Installed", "oldVersion", sdk.FormatText, 2), column("origin", "Origin", "origin", sdk.FormatText, 3),
			},
		},
	}
}
