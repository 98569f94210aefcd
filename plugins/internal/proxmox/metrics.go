package proxmox

import (
	"cmp"
	"slices"

	"github.com/pulse-platform/pulse/sdk"
)

// Metrics completes a table of metrics: the wire has their own names unless it says others, and percent for shares. What is counted
// by the second is a rate, all else a gauge.
func Metrics(table []sdk.Metric) []sdk.Metric {
	for i := range table {
		m := &table[i]
		m.WireName, m.WireScale, m.Kind = cmp.Or(m.WireName, m.Name), 1, sdk.Gauge
		switch m.Unit {
		case sdk.UnitRatio:
			m.WireScale = 100
		case sdk.UnitPerSecond, sdk.UnitBytesPerSecond:
			m.Kind = sdk.Rate
		}
	}
	return table
}

// MetricsOf are the names of those that a type has.
func MetricsOf(kind string, table []sdk.Metric) (names []string) {
	for _, m := range table {
		if slices.Contains(m.Types, kind) {
			names = append(names, m.Name)
		}
	}
	return names
}
