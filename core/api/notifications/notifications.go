// Package notifications holds the routes about channels and what goes through them: the reference's three kinds of channels
// in its own shapes, and channels of any plugin that notifies.
package notifications

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/notify"
	"github.com/pulse-platform/pulse/sdk"
)

// Limits of request bodies.
const (
	maxConfig = 64 << 10
	maxSmall  = 8 << 10
)

// Channels are the configured integrations; it is an [integration.Service].
type Channels interface {
	List() []integration.Integration
	Save(ctx context.Context, x integration.Integration, revision int64) (integration.Integration, []sdk.Diagnostic, error)
	Delete(ctx context.Context, name id.Integration, revision int64) error
}

// Area is the routes.
type Area struct {
	Channels   Channels
	Dispatcher *notify.Dispatcher
	Routing    *notify.Routing
	// Notifies tells whether a kind of plugin sends messages, and Presets are those that it declares.
	Notifies func(kind string) bool
	Presets  func(kind string) []sdk.ChannelPreset
	// Try sends a message with a configuration that is not saved; masked secrets of the named integration are its stored ones.
	Try func(ctx context.Context, x integration.Integration, m sdk.Message) ([]sdk.Receipt, error)
	// Wire shows an alert as the reference does.
	Wire func(alert.Alert) any
	// Networks are private networks that messages may be sent to.
	Networks func() []string
	Base     func() string
	Now      func() time.Time
}

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	read, write := []auth.Scope{auth.ScopeSettingsRead, auth.ScopeSettingsWrite}, auth.ScopeSettingsWrite
	return []route.Route{
		route.Get("/api/notifications/email", "getEmail", "Read the e-mail channel", a.email).Admin(read...),
		route.Put("/api/notifications/email", "setEmail", "Replace the e-mail channel", a.setEmail).Admin(write).Body(32 << 10),
		route.Get("/api/notifications/email-providers", "listEmailProviders", "List known mail providers", a.providers).Admin(read...),
		route.Get(compat.RelayPath, compat.RelayGetName, "Read the channel that relays to services by their URLs", a.relay).Admin(read...),
		route.Put(compat.RelayPath, compat.RelaySetName, "Replace the channel that relays to services by their URLs", a.setRelay).Admin(write).Body(maxConfig),
		route.Get("/api/notifications/webhooks", "listWebhooks", "List webhooks, secrets masked", a.webhooks).Admin(read...),
		route.Post("/api/notifications/webhooks", "addWebhook", "Add a webhook", a.addWebhook).Admin(write).Body(maxConfig),
		route.Put("/api/notifications/webhooks/{id}", "changeWebhook", "Replace a webhook; masked values keep what is stored", a.changeWebhook).Admin(write).Body(maxConfig),
		route.Delete("/api/notifications/webhooks/{id}", "deleteWebhook", "Delete a webhook", a.deleteWebhook).Admin(write),
		route.Post("/api/notifications/webhooks/test", "testWebhook", "Send a test message to a webhook that need not be saved", a.testWebhook).Admin(write).Body(maxConfig),
		route.Get("/api/notifications/webhook-templates", "listWebhookTemplates", "List services that webhooks can speak to", a.templates).Admin(read...),
		route.Get("/api/notifications/webhook-history", "listWebhookHistory", "List the last messages to webhooks", a.webhookHistory).Admin(read...),
		route.Post("/api/notifications/test", "testNotification", "Send a test message through one channel, or with method all through each", a.test).Admin(write).Body(maxConfig),
		route.Get("/api/notifications/health", "getNotificationHealth", "Tell how channels and the queue are doing", a.health).Admin(read...),
		route.Get("/api/notifications/queue/stats", "getQueueStats", "Count messages by status", a.stats).Admin(read...),
		route.Get("/api/notifications/dlq", "listDeadLetters", "List messages that could not be delivered", a.dead).Admin(read...),
		route.Post("/api/notifications/dlq/retry", "retryDeadLetter", "Deliver a message again", a.retry).Admin(write).Body(maxSmall),
		route.Post("/api/notifications/dlq/delete", "deleteDeadLetter", "Give a message up", a.drop).Admin(write).Body(maxSmall),
		route.Delete("/api/notifications/dlq/delete", "removeDeadLetter", "Give a message up", a.drop).Admin(write).Body(maxSmall),
		route.Get("/api/channels", "listChannels", "List the channels of all plugins with what they are told and how they are doing", a.channels).Admin(read...),
		route.Put("/api/channels/{kind}/{name}/route", "setChannelRoute", "Say what a channel is told", a.setRoute).Admin(write).Body(maxSmall),
		route.Post("/api/channels/{kind}/{name}/test", "testChannel", "Send a test message through a channel", a.testChannel).Admin(write),
		route.Get("/api/deliveries", "listDeliveries", "List messages, the newest first", a.deliveries).Admin(read...),
	}
}

