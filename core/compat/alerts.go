package compat

// AlertGroup is one group of thresholds of the alert configuration document and the resources it judges.
type AlertGroup struct {
	// Member holds the thresholds in the document. Single says that the member is itself the one threshold.
	Member string
	Single bool
	// Sections are the state sections, or history types, whose resource types belong to the group.
	Sections []string
	// Label is the word for the type in an alert's metadata, Labels those of sections that are called otherwise.
	Label  string
	Labels map[string]string
	// Delays are the keys of the delays, the most specific first.
	Delays []string
	// Disable and DisableOffline are the switches that turn the group, or its status alerts, off.
	Disable, DisableOffline string
	Metrics                 []AlertMetric
	Offline, Off            *AlertStatus
	// Prefixes, Whitelist and Blacklist are members with names and tags that decide whether a resource is judged at all.
	Prefixes, Whitelist, Blacklist string
	// CustomRules says that the document's rules judge the group.
	CustomRules bool
}

// AlertMetric is one threshold of a group.
type AlertMetric struct {
	// Member is the threshold's name in the document and Metric the canonical one of the series.
	Member, Metric string
	// Instance limits it to instances that match, with * for any text.
	Instance string
	// Type is the alert's type and ID the pattern of its id, with {id}, {type} and {instance}.
	Type, ID string
	// Override is the pattern of the key under which thresholds of one instance lie, empty for none.
	Override string
	// Factor makes the canonical value one of the document, 0 for the one that the metric declares.
	Factor float64
	// Unit stands behind values.
	Unit string
	// Critical is the member with the number from which on it is critical. Member holds the number that warns then, and not
	// a pair of trigger and clear; a number that is not above 0 leaves the plugin's own.
	Critical string
	// Parts are the shares of the two numbers that count for one node of several, at least 1; zero for the numbers themselves.
	Parts [2]float64
	// Days is the member of the document that holds the limits in days, and Member the one of an override that replaces them.
	Days string
}

// GuestNumber is the member of a guest's document by which lists of the configuration name it.
const GuestNumber = "vmid"

// AlertStatus is an alert on a resource's status.
type AlertStatus struct {
	Type, ID string
	// Severity is the one when the group's thresholds name none.
	Severity string
	// Configured says that the group's poweredOffSeverity decides.
	Configured bool
	// For is how many seconds it has to last.
	For float64
}

const mebibyte = 1.0 / (1 << 20)

func percent(member, metric string) AlertMetric {
	return AlertMetric{Member: member, Metric: metric, Type: member, ID: "{id}-{type}", Unit: "%"}
}

func days(member, in, metric string) AlertMetric {
	return AlertMetric{Member: member, Days: in, Metric: metric, Type: member + "-age", ID: "{type}-{id}", Factor: 1.0 / 86400, Unit: "d"}
}

// ofNode is a limit for one node of several, which bears less than all together.
func ofNode(member, critical, metric, kind string) AlertMetric {
	return AlertMetric{Member: member, Critical: critical, Metric: metric, Type: kind, ID: "{id}-{type}", Parts: [2]float64{0.6, 0.8}}
}

func rate(member, metric string) AlertMetric {
	return AlertMetric{Member: member, Metric: metric, Type: member, ID: "{id}-{type}", Factor: mebibyte, Unit: "MB/s"}
}

