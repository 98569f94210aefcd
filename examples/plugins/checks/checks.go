// Package checks is a source that knocks at doors: it asks targets by ping, TCP or HTTP and keeps whether and how fast
// they answer. It is an example of a plugin whose things are those that its configuration names.
package checks

import (
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

const typeCheck = "check"

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Define(sdk.Description{
		Kind: "checks", Name: "Checks", Summary: "Whether targets answer to ping, TCP or HTTP, and how fast.", Version: "0.1.0",
		Types: []sdk.ResourceType{{
			Name: typeCheck, Label: "Check", Plural: "Checks", Icon: "activity", Family: "checks",
			Columns: []sdk.Column{
				{Name: "latency", Label: "Answer", Metric: "latency", Path: "latencyMs", Unit: "ms", Format: sdk.FormatNumber, Default: true, Priority: 1},
				{Name: "target", Label: "Target", Path: "target", Format: sdk.FormatText, Default: true, Priority: 2},
				{Name: "detail", Label: "Detail", Path: "detail", Format: sdk.FormatText, Default: true, Priority: 3},
			},
			Facts:      []sdk.Fact{{Label: "Target", Path: "target", Format: sdk.FormatText}, {Label: "By", Path: "by", Format: sdk.FormatText}, {Label: "Detail", Path: "detail", Format: sdk.FormatText}},
			Metrics:    []string{"latency", "available"},
			Thresholds: []sdk.Threshold{{Metric: "latency", Trigger: 2, Clear: 1, For: 2 * time.Minute, Severity: sdk.SeverityWarning}},
		}},
		Metrics: []sdk.Metric{
			{Name: "latency", Types: []string{typeCheck}, Unit: sdk.UnitSeconds, Kind: sdk.Gauge, Precision: 10, Label: "Answer", Help: "Time until the answer.", WireName: "latency", WireScale: 1000, Chart: "latency"},
			{Name: "available", Types: []string{typeCheck}, Unit: sdk.UnitRatio, Kind: sdk.Gauge, Precision: 10, Label: "Available", Help: "1 when the target answered, 0 when it did not.", WireName: "available", WireScale: 100, Chart: "available"},
		},
		Sections: []sdk.StateSection{{
			Section: "checks", Type: typeCheck, Order: 960, SortBy: "name", HistoryType: typeCheck,
			Inject: []sdk.Inject{{Member: "id", Value: sdk.InjectID}, {Member: "status", Value: sdk.InjectStatus}, {Member: "lastSeen", Value: sdk.InjectLastSeen}},
		}},
		Tasks: []sdk.Task{{Name: "knock", Label: "Ask every target", Interval: 30 * time.Second, Cost: sdk.CostLight, Types: []string{typeCheck}}},
	}, New)
}

var (
	_ sdk.Collector = (*Checks)(nil)
	_ sdk.Checker   = (*Checks)(nil)
)
