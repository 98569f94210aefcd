package audit

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/errs"
)

// The bounds of webhooks.
const (
	maxHooks  = 10
	maxURL    = 2000
	hookPage  = 50
	hookAgent = "Pulse-Audit-Webhook/1.0"
)

// Hook is an address that is told of events.
type Hook struct {
	ID  int64
	URL string
	// Cursor is the number of the last event that it has been told of.
	Cursor int64
}

// HookStore keeps the hooks.
type HookStore interface {
	Hooks(ctx context.Context) ([]Hook, error)
	// SetHooks replaces the addresses. Those that stay keep their cursor, others begin after the given number.
	SetHooks(ctx context.Context, urls []string, cursor int64) error
	// Delivered stores the cursor of a hook that is still there.
	Delivered(ctx context.Context, id, cursor int64) error
	// HookSecret returns what deliveries are signed with, empty when there is none.
	HookSecret(ctx context.Context) (string, error)
	SetHookSecret(ctx context.Context, secret string) error
}

// HookState is how a hook is doing.
type HookState struct {
	URL     string
	Waiting int64  // events that it has not been told of
	Error   string // why the last attempt failed, empty when it did not
	// Delivered is when the receiver took an event last, zero when it has not since the server started.
	Delivered time.Time
}

// HookConfig is what webhooks need.
type HookConfig struct {
	Log   *Log
	Store HookStore
	// Post sends a body to an address, guarded against addresses inside and without following redirects, and returns the
	// status of the answer.
	Post func(ctx context.Context, to string, header map[string]string, body []byte) (status int, err error)
	// Check judges an address before it is stored.
	Check func(ctx context.Context, u *url.URL) error
	// Encode writes an event as the API shows it.
	Encode func(Event) any
	// Wait waits before another attempt.
	Wait   func(ctx context.Context, d time.Duration) error
	Now    func() time.Time
	Logger hclog.Logger
}

// Hooks tells addresses of events: each in the order of the log, none left out, until the receiver has it. It is safe for
// concurrent use.
type Hooks struct {
	HookConfig
	changed chan struct{}

	mu        sync.Mutex
	errors    map[int64]string
	delivered map[int64]time.Time
}

// NewHooks returns the hooks.
func NewHooks(c HookConfig) *Hooks {
	return &Hooks{HookConfig: c, changed: make(chan struct{}, 1), errors: map[int64]string{}, delivered: map[int64]time.Time{}}
}

// List returns how the hooks are doing.
func (h *Hooks) List(ctx context.Context) ([]HookState, error) {
	hooks, err := h.Store.Hooks(ctx)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []HookState{}
	for _, x := range hooks {
		out = append(out, HookState{URL: x.URL, Waiting: max(0, h.Log.Last()-x.Cursor), Error: h.errors[x.ID], Delivered: h.delivered[x.ID]})
	}
	return out, nil
}

// Set replaces the addresses. New ones are told of what comes from now on.
func (h *Hooks) Set(ctx context.Context, urls []string) error {
	if len(urls) > maxHooks {
		return errs.New(errs.Invalid, "there may be at most %d addresses", maxHooks).WithWord("invalid_request").WithField("urls")
	}
	for i, text := range urls {
		if slices.Contains(urls[:i], text) {
			return badURL(text, "it is given twice")
		}
		if err := h.check(ctx, text); err != nil {
			return err
		}
	}
	if err := h.Store.SetHooks(ctx, urls, h.Log.Last()); err != nil {
		return err
	}
	select {
	case h.changed <- struct{}{}:
	default: // it is told already
	}
	return nil
}

func (h *Hooks) check(ctx context.Context, text string) error {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return badURL(text, "it must be an http or https address")
	}
	if err := h.Check(ctx, u); err != nil {
		return badURL(text, err.Error())
	}
	return nil
}

// testEvent is the event that a test sends. It is not in the log.
const testEvent = "webhook_test"

// Test sends one event to an address that need not be stored. The error says why it did not arrive.
func (h *Hooks) Test(ctx context.Context, to string) error {
	if err := h.check(ctx, to); err != nil {
		return err
	}
	_, err := h.send(ctx, to, Event{ID: uuid.NewString(), Time: h.Now(), Event: testEvent, Success: true, Details: "A test. It is not in the log."})
	return err
}

// Signed reports whether deliveries are signed.
func (h *Hooks) Signed(ctx context.Context) (bool, error) {
	secret, err := h.Store.HookSecret(ctx)
	return secret != "", err
}