// AlertGroups are the groups of the alert configuration.
func AlertGroups() []AlertGroup {
	return []AlertGroup{
		{
			Member: "guestDefaults", Sections: []string{"vms", "containers"}, Label: "VM", Labels: map[string]string{"containers": "Container"}, Delays: []string{"guest"},
			Disable: "disableAllGuests", DisableOffline: "disableAllGuestsOffline", Prefixes: "ignoredGuestPrefixes",
			Whitelist: "guestTagWhitelist", Blacklist: "guestTagBlacklist", CustomRules: true,
			Metrics: []AlertMetric{
				percent("cpu", "cpu"), percent("memory", "memory"), percent("disk", "disk"),
				{Member: "disk", Metric: "fs_used", Type: "disk", ID: "{id}-disk-{instance}-disk", Unit: "%"},
				rate("diskRead", "diskread"), rate("diskWrite", "diskwrite"), rate("networkIn", "netin"), rate("networkOut", "netout"),
				days("backup", "backupDefaults", "backup_age"), days("snapshot", "snapshotDefaults", "snapshot_age"),
			},
			Off: &AlertStatus{Type: "powered-off", ID: "guest-powered-off-{id}", Configured: true, For: 30},
		},
		{
			Member: "nodeDefaults", Sections: []string{"nodes"}, Label: "Node", Delays: []string{"node"},
			Disable: "disableAllNodes", DisableOffline: "disableAllNodesOffline",
			Metrics: []AlertMetric{
				percent("cpu", "cpu"), percent("memory", "memory"), percent("disk", "disk"),
				{Member: "temperature", Metric: "temperature", Type: "temperature", ID: "{id}-{type}", Unit: "°C"},
			},
			Offline: &AlertStatus{Type: "connectivity", ID: "node-offline-{id}", Severity: "critical", For: 30},
		},
		{
			Member: "hostDefaults", Sections: []string{"hosts"}, Label: "Host", Delays: []string{"host"},
			Disable: "disableAllHosts", DisableOffline: "disableAllHostsOffline",
			Metrics: []AlertMetric{
				{Member: "cpu", Metric: "cpu", Type: "cpu", ID: "host:{id}-cpu", Unit: "%"},
				{Member: "memory", Metric: "memory", Type: "memory", ID: "host:{id}-memory", Unit: "%"},
				{Member: "disk", Metric: "fs_used", Type: "disk", ID: "host:{id}/disk:{instance}-disk", Override: "host:{id}/disk:{instance}", Unit: "%"},
				{Member: "diskTemperature", Metric: "temperature", Instance: "disk_*", Type: "diskTemperature", ID: "host:{id}/disk_temp:{instance}-diskTemperature", Unit: "°C"},
			},
			Offline: &AlertStatus{Type: "host-offline", ID: "host-offline-{id}", Severity: "critical"},
		},
		{
			Member: "storageDefault", Single: true, Sections: []string{"storage"}, Label: "Storage", Delays: []string{"storage"}, Disable: "disableAllStorage",
			Metrics: []AlertMetric{percent("usage", "usage")},
			Offline: &AlertStatus{Type: "offline", ID: "storage-offline-{id}", Severity: "warning", For: 30},
		},
		{
			Member: "pbsDefaults", Sections: []string{"pbs"}, Label: "PBS", Delays: []string{"pbs", "node"}, Disable: "disableAllPBS", DisableOffline: "disableAllPBSOffline",
			Metrics: []AlertMetric{percent("cpu", "cpu"), percent("memory", "memory")},
			Offline: &AlertStatus{Type: "offline", ID: "pbs-offline-{id}", Severity: "critical", For: 30},
		},
		{
			Member: "pmgDefaults", Sections: []string{"pmg"}, Label: "PMG", Disable: "disableAllPMG", DisableOffline: "disableAllPMGOffline",
			Metrics: []AlertMetric{
				{Member: "queueTotalWarning", Critical: "queueTotalCritical", Metric: "queue_total", Type: "queue-depth", ID: "{id}-queue-total"},
				{Member: "deferredQueueWarn", Critical: "deferredQueueCritical", Metric: "queue_deferred", Type: "queue-deferred", ID: "{id}-queue-deferred"},
				{Member: "holdQueueWarn", Critical: "holdQueueCritical", Metric: "queue_hold", Type: "queue-hold", ID: "{id}-queue-hold"},
				{Member: "oldestMessageWarnMins", Critical: "oldestMessageCritMins", Metric: "queue_oldest", Type: "message-age", ID: "{id}-oldest-message", Factor: 1.0 / 60, Unit: "min"},
				{Member: "quarantineSpamWarn", Critical: "quarantineSpamCritical", Metric: "quarantine_spam", Type: "quarantine-spam", ID: "{id}-quarantine-spam"},
				{Member: "quarantineVirusWarn", Critical: "quarantineVirusCritical", Metric: "quarantine_virus", Type: "quarantine-virus", ID: "{id}-quarantine-virus"},
				{Member: "quarantineGrowthWarnPct", Critical: "quarantineGrowthCritPct", Metric: "quarantine_growth", Type: "quarantine-growth", ID: "{id}-quarantine-growth-{instance}", Unit: "%"},
			},
			Offline: &AlertStatus{Type: "offline", ID: "pmg-offline-{id}", Severity: "critical", For: 30},
		},
		{
			Member: "pmgDefaults", Sections: []string{"pmg_node"}, Label: "PMG node", Disable: "disableAllPMG", DisableOffline: "disableAllPMGOffline",
			Metrics: []AlertMetric{
				ofNode("queueTotalWarning", "queueTotalCritical", "node_queue_total", "queue-total"),
				ofNode("deferredQueueWarn", "deferredQueueCritical", "node_queue_deferred", "queue-deferred"),
				ofNode("holdQueueWarn", "holdQueueCritical", "node_queue_hold", "queue-hold"),
				{Member: "oldestMessageWarnMins", Critical: "oldestMessageCritMins", Metric: "node_queue_oldest", Type: "message-age", ID: "{id}-oldest-message", Factor: 1.0 / 60, Unit: "min", Parts: [2]float64{0.6, 0.8}},
			},
		},
		{
			Sections: []string{"physicalDisks"}, Label: "Disk",
			Metrics: []AlertMetric{
				{Metric: "wearout", Type: "disk-wearout", ID: "{type}-{id}", Unit: "%"}, {Metric: "temperature", Type: "diskTemperature", ID: "{id}-{type}", Unit: "°C"},
			},
		},
		{
			Sections: []string{"dockerHosts"}, Label: "Docker Host", Delays: []string{"dockerhost", "docker", "node"},
			Disable: "disableAllDockerHosts", DisableOffline: "disableAllDockerHostsOffline",
			Offline: &AlertStatus{Type: "docker-host-offline", ID: "docker-host-offline-{id}", Severity: "critical"},
		},
		{
			Member: "dockerDefaults", Sections: []string{"dockerContainer"}, Label: "Docker Container", Delays: []string{"docker", "guest"},
			Disable: "disableAllDockerContainers", Prefixes: "dockerIgnoredContainerPrefixes",
			Metrics: []AlertMetric{percent("cpu", "cpu"), percent("memory", "memory"), percent("disk", "disk")},
			Off:     &AlertStatus{Type: "docker-container-state", ID: "docker-container-state-{id}", Configured: true, For: 30},
		},
	}
}

