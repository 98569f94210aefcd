package alert

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// dayLimits are limits in days of a class, or of one resource. A number that is not above 0 is no limit.
type dayLimits struct {
	Enabled  bool     `json:"enabled"`
	Warning  float64  `json:"warningDays"`
	Critical float64  `json:"criticalDays"`
	Ignore   []string `json:"ignoreVMIDs"` // what is never judged, with * for any text
}

func (c *compiler) dayLimits(m compat.AlertMetric) (d dayLimits, known bool) {
	raw := map[string]json.RawMessage{"backupDefaults": c.d.BackupDefaults, "snapshotDefaults": c.d.SnapshotDefaults}[m.Days]
	return d, json.Unmarshal(raw, &d) == nil
}

// ages adds the limits in days of a class. A class that is not turned on leaves the plugin's own limits.
func (c *compiler) ages(name string, match Match, m compat.AlertMetric) {
	d, known := c.dayLimits(m)
	if !known || !d.Enabled {
		return
	}
	c.age(name, match, m, d)
	if len(d.Ignore) > 0 {
		c.add(Rule{ID: name + "/ignored", Match: match, Kind: m.Metric, Off: true, when: func(r *inventory.Record) bool {
			number := numberOf(r)
			return slices.ContainsFunc(d.Ignore, func(pattern string) bool { return Glob(pattern, number) })
		}})
	}
}

// ageOverride replaces the limits of a class for one resource.
func (c *compiler) ageOverride(name string, match Match, m compat.AlertMetric, t Thresholds) {
	var d dayLimits
	switch {
	case len(t.Rest[m.Member]) == 0 || json.Unmarshal(t.Rest[m.Member], &d) != nil:
	case !d.Enabled:
		c.add(Rule{ID: name, Match: match, Kind: m.Metric, Off: true})
	default:
		c.age(name, match, m, d)
	}
}

func (c *compiler) age(name string, match Match, m compat.AlertMetric, d dayLimits) {
	warning, worst := d.Warning/m.Factor, d.Critical/m.Factor
	r := Rule{ID: name, Name: m.Member + " age", Match: match, Kind: m.Metric, Severity: sdk.SeverityWarning, For: new(float64)}
	switch {
	case warning > 0 && worst > 0:
		r.Trigger, r.Critical = &warning, &worst
	case warning > 0:
		r.Trigger = &warning
	case worst > 0:
		r.Trigger, r.Severity = &worst, sdk.SeverityCritical
	default:
		return
	}
	r.Clear = r.Trigger
	c.add(r)
}

// numberOf is the number by which people know a guest.
func numberOf(r *inventory.Record) string {
	var doc map[string]json.RawMessage
	if json.Unmarshal(r.Parts[""], &doc) != nil {
		return ""
	}
	var number any
	if json.Unmarshal(doc[compat.GuestNumber], &number) != nil {
		return ""
	}
	return fmt.Sprint(number)
}
