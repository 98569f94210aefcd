// Package pmg is the plugin for Proxmox Mail Gateway: the gateway or the cluster of them, its nodes with their queues, and
// mail as sums. It reads and never writes, and asks for nothing that names senders, recipients or subjects.
package pmg

import (
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/plugins/internal/proxmox/setup"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// The resource types: the gateway as a whole, and each machine of it.
const (
	typeGateway = "pmg"
	typeNode    = "pmg_node"
)

// The tasks.
const (
	taskStatus     = "status"
	taskQueues     = "queues"
	taskMail       = "mail"
	taskStatistics = "statistics"
	taskBackups    = "backups"
	taskTasks      = "tasks"
	taskSystem     = "system"
)

// Version of the plugin.
const Version = "1.0.0"

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Unconfigured(schema.Define(sdk.Description{
		Kind:     "pmg",
		Name:     "Proxmox Mail Gateway",
		Summary:  "Mail gateways: nodes, queues, quarantine and sums of mail.",
		Version:  Version,
		Types:    []sdk.ResourceType{gatewayType(), nodeType()},
		Metrics:  metrics(),
		Rows:     rowsTypes(),
		Kinds:    kinds(),
		Sections: []sdk.StateSection{gatewaySection(), nodeSection()},
		Tasks: []sdk.Task{
			{Name: taskStatus, Label: "Gateway and nodes", Interval: 30 * time.Second, Timeout: 2 * time.Minute, Cost: sdk.CostLight, Types: []string{typeGateway, typeNode}},
			{Name: taskQueues, Label: "Queues", Interval: time.Minute, Timeout: 3 * time.Minute, Cost: sdk.CostLight, Parts: []string{partQueue, partSum}},
			{Name: taskMail, Label: "Mail and quarantine", Interval: 2 * time.Minute, Cost: sdk.CostLight, Parts: []string{partRates, partQuarantine}},
			{Name: taskStatistics, Label: "Statistics of the day", Interval: 10 * time.Minute, Cost: sdk.CostHeavy, Parts: []string{partStatistics, partCounts, partScores, partDomains}},
			{Name: taskBackups, Label: "Backups", Interval: time.Hour, Timeout: 10 * time.Minute, Cost: sdk.CostLight, Rows: []string{rowsBackups}},
			{Name: taskTasks, Label: "Tasks that failed", Interval: 10 * time.Minute, Cost: sdk.CostLight},
			{Name: taskSystem, Label: "Services, signatures and packages", Interval: 6 * time.Hour, Timeout: 10 * time.Minute, Cost: sdk.CostHeavy, Rows: []string{rowsUpdates}},
		},
		Probes: setup.Probes(proxmox.MailGateway),
	}, New), setup.PMG)
}

func gatewayType() sdk.ResourceType {
	column := func(name, label, metric, path string, format sdk.Format, priority int) sdk.Column {
		return sdk.Column{Name: name, Label: label, Metric: metric, Path: path, Format: format, Default: true, Priority: priority, Width: 100}
	}
	return sdk.ResourceType{
		Name: typeGateway, Label: "Mail gateway", Plural: "Mail gateways", Icon: "mail", Family: "mail",
		Columns: []sdk.Column{
			{Name: "name", Label: "Name", Path: "name", Format: sdk.FormatText, Default: true, Priority: 1, Width: 200},
			{Name: "status", Label: "Status", Path: "status", Format: sdk.FormatText, Default: true, Priority: 1, Width: 90},
			column("in", "In / min", "", "mailRates.in", sdk.FormatNumber, 2), column("out", "Out / min", "", "mailRates.out", sdk.FormatNumber, 2),
			column("spam", "Spam / min", "", "mailRates.spamIn", sdk.FormatNumber, 3), column("queue", "Queue", "queue_total", "queue.total", sdk.FormatNumber, 2),
			column("oldest", "Oldest", "queue_oldest", "queue.oldestAge", sdk.FormatDuration, 4), column("quarantine", "Quarantine", "quarantine_spam", "quarantine.spam", sdk.FormatNumber, 4),
			{Name: "version", Label: "Version", Path: "version", Format: sdk.FormatText, Default: true, Priority: 6, Width: 100},
		},
		Facts: []sdk.Fact{
			{Label: "Version", Path: "version", Format: sdk.FormatText, Group: "Gateway"},
			{Label: "Address", Path: "host", Format: sdk.FormatText, Group: "Gateway"},
			{Label: "Received today", Path: "mailStats.countIn", Format: sdk.FormatNumber, Group: "Today"},
			{Label: "Sent today", Path: "mailStats.countOut", Format: sdk.FormatNumber, Group: "Today"},
			{Label: "Spam today", Path: "mailStats.spamIn", Format: sdk.FormatNumber, Group: "Today"},
			{Label: "Viruses today", Path: "mailStats.virusIn", Format: sdk.FormatNumber, Group: "Today"},
			{Label: "Bytes received today", Path: "mailStats.bytesIn", Format: sdk.FormatBytes, Group: "Today"},
			{Label: "Spam in quarantine", Path: "quarantine.spam", Format: sdk.FormatNumber, Group: "Quarantine"},
			{Label: "Viruses in quarantine", Path: "quarantine.virus", Format: sdk.FormatNumber, Group: "Quarantine"},
		},
		Metrics: metricNames(typeGateway),
		Thresholds: concat(
			limits("queue_total", 500, 1000, saysTotal), limits("queue_deferred", 200, 500, saysDeferred), limits("queue_hold", 100, 300, saysHold), limits("queue_oldest", 30*60, 60*60, saysOldest),
			limits("quarantine_spam", 2000, 5000, saysSpam), limits("quarantine_virus", 2000, 5000, saysVirus), limits("quarantine_growth", 0.25, 0.5, ""),
		),
		Conditions: []string{kindNoSubscription, kindNoMaster},
	}
}

