package notifications

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/notify"
)

// Tried is what a service answered to a test.
type Tried struct {
	Status   int    `json:"status"`
	Response string `json:"response"`
	Success  bool   `json:"success"`
	Error    string `json:"error,omitempty"`
}

func (a Area) testWebhook(ctx context.Context, in Webhook) (route.Reply[Tried], error) {
	old, _ := a.find(id.Integration(kindWebhook + "/" + in.ID))
	x, err := in.integrate(old)
	if err != nil {
		return route.Reply[Tried]{}, err
	}
	receipts, err := a.Try(ctx, x, notify.TestMessage(a.Base(), a.Now()))
	if errs.Is(err, errs.Forbidden) {
		return route.Reply[Tried]{}, named(err, fields)
	}
	out := Tried{Success: err == nil}
	for _, r := range receipts {
		out.Status, out.Response, out.Success = r.Status, r.Excerpt, r.OK
	}
	if err != nil {
		out.Error = notify.Reason(err)
	} else if !out.Success {
		out.Error = "The service did not take it."
	}
	if !out.Success {
		return route.Reply[Tried]{Status: http.StatusBadRequest, Body: out}, nil
	}
	return route.Reply[Tried]{Body: out}, nil
}

type testIn struct {
	Method    string          `json:"method,omitempty"`
	Type      string          `json:"type,omitempty"`
	Config    json.RawMessage `json:"config,omitempty"`
	WebhookID string          `json:"webhookId,omitempty"`
}

func (a Area) test(ctx context.Context, in testIn) (Done, error) {
	switch method := cmp.Or(in.Method, in.Type); {
	case method == "":
		return Done{}, errs.New(errs.Invalid, "method is missing: email, webhook, all or another kind of channel").WithField("method")
	case method == kindEmail && len(in.Config) > 0:
		return a.testEmail(ctx, in.Config)
	case method == kindWebhook && in.WebhookID != "":
		x, there := a.find(id.Integration(kindWebhook + "/" + in.WebhookID))
		if !there {
			return Done{}, errs.New(errs.NotFound, "Webhook not found")
		}
		return a.tested(ctx, x.ID)
	default:
		return a.testKind(ctx, method)
	}
}

func (a Area) testEmail(ctx context.Context, raw json.RawMessage) (Done, error) {
	var e Email
	if err := json.Unmarshal(raw, &e); err != nil {
		return Done{}, errs.New(errs.Invalid, "config is not an e-mail configuration").WithField("config")
	}
	old, _ := a.find(emailID)
	x, err := e.integrate(old)
	if err != nil {
		return Done{}, err
	}
	receipts, err := a.Try(ctx, x, notify.TestMessage(a.Base(), a.Now()))
	if errs.Is(err, errs.Forbidden) {
		return Done{}, err
	}
	if err := sendFailure(receipts, err); err != nil {
		return Done{}, err
	}
	return Done{"success", "Test notification sent"}, nil
}

// message is an error without its cause, which is for the log.
func message(err error) string {
	var known *errs.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return "it failed"
}

// testKind tests the enabled channels of a kind: the first one, or with "all" those of every kind.
func (a Area) testKind(ctx context.Context, kind string) (Done, error) {
	var failed []string
	count := 0
	for _, x := range a.Channels.List() {
		if !x.Enabled || !a.Notifies(x.Kind) || kind != "all" && x.Kind != kind {
			continue
		}
		count++
		if _, err := a.tested(ctx, x.ID); err != nil {
			failed = append(failed, string(x.ID)+": "+message(err))
		}
		if kind != "all" {
			break
		}
	}
	switch {
	case count == 0:
		return Done{}, errs.New(errs.Invalid, "there is no enabled channel of the kind %.40q", kind).WithField("method")
	case len(failed) > 0:
		return Done{}, errs.New(errs.Invalid, "%s", strings.Join(failed, "; "))
	}
	return Done{"success", "Test notification sent"}, nil
}
