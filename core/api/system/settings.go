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

// SettingsRoutes returns the rows of the settings. Fixed are those that flags, environment or file decide; origins say of
// each of them that is not a default where it stands, as file and line.
func SettingsRoutes(s Settings, fixed settings.Values, origins map[string]string) []route.Route {
	get := func(context.Context, route.None) (map[string]any, error) {
		out := s.Document(fixed)
		if len(origins) > 0 {
			out["origins"] = origins
		}
		return out, nil
	}
	update := func(ctx context.Context, in updateIn) (updated, error) {
		return updated{true}, s.Update(ctx, in.Body)
	}
	public := func(context.Context, route.None) (Config, error) {
		all := s.Document(fixed)
		auto, _ := all["autoUpdateEnabled"].(bool)
		channel, _ := all["updateChannel"].(string)
		return Config{AutoUpdateEnabled: auto, UpdateChannel: channel}, nil
	}
	return []route.Route{
		route.Get("/api/config", "getConfig", "The few settings that every client may know", public).Scope(auth.ScopeMonitoringRead),
		route.Get("/api/config/system", "getConfigSystem", "The settings under their former path", get).Admin(auth.ScopeSettingsRead),
		route.Get("/api/system/settings", "getSystemSettings", "The settings that are changed while the server runs", get).Admin(auth.ScopeSettingsRead),
		route.Post("/api/system/settings/update", "updateSystemSettings", "Change settings; those that are not given stay", update).Admin(auth.ScopeSettingsWrite),
	}
}

// Config is what every client may know of the settings.
type Config struct {
	CSRFProtection    bool   `json:"csrfProtection" help:"Always false, as in the reference; requests with a session are checked all the same."`
	AutoUpdateEnabled bool   `json:"autoUpdateEnabled"`
	UpdateChannel     string `json:"updateChannel" help:"Empty is stable."`
}

type updateIn struct {
	Body []byte `body:"raw"`
}

type updated struct {
	Success bool `json:"success"`
}
