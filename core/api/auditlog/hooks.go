package auditlog

import (
	"context"
	"errors"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// Hooks are the addresses that are told of events.
type Hooks interface {
	List(ctx context.Context) ([]audit.HookState, error)
	Set(ctx context.Context, urls []string) error
	NewSecret(ctx context.Context) (string, error)
	Signed(ctx context.Context) (bool, error)
	Test(ctx context.Context, to string) error
}

// maxHooksBody is the largest body with addresses, in bytes.
const maxHooksBody = 64 << 10

func (a Area) hookRoutes() []route.Route {
	const path = "/api/admin/webhooks/audit"
	change := func(r route.Route) route.Route {
		return r.Admin(auth.ScopeSettingsWrite).Needs(auth.ActAdmin, "audit_logs").Body(maxHooksBody).Event("audit_webhooks_updated")
	}
	return []route.Route{
		route.Get(path, "getAuditWebhooks", "Read which addresses are told of events", a.hooks).Admin(auth.ScopeSettingsRead).Needs(auth.ActAdmin, "audit_logs"),
		change(route.Post(path, "setAuditWebhooks", "Replace the addresses that are told of events", a.setHooks)),
		change(route.Put(path, "putAuditWebhooks", "Replace the addresses that are told of events", a.setHooks)),
		change(route.Post(path+"/secret", "newAuditWebhookSecret", "Make a new secret that deliveries are signed with; it is shown once", a.newSecret)).Event("audit_webhook_secret_made"),
		change(route.Post(path+"/test", "testAuditWebhook", "Send a test event to an address and say what became of it", a.testHook)).Event("audit_webhook_tested"),
	}
}

// HookList is which addresses are told of events, and how they are doing.
type HookList struct {
	URLs   []string `json:"urls"`
	Hooks  []Hook   `json:"hooks"`
	Signed bool     `json:"signed" help:"Whether there is a secret that deliveries are signed with."`
}

// Hook is how an address is doing.
type Hook struct {
	URL     string `json:"url"`
	Waiting int64  `json:"waiting" help:"Events that it has not been told of."`
	Error   string `json:"error,omitempty" help:"Why the last attempt failed."`
	// Delivered is absent when it took none since the server started.
	Delivered *time.Time `json:"delivered,omitempty" help:"When it took an event last."`
}

func (a Area) hooks(ctx context.Context, _ route.None) (HookList, error) {
	all, err := a.Hooks.List(ctx)
	if err != nil {
		return HookList{}, err
	}
	out := HookList{URLs: []string{}, Hooks: []Hook{}}
	if out.Signed, err = a.Hooks.Signed(ctx); err != nil {
		return out, err
	}
	for _, h := range all {
		out.URLs = append(out.URLs, h.URL)
		hook := Hook{URL: h.URL, Waiting: h.Waiting, Error: h.Error}
		if !h.Delivered.IsZero() {
			at := h.Delivered.UTC()
			hook.Delivered = &at
		}
		out.Hooks = append(out.Hooks, hook)
	}
	return out, nil
}

type hooksIn struct {
	URLs []string `json:"urls" required:"true"`
}

func (a Area) setHooks(ctx context.Context, in hooksIn) (route.None, error) {
	audit.Detail(ctx, "%d addresses", len(in.URLs)) // which may hold tokens
	return route.None{}, a.Hooks.Set(ctx, in.URLs)
}

type testHookIn struct {
	URL string `json:"url" required:"true"`
}

// Tested is what became of a test.
type Tested struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

func (a Area) testHook(ctx context.Context, in testHookIn) (Tested, error) {
	err := a.Hooks.Test(ctx, in.URL)
	var refused *errs.Error
	switch {
	case errors.As(err, &refused):
		return Tested{}, err
	case err != nil:
		return Tested{Message: err.Error()}, nil
	}
	return Tested{true, "The receiver took the test event."}, nil
}

// HookSecret is what deliveries are signed with.
type HookSecret struct {
	Secret string `json:"secret"`
}

func (a Area) newSecret(ctx context.Context, _ route.None) (HookSecret, error) {
	secret, err := a.Hooks.NewSecret(ctx)
	return HookSecret{secret}, err
}