func badURL(text, why string) error {
	e := errs.New(errs.Invalid, "%s cannot be told of events: %s", text, why).WithWord("invalid_url")
	e.Extra = map[string]any{"details": map[string]string{"url": text, "field": "urls"}}
	return e
}

// NewSecret makes what deliveries are signed with from now on, and returns it. It is never shown again.
func (h *Hooks) NewSecret(ctx context.Context) (string, error) {
	b := make([]byte, 32)
	rand.Read(b) // never fails since Go 1.24
	secret := hex.EncodeToString(b)
	return secret, h.Store.SetHookSecret(ctx, secret)
}

// Run delivers until ctx ends.
func (h *Hooks) Run(ctx context.Context) {
	for ctx.Err() == nil {
		hooks, err := h.Store.Hooks(ctx)
		if err != nil {
			h.Logger.Error("the audit webhooks cannot be read", "error", err)
		}
		round, stop := context.WithCancel(ctx)
		var wg sync.WaitGroup
		for _, x := range hooks {
			wg.Go(func() { h.deliver(round, x) })
		}
		select {
		case <-ctx.Done():
		case <-h.changed:
		}
		stop()
		wg.Wait()
	}
}

// deliver tells one address of one event after the other.
func (h *Hooks) deliver(ctx context.Context, x Hook) {
	news, stop := h.Log.Subscribe(1)
	defer stop()
	for {
		page, err := h.Log.After(ctx, x.Cursor, hookPage)
		if err != nil {
			if ctx.Err() == nil {
				h.note(x.ID, err)
			}
			if h.Wait(ctx, time.Minute) != nil {
				return
			}
			continue
		}
		for _, e := range page {
			if !h.insist(ctx, x, e) {
				return
			}
			x.Cursor = e.Seq
			if err := h.Store.Delivered(ctx, x.ID, e.Seq); err != nil && ctx.Err() == nil {
				h.Logger.Warn("how far an audit webhook is cannot be stored: it may hear of an event twice", "error", err)
			}
		}
		if len(page) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-news:
		}
	}
}

// pauses lie between attempts; the last one is repeated.
var pauses = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 5 * time.Minute}

// insist sends an event until the receiver has it. What a receiver refuses for good four times is left out, so that it
// does not hold up the rest. It is false when ctx ends.
func (h *Hooks) insist(ctx context.Context, x Hook, e Event) bool {
	for attempt := 0; ; attempt++ {
		final, err := h.send(ctx, x.URL, e)
		if ctx.Err() != nil {
			return false
		}
		h.note(x.ID, err)
		if err == nil {
			return true
		}
		if final && attempt >= 3 {
			h.Logger.Warn("an audit webhook refuses an event, which is left out", "event", e.Event, "number", e.Seq, "error", err)
			return true
		}
		if h.Wait(ctx, pauses[min(attempt, len(pauses)-1)]) != nil {
			return false
		}
	}
}

func (h *Hooks) note(id int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		delete(h.errors, id)
		h.delivered[id] = h.Now()
	} else {
		h.errors[id] = err.Error()
	}
}

// send makes one delivery. Final tells that the receiver does not want it, whenever it comes.
func (h *Hooks) send(ctx context.Context, to string, e Event) (final bool, err error) {
	body, err := json.Marshal(map[string]any{"event": "audit." + e.Event, "timestamp": e.Time.UTC().Format(time.RFC3339), "data": h.Encode(e)})
	if err != nil {
		return true, err
	}
	header := map[string]string{"Content-Type": "application/json", "User-Agent": hookAgent, "X-Pulse-Event": e.Event, "X-Pulse-Event-ID": e.ID}
	secret, err := h.Store.HookSecret(ctx)
	if err != nil {
		return false, err
	}
	if secret != "" {
		header["X-Pulse-Signature"] = Signature(secret, h.Now(), body)
	}
	status, err := h.Post(ctx, to, header, body)
	switch {
	case err != nil:
		return false, err
	case status >= 200 && status < 300:
		return false, nil
	}
	return status < 500 && !slices.Contains(again, status), fmt.Errorf("the receiver answered with status %d", status)
}

// again are the statuses below 500 after which another attempt may succeed: request timeout, too early, too many requests.
var again = []int{408, 425, 429}

// Signature signs a delivery: t is when, in Unix seconds, and v1 the HMAC-SHA256 of "t.body", hex.
func Signature(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(t + "."))
	m.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(m.Sum(nil))
}
