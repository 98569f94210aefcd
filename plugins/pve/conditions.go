package pve

import "github.com/pulse-platform/pulse/sdk"

// The kinds of condition.
const (
	kindQuorum      = "quorum_lost"
	kindStuck       = "node_status_unknown"
	kindGuestFault  = "guest_fault"
	kindStorageAway = "storage_away"
	kindHA          = "ha_trouble"
	kindHASilent    = "ha_silent"
	kindFenced      = "node_fenced"
	kindDisarmed    = "ha_disarmed"
	kindNoAnswer    = "node_unreachable"
	kindLocked      = "guest_locked"
	kindClock       = "clock_differs"

	kindBackupFailed  = "backup_failed"
	kindNeverBackedUp = "never_backed_up"
	kindReplication   = "replication_failed"
	kindDisk          = "disk_health"
	kindPool          = "zfs_pool"
	kindCeph          = "ceph_health"
	kindSubscription  = "subscription_missing"

	eventFilled = "history_filled"
)

// conditions declares the verdicts that are not numbers.
func conditions() []sdk.EventKind {
	all := []sdk.EventKind{
		{Name: kindQuorum, Label: "Quorum lost", Category: "availability", Severity: sdk.SeverityCritical, IDTemplate: "quorum-lost-{id}"},
		{Name: kindStuck, Label: "Node tells nothing of itself", Category: "availability", Severity: sdk.SeverityWarning, IDTemplate: "node-status-{id}"},
		{Name: kindGuestFault, Label: "Guest in trouble", Category: "availability", Severity: sdk.SeverityCritical, IDTemplate: "guest-fault-{id}"},
		{Name: kindHA, Label: "High availability in trouble", Category: "availability", Severity: sdk.SeverityCritical, IDTemplate: "ha-{id}"},
		{Name: kindHASilent, Label: "High availability is silent", Category: "availability", Severity: sdk.SeverityWarning, IDTemplate: "ha-silent-{id}"},
		{Name: kindFenced, Label: "Node is fenced", Category: "availability", Severity: sdk.SeverityCritical, IDTemplate: "node-fenced-{id}"},
		{Name: kindDisarmed, Label: "High availability is disarmed", Category: "availability", Severity: sdk.SeverityWarning, IDTemplate: "ha-disarmed-{id}"},
		{Name: kindNoAnswer, Label: "Member does not answer", Category: "availability", Severity: sdk.SeverityWarning, IDTemplate: "node-unreachable-{id}"},
		{Name: kindClock, Label: "Clock differs", Category: "availability", Severity: sdk.SeverityWarning, IDTemplate: "clock-{id}"},
		{Name: kindLocked, Label: "Guest locked for long", Category: "availability", Severity: sdk.SeverityWarning, IDTemplate: "guest-locked-{id}"},
		{Name: kindStorageAway, Label: "Storage away on a node", Category: "storage", Severity: sdk.SeverityWarning, IDTemplate: "storage-away-{id}-{instance}"},
	}
	all = append(all,
		sdk.EventKind{Name: kindBackupFailed, Label: "Backup failed", Category: "backup", Severity: sdk.SeverityWarning, IDTemplate: "backup-failed-{id}"},
		sdk.EventKind{Name: kindNeverBackedUp, Label: "Never backed up", Category: "backup", Severity: sdk.SeverityWarning, IDTemplate: "never-backed-up-{id}"},
		sdk.EventKind{Name: kindReplication, Label: "Replication fails", Category: "backup", Severity: sdk.SeverityWarning, IDTemplate: "replication-{id}-{instance}"},
		sdk.EventKind{Name: kindDisk, Label: "Disk failing", WireType: "disk-health", Category: "storage", Severity: sdk.SeverityCritical, IDTemplate: "disk-health-{id}"},
		sdk.EventKind{Name: kindPool, Label: "ZFS pool not online", WireType: "zfs-pool-state", Category: "storage", Severity: sdk.SeverityWarning, IDTemplate: "zfs-pool-state-{id}-{instance}"},
		sdk.EventKind{Name: kindCeph, Label: "Ceph not well", Category: "storage", Severity: sdk.SeverityWarning, IDTemplate: "ceph-{id}-{instance}"},
		sdk.EventKind{Name: kindSubscription, Label: "No subscription", Category: "upkeep", Severity: sdk.SeverityInfo, IDTemplate: "subscription-{id}"},
	)
	for i := range all {
		all[i].Condition, all[i].Template = true, "{message}"
		if all[i].WireType == "" {
			all[i].WireType = all[i].Name
		}
	}
	return append(all, sdk.EventKind{Name: eventFilled, Label: "History taken over", Category: "upkeep", Severity: sdk.SeverityInfo, Template: "{text}"})
}
