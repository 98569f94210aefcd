// Package webhook sends messages to web services: chat rooms, push services, pagers and anything that takes JSON. What a
// service wants to see is known here and nowhere else; values get into JSON by an encoder, never by pasting.
package webhook

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// Limits of an exchange.
const (
	maxAnswer  = 1 << 20 // bytes that are read of an answer
	maxExcerpt = 300     // bytes of it that are shown
	timeout    = 30 * time.Second
)

// Config is one webhook.
type Config struct {
	Title        string                `name:"title" help:"Name for people."`
	Service      string                `name:"service" help:"What is at the other end; it decides how messages look." default:"generic" enum:"generic,discord,slack,teams,teams-adaptive,telegram,pushover,gotify,ntfy,pagerduty,mattermost,matrix,homeassistant"`
	URL          sdk.Secret            `name:"url" target:"true" label:"URL" help:"Address to send to. It counts as a secret, since it often holds one. For Telegram it ends with ?chat_id=…; for Matrix it is the address of the room's messages; for Gotify it ends with /message?token=…" required:"true"`
	Method       string                `name:"method" help:"HTTP method." default:"POST" enum:"POST,PUT"`
	Headers      map[string]sdk.Secret `name:"headers" help:"Headers to send along, for example Authorization."`
	Fields       map[string]sdk.Secret `name:"fields" help:"What a service needs beside the address. Pushover: app_token, user_token and, as you like, priority, sound and device. PagerDuty: routing_key. Others: as your template names them."`
	Mention      string                `name:"mention" help:"Who is to be called in the room, as the service writes it: @everyone, <@123>, <!channel>."`
	Template     string                `name:"template" help:"Own JSON to send, as a Go template; see the plugin's README for its values. Empty: what the service wants." format:"multiline"`
	URLTemplated bool                  `name:"url_templated" help:"Treats {{…}} in the address as a template too." default:"false"`
}

// Validate judges what the schema cannot say.
func (c Config) Validate() []sdk.Diagnostic {
	var out []sdk.Diagnostic
	wrong := func(path, summary, detail string) {
		out = append(out, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: path, Summary: summary, Detail: detail})
	}
	address := c.URL.Reveal()
	if c.URLTemplated {
		if _, err := parseTemplate(address); err != nil {
			wrong("url", "Invalid template", err.Error())
		}
	} else if u, err := url.Parse(address); address != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		wrong("url", "Invalid URL", "An address begins with http:// or https:// and names a host.")
	} else if err == nil && c.Service == "telegram" && !numeric(u.Query().Get("chat_id")) {
		wrong("url", "Chat is missing", "The address has to end with ?chat_id= and the number of the chat.")
	}
	if c.Template != "" {
		if _, err := parseTemplate(c.Template); err != nil {
			wrong("template", "Invalid template", err.Error())
		}
	}
	for _, need := range map[string][]string{"pushover": {"app_token", "user_token"}, "pagerduty": {"routing_key"}}[c.Service] {
		if c.field(need) == "" {
			wrong("fields", "Something is missing", "The service needs the field "+need+".")
		}
	}
	for name := range c.Headers {
		if name == "" || strings.ContainsAny(name, " \r\n:") {
			wrong("headers", "Invalid header", fmt.Sprintf("%q is no name of a header.", name))
		}
	}
	return out
}

func numeric(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil
}

// field returns a field by its name or an older one.
func (c Config) field(name string) string {
	aliases := map[string]string{"app_token": "token", "user_token": "user"}
	if v := c.Fields[name]; v != "" {
		return v.Reveal()
	}
	if v := c.Fields[aliases[name]]; v != "" {
		return v.Reveal()
	}
	if name == "routing_key" {
		return c.Headers[name].Reveal()
	}
	return ""
}

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Define(sdk.Description{
		Kind: "webhook", Name: "Webhook", Summary: "Sends alerts to chat rooms, push services, pagers and anything that takes JSON.", Version: "1.0.0",
		Channels: []sdk.Channel{{Name: "webhook", Label: "Webhook", Presets: presets()}},
	}, New)
}

// Notifier is one live webhook.
type Notifier struct {
	cfg    Config
	client *http.Client
	now    func() time.Time
}

var (
	_ sdk.Notifier  = (*Notifier)(nil)
	_ sdk.Previewer = (*Notifier)(nil)
	_ sdk.Checker   = (*Notifier)(nil)
)

// New makes one.
func New(cfg Config, deps sdk.Deps) (*Notifier, error) {
	return &Notifier{cfg: cfg, client: deps.HTTP, now: deps.Now}, nil
}

// request is what is sent.
type request struct {
	method, url string
	media       string
	header      map[string]string
	body        []byte
}

