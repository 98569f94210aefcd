package compat

// View is an answer that holds parts of the state document under other names.
type View struct {
	Path, Operation, Text string
	// Members are those of the answer, each with the dotted path of what it shows.
	Members []StatePart
}

// Views are the answers about backups and snapshots.
func Views() []View {
	all := []StatePart{
		{"backups", "backups"}, {"pveBackups", "pveBackups"}, {"pbsBackups", "pbsBackups"}, {"pmgBackups", "pmgBackups"},
		{"backupTasks", "pveBackups.backupTasks"}, {"storageBackups", "pveBackups.storageBackups"}, {"guestSnapshots", "pveBackups.guestSnapshots"},
	}
	return []View{
		{"/api/backups", "getBackups", "All backups, backup tasks and snapshots", all},
		{"/api/backups/pve", "getPVEBackups", "Backups that lie on storage", []StatePart{{"backups", "pveBackups.storageBackups"}}},
		{"/api/backups/pbs", "getPBSInstances", "Backup servers", []StatePart{{"instances", "pbs"}}},
		{"/api/backups/{view}", "getBackupsUnified", "The same as /api/backups, under any other word", all},
		{"/api/snapshots", "getSnapshots", "Snapshots of guests", []StatePart{{"snapshots", "pveBackups.guestSnapshots"}}},
	}
}

// StorageSection is the section whose resources /api/storage/{id} shows, and StorageOmits are members that it leaves out.
const StorageSection = "storage"

// StorageOmits are members of the state that the answer about one storage does not have.
func StorageOmits() []string { return []string{"storage", "avail"} }

// BackupLists are the lists whose rows are backups of what the sections of Protected hold.
func BackupLists() []string { return []string{"pveBackups.storageBackups", "pbsBackups"} }

// Protected are the sections of things that are to be backed up, and ProtectedOmit is the member that says of one that it is not.
func Protected() []string { return []string{"vms", "containers"} }

// Names that plugins use about backups: the category of conditions, the metric that says by how many seconds the newest
// one is later than it should be, and members of rows.
const (
	ProtectedOmit    = "template"
	BackupCategory   = "backup"
	BackupOverdue    = "backup_overdue"
	BackupSize       = "size"
	BackupVerified   = "verified"
	BackupProtected  = "protected"
	BackupNeverKind  = "never_backed_up"
	BackupFailedKind = "backup_failed"
)
