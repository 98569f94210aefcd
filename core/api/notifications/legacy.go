package notifications

import (
	"cmp"
	"context"
	"encoding/json"
	"net/netip"
	"strings"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
)

// The plugins behind the reference's channels, and the name of the one e-mail channel.
const (
	kindEmail   = "email"
	kindWebhook = "webhook"
	emailName   = "email"
)

// redacted is how the reference masks a value.
const redacted = "***REDACTED***"

// Email is the e-mail channel as the reference has it.
type Email struct {
	Enabled   bool     `json:"enabled"`
	Provider  string   `json:"provider"`
	Server    string   `json:"server"`
	Port      int      `json:"port"`
	Username  string   `json:"username"`
	Password  string   `json:"password"`
	From      string   `json:"from"`
	To        []string `json:"to"`
	TLS       bool     `json:"tls"`
	StartTLS  bool     `json:"startTLS"`
	RateLimit int      `json:"rateLimit"`
}

// mailConfig is the configuration of the plugin.
type mailConfig struct {
	Server   string   `json:"server"`
	Port     int      `json:"port,omitempty"`
	Security string   `json:"security,omitempty"`
	Verify   *bool    `json:"verify,omitempty"`
	Auth     string   `json:"auth,omitempty"`
	Username string   `json:"username,omitempty"`
	Password string   `json:"password,omitempty"`
	From     string   `json:"from"`
	To       []string `json:"to,omitempty"`
	Provider string   `json:"provider,omitempty"`
}

const emailID = id.Integration(kindEmail + "/" + emailName)

func (a Area) email(context.Context, route.None) (Email, error) {
	out := Email{To: []string{}, Port: 587, StartTLS: true}
	x, there := a.find(emailID)
	if !there {
		return out, nil
	}
	var c mailConfig
	if err := json.Unmarshal(x.Config, &c); err != nil {
		return out, err
	}
	out = Email{
		Enabled: x.Enabled, Provider: c.Provider, Server: c.Server, Port: cmp.Or(c.Port, 587), Username: c.Username, From: c.From, To: c.To,
		TLS: c.Security == "tls", StartTLS: c.Security == "starttls" || c.Security == "",
	}
	if out.To == nil {
		out.To = []string{}
	}
	return out, nil
}

// integrate makes the integration of an e-mail channel. An empty password keeps the stored one.
func (e Email) integrate(old integration.Integration) (integration.Integration, error) {
	var stored mailConfig
	_ = json.Unmarshal(old.Config, &stored)
	c := mailConfig{
		Server: e.Server, Port: cmp.Or(e.Port, 587), Security: "opportunistic", Verify: stored.Verify, Auth: stored.Auth, Username: e.Username, Password: e.Password,
		From: e.From, To: e.To, Provider: e.Provider,
	}
	switch {
	case e.TLS || e.Port == 465:
		c.Security = "tls"
	case e.StartTLS:
		c.Security = "starttls"
	}
	if c.Password == "" && stored.Password != "" {
		c.Password = sdk.Masked
	}
	raw, err := json.Marshal(c)
	x := integration.Integration{ID: emailID, Kind: kindEmail, Name: emailName, Enabled: e.Enabled, Config: raw, Network: old.Network}
	if local(e.Server) {
		x.Network.AllowLoopback = true // a relay on this machine is as usual as one elsewhere
	}
	return x, err
}

// Integration is the integration of an e-mail channel with its password in clear.
func (e Email) Integration() (integration.Integration, error) {
	return e.integrate(integration.Integration{})
}

// local tells whether a name is this machine.
func local(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

func (a Area) setEmail(ctx context.Context, in Email) (Done, error) {
	old, there := a.find(emailID)
	if !in.Enabled && in.Server == "" {
		if there {
			return Done{Status: "success"}, a.Channels.Delete(ctx, emailID, old.Revision)
		}
		return Done{Status: "success"}, nil
	}
	x, err := in.integrate(old)
	if err != nil {
		return Done{}, err
	}
	return Done{Status: "success"}, a.save(ctx, x, old.Revision, nil)
}

// Provider is a known mail provider.
type Provider struct {
	Name         string `json:"name"`
	Host         string `json:"smtpHost"`
	Port         int    `json:"smtpPort"`
	TLS          bool   `json:"tls"`
	StartTLS     bool   `json:"startTLS"`
	AuthRequired bool   `json:"authRequired"`
	Instructions string `json:"instructions"`
}

func (a Area) providers(context.Context, route.None) ([]Provider, error) {
	out := []Provider{}
	for _, p := range a.Presets(kindEmail) {
		var c mailConfig
		if json.Unmarshal(p.Config, &c) == nil {
			out = append(out, Provider{Name: p.Label, Host: c.Server, Port: cmp.Or(c.Port, 587), StartTLS: true, AuthRequired: true,
				Instructions: "Use the user name and the password or key that " + p.Label + " gives for SMTP. An ordinary password is refused where two factors are on."})
		}
	}
	return append(out, Provider{Name: "Custom SMTP Server", Port: 587, StartTLS: true, AuthRequired: true, Instructions: "Name the server, its port and how it wants to be spoken to."}), nil
}

// Webhook is a webhook as the reference has it.
type Webhook struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	URL          string            `json:"url"`
	Method       string            `json:"method"`
	Headers      map[string]string `json:"headers,omitempty"`
	Enabled      bool              `json:"enabled"`
	Service      string            `json:"service"`
	Template     string            `json:"template,omitempty"`
	CustomFields map[string]string `json:"customFields,omitempty"`
	Mention      string            `json:"mention,omitempty"`
}

