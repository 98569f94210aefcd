package system

import (
	"context"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/settings"
)

// Settings keeps the document of settings; it is a [settings.Service].
type Settings interface {
	Document(fixed settings.Values) settings.Values
	Update(ctx context.Context, body []byte) error
}

// SettingsRoutes returns the rows of the settings. Fixed are those that flags, environment or file decide.
func SettingsRoutes(s Settings, fixed settings.Values) []route.Route {
	get := func(context.Context, route.None) (map[string]any, error) { return s.Document(fixed), nil }
	update := func(ctx context.Context, in updateIn) (updated, error) {
		return updated{true}, s.Update(ctx, in.Body)
	}
	return []route.Route{
		route.Get("/api/system/settings", "getSystemSettings", "The settings that are changed while the server runs", get).Admin(auth.ScopeSettingsRead),
		route.Post("/api/system/settings/update", "updateSystemSettings", "Change settings; those that are not given stay", update).Admin(auth.ScopeSettingsWrite),
	}
}

type updateIn struct {
	Body []byte `body:"raw"`
}

type updated struct {
	Success bool `json:"success"`
}