// find returns an integration by its id.
func (a Area) find(name id.Integration) (integration.Integration, bool) {
	for _, x := range a.Channels.List() {
		if x.ID == name {
			return x, true
		}
	}
	return integration.Integration{}, false
}

// save stores an integration; what the plugin finds wrong is an error that names the field.
func (a Area) save(ctx context.Context, x integration.Integration, revision int64, fields map[string]string) error {
	_, diags, err := a.Channels.Save(ctx, x, revision)
	if err != nil {
		return named(err, fields)
	}
	return integration.Refusal(diags, func(path string) string {
		field, _, _ := strings.Cut(wireName(path, fields), ".")
		return field
	})
}

// wireName is a path with the contract's name of its first key.
func wireName(path string, fields map[string]string) string {
	key, rest, below := strings.Cut(path, ".")
	if known := fields[key]; known != "" {
		key = known
	}
	if below {
		return key + "." + rest
	}
	return key
}

// named returns an error with the contract's names of the secrets that have to be entered again.
func named(err error, fields map[string]string) error {
	return integration.Named(err, func(path string) string { return wireName(path, fields) })
}

// Done is the contract's word for what was done.
type Done struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// channelOut is one channel as we show it.
type channelOut struct {
	ID      id.Integration `json:"id"`
	Kind    string         `json:"kind"`
	Name    string         `json:"name"`
	Title   string         `json:"title"`
	Enabled bool           `json:"enabled"`
	Route   notify.Route   `json:"route"`
	Health  notify.Health  `json:"health"`
}

type channelsOut struct {
	Channels []channelOut `json:"channels"`
}

func (a Area) channels(context.Context, route.None) (channelsOut, error) {
	out := channelsOut{Channels: []channelOut{}}
	health := a.Dispatcher.Health()
	for _, x := range a.Channels.List() {
		if a.Notifies(x.Kind) {
			out.Channels = append(out.Channels, channelOut{x.ID, x.Kind, x.Name, title(x), x.Enabled, a.Routing.Of(x.ID), health[x.ID]})
		}
	}
	return out, nil
}

// title is a channel's name for people.
func title(x integration.Integration) string {
	var c struct {
		Title string `json:"title"`
	}
	if json.Unmarshal(x.Config, &c) == nil && c.Title != "" {
		return c.Title
	}
	return x.Name
}

type channelIn struct {
	Kind string `path:"kind"`
	Name string `path:"name"`
}

type routeIn struct {
	Kind  string       `path:"kind"`
	Name  string       `path:"name"`
	Route notify.Route `body:"json"`
}

func (a Area) known(kind, name string) (id.Integration, error) {
	channel := id.Integration(kind + "/" + name)
	if _, there := a.find(channel); !there || !a.Notifies(kind) {
		return "", errs.New(errs.NotFound, "there is no channel %.80q", channel)
	}
	return channel, nil
}

func (a Area) setRoute(ctx context.Context, in routeIn) (notify.Route, error) {
	channel, err := a.known(in.Kind, in.Name)
	if err != nil {
		return in.Route, err
	}
	return in.Route, a.Routing.Set(ctx, channel, in.Route)
}