// hookConfig is the configuration of the plugin.
type hookConfig struct {
	Title        string            `json:"title,omitempty"`
	Service      string            `json:"service,omitempty"`
	URL          string            `json:"url"`
	Method       string            `json:"method,omitempty"`
	Headers      map[string]string `json:"headers,omitempty"`
	Fields       map[string]string `json:"fields,omitempty"`
	Mention      string            `json:"mention,omitempty"`
	Template     string            `json:"template,omitempty"`
	URLTemplated bool              `json:"url_templated,omitempty"`
}

// webhookOf shows an integration, whose secrets are masked already.
func webhookOf(x integration.Integration) Webhook {
	var c hookConfig
	_ = json.Unmarshal(x.Config, &c)
	return Webhook{
		ID: x.Name, Name: cmp.Or(c.Title, x.Name), URL: masked(c.URL), Method: cmp.Or(c.Method, "POST"), Headers: maskedAll(c.Headers), Enabled: x.Enabled,
		Service: cmp.Or(c.Service, "generic"), Template: c.Template, CustomFields: maskedAll(c.Fields), Mention: c.Mention,
	}
}

func masked(v string) string {
	if v == sdk.Masked {
		return redacted
	}
	return v
}

func maskedAll(all map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range all {
		out[k] = masked(v)
	}
	return out
}

// Integration is the integration of a webhook with its secrets in clear. Its name is its id.
func (w Webhook) Integration() (integration.Integration, error) {
	return w.integrate(integration.Integration{})
}

// integrate makes the integration of a webhook. Masked values keep what is stored, each by itself.
func (w Webhook) integrate(old integration.Integration) (integration.Integration, error) {
	unmask := func(v string) string {
		if v == redacted {
			return sdk.Masked
		}
		return v
	}
	unmaskAll := func(all map[string]string) map[string]string {
		out := map[string]string{}
		for k, v := range all {
			out[k] = unmask(v)
		}
		return out
	}
	c := hookConfig{
		Title: w.Name, Service: cmp.Or(w.Service, "generic"), URL: unmask(w.URL), Method: strings.ToUpper(cmp.Or(w.Method, "POST")), Headers: unmaskAll(w.Headers),
		Fields: unmaskAll(w.CustomFields), Mention: w.Mention, Template: w.Template, URLTemplated: strings.Contains(w.URL, "{{"),
	}
	if w.URL == redacted {
		var stored hookConfig
		if json.Unmarshal(old.Config, &stored) == nil {
			c.URLTemplated = stored.URLTemplated
		}
	}
	raw, err := json.Marshal(c)
	return integration.Integration{ID: id.Integration(kindWebhook + "/" + w.ID), Kind: kindWebhook, Name: w.ID, Enabled: w.Enabled, Config: raw, Network: old.Network}, err
}

// fields are the reference's names of the plugin's.
var fields = map[string]string{"fields": "customFields", "title": "name"}

func (a Area) webhooks(context.Context, route.None) ([]Webhook, error) {
	out := []Webhook{}
	for _, x := range a.Channels.List() {
		if x.Kind == kindWebhook {
			out = append(out, webhookOf(x))
		}
	}
	return out, nil
}

func (a Area) addWebhook(ctx context.Context, in Webhook) (Webhook, error) {
	if in.ID == "" {
		in.ID = "webhook-" + id.Random(16)
	}
	if in.URL == "" {
		return in, errs.New(errs.Invalid, "Invalid webhook URL: it is missing").WithField("url")
	}
	x, err := in.Integration()
	if err != nil {
		return in, err
	}
	if err := a.save(ctx, x, 0, fields); err != nil {
		return in, err
	}
	saved, _ := a.find(x.ID)
	return webhookOf(saved), nil
}

type webhookIn struct {
	ID      string  `path:"id"`
	Webhook Webhook `body:"json"`
}

func (a Area) changeWebhook(ctx context.Context, in webhookIn) (Webhook, error) {
	old, there := a.find(id.Integration(kindWebhook + "/" + in.ID))
	if !there {
		return in.Webhook, errs.New(errs.NotFound, "Webhook not found")
	}
	in.Webhook.ID = in.ID
	x, err := in.Webhook.integrate(old)
	if err != nil {
		return in.Webhook, err
	}
	if err := a.save(ctx, x, old.Revision, fields); err != nil {
		return in.Webhook, err
	}
	saved, _ := a.find(x.ID)
	return webhookOf(saved), nil
}

type webhookID struct {
	ID string `path:"id"`
}

func (a Area) deleteWebhook(ctx context.Context, in webhookID) (Done, error) {
	old, there := a.find(id.Integration(kindWebhook + "/" + in.ID))
	if !there {
		return Done{}, errs.New(errs.NotFound, "Webhook not found")
	}
	return Done{Status: "success"}, a.Channels.Delete(ctx, old.ID, old.Revision)
}

func (a Area) templates(context.Context, route.None) ([]json.RawMessage, error) {
	out := []json.RawMessage{}
	for _, p := range a.Presets(kindWebhook) {
		out = append(out, p.Config)
	}
	return out, nil
}