// What is told of queues and quarantines.
const (
	saysTotal    = "{value} messages wait on {name}, over the limit of {limit}. Does it reach where mail goes to?"
	saysDeferred = "{value} messages on {name} could not be delivered and wait for another attempt, over the limit of {limit}. Does it reach where mail goes to?"
	saysHold     = "{value} messages on {name} are held back until somebody lets them go, over the limit of {limit}."
	saysOldest   = "The oldest message on {name} has been waiting for at least {value}, over the limit of {limit}."
	saysSpam     = "{value} messages with spam lie in the quarantine of {name}, over the limit of {limit}."
	saysVirus    = "{value} messages with viruses lie in the quarantine of {name}, over the limit of {limit}."
)

// limits are the warning and the critical threshold of a metric, and what is told of them. It is well again a tenth below.
func limits(metric string, warning, critical float64, says string) []sdk.Threshold {
	return []sdk.Threshold{
		{Metric: metric, Trigger: warning, Clear: warning * 0.9, Severity: sdk.SeverityWarning, Says: says},
		{Metric: metric, Trigger: critical, Clear: critical * 0.9, Severity: sdk.SeverityCritical},
	}
}

// nodeQueueLimits are lower than those of all nodes together.
func nodeQueueLimits() []sdk.Threshold {
	return concat(limits("node_queue_total", 300, 800, saysTotal), limits("node_queue_deferred", 120, 400, saysDeferred), limits("node_queue_hold", 60, 240, saysHold), limits("node_queue_oldest", 18*60, 48*60, saysOldest))
}

func concat(all ...[]sdk.Threshold) (out []sdk.Threshold) {
	for _, one := range all {
		out = append(out, one...)
	}
	return out
}

