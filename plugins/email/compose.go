package email

import (
	"cmp"
	"fmt"
	"html"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/pulse-platform/pulse/sdk"
)

// The kinds of messages that are written differently.
const (
	kindResolved = "resolved"
	kindTest     = "test"
)

// compose writes a mail. The same message has the same id, so that a mail that is sent twice is known as one.
func (n *Notifier) compose(m sdk.Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg()
	if err := msg.From(n.cfg.From); err != nil {
		return nil, err
	}
	if err := msg.To(n.recipients()...); err != nil {
		return nil, err
	}
	msg.Subject(subject(m))
	msg.SetDateWithValue(m.Time)
	msg.SetMessageIDWithValue(cmp.Or(m.ID, "test-"+strconv.FormatInt(n.now().UnixNano(), 36)) + "@" + n.domain())
	msg.SetUserAgent("Pulse")
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies to this
	if m.Severity == sdk.SeverityCritical && m.Kind != kindResolved {
		msg.SetImportance(gomail.ImportanceHigh)
	}
	msg.SetBodyString(gomail.TypeTextPlain, text(m))
	msg.AddAlternativeString(gomail.TypeTextHTML, page(m))
	return msg, nil
}

// domain is the sender's, for the message's id.
func (n *Notifier) domain() string {
	a, err := mail.ParseAddress(n.cfg.From)
	if err != nil {
		return "pulse-monitoring"
	}
	_, domain, _ := strings.Cut(a.Address, "@")
	return domain
}

// maxSubject is how many characters of a subject lists of mails show, and more than enough.
const maxSubject = 150

// subject says of one alert what is wrong, and of several whose they are.
func subject(m sdk.Message) string {
	out := m.Title
	if len(m.Alerts) == 1 && m.Kind != kindResolved && m.Kind != kindTest && m.Alerts[0].Text != "" {
		word := string(m.Alerts[0].Severity)
		out = strings.ToUpper(word[:min(1, len(word))]) + word[min(1, len(word)):] + ": " + strings.TrimSuffix(m.Alerts[0].Text, ".")
	}
	if len(m.Alerts) > 1 {
		var names []string
		for _, a := range m.Alerts {
			if !slices.Contains(names, a.ResourceName) {
				names = append(names, a.ResourceName)
			}
		}
		out += ": " + strings.Join(names, ", ")
	}
	out = "[Pulse] " + strings.Join(strings.Fields(out), " ")
	if runes := []rune(out); len(runes) > maxSubject {
		out = string(runes[:maxSubject-1]) + "…"
	}
	return out
}

// rows are what is known of an alert, by label.
func rows(a sdk.MessageAlert) [][2]string {
	var out [][2]string
	add := func(label, value string) {
		if value != "" {
			out = append(out, [2]string{label, value})
		}
	}
	add("Resource", strings.TrimSpace(a.ResourceType+" "+a.ResourceName))
	if a.Node != a.ResourceName {
		add("Node", a.Node)
	}
	add("Integration", a.Attributes["integration"])
	add("Value", number(a.Value, a.Unit))
	add("Limit", number(a.Threshold, a.Unit))
	if !a.Started.IsZero() {
		add("Began", a.Started.UTC().Format("Mon, 2 Jan 2006 15:04:05 MST"))
	}
	if !a.Ended.IsZero() {
		add("Ended", a.Ended.UTC().Format("Mon, 2 Jan 2006 15:04:05 MST"))
		add("Lasted", a.Ended.Sub(a.Started).Round(time.Second).String())
	}
	add("Alert", a.ID)
	return out
}

func number(v *float64, unit string) string {
	if v == nil {
		return ""
	}
	return strings.TrimSpace(strings.TrimSuffix(strconv.FormatFloat(*v, 'f', 1, 64), ".0") + " " + unit)
}

// text is the mail for those who read plain text.
func text(m sdk.Message) string {
	var b strings.Builder
	if len(m.Alerts) == 0 {
		fmt.Fprintf(&b, "%s\n\n", m.Text)
	}
	for _, a := range m.Alerts {
		fmt.Fprintf(&b, "%s  %s\n", label(m, a), a.Text)
		for _, r := range rows(a) {
			fmt.Fprintf(&b, "  %-12s %s\n", r[0]+":", r[1])
		}
		if a.URL != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", "Details:", a.URL)
		}
		b.WriteString("\n")
	}
	if more := m.Labels["more"]; more != "" {
		fmt.Fprintf(&b, "and %s more\n\n", more)
	}
	b.WriteString("-- \nPulse")
	if m.URL != "" {
		b.WriteString(" · " + m.URL)
	}
	return b.String() + "\n"
}

func label(m sdk.Message, a sdk.MessageAlert) string {
	if m.Kind == kindResolved {
		return "RESOLVED"
	}
	return strings.ToUpper(string(a.Severity))
}

// page is the mail for those who read HTML. All of it stands on its own: nothing is loaded from elsewhere.
func page(m sdk.Message) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><html><body style="margin:0;padding:16px;background:#f4f5f7;color:#1c2330;font:14px/1.5 system-ui,sans-serif">`)
	fmt.Fprintf(&b, `<h1 style="font-size:18px;margin:0 0 12px">%s</h1>`, html.EscapeString(m.Title))
	if len(m.Alerts) == 0 {
		fmt.Fprintf(&b, `<p>%s</p>`, html.EscapeString(m.Text))
	}
	for _, a := range m.Alerts {
		color := map[sdk.Severity]string{sdk.SeverityCritical: "#c62828", sdk.SeverityWarning: "#b26a00"}[a.Severity]
		if m.Kind == kindResolved {
			color = "#2e7d32"
		}
		fmt.Fprintf(&b, `<div style="background:#fff;border-left:4px solid %s;border-radius:4px;padding:10px 14px;margin:0 0 12px"><p style="margin:0 0 6px"><strong style="color:%s">%s</strong> %s</p><table style="border-collapse:collapse;font-size:13px">`,
			color, color, label(m, a), html.EscapeString(a.Text))
		for _, r := range rows(a) {
			fmt.Fprintf(&b, `<tr><td style="color:#5b6472;padding:1px 12px 1px 0">%s</td><td>%s</td></tr>`, r[0], html.EscapeString(r[1]))
		}
		b.WriteString(`</table>`)
		if a.URL != "" {
			fmt.Fprintf(&b, `<p style="margin:6px 0 0"><a href="%s">Details</a></p>`, html.EscapeString(a.URL))
		}
		b.WriteString(`</div>`)
	}
	if more := m.Labels["more"]; more != "" {
		fmt.Fprintf(&b, `<p>and %s more</p>`, html.EscapeString(more))
	}
	b.WriteString(`<p style="color:#5b6472;font-size:12px">Pulse`)
	if m.URL != "" {
		fmt.Fprintf(&b, ` · <a href="%s">open</a>`, html.EscapeString(m.URL))
	}
	b.WriteString(`</p></body></html>`)
	return b.String()
}
