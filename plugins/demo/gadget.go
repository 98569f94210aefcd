package demo

import (
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// gadget is a type that only this plugin has: what it is called, and the number that it lives by.
type gadget struct {
	name, label, plural, icon string
	metric, metricLabel, help string
	unit                      sdk.Unit
	format                    sdk.Format
	low, span                 float64
}

// gadgets are the invented types. Nothing outside this plugin knows them.
var gadgets = []gadget{
	{"demo-pump", "Demo pump", "Demo pumps", "droplets", "pump_speed", "Speed", "Turns a minute.", sdk.UnitRPM, sdk.FormatNumber, 600, 2400},
	{"demo-lamp", "Demo lamp", "Demo lamps", "lamp", "lamp_power", "Power", "Electric power.", sdk.UnitWatt, sdk.FormatWatt, 2, 60},
	{"demo-robot", "Demo robot", "Demo robots", "bot", "robot_charge", "Charge", "Charge of the battery.", sdk.UnitRatio, sdk.FormatRatio, 0.1, 0.9},
}

func gadgetNames() []string {
	var out []string
	for _, g := range gadgets {
		out = append(out, g.name)
	}
	return out
}

func gadgetTypes() []sdk.ResourceType {
	var out []sdk.ResourceType
	for _, g := range gadgets {
		out = append(out, sdk.ResourceType{
			Name: g.name, Label: g.label, Plural: g.plural, Icon: g.icon, Family: "demo", Metrics: []string{g.metric},
			Columns: []sdk.Column{
				{Name: g.metric, Label: g.metricLabel, Metric: g.metric, Path: "value", Format: g.format, Default: true, Priority: 1},
				{Name: "uptime", Label: "Uptime", Path: "uptime", Format: sdk.FormatDuration, Default: true, Priority: 2},
			},
		})
	}
	return out
}

func gadgetMetrics() []sdk.Metric {
	var out []sdk.Metric
	for _, g := range gadgets {
		scale := 1.0
		if g.unit == sdk.UnitRatio {
			scale = 100
		}
		out = append(out, sdk.Metric{
			Name: g.metric, Types: []string{g.name}, Unit: g.unit, Kind: sdk.Gauge, Precision: 10, Label: g.metricLabel, Help: g.help,
			WireName: g.metric, WireScale: scale, Chart: g.metric,
		})
	}
	return out
}

func gadgetSections() []sdk.StateSection {
	var out []sdk.StateSection
	for i, g := range gadgets {
		out = append(out, section([]string{"demoPumps", "demoLamps", "demoRobots"}[i], g.name, 902+i, g.metric))
	}
	return out
}

// shape is the document of a gadget.
type shape struct {
	Name   string   `json:"name"`
	Value  *float64 `json:"value,omitempty"`
	Uptime int64    `json:"uptime,omitempty"`
}

// collectGadgets emits the things of invented types, in turn. One in ten fails now and then.
func (c *Collector) collectGadgets(sink sdk.Sink) error {
	for i := range c.cfg.Gadgets {
		if err := sink.Emit(gadgets[i%len(gadgets)].at(c.cfg.Seed, i, c.deps.Now())...); err != nil {
			return err
		}
	}
	return nil
}

func (g gadget) at(seed int64, i int, now time.Time) []sdk.Observation {
	name := fmt.Sprintf("%s-%04d", g.name[len("demo-"):], i+1)
	r := draw(seed, name)
	key := "gadget/" + name
	record := sdk.Record{Type: g.name, Key: key, Name: name, WireID: name, Status: sdk.StatusUp, StatusWord: "up"}
	if happens(r, now, 30) {
		record.Status, record.StatusWord, record.Doc = sdk.StatusDown, "down", document(shape{Name: name})
		return []sdk.Observation{record}
	}
	value := wave(r, now, g.low, g.span)
	record.Doc = document(shape{name, &value, uptime(r, now)})
	return []sdk.Observation{record, sdk.Sample{Type: g.name, Key: key, Metric: g.metric, Value: value}}
}