func nodeType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: typeNode, Label: "Mail gateway node", Plural: "Mail gateway nodes", Icon: "server", Family: "mail", Relations: []sdk.RelationKind{sdk.MemberOf},
		Columns: []sdk.Column{
			{Name: "name", Label: "Name", Path: "name", Format: sdk.FormatText, Default: true, Priority: 1, Width: 180},
			{Name: "status", Label: "Status", Path: "status", Format: sdk.FormatText, Default: true, Priority: 1, Width: 90},
			{Name: "role", Label: "Role", Path: "role", Format: sdk.FormatText, Default: true, Priority: 4, Width: 90},
			{Name: "cpu", Label: "CPU", Metric: "cpu", Path: "cpu", Format: sdk.FormatRatio, Default: true, Priority: 2, Width: 110},
			{Name: "memory", Label: "Memory", Metric: "memory", Path: "memory", Format: sdk.FormatPercent, Default: true, Priority: 2, Width: 110},
			{Name: "disk", Label: "Disk", Metric: "disk", Path: "disk", Format: sdk.FormatPercent, Default: true, Priority: 3, Width: 110},
			{Name: "queue", Label: "Queue", Metric: "node_queue_total", Path: "queueStatus.total", Format: sdk.FormatNumber, Default: true, Priority: 3, Width: 90},
			{Name: "uptime", Label: "Uptime", Metric: "uptime", Path: "uptime", Format: sdk.FormatDuration, Default: true, Priority: 5, Width: 100},
		},
		Facts: []sdk.Fact{
			{Label: "Role", Path: "role", Format: sdk.FormatText}, {Label: "Version", Path: "version", Format: sdk.FormatText}, {Label: "Kernel", Path: "kernelVersion", Format: sdk.FormatText},
			{Label: "Processor", Path: "cpuModel", Format: sdk.FormatText}, {Label: "Logical CPUs", Path: "cpuCount", Format: sdk.FormatNumber},
			{Label: "Memory", Path: "memoryTotal", Format: sdk.FormatBytes}, {Label: "Load", Path: "loadAvg", Format: sdk.FormatText},
			{Label: "Queue, active", Path: "queueStatus.active", Format: sdk.FormatNumber, Group: "Queue"}, {Label: "Queue, deferred", Path: "queueStatus.deferred", Format: sdk.FormatNumber, Group: "Queue"},
			{Label: "Queue, on hold", Path: "queueStatus.hold", Format: sdk.FormatNumber, Group: "Queue"}, {Label: "Oldest message", Path: "queueStatus.oldestAge", Format: sdk.FormatDuration, Group: "Queue"},
		},
		Metrics: metricNames(typeNode),
		Thresholds: append(nodeQueueLimits(),
			sdk.Threshold{Metric: "cpu", Trigger: 0.80, Clear: 0.75, For: 10 * time.Minute, Severity: sdk.SeverityWarning},
			sdk.Threshold{Metric: "memory", Trigger: 0.90, Clear: 0.85, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
			sdk.Threshold{Metric: "disk", Trigger: 0.90, Clear: 0.85, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
			sdk.Threshold{Metric: "signatures_age", Trigger: 3 * day, Clear: 2 * day, Severity: sdk.SeverityWarning, Says: "The virus signatures of {name} are {value} old, over the limit of {limit}. Does it reach its update server?"},
			// No usual schedule is longer. Who saves the machine as a whole turns it off, or makes no such backups: without one there is no age.
			sdk.Threshold{Metric: "backup_age", Trigger: 35 * day, Clear: 35 * day, Severity: sdk.SeverityWarning, Says: "The newest backup of the configuration of {name} is {value} old, over the limit of {limit}. Does something still make them?"},
			sdk.Threshold{Metric: "certificate_left", Trigger: 14 * day, Clear: 15 * day, Below: true, Severity: sdk.SeverityWarning, Says: "The certificate {instance} of {name} ends in {value}. Renew it, in its page Certificates."},
			sdk.Threshold{Metric: "certificate_left", Trigger: 3 * day, Clear: 4 * day, Below: true, Severity: sdk.SeverityCritical},
			sdk.Threshold{Metric: "updates_pending", Trigger: 1, Clear: 0, For: 14 * 24 * time.Hour, Severity: sdk.SeverityWarning, Says: "Updates have been waiting on {name} for long; {value} packages do now."},
		),
		Conditions: []string{kindNotInSync, kindServiceDown},
	}
}

// day in seconds, the unit of durations.
const day = 86400

// words are the contract's words for how a gateway or a node is.
var words = map[string]string{
	"up": "online", "degraded": "online", "maintenance": "online", "unknown": "offline", "stale": "offline", "down": "offline", "off": "offline",
}

func gatewaySection() sdk.StateSection {
	return sdk.StateSection{
		Section: "pmg", Type: typeGateway, Order: 130, SortBy: "name", HealthKey: "pmg-", HistoryType: typeGateway,
		ChartGroup: "pmgData", ChartMetrics: []string{"mail_in", "mail_out", "spam_in", "queue_total"},
		Inject: []sdk.Inject{
			{Member: "id", Value: sdk.InjectID}, {Member: "status", Value: sdk.InjectStatus, Words: words}, {Member: "connectionHealth", Value: sdk.InjectHealth},
			{Member: "lastSeen", Value: sdk.InjectLastSeenTime}, {Member: "lastUpdated", Value: sdk.InjectLastSeenTime},
		},
		Nest: []sdk.Nest{{Member: "nodes", Type: typeNode, Relation: sdk.MemberOf}},
	}
}

// nodeSection says how a node looks within its gateway; it stands in no list of its own.
func nodeSection() sdk.StateSection {
	return sdk.StateSection{Type: typeNode, SortBy: "name", HistoryType: typeNode, Inject: []sdk.Inject{{Member: "status", Value: sdk.InjectStatus, Words: words}}}
}

var (
	_ sdk.Collector = (*Collector)(nil)
	_ sdk.Checker   = (*Collector)(nil)
)