func (a Area) testChannel(ctx context.Context, in channelIn) (Done, error) {
	channel, err := a.known(in.Kind, in.Name)
	if err != nil {
		return Done{}, err
	}
	return a.tested(ctx, channel)
}

// tested sends a test message through a saved channel and tells the truth about it.
func (a Area) tested(ctx context.Context, channel id.Integration) (Done, error) {
	if x, _ := a.find(channel); !x.Enabled {
		return Done{}, errs.New(errs.Invalid, "the channel %s is turned off: turn it on to test it", channel)
	}
	receipts, err := a.Dispatcher.Test(ctx, channel)
	if err := sendFailure(receipts, err); err != nil {
		return Done{}, err
	}
	return Done{"success", "Test notification sent"}, nil
}

// sendFailure is what went wrong with a message, nil when it arrived.
func sendFailure(receipts []sdk.Receipt, err error) error {
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "the message was not sent: %s", notify.Reason(err))
	}
	for _, r := range receipts {
		if !r.OK {
			return errs.New(errs.Invalid, "the message was not taken: %s answered %d: %s", r.Target, r.Status, r.Excerpt)
		}
	}
	return nil
}

type deliveriesIn struct {
	Status string `query:"status"`
	Limit  int    `query:"limit" default:"100"`
}

// Delivery is one message on its way, or what became of it.
type Delivery struct {
	ID          string         `json:"id"`
	Channel     id.Integration `json:"channel"`
	ChannelKind string         `json:"channelKind"`
	Status      notify.Status  `json:"status"`
	Kind        string         `json:"kind" help:"What is told: firing, resolved or test."`
	Severity    sdk.Severity   `json:"severity"`
	Title       string         `json:"title"`
	Text        string         `json:"text"`
	Incidents   []string       `json:"incidents"`
	Attempts    int            `json:"attempts"`
	MaxAttempts int            `json:"maxAttempts"`
	Code        int            `json:"code,omitempty"`
	LastError   string         `json:"lastError,omitempty"`
	Created     time.Time      `json:"created"`
	Next        *time.Time     `json:"next,omitempty"`
	LastAttempt *time.Time     `json:"lastAttempt,omitempty"`
	Completed   *time.Time     `json:"completed,omitempty"`
}

// maxIncidents is how many incidents of a message are named.
const maxIncidents = 100

func delivery(d notify.Delivery) Delivery {
	return Delivery{
		ID: d.ID, Channel: d.Channel, ChannelKind: d.Kind, Status: d.Status, Kind: d.Message.Kind, Severity: d.Message.Severity, Title: d.Message.Title, Text: d.Message.Text,
		Incidents: d.Incidents[:min(len(d.Incidents), maxIncidents)], Attempts: d.Attempts, MaxAttempts: d.MaxAttempts, Code: d.Code, LastError: d.LastError, Created: d.Created,
		Next: optional(d.Next), LastAttempt: optional(d.LastAttempt), Completed: optional(d.Completed),
	}
}

type deliveriesOut struct {
	Deliveries []Delivery `json:"deliveries"`
}

func (a Area) deliveries(ctx context.Context, in deliveriesIn) (deliveriesOut, error) {
	var statuses []notify.Status
	if in.Status != "" {
		for _, s := range strings.Split(in.Status, ",") {
			if !slices.Contains([]notify.Status{notify.Waiting, notify.Sending, notify.Sent, notify.Dead, notify.Cancelled}, notify.Status(s)) {
				return deliveriesOut{}, errs.New(errs.Invalid, "status must be of pending, sending, sent, dlq, cancelled").WithField("status")
			}
			statuses = append(statuses, notify.Status(s))
		}
	}
	if in.Limit < 1 || in.Limit > 1000 {
		return deliveriesOut{}, errs.New(errs.Invalid, "limit must be from 1 to 1000").WithField("limit")
	}
	all, err := a.Dispatcher.List(ctx, statuses, in.Limit)
	out := deliveriesOut{Deliveries: []Delivery{}}
	for _, d := range all {
		out.Deliveries = append(out.Deliveries, delivery(d))
	}
	return out, err
}
