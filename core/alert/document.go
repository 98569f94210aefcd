package alert

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
)

// Activation says whether alerts are told to anybody.
type Activation string

// The activations.
const (
	PendingReview Activation = "pending_review"
	Active        Activation = "active"
	Snoozed       Activation = "snoozed"
)

// Hysteresis is a threshold in units of the wire; a trigger of 0 turns it off.
type Hysteresis struct {
	Trigger float64 `json:"trigger"`
	Clear   float64 `json:"clear"`
}

// Thresholds is a group of thresholds, of a class of resources or of one.
type Thresholds struct {
	Disabled            bool
	DisableConnectivity bool
	PoweredOffSeverity  string
	Limits              map[string]Hysteresis
	// Rest are members that are kept as they are.
	Rest map[string]json.RawMessage
}

// UnmarshalJSON reads an object. Single numbers of older clients ("cpuLegacy") are read too.
func (t *Thresholds) UnmarshalJSON(raw []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	*t = Thresholds{Limits: map[string]Hysteresis{}, Rest: map[string]json.RawMessage{}}
	for name, value := range all {
		var err error
		switch {
		case name == "disabled":
			err = json.Unmarshal(value, &t.Disabled)
		case name == "disableConnectivity" || name == "stateDisableConnectivity":
			err = json.Unmarshal(value, &t.DisableConnectivity)
		case name == "poweredOffSeverity" || name == "statePoweredOffSeverity":
			err = json.Unmarshal(value, &t.PoweredOffSeverity)
			if t.PoweredOffSeverity != "critical" {
				t.PoweredOffSeverity = "warning"
			}
		case strings.HasSuffix(name, "Legacy"):
			var n float64
			if err = json.Unmarshal(value, &n); err == nil {
				t.Limits[strings.TrimSuffix(name, "Legacy")] = Hysteresis{Trigger: n, Clear: -1}
			}
		case bytes.Contains(value, []byte(`"trigger"`)):
			var h Hysteresis
			if err = json.Unmarshal(value, &h); err == nil {
				t.Limits[name] = h
			}
		default:
			t.Rest[name] = value
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// MarshalJSON writes the object as it is read.
func (t Thresholds) MarshalJSON() ([]byte, error) {
	out := map[string]any{}
	for name, value := range t.Rest {
		out[name] = value
	}
	for name, h := range t.Limits {
		out[name] = h
	}
	if t.Disabled {
		out["disabled"] = true
	}
	if t.DisableConnectivity {
		out["disableConnectivity"] = true
	}
	if t.PoweredOffSeverity != "" {
		out["poweredOffSeverity"] = t.PoweredOffSeverity
	}
	return json.Marshal(out)
}

// mend puts right what can be: no clear above its trigger, nothing negative.
func (t *Thresholds) mend(margin float64) {
	for name, h := range t.Limits {
		t.Limits[name] = h.mended(margin)
	}
}

func (h Hysteresis) mended(margin float64) Hysteresis {
	switch {
	case h.Trigger <= 0:
		return Hysteresis{}
	case h.Clear <= 0 || h.Clear >= h.Trigger:
		h.Clear = max(h.Trigger-margin, 0)
	}
	return h
}

// Document is the alert configuration of the reference.
type Document struct {
	Enabled                bool                   `json:"enabled"`
	ActivationState        Activation             `json:"activationState,omitempty"`
	ActivationTime         *time.Time             `json:"activationTime,omitempty"`
	ObservationWindowHours int                    `json:"observationWindowHours,omitempty"`
	GuestDefaults          Thresholds             `json:"guestDefaults"`
	NodeDefaults           Thresholds             `json:"nodeDefaults"`
	HostDefaults           Thresholds             `json:"hostDefaults"`
	PBSDefaults            Thresholds             `json:"pbsDefaults"`
	StorageDefault         Hysteresis             `json:"storageDefault"`
	DockerDefaults         Thresholds             `json:"dockerDefaults"`
	PMGDefaults            Thresholds             `json:"pmgDefaults"`
	SnapshotDefaults       json.RawMessage        `json:"snapshotDefaults,omitempty"`
	BackupDefaults         json.RawMessage        `json:"backupDefaults,omitempty"`
	Overrides              map[string]Thresholds  `json:"overrides"`
	CustomRules            []CustomRule           `json:"customRules,omitempty"`
	Schedule               Schedule               `json:"schedule"`
	MinimumDelta           float64                `json:"minimumDelta"`
	SuppressionWindow      int                    `json:"suppressionWindow"`
	HysteresisMargin       float64                `json:"hysteresisMargin"`
	TimeThreshold          float64                `json:"timeThreshold,omitempty"`
	TimeThresholds         map[string]float64     `json:"timeThresholds"`
	MetricTimeThresholds   map[string]metricTimes `json:"metricTimeThresholds,omitempty"`

	IgnoredGuestPrefixes           []string `json:"ignoredGuestPrefixes,omitempty"`
	DockerIgnoredContainerPrefixes []string `json:"dockerIgnoredContainerPrefixes,omitempty"`
	GuestTagWhitelist              []string `json:"guestTagWhitelist,omitempty"`
	GuestTagBlacklist              []string `json:"guestTagBlacklist,omitempty"`

	MaxAlertAgeDays           int  `json:"maxAlertAgeDays"`
	MaxAcknowledgedAgeDays    int  `json:"maxAcknowledgedAgeDays"`
	AutoAcknowledgeAfterHours int  `json:"autoAcknowledgeAfterHours"`
	FlappingEnabled           bool `json:"flappingEnabled"`
	FlappingWindowSeconds     int  `json:"flappingWindowSeconds"`
	FlappingThreshold         int  `json:"flappingThreshold"`
	FlappingCooldownMinutes   int  `json:"flappingCooldownMinutes"`

	DisableAllNodes              bool `json:"disableAllNodes"`
	DisableAllGuests             bool `json:"disableAllGuests"`
	DisableAllHosts              bool `json:"disableAllHosts"`
	DisableAllStorage            bool `json:"disableAllStorage"`
	DisableAllPBS                bool `json:"disableAllPBS"`
	DisableAllPMG                bool `json:"disableAllPMG"`
	DisableAllDockerHosts        bool `json:"disableAllDockerHosts"`
	DisableAllDockerContainers   bool `json:"disableAllDockerContainers"`
	DisableAllDockerServices     bool `json:"disableAllDockerServices"`
	DisableAllNodesOffline       bool `json:"disableAllNodesOffline"`
	DisableAllGuestsOffline      bool `json:"disableAllGuestsOffline"`
	DisableAllHostsOffline       bool `json:"disableAllHostsOffline"`
	DisableAllPBSOffline         bool `json:"disableAllPBSOffline"`
	DisableAllPMGOffline         bool `json:"disableAllPMGOffline"`
	DisableAllDockerHostsOffline bool `json:"disableAllDockerHostsOffline"`
}

type metricTimes map[string]float64

// Schedule says when and how alerts are told.
type Schedule struct {
	QuietHours     QuietHours `json:"quietHours"`
	Cooldown       int        `json:"cooldown"`      // minutes between two words on the same alert, 0 for one word only
	MaxAlertsHour  int        `json:"maxAlertsHour"` // per alert, 0 for any number
	NotifyResolve  bool       `json:"notifyOnResolve"`
	Escalation     Escalation `json:"escalation"`
	Grouping       Grouping   `json:"grouping"`
	GroupingWindow int        `json:"groupingWindow,omitempty"`
}

// QuietHours are when only the most urgent is told.
type QuietHours struct {
	Enabled  bool            `json:"enabled"`
	Start    string          `json:"start"` // "22:00"
	End      string          `json:"end"`
	Timezone string          `json:"timezone"` // IANA name, empty for the server's
	Days     map[string]bool `json:"days"`     // by English name in lower case: the days on which they begin
	Suppress Suppress        `json:"suppress"`
}

// Suppress names the categories of which critical alerts are silenced too.
type Suppress struct {
	Performance bool `json:"performance"`
	Storage     bool `json:"storage"`
	Offline     bool `json:"offline"`
}

// Escalation tells more channels about what nobody acknowledges.
type Escalation struct {
	Enabled bool    `json:"enabled"`
	Levels  []Level `json:"levels"`
}

// Level is one step of an escalation.
type Level struct {
	After  int    `json:"after"`  // minutes after it fired
	Notify string `json:"notify"` // "email", "webhook" or "all"
}

// Grouping puts alerts of one window into one message.
type Grouping struct {
	Enabled bool `json:"enabled"`
	Window  int  `json:"window"` // seconds
	ByNode  bool `json:"byNode"`
	ByGuest bool `json:"byGuest"`
}

// CustomRule is a rule of the document for guests.
type CustomRule struct {
	ID               string          `json:"id"`
	Name             string          `json:"name"`
	Description      string          `json:"description,omitempty"`
	Enabled          bool            `json:"enabled"`
	Priority         int             `json:"priority"`
	FilterConditions filterStack     `json:"filterConditions"`
	Thresholds       Thresholds      `json:"thresholds"`
	Notifications    json.RawMessage `json:"notifications,omitempty"`
	CreatedAt        string          `json:"createdAt,omitempty"`
	UpdatedAt        string          `json:"updatedAt,omitempty"`
}

type filterStack struct {
	LogicalOperator string       `json:"logicalOperator"`
	Filters         []ruleFilter `json:"filters"`
}

type ruleFilter struct {
	Type     string          `json:"type"`
	Field    string          `json:"field,omitempty"`
	Operator string          `json:"operator,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
	RawText  string          `json:"rawText,omitempty"`
}

// DefaultDocument is the configuration of a server on which nobody has saved one.
func DefaultDocument() Document {
	var d Document
	if err := json.Unmarshal([]byte(compat.AlertDefaults), &d); err != nil {
		panic(err) // a constant
	}
	return d
}

// ParseDocument reads a configuration and mends what can be mended.
func ParseDocument(raw []byte) (Document, error) {
	var d Document
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, errs.New(errs.Invalid, "the alert configuration is not valid: %v", plain(err))
	}
	switch d.ActivationState {
	case "", PendingReview, Active, Snoozed:
	default:
		return d, errs.New(errs.Invalid, "activationState must be pending_review, active or snoozed").WithField("activationState")
	}
	if err := d.Schedule.check(); err != nil {
		return d, err
	}
	d.mend()
	return d, nil
}

// plain is an error's text without the words of the decoder.
func plain(err error) string { return strings.TrimPrefix(err.Error(), "json: ") }

func (s *Schedule) check() error {
	if _, err := time.LoadLocation(s.QuietHours.Timezone); err != nil {
		return errs.New(errs.Invalid, "the time zone %.64q is not known: use a name such as Europe/Berlin", s.QuietHours.Timezone).WithField("schedule.quietHours.timezone")
	}
	if s.QuietHours.Enabled {
		for name, text := range map[string]string{"start": s.QuietHours.Start, "end": s.QuietHours.End} {
			if _, err := time.Parse("15:04", text); err != nil {
				return errs.New(errs.Invalid, "quiet hours: %.32q is not a time such as 22:00", text).WithField("schedule.quietHours." + name)
			}
		}
	}
	return nil
}

func (d *Document) groups() []*Thresholds {
	return []*Thresholds{&d.GuestDefaults, &d.NodeDefaults, &d.HostDefaults, &d.PBSDefaults, &d.DockerDefaults}
}

func (d *Document) mend() {
	standard := DefaultDocument()
	positive := func(v *float64, otherwise float64) {
		if *v <= 0 {
			*v = otherwise
		}
	}
	positive(&d.HysteresisMargin, standard.HysteresisMargin)
	positive(&d.MinimumDelta, standard.MinimumDelta)
	if d.SuppressionWindow <= 0 {
		d.SuppressionWindow = standard.SuppressionWindow
	}
	if d.ObservationWindowHours <= 0 {
		d.ObservationWindowHours = standard.ObservationWindowHours
	}
	for _, g := range d.groups() {
		g.mend(d.HysteresisMargin)
	}
	d.StorageDefault = d.StorageDefault.mended(d.HysteresisMargin)
	for key, o := range d.Overrides {
		o.mend(d.HysteresisMargin)
		d.Overrides[key] = o
	}
	if d.Overrides == nil {
		d.Overrides = map[string]Thresholds{}
	}
	for i := range d.CustomRules {
		d.CustomRules[i].Thresholds.mend(d.HysteresisMargin)
	}
	maps.DeleteFunc(d.TimeThresholds, func(_ string, v float64) bool { return v < 0 })
	for _, of := range d.MetricTimeThresholds {
		maps.DeleteFunc(of, func(_ string, v float64) bool { return v < 0 })
	}
	if d.Schedule.Grouping.Window == 0 && d.Schedule.GroupingWindow > 0 {
		d.Schedule.Grouping.Window = d.Schedule.GroupingWindow
	}
	d.Schedule.GroupingWindow = 0
	for _, list := range []*[]string{&d.IgnoredGuestPrefixes, &d.DockerIgnoredContainerPrefixes, &d.GuestTagWhitelist, &d.GuestTagBlacklist} {
		*list = tidy(*list)
	}
}

// tidy trims words and leaves each in once, whatever its case.
func tidy(list []string) []string {
	var out []string
	for _, text := range list {
		if text = strings.TrimSpace(text); text != "" && !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, text) }) {
			out = append(out, text)
		}
	}
	return out
}

// delay is how many seconds a finding has to last.
func (d *Document) delay(keys []string, metric string) float64 {
	for _, key := range append(slices.Clone(keys), "all") {
		for _, name := range []string{strings.ToLower(metric), "default", "_default", "*"} {
			for at, v := range d.MetricTimeThresholds[key] {
				if strings.ToLower(at) == name {
					return v
				}
			}
		}
	}
	for _, key := range append(slices.Clone(keys), "all") {
		if v, ok := d.TimeThresholds[key]; ok {
			return v
		}
	}
	return d.TimeThreshold
}
