package compat

// NodeForm is what a member of a node holds.
type NodeForm int

// The forms.
const (
	NodeText NodeForm = iota
	NodeFlag
	NodeNumber // a whole number
	NodeTexts  // a list of texts
)

// NodeField pairs a member of a node on the wire with a key of its integration's configuration.
type NodeField struct {
	Name, Key string
	Form      NodeForm
	// Unset leaves the member out while the configuration does not say: it follows a setting of all nodes then.
	Unset bool
	// Clears empties the key when a change leaves the member out.
	Clears bool
}

// NodeKind says how the routes of nodes speak of the integrations of one kind.
type NodeKind struct {
	// Type is the word on the wire and the kind of the plugin.
	Type string
	// Title is what the product is called.
	Title string
	Port  string
	// Realm is put behind a user that names none.
	Realm string
	// Tokens tells that the product has API tokens.
	Tokens bool
	// Cluster is the state section whose records are members of a cluster, empty when there are no clusters.
	Cluster string
	// NodeType and StoreType are the resource types that answers of tests count, empty for those that the kind has not.
	NodeType, StoreType string
	Fields              []NodeField
	// Setup tells that there is a setup script.
	Setup bool
}

// Keys of a node's configuration that say how it is reached and how to log in.
const (
	NodeHost        = "host"
	NodeUser        = "user"
	NodePassword    = "password"
	NodeToken       = "token_name"
	NodeSecret      = "token_value"
	NodeFingerprint = "fingerprint"
	NodeVerify      = "verify_ssl"
	// NodeMembers is a list of members of the cluster that are reached under another address than the cluster's own.
	NodeMembers      = "members"
	NodeMember       = "node"
	NodeMemberHost   = "host"
	NodeMemberPinned = "fingerprint"
)

func flags(pairs ...string) (out []NodeField) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, NodeField{Name: pairs[i], Key: pairs[i+1], Form: NodeFlag})
	}
	return out
}

// nodeFields are the members that nodes of every kind have.
func nodeFields(more ...NodeField) []NodeField {
	return append([]NodeField{
		{Name: "guestURL", Key: "guest_url", Clears: true},
		{Name: "fingerprint", Key: NodeFingerprint},
		{Name: "verifySSL", Key: NodeVerify, Form: NodeFlag},
		{Name: "temperatureMonitoringEnabled", Key: "temperature_monitoring_enabled", Form: NodeFlag, Unset: true},
	}, more...)
}

// NodeKinds are the kinds of nodes, in the order of the list.
func NodeKinds() []NodeKind {
	return []NodeKind{
		{
			Type: "pve", Title: "Proxmox VE", Port: "8006", Realm: "pam", Tokens: true, Cluster: "nodes", NodeType: "pve-node", Setup: true,
			Fields: nodeFields(append(flags(
				"monitorVMs", "monitor_vms", "monitorContainers", "monitor_containers", "monitorStorage", "monitor_storage", "monitorBackups", "monitor_backups",
			), NodeField{Name: "monitorPhysicalDisks", Key: "monitor_physical_disks", Form: NodeFlag, Unset: true},
				NodeField{Name: "physicalDiskPollingMinutes", Key: "physical_disk_polling_minutes", Form: NodeNumber})...),
		},
		{
			Type: "pbs", Title: "Proxmox Backup Server", Port: "8007", Realm: "pbs", Tokens: true, StoreType: "datastore", Setup: true,
			Fields: nodeFields(append(flags(
				"monitorBackups", "monitor_backups", "monitorDatastores", "monitor_datastores", "monitorSyncJobs", "monitor_sync_jobs", "monitorVerifyJobs", "monitor_verify_jobs",
				"monitorPruneJobs", "monitor_prune_jobs", "monitorGarbageJobs", "monitor_garbage_jobs",
			), NodeField{Name: "excludeDatastores", Key: "exclude_datastores", Form: NodeTexts})...),
		},
		{
			Type: "pmg", Title: "Proxmox Mail Gateway", Port: "8006", Realm: "pmg",
			Fields: nodeFields(flags(
				"monitorMailStats", "monitor_mail_stats", "monitorQueues", "monitor_queues", "monitorQuarantine", "monitor_quarantine", "monitorDomainStats", "monitor_domain_stats",
			)...),
		},
	}
}

// MemberPrefix stands before a member's name in the reference's ids of members of a cluster.
const MemberPrefix = "node/"

// What setup scripts and agents make on a node: the user, before its realm, and the beginning of its tokens' names.
const (
	SetupScript      = "setup"
	SetupUser        = "pulse-monitor"
	SetupTokenPrefix = "pulse-"
)

// CallsMember is the member of a document that tells how many calls a minute its integration makes.
const CallsMember = "callsPerMinute"
