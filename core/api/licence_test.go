package api_test

import (
	"context"
	"testing"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// A row that asks for a feature answers 402 with the contract's body, to those who may call it.
func TestUnlicensed(t *testing.T) {
	open := false
	w := serve(t, func(o *api.Options) {
		o.Areas = append(o.Areas, api.Area{Name: "paid", Routes: route.Licensed("rbac", []route.Route{
			route.Get("/api/paid", "paid", "", func(context.Context, route.None) (route.None, error) { return route.None{}, nil }).Scope(auth.ScopeSettingsRead),
		})})
		o.Licensed = func(feature string) error {
			if open {
				return nil
			}
			e := errs.New(errs.Unlicensed, "needs a licence")
			e.Extra = map[string]any{"error": "license_required", "feature": feature, "upgrade_url": "https://up.example.com"}
			return e
		}
	})
	w.claim()
	may, mayNot := w.token(auth.ScopeSettingsRead), w.token(auth.ScopeMonitoringRead)
	res, out := w.do("GET", "/api/paid", "", "X-API-Token", may)
	if res.StatusCode != 402 || out["error"] != "license_required" || out["feature"] != "rbac" || out["upgrade_url"] != "https://up.example.com" || out["message"] != "needs a licence" {
		t.Errorf("%d %v", res.StatusCode, out)
	}
	if res, _ := w.do("GET", "/api/paid", "", "X-API-Token", mayNot); res.StatusCode != 403 {
		t.Errorf("without the scope: %d", res.StatusCode)
	}
	if res, _ := w.do("GET", "/api/tagged", "", "X-API-Token", mayNot); res.StatusCode != 200 {
		t.Errorf("a free row: %d", res.StatusCode)
	}
	open = true
	if res, _ := w.do("GET", "/api/paid", "", "X-API-Token", may); res.StatusCode != 204 {
		t.Errorf("with the licence: %d", res.StatusCode)
	}
}