// Tags by which people keep a resource from being judged, or its alerts from being sent, or relax its limits.
const (
	TagNoAlerts    = "pulse-no-alerts"
	TagMonitorOnly = "pulse-monitor-only"
	TagRelaxed     = "pulse-relaxed"
)

// RelaxedTriggers are what limits are raised to, at least, for what bears [TagRelaxed].
func RelaxedTriggers() map[string]float64 {
	return map[string]float64{"cpu": 95, "memory": 92, "disk": 95}
}

// AlertDefaults is the alert configuration of a server on which nobody has saved one. CPU and memory have to stay high for
// five minutes: shorter peaks are work, not trouble. Guests use their memory for caches, which often counts as used.
const AlertDefaults = `{
"enabled":true,"observationWindowHours":24,
"guestDefaults":{"poweredOffSeverity":"warning","cpu":{"trigger":80,"clear":75},"memory":{"trigger":98,"clear":95},"disk":{"trigger":90,"clear":85},"diskRead":{"trigger":0,"clear":0},"diskWrite":{"trigger":0,"clear":0},"networkIn":{"trigger":0,"clear":0},"networkOut":{"trigger":0,"clear":0}},
"nodeDefaults":{"cpu":{"trigger":80,"clear":75},"memory":{"trigger":85,"clear":80},"disk":{"trigger":90,"clear":85},"temperature":{"trigger":80,"clear":75}},
"hostDefaults":{"cpu":{"trigger":80,"clear":75},"memory":{"trigger":85,"clear":80},"disk":{"trigger":90,"clear":85},"diskTemperature":{"trigger":55,"clear":50}},
"pbsDefaults":{"cpu":{"trigger":80,"clear":75},"memory":{"trigger":85,"clear":80}},
"storageDefault":{"trigger":85,"clear":80},
"dockerDefaults":{"cpu":{"trigger":80,"clear":75},"memory":{"trigger":85,"clear":80},"disk":{"trigger":85,"clear":80},"restartCount":3,"restartWindow":300,"memoryWarnPct":90,"memoryCriticalPct":95,"serviceWarnGapPercent":10,"serviceCriticalGapPercent":50,"statePoweredOffSeverity":"warning","updateAlertDelayHours":24},
"pmgDefaults":{"queueTotalWarning":500,"queueTotalCritical":1000,"oldestMessageWarnMins":30,"oldestMessageCritMins":60,"deferredQueueWarn":200,"deferredQueueCritical":500,"holdQueueWarn":100,"holdQueueCritical":300,"quarantineSpamWarn":2000,"quarantineSpamCritical":5000,"quarantineVirusWarn":2000,"quarantineVirusCritical":5000,"quarantineGrowthWarnPct":25,"quarantineGrowthWarnMin":250,"quarantineGrowthCritPct":50,"quarantineGrowthCritMin":500},
"snapshotDefaults":{"enabled":false,"warningDays":30,"criticalDays":45},
"backupDefaults":{"enabled":false,"warningDays":7,"criticalDays":14,"freshHours":24,"staleHours":72,"alertOrphaned":true,"ignoreVMIDs":[]},
"overrides":{},
"schedule":{"quietHours":{"enabled":false,"start":"22:00","end":"08:00","timezone":"","days":{"monday":true,"tuesday":true,"wednesday":true,"thursday":true,"friday":true,"saturday":true,"sunday":true},"suppress":{"performance":false,"storage":false,"offline":false}},"cooldown":5,"maxAlertsHour":10,"notifyOnResolve":true,"escalation":{"enabled":false,"levels":[{"after":15,"notify":"email"},{"after":30,"notify":"webhook"},{"after":60,"notify":"all"}]},"grouping":{"enabled":true,"window":30,"byNode":true,"byGuest":false}},
"minimumDelta":2,"suppressionWindow":5,"hysteresisMargin":5,
"timeThresholds":{"guest":5,"node":5,"host":5,"storage":5,"pbs":5},
"metricTimeThresholds":{"guest":{"cpu":300,"memory":1800},"node":{"cpu":300,"memory":300},"host":{"cpu":300,"memory":300},"pbs":{"cpu":300,"memory":300}},
"maxAlertAgeDays":7,"maxAcknowledgedAgeDays":1,"autoAcknowledgeAfterHours":24,
"flappingEnabled":true,"flappingWindowSeconds":300,"flappingThreshold":5,"flappingCooldownMinutes":15}`

// AlertCategory is the category of an alert type that the reference gives one: which quiet hours may silence it.
func AlertCategory(kind string) string {
	switch kind {
	case "usage", "disk-health", "disk-wearout", "zfs-pool-state", "zfs-pool-errors", "zfs-device", "raid", "diskTemperature", "backup-age", "snapshot-age", "backup_failed":
		return "storage"
	case "connectivity", "offline", "powered-off", "host-offline", "docker-host-offline", "docker-container-state":
		return "offline"
	}
	return "performance"
}

// RelayPlugin is the kind of the plugin behind the channel that relays to services by their URLs.
const RelayPlugin = "apprise"

// Relay paths and names of operations.
const (
	RelayPath    = "/api/notifications/apprise"
	RelayGetName = "getApprise"
	RelaySetName = "setApprise"
)
