// Package license serves which features are open and takes licence keys.
package license

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/licence"
)

// maxBody is how large a request may be.
const maxBody = 16 << 10

// Licences knows the key.
type Licences interface {
	Status() licence.Status
	Activate(ctx context.Context, key string) (licence.Status, error)
	Clear(ctx context.Context) error
}

type area struct{ licences Licences }

// Routes returns the rows.
func Routes(l Licences) []route.Route {
	a := area{l}
	return []route.Route{
		route.Get("/api/license/status", "getLicenseStatus", "Which licence there is and what it opens", a.status).Admin(auth.ScopeSettingsRead).Needs(auth.ActRead, "license"),
		route.Get("/api/license/features", "getLicenseFeatures", "Which features are open", a.features).Own(),
		route.Post("/api/license/activate", "activateLicense", "Take a licence key in place of the one before", a.activate).Admin(auth.ScopeSettingsWrite).Needs(auth.ActAdmin, "license").Body(maxBody).Event("license_activated"),
		route.Post("/api/license/clear", "clearLicense", "Forget the licence key", a.clear).Admin(auth.ScopeSettingsWrite).Needs(auth.ActAdmin, "license").Event("license_cleared"),
	}
}

func (a area) status(context.Context, route.None) (licence.Status, error) {
	return a.licences.Status(), nil
}

// Features is which features are open.
type Features struct {
	Status     string          `json:"license_status" enum:"none,active,grace_period,expired"`
	Features   map[string]bool `json:"features"`
	UpgradeURL string          `json:"upgrade_url"`
}

func (a area) features(context.Context, route.None) (Features, error) {
	s := a.licences.Status()
	out := Features{Status: s.State, Features: map[string]bool{}, UpgradeURL: s.UpgradeURL}
	for _, f := range licence.Listed {
		out.Features[f] = slices.Contains(s.Features, f)
	}
	return out, nil
}

type activateRequest struct {
	Key string `json:"license_key"`
}

// Activated is the answer of a key, or of why it is none.
type Activated struct {
	Success bool            `json:"success"`
	Message string          `json:"message"`
	Status  *licence.Status `json:"status,omitempty"`
}

func (a area) activate(ctx context.Context, in activateRequest) (route.Reply[Activated], error) {
	status, err := a.licences.Activate(ctx, in.Key)
	if err != nil {
		var e *errs.Error
		if errors.As(err, &e) { // the contract's member, beside those of every error
			e.Extra = map[string]any{"success": false}
		}
		return route.Reply[Activated]{}, err
	}
	audit.Detail(ctx, "%s", status.Tier)
	return route.Reply[Activated]{Status: http.StatusOK, Body: Activated{Success: true, Message: "The licence is active.", Status: &status}}, nil
}

// Cleared is the answer of a forgotten key.
type Cleared struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

func (a area) clear(ctx context.Context, _ route.None) (Cleared, error) {
	return Cleared{true, "License cleared"}, a.licences.Clear(ctx)
}
