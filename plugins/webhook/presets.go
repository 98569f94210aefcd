package webhook

import (
	"encoding/json"

	"github.com/pulse-platform/pulse/sdk"
)

// preset is what people need to know to set a service up.
type preset struct {
	Service      string            `json:"service"`
	Name         string            `json:"name"`
	URLPattern   string            `json:"urlPattern"`
	Method       string            `json:"method"`
	Headers      map[string]string `json:"headers"`
	Template     string            `json:"payloadTemplate"`
	Instructions string            `json:"instructions"`
}

const genericTemplate = `{"alert":{"id":"{{.ID}}","level":"{{.Level}}","type":"{{.Type}}","resource_name":"{{.ResourceName}}","node":"{{.Node}}","message":"{{.Message}}","value":{{.Value}},"threshold":{{.Threshold}},"start_time":"{{.StartTime}}","duration":"{{.Duration}}"},"event":"{{.Event}}","timestamp":"{{.Timestamp}}","source":"pulse-monitoring"}`

const textTemplate = `{"text":"{{.Title}}\n{{.Text}}"}`

// presets are the services in the order in which they are offered. The templates are a start for own ones: without one a
// service gets what it wants.
func presets() []sdk.ChannelPreset {
	all := []preset{
		{"discord", "Discord Webhook", "https://discord.com/api/webhooks/{id}/{token}", "POST", nil, `{"username":"Pulse","content":"{{.Mention}}","embeds":[{"title":"{{.Title}}","description":"{{.Text}}"}]}`, "In the channel's settings open Integrations, then Webhooks; make one and copy its address."},
		{"telegram", "Telegram Bot", "https://api.telegram.org/bot{token}/sendMessage?chat_id={chat_id}", "POST", nil, `{"chat_id":"{{.ChatID}}","text":"{{.Title}}\n{{.Text}}"}`, "Make a bot with @BotFather, write to it, and read the number of the chat from getUpdates."},
		{"slack", "Slack Incoming Webhook", "https://hooks.slack.com/services/{path}", "POST", nil, textTemplate, "Make an app for the workspace, turn on Incoming Webhooks, add one to a channel and copy its address."},
		{"teams", "Microsoft Teams", "https://{tenant}.webhook.office.com/webhookb2/{path}", "POST", nil, textTemplate, "Add the Incoming Webhook connector to a channel and copy its address."},
		{"pagerduty", "PagerDuty Events API v2", "https://events.pagerduty.com/v2/enqueue", "POST", map[string]string{"Accept": "application/vnd.pagerduty+json;version=2"}, `{"routing_key":"{{.CustomFields.routing_key}}","event_action":"{{if .Resolved}}resolve{{else}}trigger{{end}}","dedup_key":"{{.ID}}","payload":{"summary":"{{.Message}}","severity":"{{.Level}}","source":"{{.Node}}"}}`, "Add an Events API v2 integration to a service and put its key into the field routing_key."},
		{"teams-adaptive", "Microsoft Teams (Adaptive Card)", "https://{tenant}.webhook.office.com/webhookb2/{path}", "POST", nil, "", "Make a workflow that posts to a channel when a webhook is received, and copy its address."},
		{"pushover", "Pushover", "https://api.pushover.net/1/messages.json", "POST", nil, `{"token":"{{.CustomFields.app_token}}","user":"{{.CustomFields.user_token}}","title":"{{.Title}}","message":"{{.Text}}"}`, "Make an application; put its token into app_token and your key into user_token."},
		{"gotify", "Gotify", "https://{server}/message?token={token}", "POST", nil, `{"title":"{{.Title}}","message":"{{.Text}}","priority":5}`, "Make an application and copy its token into the address."},
		{"ntfy", "ntfy.sh", "https://ntfy.sh/{topic}", "POST", map[string]string{"Content-Type": "text/plain"}, "{{.Title}}\n{{.Text}}", "Choose a topic that nobody guesses. For a protected one add the header Authorization: Bearer and its token."},
		{"mattermost", "Mattermost Incoming Webhook", "https://{server}/hooks/{id}", "POST", nil, textTemplate, "Open Integrations, add an incoming webhook and copy its address."},
		{"matrix", "Matrix Room", "https://{server}/_matrix/client/v3/rooms/{room}/send/m.room.message", "PUT", map[string]string{"Authorization": "Bearer {token}"}, `{"msgtype":"m.text","body":"{{.Title}}\n{{.Text}}"}`, "Invite an account to the room and add the header Authorization with its access token."},
		{"homeassistant", "Home Assistant Webhook", "https://{server}/api/webhook/{id}", "POST", nil, `{"title":"{{.Title}}","message":"{{.Text}}"}`, "Make an automation with a webhook trigger and copy its id into the address."},
		{"generic", "Generic JSON Webhook", "", "POST", nil, genericTemplate, "Gets JSON with all alerts of a message; write a template for another form."},
	}
	var out []sdk.ChannelPreset
	for _, p := range all {
		if p.Headers == nil {
			p.Headers = map[string]string{}
		}
		if p.Service != "ntfy" {
			p.Headers["Content-Type"] = "application/json"
		}
		if raw, err := json.Marshal(p); err == nil {
			out = append(out, sdk.ChannelPreset{Name: p.Service, Label: p.Name, Config: raw})
		}
	}
	return out
}
