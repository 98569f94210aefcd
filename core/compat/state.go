// Package compat holds what the reference's wire format names and no plugin can declare: data, asked for by those who
// speak the format. It has no rules and imports nothing of the server.
package compat

// StateKey is one top-level member of the state document.
type StateKey struct {
	Name string
	// Empty is the JSON of the member while nothing fills it.
	Empty string
	// Parts are the members of a key that is put together from lists, each with the list that fills it.
	Parts []StatePart
}

// StatePart is one member of a [StateKey] and the list or the key that it shows.
type StatePart struct{ Name, From string }

// Names of the top-level members that the server fills by itself.
const (
	StateHealth       = "connectionHealth"
	StateLastUpdate   = "lastUpdate"
	StateActiveAlerts = "activeAlerts"
)

// StateKeys returns the members of the state document in their order, each with what it holds when it is empty.
// Sections that plugins fill beyond these follow after them.
func StateKeys() []StateKey {
	const list, object = "[]", "{}"
	return []StateKey{
		{Name: "nodes", Empty: list},
		{Name: "vms", Empty: list},
		{Name: "containers", Empty: list},
		{Name: "dockerHosts", Empty: list},
		{Name: "removedDockerHosts", Empty: list},
		{Name: "kubernetesClusters", Empty: list},
		{Name: "removedKubernetesClusters", Empty: list},
		{Name: "hosts", Empty: list},
		{Name: "storage", Empty: list},
		{Name: "cephClusters", Empty: list},
		{Name: "physicalDisks", Empty: list},
		{Name: "pbs", Empty: list},
		{Name: "pmg", Empty: list},
		{Name: "pbsBackups", Empty: list},
		{Name: "pmgBackups", Empty: list},
		{Name: "pveBackups", Parts: []StatePart{
			{"backupTasks", "pveBackups.backupTasks"}, {"storageBackups", "pveBackups.storageBackups"}, {"guestSnapshots", "pveBackups.guestSnapshots"},
		}},
		{Name: "backups", Parts: []StatePart{{"pve", "pveBackups"}, {"pbs", "pbsBackups"}, {"pmg", "pmgBackups"}}},
		{Name: "replicationJobs", Empty: list},
		{Name: StateActiveAlerts, Empty: list},
		{Name: "metrics", Empty: object},
		{Name: "performance", Empty: object},
		{Name: "stats", Empty: object},
		{Name: StateHealth, Empty: object},
		{Name: StateLastUpdate, Empty: "0"},
		{Name: "temperatureMonitoringEnabled", Empty: "true"},
	}
}
