package webhook_test

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/webhook"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

const hostile = "q\"uo\\te\nnew <b>&amp; @everyone *x* [l](http://evil)\u2028 ü"

func message(kind string, alerts int) sdk.Message {
	value, threshold := 91.26, 80.0
	m := sdk.Message{ID: "m/1", Kind: kind, Severity: sdk.SeverityCritical, Title: "Critical: " + hostile, Text: hostile, Time: time.Unix(1_800_000_000, 0), URL: "https://pulse.example.com/alerts"}
	for n := range alerts {
		a := sdk.MessageAlert{
			ID: fmt.Sprint("host:box-cpu", n), Kind: "cpu", Severity: sdk.SeverityCritical, ResourceType: "Host", ResourceID: "box", ResourceName: hostile, Node: hostile, Text: hostile,
			Value: &value, Threshold: &threshold, Unit: "%", Started: time.Unix(1_799_999_000, 0), Attributes: map[string]string{"integration": "host", "k": hostile}, URL: "https://pulse.example.com/alerts/incident?id=1",
		}
		if kind == "resolved" {
			a.Ended = m.Time
		}
		m.Alerts = append(m.Alerts, a)
	}
	return m
}

// seen is what a service was sent.
type seen struct {
	method, path, query string
	header              http.Header
	body                string
}

