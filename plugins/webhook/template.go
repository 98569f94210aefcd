package webhook

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"text/template"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// form is how texts get into what a template makes.
type form int

const (
	jsonText  form = iota // within the quotes of a JSON string
	urlText               // within an address
	plainText             // as they are
)

// word is a text that writes itself so that it cannot break out of where it stands.
type word struct {
	text string
	form form
}

func (w word) String() string {
	switch w.form {
	case jsonText:
		raw, err := encode(w.text)
		if err != nil {
			return ""
		}
		return string(raw[1 : len(raw)-1])
	case urlText:
		return url.PathEscape(w.text)
	}
	return w.text
}

func (w word) with(text string) word { return word{text, w.form} }

// texts applies a function to the text behind a value and keeps its form.
func texts(f func(string) string) func(any) any {
	return func(v any) any {
		if w, ok := v.(word); ok {
			return w.with(f(w.text))
		}
		return f(fmt.Sprint(v))
	}
}

func funcs() template.FuncMap {
	return template.FuncMap{
		"upper": texts(strings.ToUpper), "lower": texts(strings.ToLower),
		"title": texts(func(s string) string {
			if s == "" {
				return s
			}
			return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
		}),
		"urlquery": plainly(url.QueryEscape), "urlencode": plainly(url.QueryEscape), "urlpath": plainly(url.PathEscape), "pathescape": plainly(url.PathEscape),
		"json": func(v any) (string, error) {
			if w, ok := v.(word); ok {
				v = w.text
			}
			raw, err := json.Marshal(v)
			return string(raw), err
		},
	}
}

// plainly applies an escape that is safe wherever it stands.
func plainly(f func(string) string) func(any) string {
	return func(v any) string {
		if w, ok := v.(word); ok {
			return f(w.text)
		}
		return f(fmt.Sprint(v))
	}
}

func parseTemplate(text string) (*template.Template, error) {
	return template.New("message").Funcs(funcs()).Option("missingkey=zero").Parse(text)
}

// maxTemplated is how long what a template makes may be.
const maxTemplated = 256 << 10

// bounded stops a template that never ends.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxTemplated {
		return 0, fmt.Errorf("the template makes more than %d bytes", maxTemplated)
	}
	return b.Builder.Write(p)
}

// execute fills a template in.
func execute(text string, values func(form) map[string]any, f form) (string, error) {
	t, err := parseTemplate(text)
	if err != nil {
		return "", err
	}
	var b bounded
	if err := t.Execute(&b, values(f)); err != nil {
		return "", err
	}
	return b.String(), nil
}

// values are what templates may use: those of the reference, about the first alert, and the message itself.
func (n *Notifier) values(m sdk.Message) func(form) map[string]any {
	return func(f form) map[string]any {
		w := func(text string) word { return word{text, f} }
		a := sdk.MessageAlert{}
		if len(m.Alerts) > 0 {
			a = m.Alerts[0]
		}
		fields := map[string]any{}
		for name, v := range n.cfg.Fields {
			fields[name] = w(v.Reveal())
		}
		meta := map[string]any{}
		for name, v := range a.Attributes {
			meta[name] = w(v)
		}
		var alerts []map[string]any
		for _, one := range m.Alerts {
			alerts = append(alerts, alertValues(one, m, w))
		}
		out := alertValues(a, m, w)
		for name, v := range map[string]any{
			"Event": w(m.Kind), "Title": w(m.Title), "Text": w(m.Text), "MessageID": w(m.ID), "Timestamp": w(m.Time.UTC().Format(time.RFC3339)),
			"Instance": w(strings.TrimSuffix(m.URL, "/alerts")), "Metadata": meta, "CustomFields": fields, "AlertCount": len(m.Alerts), "Alerts": alerts,
			"Mention": w(n.cfg.Mention), "ChatID": w(chatID(n.cfg.URL.Reveal())), "Resolved": m.Kind == kindResolved,
		} {
			out[name] = v
		}
		return out
	}
}

func chatID(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get("chat_id")
}

func alertValues(a sdk.MessageAlert, m sdk.Message, w func(string) word) map[string]any {
	number := func(v *float64) float64 {
		if v == nil {
			return 0
		}
		return round(*v)
	}
	end := m.Time
	if !a.Ended.IsZero() {
		end = a.Ended
	}
	duration := ""
	if !a.Started.IsZero() {
		duration = lasted(end.Sub(a.Started))
	}
	return map[string]any{
		"ID": w(a.ID), "Level": w(string(a.Severity)), "Type": w(a.Kind), "ResourceName": w(a.ResourceName), "ResourceID": w(a.ResourceID), "ResourceType": w(a.ResourceType),
		"Node": w(a.Node), "NodeDisplayName": w(a.Node), "Message": w(a.Text), "Value": number(a.Value), "Threshold": number(a.Threshold),
		"ValueFormatted": w(measured(a.Value, a.Unit)), "ThresholdFormatted": w(measured(a.Threshold, a.Unit)), "StartTime": w(a.Started.UTC().Format(time.RFC3339)),
		"Duration": w(duration), "Acknowledged": a.Acknowledged, "URL": w(a.URL), "AckTime": w(""), "AckUser": w(""),
	}
}
