package pbs

import "github.com/pulse-platform/pulse/sdk"

// The kinds of condition and of event.
const (
	gcFailed         = "pbs_gc_failed"
	gcMissing        = "pbs_gc_missing"
	verifyFailed     = "pbs_verify_failed"
	pruneFailed      = "pbs_prune_failed"
	syncFailed       = "pbs_sync_failed"
	backupDamaged    = "pbs_backup_damaged"
	backupUnverified = "pbs_backup_unverified"
	noSubscription   = "pbs_subscription"
	serviceDown      = "pbs_service_down"
	diskFailing      = "pbs_disk_failing"
	poolDegraded     = "pbs_pool_degraded"
	taskFailed       = "pbs_task_failed"
	tapeFailed       = "pbs_tape_failed"
	tapeDamaged      = "pbs_tape_damaged"
	tapeFull         = "pbs_tape_full"
)

// categories of alerts.
const (
	categoryStorage = "storage"
	categorySystem  = "system"
)

// kinds declares the verdicts that are not numbers, and what happens.
func kinds() []sdk.EventKind {
	list := []sdk.EventKind{
		{Name: gcFailed, Label: "Garbage collection failed", Category: categoryStorage, Severity: sdk.SeverityWarning},
		{Name: gcMissing, Label: "No garbage collection", Category: categoryStorage, Severity: sdk.SeverityInfo},
		{Name: verifyFailed, Label: "Verify job failed", Category: categoryStorage, Severity: sdk.SeverityWarning},
		{Name: pruneFailed, Label: "Prune job failed", Category: categoryStorage, Severity: sdk.SeverityWarning},
		{Name: syncFailed, Label: "Sync job failed", Category: categoryStorage, Severity: sdk.SeverityWarning},
		{Name: backupDamaged, Label: "Backup damaged", Category: categoryStorage, Severity: sdk.SeverityCritical},
		{Name: backupUnverified, Label: "Backups never verified", Category: categoryStorage, Severity: sdk.SeverityInfo},
		{Name: noSubscription, Label: "Subscription", Category: categorySystem, Severity: sdk.SeverityInfo},
		{Name: serviceDown, Label: "Service not running", Category: categorySystem, Severity: sdk.SeverityWarning},
		{Name: diskFailing, Label: "Disk failing", Category: categoryStorage, Severity: sdk.SeverityCritical},
		{Name: poolDegraded, Label: "ZFS pool not online", Category: categoryStorage, Severity: sdk.SeverityWarning},
		{Name: tapeFailed, Label: "Tape backup failed", Category: categoryStorage, Severity: sdk.SeverityWarning},
		{Name: tapeDamaged, Label: "Tape damaged", Category: categoryStorage, Severity: sdk.SeverityWarning},
		{Name: tapeFull, Label: "No tape to write to", Category: categoryStorage, Severity: sdk.SeverityWarning},
	}
	for i := range list {
		list[i].Condition, list[i].Template, list[i].WireType = true, "{message}", list[i].Name
	}
	return append(list, sdk.EventKind{Name: taskFailed, Label: "Task failed", Template: "{error}", Category: categoryStorage, Severity: sdk.SeverityWarning})
}

// serverConditions and datastoreConditions say which type a condition is about. Those of jobs are the server's while it
// does not show the datastore.
func serverConditions() []string {
	return []string{noSubscription, serviceDown, diskFailing, poolDegraded, gcFailed, gcMissing, verifyFailed, pruneFailed, syncFailed, tapeFailed, tapeDamaged, tapeFull}
}

func datastoreConditions() []string {
	return []string{tapeFailed, gcFailed, gcMissing, verifyFailed, pruneFailed, syncFailed, backupDamaged, backupUnverified}
}
