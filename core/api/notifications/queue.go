package notifications

import (
	"context"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/notify"
)

type queueHealth struct {
	Pending int  `json:"pending"`
	Sending int  `json:"sending"`
	Sent    int  `json:"sent"`
	Failed  int  `json:"failed"`
	Dead    int  `json:"dlq"`
	Healthy bool `json:"healthy"`
}

type emailHealth struct {
	Enabled    bool `json:"enabled"`
	Configured bool `json:"configured"`
}

type webhooksHealth struct {
	Total   int `json:"total"`
	Enabled int `json:"enabled"`
}

type encryption struct {
	Enabled bool `json:"enabled"`
}

// Health tells how telling people is doing.
type Health struct {
	Queue      queueHealth                      `json:"queue"`
	Email      emailHealth                      `json:"email"`
	Webhooks   webhooksHealth                   `json:"webhooks"`
	Encryption encryption                       `json:"encryption"`
	Overall    bool                             `json:"overall_healthy"`
	Channels   map[id.Integration]notify.Health `json:"channels"`
}

func (a Area) health(ctx context.Context, _ route.None) (Health, error) {
	counts, err := a.Dispatcher.Counts(ctx)
	out := Health{Channels: a.Dispatcher.Health(), Encryption: encryption{true}}
	if err != nil {
		return out, err
	}
	out.Queue = queueHealth{Pending: counts[notify.Waiting], Sending: counts[notify.Sending], Sent: counts[notify.Sent], Dead: counts[notify.Dead], Healthy: counts[notify.Dead] == 0}
	for _, x := range a.Channels.List() {
		switch x.Kind {
		case kindEmail:
			out.Email.Configured = true
			out.Email.Enabled = out.Email.Enabled || x.Enabled
		case kindWebhook:
			out.Webhooks.Total++
			if x.Enabled {
				out.Webhooks.Enabled++
			}
		}
	}
	out.Overall = out.Queue.Healthy
	for _, h := range out.Channels {
		out.Overall = out.Overall && h.LastError == ""
	}
	return out, nil
}

func (a Area) stats(ctx context.Context, _ route.None) (map[notify.Status]int, error) {
	return a.Dispatcher.Counts(ctx)
}

type deadIn struct {
	Limit int `query:"limit" default:"100"`
}

// Letter is a message that could not be delivered, as the reference shows it. It holds nothing of the channel's
// configuration.
type Letter struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"`
	Status      string            `json:"status"`
	Alerts      []any             `json:"alerts"`
	Config      map[string]string `json:"config"`
	Attempts    int               `json:"attempts"`
	MaxAttempts int               `json:"maxAttempts"`
	LastAttempt *time.Time        `json:"lastAttempt,omitempty"`
	LastError   string            `json:"lastError,omitempty"`
	CreatedAt   time.Time         `json:"createdAt"`
	CompletedAt *time.Time        `json:"completedAt,omitempty"`
	Title       string            `json:"title"`
}

func (a Area) dead(ctx context.Context, in deadIn) ([]Letter, error) {
	if in.Limit < 1 || in.Limit > 1000 {
		in.Limit = 100
	}
	all, err := a.Dispatcher.List(ctx, []notify.Status{notify.Dead}, in.Limit)
	out := make([]Letter, 0, len(all))
	for _, d := range all {
		kind := d.Kind
		if d.Message.Kind == notify.KindResolved {
			kind += "_resolved"
		}
		l := Letter{
			ID: d.ID, Type: kind, Status: string(d.Status), Alerts: []any{}, Config: map[string]string{"channel": string(d.Channel)}, Attempts: d.Attempts, MaxAttempts: d.MaxAttempts,
			LastAttempt: optional(d.LastAttempt), LastError: d.LastError, CreatedAt: d.Created, CompletedAt: optional(d.Completed), Title: d.Message.Title,
		}
		for _, one := range d.Alerts {
			l.Alerts = append(l.Alerts, a.Wire(one))
		}
		out = append(out, l)
	}
	return out, err
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type letterIn struct {
	ID string `json:"id"`
}

// Moved is the answer to what was done with a letter.
type Moved struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
	ID      string `json:"id"`
}

func (a Area) retry(ctx context.Context, in letterIn) (Moved, error) {
	if in.ID == "" {
		return Moved{}, errs.New(errs.Invalid, "id is missing").WithField("id")
	}
	return Moved{true, "Notification scheduled for retry", in.ID}, a.Dispatcher.Retry(ctx, in.ID)
}

func (a Area) drop(ctx context.Context, in letterIn) (Moved, error) {
	if in.ID == "" {
		return Moved{}, errs.New(errs.Invalid, "id is missing").WithField("id")
	}
	return Moved{true, "Notification deleted from DLQ", in.ID}, a.Dispatcher.Drop(ctx, in.ID)
}

// Sent is one message to a webhook, as the reference shows it.
type Sent struct {
	WebhookName   string    `json:"webhookName"`
	WebhookURL    string    `json:"webhookUrl"`
	Service       string    `json:"service"`
	AlertID       string    `json:"alertId"`
	Timestamp     time.Time `json:"timestamp"`
	StatusCode    int       `json:"statusCode"`
	Success       bool      `json:"success"`
	ErrorMessage  string    `json:"errorMessage,omitempty"`
	RetryAttempts int       `json:"retryAttempts"`
	PayloadSize   int       `json:"payloadSize"`
}

func (a Area) webhookHistory(ctx context.Context, _ route.None) ([]Sent, error) {
	all, err := a.Dispatcher.List(ctx, nil, 1000)
	out := []Sent{}
	for _, d := range all {
		if d.Kind != kindWebhook || d.Attempts == 0 || len(out) == 100 {
			continue
		}
		s := Sent{WebhookName: string(d.Channel), Timestamp: d.LastAttempt, StatusCode: d.Code, Success: d.Status == notify.Sent, ErrorMessage: d.LastError, RetryAttempts: d.Attempts - 1}
		if x, there := a.find(d.Channel); there {
			w := webhookOf(x)
			s.WebhookName, s.WebhookURL, s.Service = w.Name, w.URL, w.Service
		}
		if len(d.Alerts) > 0 {
			s.AlertID = d.Alerts[0].ID
		}
		out = append([]Sent{s}, out...) // the newest last
	}
	return out, err
}
