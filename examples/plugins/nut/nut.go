// Package nut is a source of uninterruptible power supplies, read from a NUT server (upsd) by the protocol of
// RFC 9271. It is an example of a plugin outside the tree: its own module, type, metrics, table and alerts.
package nut

import (
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// typeUPS is the resource type.
const typeUPS = "ups"

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Define(sdk.Description{
		Kind:    "nut",
		Name:    "NUT",
		Summary: "Uninterruptible power supplies of a NUT server.",
		Version: "0.1.0",
		Types: []sdk.ResourceType{{
			Name: typeUPS, Label: "UPS", Plural: "UPS", Icon: "battery", Family: "power",
			Columns: []sdk.Column{
				{Name: "charge", Label: "Charge", Metric: "charge", Path: "charge", Format: sdk.FormatRatio, Default: true, Priority: 1},
				{Name: "load", Label: "Load", Metric: "load", Path: "load", Format: sdk.FormatRatio, Default: true, Priority: 2},
				{Name: "runtime", Label: "Runtime", Metric: "runtime", Path: "runtimeSeconds", Format: sdk.FormatDuration, Default: true, Priority: 3},
			},
			Facts: []sdk.Fact{
				{Label: "Manufacturer", Path: "manufacturer", Format: sdk.FormatText},
				{Label: "Model", Path: "model", Format: sdk.FormatText},
				{Label: "Serial number", Path: "serial", Format: sdk.FormatText},
			},
			Metrics:    []string{"charge", "load", "runtime"},
			Thresholds: []sdk.Threshold{{Metric: "charge", Below: true, Trigger: 0.5, Clear: 0.8, For: time.Minute, Severity: sdk.SeverityWarning}},
			Conditions: []string{"on_battery", "replace_battery"},
		}},
		Metrics: []sdk.Metric{
			metric("charge", "Charge", sdk.UnitRatio, "Charge of the battery."),
			metric("load", "Load", sdk.UnitRatio, "Load as a share of what the UPS can carry."),
			metric("runtime", "Runtime", sdk.UnitSeconds, "How long the battery lasts at this load."),
		},
		Sections: []sdk.StateSection{{
			Section: "ups", Type: typeUPS, Order: 950, SortBy: "name", HistoryType: typeUPS,
			Inject: []sdk.Inject{{Member: "id", Value: sdk.InjectID}, {Member: "status", Value: sdk.InjectStatus}, {Member: "lastSeen", Value: sdk.InjectLastSeen}},
		}},
		Kinds: []sdk.EventKind{
			{Name: "on_battery", Condition: true, Label: "On battery", Template: "{message}", Category: "power", Severity: sdk.SeverityCritical},
			{Name: "replace_battery", Condition: true, Label: "Replace the battery", Template: "{message}", Category: "hardware", Severity: sdk.SeverityWarning},
		},
		Tasks: []sdk.Task{{Name: "read", Label: "Read all UPS", Interval: 15 * time.Second, Cost: sdk.CostLight, Types: []string{typeUPS}}},
	}, New)
}

func metric(name, label string, unit sdk.Unit, help string) sdk.Metric {
	scale := 1.0
	if unit == sdk.UnitRatio {
		scale = 100
	}
	return sdk.Metric{
		Name: name, Types: []string{typeUPS}, Unit: unit, Kind: sdk.Gauge, Precision: 10, Label: label, Help: help,
		WireName: name, WireScale: scale, Chart: name,
	}
}

var (
	_ sdk.Collector = (*Source)(nil)
	_ sdk.Checker   = (*Source)(nil)
)