// Send delivers a message.
func (n *Notifier) Send(ctx context.Context, m sdk.Message, _ json.RawMessage) ([]sdk.Receipt, error) {
	r, err := n.render(m)
	if err != nil {
		return nil, sdk.Wrap(sdk.KindConfig, err, "The message cannot be written: "+err.Error())
	}
	receipt, err := n.post(ctx, r)
	if err != nil {
		return nil, err
	}
	return []sdk.Receipt{receipt}, nil
}

// Preview shows what would be sent.
func (n *Notifier) Preview(_ context.Context, m sdk.Message, _ json.RawMessage) (sdk.Preview, error) {
	r, err := n.render(m)
	if err != nil {
		return sdk.Preview{}, sdk.Wrap(sdk.KindConfig, err, "The message cannot be written: "+err.Error())
	}
	headers := map[string]string{}
	for name := range r.header {
		headers[name] = sdk.Masked
	}
	return sdk.Preview{Method: r.method, Target: n.target(), MediaType: r.media, Headers: headers, Body: n.masked(r.body)}, nil
}

// masked hides secrets that a service wants in the body.
func (n *Notifier) masked(body []byte) []byte {
	for _, v := range n.cfg.Fields {
		if len(v) >= 4 {
			body = bytes.ReplaceAll(body, []byte(v.Reveal()), []byte(sdk.Masked))
		}
	}
	return body
}

// target names where it goes without what may be secret in it.
func (n *Notifier) target() string {
	u, err := url.Parse(n.cfg.URL.Reveal())
	if err != nil || u.Host == "" {
		return n.cfg.Service
	}
	return u.Scheme + "://" + u.Host
}

// Check sends a test message.
func (n *Notifier) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	started := n.now()
	value, threshold := 85.5, 80.0
	receipts, err := n.Send(ctx, sdk.Message{
		ID: "test", Kind: "test", Severity: sdk.SeverityWarning, Title: "Test message of Pulse", Text: "If you can read this, alerts will reach you here.", Time: started,
		Alerts: []sdk.MessageAlert{{ID: "test-alert", Kind: "cpu", Severity: sdk.SeverityWarning, ResourceName: "test-host", Node: "test-host", Text: "If you can read this, alerts will reach you here.", Value: &value, Threshold: &threshold, Unit: "%", Started: started}},
	}, nil)
	step := sdk.CheckStep{Name: "Send a test message", Outcome: sdk.CheckPassed, Took: n.now().Sub(started), Message: "The service took it."}
	if err == nil && !receipts[0].OK {
		err = sdk.Errorf(sdk.KindUpstream, "The service answered %d: %s", receipts[0].Status, receipts[0].Excerpt)
	}
	if err != nil {
		step.Outcome, step.Message = sdk.CheckFailed, plain(err)
	}
	progress(step)
	return sdk.CheckResult{}, nil
}

func plain(err error) string {
	var e *sdk.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "The service could not be reached."
}

// post sends a request and judges the answer.
func (n *Notifier) post(ctx context.Context, r request) (sdk.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return sdk.Receipt{}, sdk.Errorf(sdk.KindConfig, "The address of the webhook is not valid.")
	}
	req.Header.Set("User-Agent", "Pulse")
	req.Header.Set("Content-Type", r.media)
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	for name, value := range n.cfg.Headers {
		if name != "routing_key" {
			req.Header.Set(name, value.Reveal())
		}
	}
	res, err := n.client.Do(req)
	if err != nil {
		return sdk.Receipt{}, n.failure(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	out := sdk.Receipt{Target: n.target(), Status: res.StatusCode, OK: res.StatusCode >= 200 && res.StatusCode < 300, Excerpt: excerpt(n.masked(answer))}
	if !out.OK {
		out.Excerpt = cmp.Or(out.Excerpt, http.StatusText(res.StatusCode))
		out.Permanent = res.StatusCode >= 400 && res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusRequestTimeout
		if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
			out.RetryAfter = min(time.Duration(seconds)*time.Second, time.Hour)
		}
	}
	return out, nil
}

// failure is an error of the way to the service, without its address.
func (n *Notifier) failure(err error) error {
	var known *sdk.Error
	if errors.As(err, &known) {
		return known
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return sdk.Errorf(sdk.KindUnreachable, "%s did not answer in time.", n.target())
	}
	return sdk.Wrap(sdk.KindUnreachable, err, fmt.Sprintf("%s cannot be reached: %v", n.target(), err))
}

func excerpt(raw []byte) string {
	text := strings.ToValidUTF8(strings.Join(strings.Fields(string(raw)), " "), "")
	if len(text) > maxExcerpt {
		text = strings.ToValidUTF8(text[:maxExcerpt], "") + "…"
	}
	return text
}
