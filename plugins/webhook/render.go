package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Kinds of messages.
const (
	kindFiring   = "firing"
	kindResolved = "resolved"
)

// object is a JSON object.
type object = map[string]any

// render writes a message as the service wants it.
func (n *Notifier) render(m sdk.Message) (request, error) {
	r := request{method: n.cfg.Method, url: n.cfg.URL.Reveal(), media: "application/json", header: map[string]string{}}
	if n.cfg.URLTemplated {
		text, err := execute(r.url, n.values(m), urlText)
		if err != nil {
			return r, err
		}
		r.url = text
	}
	var err error
	switch {
	case n.cfg.Service == "ntfy":
		n.ntfy(m, &r)
		if n.cfg.Template != "" {
			var text string
			text, err = execute(n.cfg.Template, n.values(m), plainText)
			r.body = []byte(text)
		}
	case n.cfg.Template != "":
		var text string
		if text, err = execute(n.cfg.Template, n.values(m), jsonText); err == nil && !json.Valid([]byte(text)) {
			err = fmt.Errorf("the template does not make valid JSON")
		}
		r.body = []byte(text)
	default:
		r.body, err = encode(n.payload(m, &r))
	}
	return r, err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// payload is the body for a service.
func (n *Notifier) payload(m sdk.Message, r *request) any {
	switch n.cfg.Service {
	case "discord":
		return n.discord(m)
	case "slack":
		return n.slack(m)
	case "teams":
		return n.teams(m)
	case "teams-adaptive":
		return n.teamsAdaptive(m)
	case "telegram":
		return telegram(m, r)
	case "pushover":
		return n.pushover(m)
	case "gotify":
		return object{"title": m.Title, "message": markdown(m, 1000), "priority": gotifyPriority(m), "extras": object{"client::display": object{"contentType": "text/markdown"}}}
	case "pagerduty":
		r.header["Accept"] = "application/vnd.pagerduty+json;version=2"
		return n.pagerduty(m)
	case "mattermost":
		return object{"username": "Pulse", "text": n.called(m, "#### "+unmarked(m.Title)+"\n"+markdown(m, 12000))}
	case "matrix":
		r.method = "PUT"
		r.url = strings.TrimRight(r.url, "/") + "/" + url.PathEscape(m.ID) // a transaction: the same id is the same message
		return object{"msgtype": "m.text", "body": m.Title + "\n" + plainLines(m, 12000)}
	case "homeassistant":
		return object{"title": m.Title, "message": plainLines(m, 4000), "kind": m.Kind, "severity": string(m.Severity), "alerts": generic(m)["alerts"], "id": m.ID}
	}
	return generic(m)
}

// generic is the reference's form of a group, with the event's kind.
func generic(m sdk.Message) object {
	alerts := []object{}
	for _, a := range m.Alerts {
		one := object{
			"id": a.ID, "type": a.Kind, "level": string(a.Severity), "resourceId": a.ResourceID, "resourceName": a.ResourceName, "resourceType": a.ResourceType,
			"node": a.Node, "instance": a.Attributes["integration"], "message": a.Text, "startTime": a.Started.UTC().Format(time.RFC3339), "acknowledged": a.Acknowledged,
			"value": 0.0, "threshold": 0.0, "unit": a.Unit, "url": a.URL, "metadata": a.Attributes,
		}
		if a.Value != nil {
			one["value"] = *a.Value
		}
		if a.Threshold != nil {
			one["threshold"] = *a.Threshold
		}
		if !a.Ended.IsZero() {
			one["resolvedTime"] = a.Ended.UTC().Format(time.RFC3339)
		}
		alerts = append(alerts, one)
	}
	out := object{"id": m.ID, "event": m.Kind, "title": m.Title, "alerts": alerts, "count": len(alerts), "timestamp": m.Time.Unix(), "source": "pulse-monitoring", "grouped": true}
	if m.URL != "" {
		out["dashboard"] = m.URL
	}
	if m.Kind == kindResolved {
		out["resolvedAt"], out["resolvedAtIso"] = m.Time.Unix(), m.Time.UTC().Format(time.RFC3339)
		if len(m.Alerts) == 1 {
			out["alertId"] = m.Alerts[0].ID
		}
	}
	return out
}

// color is the colour of a message, as 0xRRGGBB.
func color(m sdk.Message) int {
	switch {
	case m.Kind == kindResolved:
		return 0x2e9e5b
	case m.Severity == sdk.SeverityCritical:
		return 0xd03b3b
	case m.Severity == sdk.SeverityWarning:
		return 0xd99a1c
	}
	return 0x4a78c2
}

func hexColor(m sdk.Message) string { return fmt.Sprintf("%06X", color(m)) }

// line is one alert in a sentence and its numbers.
func line(a sdk.MessageAlert) string { return a.Text }

// measured is a value with its unit, empty without one.
func measured(v *float64, unit string) string {
	if v == nil {
		return ""
	}
	text := strconv.FormatFloat(round(*v), 'f', -1, 64)
	if unit == "" {
		return text
	}
	return text + " " + unit
}

func round(v float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', 1, 64), 64)
	return r
}

// plainLines are the alerts as text, at most so many bytes of it.
func plainLines(m sdk.Message, most int) string {
	var lines []string
	for _, a := range m.Alerts {
		lines = append(lines, "• "+line(a))
	}
	if len(lines) == 0 {
		lines = append(lines, m.Text)
	}
	if more := m.Labels["more"]; more != "" {
		lines = append(lines, "and "+more+" more")
	}
	return clip(join(lines, most, "\n"), most)
}

// join joins as many lines as fit and counts the others.
func join(lines []string, most int, sep string) string {
	size := 0
	for i, l := range lines {
		if size += len(l) + len(sep); size > most-32 && i > 0 {
			return strings.Join(append(lines[:i:i], fmt.Sprintf("and %d more", len(lines)-i)), sep)
		}
	}
	return strings.Join(lines, sep)
}

func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len("…")], "") + "…"
}

// markdown are the alerts with names in bold.
func markdown(m sdk.Message, most int) string {
	var lines []string
	for _, a := range m.Alerts {
		l := "- **" + unmarked(a.ResourceName) + "**: " + unmarked(line(a))
		if a.URL != "" {
			l += " [open](" + a.URL + ")"
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		lines = append(lines, unmarked(m.Text))
	}
	if more := m.Labels["more"]; more != "" {
		lines = append(lines, "and "+more+" more")
	}
	return clip(join(lines, most, "\n"), most)
}

// unmarked takes the meaning from marks, so that a name cannot call anybody or make a link.
func unmarked(text string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "@", "@\u200b", "\n", " ").Replace(text)
}

// called puts the mention in front, for what begins.
func (n *Notifier) called(m sdk.Message, text string) string {
	if n.cfg.Mention == "" || m.Kind != kindFiring {
		return text
	}
	return n.cfg.Mention + "\n" + text
}

func gotifyPriority(m sdk.Message) int {
	switch {
	case m.Kind == kindResolved:
		return 3
	case m.Severity == sdk.SeverityCritical:
		return 10
	}
	return 5
}
