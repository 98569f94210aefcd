// Package demo is a source of invented machines and guests that live: they work, idle, fill up, fail and come
// back. It serves benchmarks, tests of the web app and people who want to look around without a machine.
package demo

import (
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// The resource types.
const (
	typeMachine = "demo-machine"
	typeGuest   = "demo-guest"
)

// The tasks.
const (
	taskMachines = "all"
	taskGadgets  = "gadgets"
)

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Define(sdk.Description{
		Kind:    "demo",
		Name:    "Demo",
		Summary: "Invented machines and guests that live.",
		Version: "1.0.0",
		Types: append([]sdk.ResourceType{{
			Name: typeMachine, Label: "Demo machine", Plural: "Demo machines", Icon: "server", Family: "infrastructure",
			Columns: []sdk.Column{
				{Name: "cpu", Label: "CPU", Metric: "cpu", Path: "cpu", Format: sdk.FormatRatio, Default: true, Priority: 1},
				{Name: "memory", Label: "Memory", Metric: "memory", Path: "memory.usage", Format: sdk.FormatPercent, Default: true, Priority: 2},
				{Name: "uptime", Label: "Uptime", Path: "uptime", Format: sdk.FormatDuration, Default: true, Priority: 4},
			},
			Facts:      []sdk.Fact{{Label: "Model", Path: "model", Format: sdk.FormatText}, {Label: "Cores", Path: "cores", Format: sdk.FormatNumber}},
			Metrics:    []string{"cpu", "memory", "temperature"},
			Thresholds: []sdk.Threshold{{Metric: "cpu", Trigger: 0.9, Clear: 0.8, For: 5 * time.Minute, Severity: sdk.SeverityWarning}},
			Conditions: []string{"fan_failed"},
		}, {
			Name: typeGuest, Label: "Demo guest", Plural: "Demo guests", Icon: "box", Family: "workloads",
			Relations: []sdk.RelationKind{sdk.RunsOn},
			Columns: []sdk.Column{
				{Name: "cpu", Label: "CPU", Metric: "cpu", Path: "cpu", Format: sdk.FormatRatio, Default: true, Priority: 1},
				{Name: "memory", Label: "Memory", Metric: "memory", Path: "memory.usage", Format: sdk.FormatPercent, Default: true, Priority: 2},
				{Name: "netin", Label: "Net in", Metric: "netin", Path: "networkIn", Format: sdk.FormatRate, Default: true, Priority: 3},
				{Name: "uptime", Label: "Uptime", Path: "uptime", Format: sdk.FormatDuration, Default: true, Priority: 4},
			},
			Facts: []sdk.Fact{
				{Label: "Last backup", Path: "lastBackup", Format: sdk.FormatTime, Group: "Backups"}, {Label: "Backups", Path: "backupCount", Format: sdk.FormatNumber, Group: "Backups"},
			},
			Metrics:    []string{"cpu", "memory", "netin", "netout"},
			Conditions: []string{kindNoBackup},
		}}, gadgetTypes()...),
		Metrics: append([]sdk.Metric{
			{Name: "cpu", Types: []string{typeMachine, typeGuest}, Unit: sdk.UnitRatio, Kind: sdk.Gauge, Precision: 10, Label: "CPU", Help: "Busy share of all cores.", WireName: "cpu", WireScale: 100, Chart: "cpu"},
			{Name: "memory", Types: []string{typeMachine, typeGuest}, Unit: sdk.UnitRatio, Kind: sdk.Gauge, Precision: 10, Label: "Memory", Help: "Used share of memory.", WireName: "memory", WireScale: 100, Chart: "memory"},
			{Name: "temperature", Types: []string{typeMachine}, Unit: sdk.UnitCelsius, Kind: sdk.Gauge, Instance: "sensor", Precision: 10, Label: "Temperature", Help: "Temperature by sensor.", WireName: "temperature", WireScale: 1, Chart: "temperature"},
			{Name: "netin", Types: []string{typeGuest}, Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Precision: 10, Label: "Received", Help: "Bytes received a second.", WireName: "netin", WireScale: 1, Chart: "network"},
			{Name: "netout", Types: []string{typeGuest}, Unit: sdk.UnitBytesPerSecond, Kind: sdk.Rate, Precision: 10, Label: "Sent", Help: "Bytes sent a second.", WireName: "netout", WireScale: 1, Chart: "network"},
		}, gadgetMetrics()...),
		Sections: append([]sdk.StateSection{
			section("demoMachines", typeMachine, 900, "cpu", "memory"),
			joined(section("demoGuests", typeGuest, 901, "cpu", "memory"), backupJoins()...),
		}, gadgetSections()...),
		Rows:  backupRows(),
		Kinds: append([]sdk.EventKind{{Name: "fan_failed", Condition: true, Label: "Fan failed", Template: "{message}", WireType: "fan_failed", Category: "hardware", Severity: sdk.SeverityWarning}}, backupKinds()...),
		Tasks: []sdk.Task{
			{Name: taskMachines, Label: "Machines and guests", Interval: 10 * time.Second, Cost: sdk.CostLight, Types: []string{typeMachine, typeGuest}},
			{Name: taskGadgets, Label: "Pumps, lamps and robots", Interval: 15 * time.Second, Cost: sdk.CostLight, Types: gadgetNames()},
			{Name: taskBackups, Label: "Backups", Interval: time.Minute, Cost: sdk.CostHeavy, Rows: []string{rowsBackups}},
		},
	}, New)
}

func joined(s sdk.StateSection, joins ...sdk.Join) sdk.StateSection {
	s.Join = joins
	return s
}

func section(name, kind string, order int, charts ...string) sdk.StateSection {
	return sdk.StateSection{
		Section: name, Type: kind, Order: order, SortBy: "name",
		ChartGroup: name, ChartMetrics: charts, HistoryType: kind,
		Inject: []sdk.Inject{
			{Member: "id", Value: sdk.InjectID},
			{Member: "displayName", Value: sdk.InjectDisplayName},
			{Member: "status", Value: sdk.InjectStatus, Words: map[string]string{"up": "running", "off": "stopped", "stale": "unknown"}},
			{Member: "lastSeen", Value: sdk.InjectLastSeen},
		},
	}
}

var _ sdk.Collector = (*Collector)(nil)
