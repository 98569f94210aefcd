package notify

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/sdk"
)

// maxAlerts is how many alerts one message describes; it counts the others.
const maxAlerts = 50

// Kinds of messages.
const (
	KindFiring   = "firing"
	KindResolved = "resolved"
	KindTest     = "test"
)

// compose makes one message of alerts.
func compose(kind string, all []alert.Alert, base string, now time.Time) sdk.Message {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b alert.Alert) int { return weight(b.Severity) - weight(a.Severity) })
	m := sdk.Message{Kind: kind, Severity: all[0].Severity, Time: now.UTC(), URL: link(base, "/alerts", nil)}
	if kind == KindResolved {
		m.Severity = sdk.SeverityInfo
	}
	m.Title, m.Text = title(kind, all), text(all)
	for _, a := range all[:min(len(all), maxAlerts)] {
		m.Alerts = append(m.Alerts, describe(a, base))
	}
	if len(all) > maxAlerts {
		m.Labels = map[string]string{"more": fmt.Sprint(len(all) - maxAlerts)}
		m.Text += fmt.Sprintf("\nand %d more", len(all)-maxAlerts)
	}
	return m
}

func weight(s sdk.Severity) int {
	switch s {
	case sdk.SeverityCritical:
		return 2
	case sdk.SeverityWarning:
		return 1
	}
	return 0
}

func title(kind string, all []alert.Alert) string {
	first := all[0]
	what := fmt.Sprintf("%s: %s", first.ResourceName, first.Type)
	switch {
	case kind == KindResolved && len(all) == 1:
		return "Resolved: " + what
	case kind == KindResolved:
		return fmt.Sprintf("%d alerts resolved", len(all))
	case len(all) == 1:
		return upper(string(first.Severity)) + ": " + what
	}
	critical := 0
	for _, a := range all {
		if a.Severity == sdk.SeverityCritical {
			critical++
		}
	}
	switch critical {
	case 0:
		return fmt.Sprintf("%d warnings", len(all))
	case len(all):
		return fmt.Sprintf("%d critical alerts", len(all))
	}
	return fmt.Sprintf("%d alerts, %d critical", len(all), critical)
}

func upper(word string) string {
	if word == "" {
		return word
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

func text(all []alert.Alert) string {
	var lines []string
	for _, a := range all[:min(len(all), maxAlerts)] {
		lines = append(lines, a.Message)
	}
	return strings.Join(lines, "\n")
}

func describe(a alert.Alert, base string) sdk.MessageAlert {
	out := sdk.MessageAlert{
		ID: a.ID, Kind: a.Type, Severity: a.Severity, ResourceType: a.ResourceType, ResourceID: a.ResourceID, ResourceName: a.ResourceName,
		Node: a.Node, Text: a.Message, Metric: a.Key.Kind, Unit: a.Unit, Started: a.Started, Ended: a.Ended, Acknowledged: a.Acknowledged,
		URL: link(base, "/alerts/incident", url.Values{"id": {a.Incident}}), Attributes: map[string]string{"incident": a.Incident, "integration": string(a.Integration)},
	}
	for k, v := range a.Metadata {
		out.Attributes[k] = v
	}
	if a.Threshold != 0 || a.Value != 0 {
		value, threshold := a.Value, a.Threshold
		out.Value, out.Threshold = &value, &threshold
	}
	return out
}

// link is an address of the web page, empty when the server does not know its own.
func link(base, path string, query url.Values) string {
	if base == "" {
		return ""
	}
	out := strings.TrimRight(base, "/") + path
	if len(query) > 0 {
		out += "?" + query.Encode()
	}
	return out
}

// TestMessage is what is sent to try a channel.
func TestMessage(base string, now time.Time) sdk.Message {
	value, threshold := 85.5, 80.0
	m := sdk.Message{
		Kind: KindTest, Severity: sdk.SeverityWarning, Title: "Test message of Pulse", Time: now.UTC(), URL: link(base, "/alerts", nil),
		Text: "This is a test: if you can read it, alerts will reach you here.",
	}
	m.Alerts = []sdk.MessageAlert{{
		ID: "test-alert", Kind: "cpu", Severity: sdk.SeverityWarning, ResourceType: "Host", ResourceID: "test-host", ResourceName: "test-host", Node: "test-host",
		Text: "This is a test: if you can read it, alerts will reach you here.", Metric: "cpu", Value: &value, Threshold: &threshold, Unit: "%", Started: now.Add(-5 * time.Minute).UTC(),
	}}
	return m
}
