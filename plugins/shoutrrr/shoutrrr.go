// Package shoutrrr sends messages to every service that the library of that name knows, each by one URL. The library dials
// by itself, outside of the guard that others send through: so the plugin is off until an operator turns it on.
package shoutrrr

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// timeout is how long all services together may take.
const timeout = 30 * time.Second

// Config is one or several services.
type Config struct {
	URLs []sdk.Secret `name:"urls" label:"URLs" help:"Services, each as a URL of shoutrrr, for example telegram://token@telegram?chats=…; its documentation lists them." required:"true"`
}

// Validate has the library read the URLs. Its words may hold parts of them, so they are not shown.
func (c Config) Validate() []sdk.Diagnostic {
	var out []sdk.Diagnostic
	if len(c.URLs) == 0 {
		out = append(out, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: "urls", Summary: "Something is missing", Detail: "Name at least one service."})
	}
	for _, u := range c.URLs {
		if _, err := shoutrrr.CreateSender(u.Reveal()); err != nil {
			service, _, _ := strings.Cut(u.Reveal(), "://")
			out = append(out, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: "urls", Summary: "Invalid URL", Detail: "The URL for " + word(service) + " is not valid: see the documentation of the service."})
		}
	}
	return out
}

// word is a scheme when it looks like one.
func word(scheme string) string {
	if scheme == "" || len(scheme) > 20 || strings.ContainsAny(scheme, "@:/?") {
		return "an unknown service"
	}
	return scheme
}

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Define(sdk.Description{
		Kind: "shoutrrr", Name: "Shoutrrr", Summary: "Sends alerts to any service that shoutrrr knows, by its URL.", Version: "1.0.0", DialsAlone: true,
	}, New)
}

// Notifier is one live set of services.
type Notifier struct {
	cfg Config
	now func() time.Time
}

var (
	_ sdk.Notifier = (*Notifier)(nil)
	_ sdk.Checker  = (*Notifier)(nil)
)

// New makes one.
func New(cfg Config, deps sdk.Deps) (*Notifier, error) {
	return &Notifier{cfg: cfg, now: deps.Now}, nil
}

// Send delivers a message to each service.
func (n *Notifier) Send(ctx context.Context, m sdk.Message, _ json.RawMessage) ([]sdk.Receipt, error) {
	text := m.Text
	if m.URL != "" {
		text += "\n" + m.URL
	}
	var out []sdk.Receipt
	for _, u := range n.cfg.URLs {
		out = append(out, n.send(ctx, u.Reveal(), m.Title, text))
	}
	return out, nil
}

func (n *Notifier) send(ctx context.Context, address, title, text string) sdk.Receipt {
	service, rest, _ := strings.Cut(address, "://")
	receipt := sdk.Receipt{Target: word(service)}
	sender, err := shoutrrr.NewSender(log.New(io.Discard, "", 0), address)
	if err != nil {
		receipt.Permanent, receipt.Excerpt = true, "The URL is not valid."
		return receipt
	}
	sender.Timeout = timeout
	done := make(chan []error, 1)
	go func() {
		params := types.Params{"title": title}
		done <- sender.Send(text, &params)
	}()
	select {
	case <-ctx.Done():
		receipt.Excerpt = "It did not end in time."
		return receipt
	case errs := <-done:
		if err := errors.Join(errs...); err != nil {
			receipt.Excerpt = strings.ReplaceAll(strings.ReplaceAll(err.Error(), address, sdk.Masked), rest, sdk.Masked)
			if len(receipt.Excerpt) > 300 {
				receipt.Excerpt = strings.ToValidUTF8(receipt.Excerpt[:300], "") + "…"
			}
			return receipt
		}
	}
	receipt.OK = true
	return receipt
}

// Check sends a test message.
func (n *Notifier) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	started := n.now()
	receipts, err := n.Send(ctx, sdk.Message{Title: "Test message of Pulse", Text: "If you can read this, alerts will reach you here."}, nil)
	if err != nil {
		return sdk.CheckResult{}, err
	}
	for _, r := range receipts {
		step := sdk.CheckStep{Name: "Send a test message to " + r.Target, Outcome: sdk.CheckPassed, Message: "The service took it.", Took: n.now().Sub(started)}
		if !r.OK {
			step.Outcome, step.Message = sdk.CheckFailed, r.Excerpt
		}
		progress(step)
	}
	return sdk.CheckResult{}, nil
}
