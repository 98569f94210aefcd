package webhook

import (
	"fmt"
	"html"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// discord is an execute-webhook body: https://discord.com/developers/docs/resources/webhook#execute-webhook
func (n *Notifier) discord(m sdk.Message) object {
	embed := object{"title": clip(m.Title, 250), "description": clip(markdown(m, 3800), 4000), "color": color(m), "timestamp": m.Time.UTC().Format(time.RFC3339), "footer": object{"text": "Pulse"}}
	if m.URL != "" {
		embed["url"] = m.URL
	}
	if len(m.Alerts) == 1 {
		var fields []object
		for _, f := range facts(m.Alerts[0]) {
			fields = append(fields, object{"name": f[0], "value": clip(unmarked(f[1]), 1000), "inline": true})
		}
		embed["fields"] = fields
	}
	out := object{"username": "Pulse", "embeds": []object{embed}, "allowed_mentions": object{"parse": []string{}}}
	if n.cfg.Mention != "" && m.Kind == kindFiring {
		out["content"], out["allowed_mentions"] = n.cfg.Mention, object{"parse": []string{"users", "roles", "everyone"}}
	}
	return out
}

// facts are what is known of one alert, by label.
func facts(a sdk.MessageAlert) [][2]string {
	var out [][2]string
	add := func(label, text string) {
		if text != "" {
			out = append(out, [2]string{label, text})
		}
	}
	add("Resource", a.ResourceName)
	add("Node", a.Node)
	add("Type", a.Kind)
	add("Value", measured(a.Value, a.Unit))
	add("Limit", measured(a.Threshold, a.Unit))
	end := a.Ended
	if !end.IsZero() {
		add("Lasted", lasted(end.Sub(a.Started)))
	} else if !a.Started.IsZero() {
		add("Since", a.Started.UTC().Format("2006-01-02 15:04 MST"))
	}
	return out
}

func lasted(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh %dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd %dh", int(d.Hours())/24, int(d.Hours())%24)
}

// slack is a message of blocks: https://api.slack.com/messaging/webhooks
func (n *Notifier) slack(m sdk.Message) object {
	mark := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	blocks := []object{{"type": "header", "text": object{"type": "plain_text", "text": clip(m.Title, 150)}}}
	if n.cfg.Mention != "" && m.Kind == kindFiring {
		blocks = append(blocks, object{"type": "section", "text": object{"type": "mrkdwn", "text": n.cfg.Mention}})
	}
	blocks = append(blocks, object{"type": "section", "text": object{"type": "mrkdwn", "text": clip(mark.Replace(plainLines(m, 2500)), 2900)}})
	if len(m.Alerts) == 1 {
		var fields []object
		for _, f := range facts(m.Alerts[0]) {
			fields = append(fields, object{"type": "mrkdwn", "text": clip("*"+f[0]+"*\n"+mark.Replace(f[1]), 1900)})
		}
		blocks = append(blocks, object{"type": "section", "fields": fields})
	}
	context := "Pulse · " + string(m.Severity)
	if m.URL != "" {
		context = "<" + m.URL + "|Open Pulse> · " + string(m.Severity)
	}
	blocks = append(blocks, object{"type": "context", "elements": []object{{"type": "mrkdwn", "text": context}}})
	return object{"text": mark.Replace(m.Title), "blocks": blocks}
}

// teams is a message card: https://learn.microsoft.com/outlook/actionable-messages/message-card-reference
func (n *Notifier) teams(m sdk.Message) object {
	var sections []object
	for _, a := range m.Alerts[:min(len(m.Alerts), 10)] {
		var all []object
		for _, f := range facts(a) {
			all = append(all, object{"name": f[0], "value": f[1]})
		}
		sections = append(sections, object{"activityTitle": a.ResourceName, "activitySubtitle": a.Text, "facts": all})
	}
	text := m.Text
	if n.cfg.Mention != "" && m.Kind == kindFiring {
		text = n.cfg.Mention + " " + text
	}
	out := object{"@type": "MessageCard", "@context": "https://schema.org/extensions", "themeColor": hexColor(m), "summary": m.Title, "title": m.Title, "text": clip(text, 8000), "sections": sections}
	if m.URL != "" {
		out["potentialAction"] = []object{{"@type": "OpenUri", "name": "Open Pulse", "targets": []object{{"os": "default", "uri": m.URL}}}}
	}
	return out
}

// teamsAdaptive is an adaptive card 1.4: https://adaptivecards.io/explorer/AdaptiveCard.html
func (n *Notifier) teamsAdaptive(m sdk.Message) object {
	style := map[bool]string{true: "good", false: "attention"}[m.Kind == kindResolved]
	body := []object{{"type": "TextBlock", "text": m.Title, "weight": "bolder", "size": "large", "wrap": true, "color": style}}
	if n.cfg.Mention != "" && m.Kind == kindFiring {
		body = append(body, object{"type": "TextBlock", "text": n.cfg.Mention, "wrap": true})
	}
	for _, a := range m.Alerts[:min(len(m.Alerts), 10)] {
		var all []object
		for _, f := range facts(a) {
			all = append(all, object{"title": f[0], "value": f[1]})
		}
		body = append(body, object{"type": "TextBlock", "text": a.Text, "wrap": true}, object{"type": "FactSet", "facts": all})
	}
	if len(m.Alerts) == 0 {
		body = append(body, object{"type": "TextBlock", "text": m.Text, "wrap": true})
	}
	card := object{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body}
	if m.URL != "" {
		card["actions"] = []object{{"type": "Action.OpenUrl", "title": "Open Pulse", "url": m.URL}}
	}
	return object{"type": "message", "attachments": []object{{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}}}
}

// telegram is a sendMessage call: https://core.telegram.org/bots/api#sendmessage
func telegram(m sdk.Message, r *request) object {
	chat := ""
	if u, err := url.Parse(r.url); err == nil {
		q := u.Query()
		chat = q.Get("chat_id")
		q.Del("chat_id")
		u.RawQuery = q.Encode()
		r.url = u.String()
	}
	text := "<b>" + html.EscapeString(m.Title) + "</b>\n" + html.EscapeString(plainLines(m, 3500))
	if m.URL != "" {
		text += "\n<a href=\"" + html.EscapeString(m.URL) + "\">Open Pulse</a>"
	}
	return object{"chat_id": chat, "text": text, "parse_mode": "HTML", "disable_web_page_preview": true}
}

// pushover is a message: https://pushover.net/api
func (n *Notifier) pushover(m sdk.Message) object {
	priority, sound := 0, "tugboat"
	switch {
	case m.Kind == kindResolved:
		priority, sound = -1, "none"
	case m.Severity == sdk.SeverityCritical:
		priority, sound = 1, "siren"
	}
	if own, err := strconv.Atoi(n.cfg.field("priority")); err == nil && own >= -2 && own <= 2 {
		priority = own
	}
	out := object{
		"token": n.cfg.field("app_token"), "user": n.cfg.field("user_token"), "title": clip(m.Title, 250), "message": clip(plainLines(m, 900), 1000),
		"priority": priority, "sound": sound, "timestamp": m.Time.Unix(),
	}
	if priority == 2 {
		out["retry"], out["expire"] = 60, 3600
	}
	for _, name := range []string{"sound", "device"} {
		if v := n.cfg.field(name); v != "" {
			out[name] = v
		}
	}
	if m.URL != "" {
		out["url"] = m.URL
	}
	return out
}

// pagerduty is an event of version 2: https://developer.pagerduty.com/docs/events-api-v2/overview/
func (n *Notifier) pagerduty(m sdk.Message) object {
	action, key, source, class := "trigger", m.ID, "pulse", m.Kind
	if m.Kind == kindResolved {
		action = "resolve"
	}
	details := object{"message": m.Text}
	if len(m.Alerts) > 0 {
		a := m.Alerts[0]
		key, class = a.ID, a.Kind
		if a.Node != "" {
			source = a.Node
		}
		if len(m.Alerts) == 1 {
			for _, f := range facts(a) {
				details[strings.ToLower(f[0])] = f[1]
			}
		}
	}
	severity := string(m.Severity)
	if severity != "critical" && severity != "warning" {
		severity = "info"
	}
	out := object{
		"routing_key": n.cfg.field("routing_key"), "event_action": action, "dedup_key": clip(key, 255),
		"payload": object{"summary": clip(m.Title+": "+m.Text, 1000), "timestamp": m.Time.UTC().Format(time.RFC3339), "severity": severity, "source": source, "component": m.Title, "group": "pulse", "class": class, "custom_details": details},
		"client":  "Pulse",
	}
	if m.URL != "" {
		out["client_url"], out["links"] = m.URL, []object{{"href": m.URL, "text": "Open Pulse"}}
	}
	return out
}

// ntfy is plain text with headers: https://docs.ntfy.sh/publish/
func (n *Notifier) ntfy(m sdk.Message, r *request) {
	priority, tags := "default", "warning"
	switch {
	case m.Kind == kindResolved:
		priority, tags = "low", "white_check_mark"
	case m.Severity == sdk.SeverityCritical:
		priority, tags = "urgent", "rotating_light"
	}
	r.media = "text/plain; charset=utf-8"
	// Headers are ASCII; others are written as RFC 2047 has it, which ntfy reads.
	r.header["Title"], r.header["Priority"], r.header["Tags"] = mime.QEncoding.Encode("utf-8", m.Title), priority, tags
	if m.URL != "" {
		r.header["Click"] = m.URL
	}
	r.body = []byte(plainLines(m, 4000))
}
