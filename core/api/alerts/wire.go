// Package alerts holds the routes about alerts: what fires, its history, and the rules.
package alerts

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
)

// Alert is an alert as the reference shows it.
type Alert struct {
	ID              string         `json:"id"`
	Type            string         `json:"type"`
	Level           string         `json:"level"`
	ResourceID      string         `json:"resourceId"`
	ResourceName    string         `json:"resourceName"`
	Node            string         `json:"node"`
	NodeDisplayName string         `json:"nodeDisplayName,omitempty"`
	Instance        string         `json:"instance"`
	Message         string         `json:"message"`
	Value           float64        `json:"value"`
	Threshold       float64        `json:"threshold"`
	StartTime       time.Time      `json:"startTime"`
	LastSeen        *time.Time     `json:"lastSeen,omitempty"`
	Acknowledged    bool           `json:"acknowledged"`
	AckTime         *time.Time     `json:"ackTime,omitempty"`
	AckUser         string         `json:"ackUser,omitempty"`
	Metadata        map[string]any `json:"metadata,omitempty"`

	// What the reference does not have.
	IncidentID   string     `json:"incidentId,omitempty"`
	ResourceUID  string     `json:"resourceUid,omitempty"`
	ResourceType string     `json:"resourceType,omitempty"`
	Category     string     `json:"category,omitempty"`
	Unit         string     `json:"unit,omitempty"`
	Rule         string     `json:"rule,omitempty"`
	Kind         string     `json:"kind,omitempty"`
	Quiet        string     `json:"quiet,omitempty" help:"Why nobody is told."`
	Flapping     bool       `json:"flapping,omitempty"`
	SnoozedUntil *time.Time `json:"snoozedUntil,omitempty"`
	ResolvedTime *time.Time `json:"resolvedTime,omitempty"`
	EndReason    string     `json:"endReason,omitempty"`
}

// Wire shows an alert in full.
func Wire(a alert.Alert) Alert {
	out := reduced(a)
	seen := a.LastSeen
	out.LastSeen = &seen
	out.Metadata = map[string]any{"resourceType": a.ResourceType}
	if a.Unit != "" {
		out.Metadata["unit"] = a.Unit
	}
	if a.Clear != 0 {
		out.Metadata["clearThreshold"] = a.Clear
	}
	if a.Key.Instance != "" {
		out.Metadata["instance"] = a.Key.Instance
	}
	if a.Quiet == "monitored only" {
		out.Metadata["monitorOnly"] = true
	}
	for k, v := range a.Metadata {
		out.Metadata[k] = v
	}
	out.IncidentID, out.ResourceUID, out.ResourceType, out.Category = a.Incident, string(a.Key.Record), a.RecordType, a.Category
	out.Unit, out.Rule, out.Kind, out.Quiet, out.Flapping, out.EndReason = a.Unit, a.Rule, a.Key.Kind, a.Quiet, a.Flapping, a.EndReason
	out.SnoozedUntil, out.ResolvedTime = optional(a.SnoozedUntil), optional(a.Ended)
	return out
}

// reduced is an alert as the state document has it.
func reduced(a alert.Alert) Alert {
	return Alert{
		ID: a.ID, Type: a.Type, Level: string(a.Severity), ResourceID: a.ResourceID, ResourceName: a.ResourceName, Node: a.Node,
		Instance: cmp.Or(a.Platform, string(a.Integration)), Message: a.Message, Value: a.Value, Threshold: a.Threshold, StartTime: a.Started,
		Acknowledged: a.Acknowledged, AckTime: optional(a.AckTime), AckUser: a.AckUser,
	}
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Member is the list of alerts for the state document.
func Member(active []alert.Alert) json.RawMessage {
	list := make([]Alert, 0, len(active))
	for _, a := range active {
		list = append(list, reduced(a))
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return json.RawMessage("[]") // texts and finite numbers cannot fail
	}
	return raw
}

// Message is one alert for those who listen.
func Message(a alert.Alert) json.RawMessage {
	raw, err := json.Marshal(Wire(a))
	if err != nil {
		return json.RawMessage("{}")
	}
	return raw
}

// Incident is the story of one firing.
type Incident struct {
	ID           string     `json:"id"`
	AlertID      string     `json:"alertId"`
	AlertType    string     `json:"alertType"`
	Level        string     `json:"level"`
	ResourceID   string     `json:"resourceId"`
	ResourceName string     `json:"resourceName"`
	ResourceType string     `json:"resourceType,omitempty"`
	Node         string     `json:"node,omitempty"`
	Instance     string     `json:"instance,omitempty"`
	Message      string     `json:"message,omitempty"`
	Status       string     `json:"status"`
	OpenedAt     time.Time  `json:"openedAt"`
	ClosedAt     *time.Time `json:"closedAt,omitempty"`
	Acknowledged bool       `json:"acknowledged"`
	AckUser      string     `json:"ackUser,omitempty"`
	AckTime      *time.Time `json:"ackTime,omitempty"`
	// Alert is all that is known of the firing; the reference does not have it.
	Alert  Alert         `json:"alert"`
	Events []alert.Entry `json:"events"`
}

func incident(a alert.Alert, events []alert.Entry) Incident {
	status := "open"
	if !a.Ended.IsZero() {
		status = "resolved"
	}
	if events == nil {
		events = []alert.Entry{}
	}
	return Incident{
		ID: a.Incident, AlertID: a.ID, AlertType: a.Type, Level: string(a.Severity), ResourceID: a.ResourceID, ResourceName: a.ResourceName,
		ResourceType: a.ResourceType, Node: a.Node, Instance: cmp.Or(a.Platform, string(a.Integration)), Message: a.Message, Status: status,
		OpenedAt: a.Fired, ClosedAt: optional(a.Ended), Acknowledged: a.Acknowledged, AckUser: a.AckUser, AckTime: optional(a.AckTime),
		Alert: Wire(a), Events: events,
	}
}