// service is a stub that records and answers as told.
func service(t *testing.T, status int, header http.Header) (*httptest.Server, *seen) {
	t.Helper()
	got := &seen{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		*got = seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header, string(raw)}
		for k, v := range header {
			w.Header()[k] = v
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"answer":"of the service"}`)
	}))
	t.Cleanup(s.Close)
	return s, got
}

func notifier(t *testing.T, c webhook.Config) *webhook.Notifier {
	t.Helper()
	if c.Method == "" {
		c.Method = "POST"
	}
	n, err := webhook.New(c, sdk.Deps{HTTP: http.DefaultClient, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// schemas say what each service takes, as its documentation has it.
var schemas = map[string]func(body map[string]any, kind string) string{
	"discord": func(b map[string]any, _ string) string {
		embeds, ok := b["embeds"].([]any)
		if !ok || len(embeds) == 0 || len(embeds) > 10 {
			return "1 to 10 embeds"
		}
		e := embeds[0].(map[string]any)
		if text(e, "title") == "" || len(text(e, "title")) > 256 || len(text(e, "description")) > 4096 {
			return "title up to 256, description up to 4096"
		}
		if c, ok := e["color"].(float64); !ok || c < 0 || c > 0xffffff {
			return "colour is a number"
		}
		if _, err := time.Parse(time.RFC3339, text(e, "timestamp")); err != nil {
			return "timestamp is ISO 8601"
		}
		fields, _ := e["fields"].([]any)
		for _, f := range fields {
			m := f.(map[string]any)
			if text(m, "name") == "" || text(m, "value") == "" || len(text(m, "value")) > 1024 {
				return "fields have names and values"
			}
		}
		return ""
	},
	"slack": func(b map[string]any, _ string) string {
		blocks, ok := b["blocks"].([]any)
		if !ok || text(b, "text") == "" || strings.Contains(text(b, "text"), "<b>") || len(blocks) > 50 {
			return "text and up to 50 blocks"
		}
		for _, one := range blocks {
			m := one.(map[string]any)
			if m["type"] == "header" && len(text(m["text"].(map[string]any), "text")) > 150 {
				return "a header has up to 150 characters"
			}
			if fields, ok := m["fields"].([]any); ok && len(fields) > 10 {
				return "up to 10 fields"
			}
		}
		return ""
	},
	"teams": func(b map[string]any, _ string) string {
		if b["@type"] != "MessageCard" || text(b, "summary") == "" || len(text(b, "themeColor")) != 6 {
			return "a message card with a summary and a colour"
		}
		return ""
	},
	"teams-adaptive": func(b map[string]any, _ string) string {
		list, ok := b["attachments"].([]any)
		if !ok || b["type"] != "message" || len(list) != 1 {
			return "one attachment"
		}
		card := list[0].(map[string]any)["content"].(map[string]any)
		if card["type"] != "AdaptiveCard" || card["version"] != "1.4" || len(card["body"].([]any)) == 0 {
			return "an adaptive card 1.4 with a body"
		}
		return ""
	},
	"telegram": func(b map[string]any, _ string) string {
		if text(b, "chat_id") != "-100123" || text(b, "text") == "" || len(text(b, "text")) > 4096 || b["parse_mode"] != "HTML" {
			return "chat_id and a text up to 4096 characters"
		}
		if strings.Contains(strings.NewReplacer("<b>Critical", "", "</b>\n", "", `<a href="https://pulse.example.com/alerts">`, "", "</a>", "").Replace(text(b, "text")), "<") {
			return "tags that are none: " + text(b, "text")
		}
		return ""
	},
	"pushover": func(b map[string]any, _ string) string {
		p, ok := b["priority"].(float64)
		if text(b, "token") != "app" || text(b, "user") != "usr" || text(b, "message") == "" || len(text(b, "message")) > 1024 || len(text(b, "title")) > 250 || !ok || p < -2 || p > 2 {
			return "token, user, message, title and priority in their limits"
		}
		return ""
	},
	"gotify": func(b map[string]any, _ string) string {
		if p, ok := b["priority"].(float64); !ok || p < 0 || p > 10 || text(b, "message") == "" || text(b, "title") == "" {
			return "title, message and priority"
		}
		return ""
	},
	"pagerduty": func(b map[string]any, kind string) string {
		want := map[string]string{"firing": "trigger", "resolved": "resolve", "test": "trigger"}[kind]
		p := b["payload"].(map[string]any)
		if b["event_action"] != want || b["dedup_key"] != "host:box-cpu0" || text(b, "routing_key") != "key" || text(p, "source") == "" || len(text(p, "summary")) > 1024 {
			return "action " + want + " with the alert's key"
		}
		switch text(p, "severity") {
		case "critical", "error", "warning", "info":
			return ""
		}
		return "a severity of theirs"
	},
	"mattermost": func(b map[string]any, _ string) string {
		if text(b, "text") == "" || strings.Contains(text(b, "text"), "@everyone") {
			return "a text that calls nobody"
		}
		return ""
	},
	"matrix": func(b map[string]any, _ string) string {
		if b["msgtype"] != "m.text" || text(b, "body") == "" {
			return "an m.text with a body"
		}
		return ""
	},
	"homeassistant": func(b map[string]any, _ string) string {
		if text(b, "title") == "" || text(b, "message") == "" {
			return "title and message"
		}
		return ""
	},
	"generic": func(b map[string]any, kind string) string {
		list, ok := b["alerts"].([]any)
		if !ok || b["count"] != float64(len(list)) || b["source"] != "pulse-monitoring" || b["event"] != kind {
			return "alerts with their count, source and event"
		}
		if kind == "resolved" && text(b, "resolvedAtIso") == "" {
			return "when it ended"
		}
		first := list[0].(map[string]any)
		if first["resourceName"] != hostile || first["value"] != 91.26 || first["level"] != "critical" {
			return "the alert as it is"
		}
		return ""
	},
}

func text(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

func TestEveryServiceTakesWhatIsSent(t *testing.T) {
	for name, judge := range schemas {
		for _, kind := range []string{"firing", "resolved", "test"} {
			for _, count := range []int{1, 3, 50} {
				t.Run(fmt.Sprint(name, "/", kind, count), func(t *testing.T) {
					s, got := service(t, http.StatusOK, nil)
					n := notifier(t, webhook.Config{Service: name, URL: sdk.Secret(s.URL + "/hook/secret-path?chat_id=-100123"), Fields: map[string]sdk.Secret{"app_token": "app", "user_token": "usr", "routing_key": "key"}, Mention: "<@1>"})
					receipts, err := n.Send(t.Context(), message(kind, count), nil)
					if err != nil || len(receipts) != 1 || !receipts[0].OK {
						t.Fatalf("%+v %v", receipts, err)
					}
					var body map[string]any
					if err := json.Unmarshal([]byte(got.body), &body); err != nil {
						t.Fatalf("not JSON: %v\n%s", err, got.body)
					}
					if wrong := judge(body, kind); wrong != "" {
						t.Fatalf("the service wants %s:\n%s", wrong, got.body)
					}
					if strings.Contains(got.query, "chat_id") != (name != "telegram" && got.query != "") {
						t.Fatalf("query %q", got.query)
					}
				})
			}
		}
	}
}

func TestNtfyIsTextWithHeaders(t *testing.T) {
	s, got := service(t, http.StatusOK, nil)
	n := notifier(t, webhook.Config{Service: "ntfy", URL: sdk.Secret(s.URL)})
	if _, err := n.Send(t.Context(), message("firing", 2), nil); err != nil {
		t.Fatal(err)
	}
	title, err := new(mime.WordDecoder).DecodeHeader(got.header.Get("Title"))
	if err != nil || !strings.HasPrefix(title, "Critical: ") || !strings.Contains(title, "ü") || got.header.Get("Priority") != "urgent" || !strings.HasPrefix(got.body, "• ") {
		t.Fatalf("%q %v %q", title, got.header, got.body)
	}
	if _, err := n.Send(t.Context(), message("resolved", 1), nil); err != nil || got.header.Get("Tags") != "white_check_mark" {
		t.Fatalf("%v %v", got.header, err)
	}
}

func TestMatrixRepeatsAreOneMessage(t *testing.T) {
	s, got := service(t, http.StatusOK, nil)
	n := notifier(t, webhook.Config{Service: "matrix", URL: sdk.Secret(s.URL + "/_matrix/client/v3/rooms/!r:x/send/m.room.message/")})
	if _, err := n.Send(t.Context(), message("firing", 1), nil); err != nil || got.method != "PUT" || !strings.HasSuffix(got.path, "/m.room.message/m%2F1") {
		t.Fatalf("%s %s %v", got.method, got.path, err)
	}
}

func TestTemplates(t *testing.T) {
	for template, want := range map[string]string{
		`{"text":"{{.ResourceName}}: {{.Message}}"}`:                                      hostile + ": " + hostile,
		`{"text":"{{.Level | upper}} {{title .Type}} {{.Value}} {{.ValueFormatted}}"}`:    "CRITICAL Cpu 91.3 91.3 %",
		`{"text":"{{range .Alerts}}{{.ID}} {{end}}{{.AlertCount}}"}`:                      "host:box-cpu0 host:box-cpu1 2",
		`{"text":"{{.Metadata.k}}{{.CustomFields.room}}{{if .Resolved}}over{{end}}"}`:     hostile + "r1",
		`{"text":{{json .Message}}}`:                                                      hostile,
		`{"text":"{{urlquery .ResourceName}}"}`:                                           "q%22uo%5Cte%0Anew+%3Cb%3E%26amp%3B+%40everyone+%2Ax%2A+%5Bl%5D%28http%3A%2F%2Fevil%29%E2%80%A8+%C3%BC",
		`{"text":"{{printf "%s/%.1f" .ResourceName .Value}}"}`:                            hostile + "/91.3",
		`{"text":"{{.Duration}} {{.StartTime}}{{/* 1,799,999,000 to 1,800,000,000 */}}"}`: "16m 2027-01-15T07:43:20Z",
	} {
		s, got := service(t, http.StatusOK, nil)
		n := notifier(t, webhook.Config{Service: "generic", URL: sdk.Secret(s.URL), Template: template, Fields: map[string]sdk.Secret{"room": "r1"}})
		if _, err := n.Send(t.Context(), message("firing", 2), nil); err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		var body map[string]string
		if err := json.Unmarshal([]byte(got.body), &body); err != nil || body["text"] != want {
			t.Errorf("%s\n got %q\nwant %q\n%v", template, body["text"], want, err)
		}
	}
	n := notifier(t, webhook.Config{Service: "generic", URL: "http://x", Template: `{"text":{{.Message}}}`})
	if _, err := n.Send(t.Context(), message("firing", 1), nil); sdk.KindOf(err) != sdk.KindConfig {
		t.Fatalf("invalid JSON is sent: %v", err)
	}
}

func TestTheAddressMayBeATemplate(t *testing.T) {
	s, got := service(t, http.StatusOK, nil)
	n := notifier(t, webhook.Config{Service: "generic", URL: sdk.Secret(s.URL + "/{{.ResourceName}}?l={{.Level}}"), URLTemplated: true})
	if _, err := n.Send(t.Context(), message("resolved", 1), nil); err != nil || !strings.HasPrefix(got.path, "/q%22uo") || got.query != "l=critical" {
		t.Fatalf("%s %s %v", got.path, got.query, err)
	}
}

func TestAnswers(t *testing.T) {
	for status, want := range map[int]string{200: "ok", 204: "ok", 400: "for good", 404: "for good", 408: "again", 429: "again in 7s", 500: "again", 503: "again"} {
		header := http.Header{}
		if status == 429 {
			header.Set("Retry-After", "7")
		}
		s, _ := service(t, status, header)
		n := notifier(t, webhook.Config{Service: "generic", URL: sdk.Secret(s.URL + "/top-secret")})
		receipts, err := n.Send(t.Context(), message("firing", 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		r := receipts[0]
		got := "again"
		switch {
		case r.OK:
			got = "ok"
		case r.Permanent:
			got = "for good"
		case r.RetryAfter > 0:
			got = "again in " + r.RetryAfter.String()
		}
		if got != want || r.Status != status || strings.Contains(r.Target, "top-secret") {
			t.Errorf("%d: %s, %+v", status, got, r)
		}
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	n := notifier(t, webhook.Config{Service: "generic", URL: "http://127.0.0.1:1/hook/top-secret?token=abcdef"})
	_, err := n.Send(t.Context(), message("firing", 1), nil)
	if sdk.KindOf(err) != sdk.KindUnreachable || strings.Contains(err.Error(), "top-secret") || strings.Contains(err.Error(), "abcdef") {
		t.Fatal(err)
	}
	p, err := notifier(t, webhook.Config{Service: "pushover", URL: "https://api.pushover.net/1/messages.json", Fields: map[string]sdk.Secret{"app_token": "app-secret", "user_token": "usr-secret"}}).Preview(t.Context(), message("firing", 1), nil)
	if err != nil || strings.Contains(string(p.Body), "-secret") || !strings.Contains(string(p.Body), sdk.Masked) {
		t.Fatalf("%s %v", p.Body, err)
	}
}

func TestConfigurations(t *testing.T) {
	for text, want := range map[string]string{
		`{"url":"https://example.com/x"}`:                                            "",
		`{"url":"ftp://example.com"}`:                                                "url",
		`{"url":"https://api.telegram.org/bot1/sendMessage","service":"telegram"}`:   "url",
		`{"url":"https://x/?chat_id=-5","service":"telegram"}`:                       "",
		`{"url":"https://x","service":"pushover"}`:                                   "fields fields",
		`{"url":"https://x","service":"pushover","fields":{"token":"a","user":"b"}}`: "",
		`{"url":"https://x","service":"pagerduty","headers":{"routing_key":"a"}}`:    "",
		`{"url":"https://x","template":"{{.Foo"}`:                                    "template",
		`{"url":"https://x/{{.Level}}","url_templated":true}`:                        "",
		`{"url":"https://x","headers":{"a b":"c"}}`:                                  "headers",
		`{"url":"https://x","service":"carrier-pigeon"}`:                             "service",
	} {
		var paths []string
		for _, d := range webhook.Plugin().Validate(t.Context(), json.RawMessage(text)) {
			paths = append(paths, d.Path)
		}
		if strings.Join(paths, " ") != want {
			t.Errorf("%s: %v", text, paths)
		}
	}
}

func TestConformance(t *testing.T) {
	s, _ := service(t, http.StatusOK, nil)
	sdktest.Conformance(t, webhook.Plugin(), sdktest.Options{Config: `{"url":"` + s.URL + `"}`})
}

func FuzzTemplate(f *testing.F) {
	f.Add(`{"a":"{{.Message}}"}`)
	f.Add(`{{range .Alerts}}{{.ID}}{{end}}`)
	f.Fuzz(func(t *testing.T, template string) {
		n := notifier(t, webhook.Config{Service: "generic", URL: "http://x", Template: template})
		p, err := n.Preview(t.Context(), message("firing", 1), nil)
		if err == nil && template != "" && !json.Valid(p.Body) {
			t.Fatalf("%q makes %q", template, p.Body)
		}
	})
}

func TestTemplatesOfPresetsMakeWhatTheySay(t *testing.T) {
	for _, p := range webhook.Plugin().Describe().Channels[0].Presets {
		var one struct {
			Service         string `json:"service"`
			PayloadTemplate string `json:"payloadTemplate"`
		}
		if err := json.Unmarshal(p.Config, &one); err != nil || one.Service != p.Name {
			t.Fatalf("%s: %v", p.Name, err)
		}
		n := notifier(t, webhook.Config{Service: one.Service, URL: "http://x?chat_id=1", Template: one.PayloadTemplate, Fields: map[string]sdk.Secret{"a": "b"}})
		got, err := n.Preview(t.Context(), message("firing", 1), nil)
		if err != nil || one.Service != "ntfy" && !json.Valid(got.Body) {
			t.Errorf("%s: %s %v", p.Name, got.Body, err)
		}
	}
}
