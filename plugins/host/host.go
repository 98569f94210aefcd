// Package host is the plugin for machines that run an agent: it decodes their reports into a record with its
// document, samples and conditions. It reads no machine by itself (that is package collect, which the agent links) and
// decides no identity: it says who a report claims to be from, and the server resolves that.
package host

import (
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// kind is the plugin's kind, its report kind and its one resource type.
const kind = "host"

// Version of the plugin.
const Version = "1.0.0"

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Define(sdk.Description{
		Kind:     kind,
		Name:     "Hosts",
		Summary:  "Machines that run an agent: processor, memory, disks, network, sensors.",
		Version:  Version,
		Implicit: true,
		Types:    []sdk.ResourceType{hostType()},
		Metrics:  metrics(),
		Sections: []sdk.StateSection{hostSection()},
		Kinds:    conditions(),
		Reports: []sdk.ReportKind{{
			Name: kind, Limit: wire.MaxBody, Formats: []string{"json"}, Type: kind, Scope: "host-agent:report",
			OfflineFactor: 6, OfflineMin: time.Minute, OfflineMax: 10 * time.Minute, DefaultInterval: time.Minute,
		}},
	}, New)
}

// hostType declares how a host is named, shown and judged.
func hostType() sdk.ResourceType {
	return sdk.ResourceType{
		Name: kind, Label: "Host", Plural: "Hosts", Icon: "server", Family: "infrastructure",
		Columns: []sdk.Column{
			{Name: "name", Label: "Name", Path: "displayName", Format: sdk.FormatText, Default: true, Priority: 1, Width: 200},
			{Name: "status", Label: "Status", Path: "status", Format: sdk.FormatText, Default: true, Priority: 1, Width: 90},
			{Name: "cpu", Label: "CPU", Metric: "cpu", Path: "cpuUsage", Format: sdk.FormatPercent, Default: true, Priority: 2, Width: 110},
			{Name: "memory", Label: "Memory", Metric: "memory", Path: "memory.usage", Format: sdk.FormatPercent, Default: true, Priority: 2, Width: 110},
			{Name: "disk", Label: "Disk", Metric: "disk", Path: "diskUsage", Format: sdk.FormatPercent, Default: true, Priority: 3, Width: 110},
			{Name: "netin", Label: "Net in", Metric: "netin", Path: "rates.netIn", Unit: "B/s", Format: sdk.FormatRate, Default: true, Priority: 4, Width: 100},
			{Name: "netout", Label: "Net out", Metric: "netout", Path: "rates.netOut", Unit: "B/s", Format: sdk.FormatRate, Default: true, Priority: 4, Width: 100},
			{Name: "diskread", Label: "Disk read", Metric: "diskread", Path: "rates.diskRead", Unit: "B/s", Format: sdk.FormatRate, Priority: 7, Width: 100},
			{Name: "diskwrite", Label: "Disk write", Metric: "diskwrite", Path: "rates.diskWrite", Unit: "B/s", Format: sdk.FormatRate, Priority: 7, Width: 100},
			{Name: "temperature", Label: "Temp", Path: "temperature", Unit: "°C", Format: sdk.FormatCelsius, Default: true, Priority: 5, Width: 80},
			{Name: "load", Label: "Load", Metric: "load1", Path: "loadAverage.0", Format: sdk.FormatNumber, Priority: 8, Width: 80},
			{Name: "uptime", Label: "Uptime", Metric: "uptime", Path: "uptimeSeconds", Unit: "s", Format: sdk.FormatDuration, Default: true, Priority: 6, Width: 100},
			{Name: "os", Label: "System", Path: "osLabel", Format: sdk.FormatText, Default: true, Priority: 7, Width: 140},
			{Name: "agent", Label: "Agent", Path: "agentVersion", Format: sdk.FormatText, Priority: 9, Width: 100},
		},
		Facts: []sdk.Fact{
			{Label: "Host name", Path: "hostname", Format: sdk.FormatText, Group: "System"},
			{Label: "System", Path: "osLabel", Format: sdk.FormatText, Group: "System"},
			{Label: "Kernel", Path: "kernelVersion", Format: sdk.FormatText, Group: "System"},
			{Label: "Architecture", Path: "architecture", Format: sdk.FormatText, Group: "System"},
			{Label: "Uptime", Path: "uptimeSeconds", Format: sdk.FormatDuration, Group: "System"},
			{Label: "Address", Path: "reportIp", Format: sdk.FormatText, Group: "System"},
			{Label: "Tags", Path: "tags", Format: sdk.FormatList, Group: "System"},
			{Label: "Processor", Path: "cpuModel", Format: sdk.FormatText, Group: "Hardware"},
			{Label: "Logical CPUs", Path: "cpuCount", Format: sdk.FormatNumber, Group: "Hardware"},
			{Label: "Load", Path: "loadAverage", Format: sdk.FormatList, Group: "Hardware"},
			{Label: "Memory", Path: "memory.total", Format: sdk.FormatBytes, Group: "Hardware"},
			{Label: "Memory used", Path: "memory.used", Format: sdk.FormatBytes, Group: "Hardware"},
			{Label: "Swap", Path: "memory.swapTotal", Format: sdk.FormatBytes, Group: "Hardware"},
			{Label: "Agent version", Path: "agentVersion", Format: sdk.FormatText, Group: "Agent"},
			{Label: "Reports every", Path: "intervalSeconds", Format: sdk.FormatDuration, Group: "Agent"},
			{Label: "Not shown", Path: "diskExclude", Format: sdk.FormatList, Group: "Agent"},
		},
		Metrics: metricNames(),
		Thresholds: []sdk.Threshold{
			{Metric: "cpu", Trigger: 0.80, Clear: 0.75, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
			{Metric: "memory", Trigger: 0.85, Clear: 0.80, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
			{Metric: "fs_used", Trigger: 0.90, Clear: 0.85, For: 5 * time.Minute, Severity: sdk.SeverityWarning},
		},
		Conditions: conditionNames(),
	}
}

// hostSection declares what of a host the state document shows and what the server adds.
func hostSection() sdk.StateSection {
	return sdk.StateSection{
		Section: "hosts", Type: kind, Order: 70, SortBy: "hostname", HealthKey: "host-", HistoryType: "host",
		ChartGroup:   "hostData",
		ChartMetrics: []string{"cpu", "memory", "disk", "netin", "netout", "diskread", "diskwrite", "temperature"},
		Inject: []sdk.Inject{
			{Member: "id", Value: sdk.InjectID},
			{Member: "displayName", Value: sdk.InjectDisplayName},
			{Member: "status", Value: sdk.InjectStatus, Words: map[string]string{
				"up": "online", "degraded": "online", "maintenance": "online", "unknown": "offline", "stale": "offline", "down": "offline", "off": "offline",
			}},
			{Member: "lastSeen", Value: sdk.InjectLastSeen},
			{Member: "intervalSeconds", Value: sdk.InjectInterval, OmitEmpty: true},
			{Member: "agentVersion", Value: sdk.InjectAgentVersion, OmitEmpty: true},
			{Member: "tokenId", Value: sdk.InjectTokenID, OmitEmpty: true},
			{Member: "tokenName", Value: sdk.InjectTokenName, OmitEmpty: true},
			{Member: "tokenHint", Value: sdk.InjectTokenHint, OmitEmpty: true},
			{Member: "tokenLastUsedAt", Value: sdk.InjectTokenLastUsed, OmitEmpty: true},
			{Member: "commandsEnabled", Value: sdk.InjectCommandsEnabled, OmitEmpty: true},
			{Member: "isLegacy", Value: sdk.InjectIsLegacy, OmitEmpty: true},
			{Member: "linkedNodeId", Value: sdk.InjectLinked, Arg: "node", OmitEmpty: true},
			{Member: "linkedVmId", Value: sdk.InjectLinked, Arg: "vm", OmitEmpty: true},
			{Member: "linkedContainerId", Value: sdk.InjectLinked, Arg: "container", OmitEmpty: true},
		},
	}
}

var _ sdk.Ingester = (*Ingester)(nil)
