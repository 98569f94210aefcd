package nut

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/sdk"
)

// document is the record's own part. What the UPS does not say stays absent.
type document struct {
	Name         string   `json:"name"`
	Manufacturer string   `json:"manufacturer,omitempty"`
	Model        string   `json:"model,omitempty"`
	Serial       string   `json:"serial,omitempty"`
	Charge       *float64 `json:"charge,omitempty"`
	Load         *float64 `json:"load,omitempty"`
	Runtime      *float64 `json:"runtimeSeconds,omitempty"`
}

// normalize turns the variables of a UPS into observations. The names are those of NUT's own list of variables.
func normalize(name string, vars map[string]string) []sdk.Observation {
	doc := document{
		Name: name, Manufacturer: vars["device.mfr"], Model: vars["device.model"], Serial: vars["device.serial"],
		Charge: number(vars["battery.charge"], 100), Load: number(vars["ups.load"], 100), Runtime: number(vars["battery.runtime"], 1),
	}
	flags := strings.Fields(vars["ups.status"])
	obs := []sdk.Observation{sdk.Record{
		Type: typeUPS, Key: name, Name: name, Status: status(flags), StatusWord: strings.Join(flags, " "), Doc: encode(doc),
	}}
	for metric, value := range map[string]*float64{"charge": doc.Charge, "load": doc.Load, "runtime": doc.Runtime} {
		if value != nil {
			obs = append(obs, sdk.Sample{Type: typeUPS, Key: name, Metric: metric, Value: *value})
		}
	}
	if slices.Contains(flags, "OB") {
		obs = append(obs, sdk.Condition{Type: typeUPS, Key: name, Kind: "on_battery", Severity: sdk.SeverityCritical, Message: name + " runs on its battery."})
	}
	if slices.Contains(flags, "RB") {
		obs = append(obs, sdk.Condition{Type: typeUPS, Key: name, Kind: "replace_battery", Severity: sdk.SeverityWarning, Message: "The battery of " + name + " wants to be replaced."})
	}
	return obs
}

// status judges the flags of ups.status: on line is well, on battery is not, and without flags nobody knows.
func status(flags []string) sdk.Status {
	switch {
	case slices.Contains(flags, "OFF"):
		return sdk.StatusOff
	case slices.Contains(flags, "OB"), slices.Contains(flags, "LB"), slices.Contains(flags, "RB"):
		return sdk.StatusDegraded
	case slices.Contains(flags, "OL"):
		return sdk.StatusUp
	}
	return sdk.StatusUnknown
}

// number reads a value in the UPS's unit; what cannot be read is absent.
func number(text string, scale float64) *float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v < 0 || v > 1e9 {
		return nil
	}
	v /= scale
	return &v
}

// encode never fails: the document holds text and finite numbers only.
func encode(doc document) json.RawMessage {
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return b
}
