// Package metricstore holds the routes by which the store of samples is chosen, tested and moved.
package metricstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
)

// Settings are those of the store.
type Settings struct {
	// Store is the one in use.
	Store string `json:"store"`
	// Values are the keys of the configuration's metrics block that are set, secrets masked.
	Values json.RawMessage `json:"values"`
	// Schema describes all keys.
	Schema json.RawMessage `json:"schema"`
	// Fixed are the keys that the configuration file decides.
	Fixed []string `json:"fixed"`
	// Origins say where these stand, as file and line.
	Origins map[string]string `json:"origins"`
}

// Copy is a copy of the history from one store to another.
type Copy struct {
	Running bool   `json:"running"`
	From    string `json:"from,omitempty"`
	To      string `json:"to,omitempty"`
	// Tier of Tiers is being copied, and in it Series of Of are done.
	Tier    int       `json:"tier"`
	Tiers   int       `json:"tiers"`
	Series  int       `json:"series"`
	Of      int       `json:"of"`
	Points  int64     `json:"points"`
	Done    bool      `json:"done"`
	Error   string    `json:"error,omitempty"`
	Started time.Time `json:"started,omitzero"`
}

// Service is what the routes call.
type Service interface {
	Settings() (Settings, error)
	Update(ctx context.Context, values json.RawMessage) error
	Try(ctx context.Context, values json.RawMessage, setUp bool) ([]Step, error)
	StartCopy(ctx context.Context, from, to string, anew bool) error
	Copying() Copy
	CancelCopy()
}

// Area serves the settings of the store.
type Area struct{ Service Service }

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	read, write := auth.ScopeSettingsRead, auth.ScopeSettingsWrite
	return []route.Route{
		route.Get("/api/metrics-store/settings", "getMetricStoreSettings", "Where samples are kept and for how long", a.settings).Admin(read),
		route.Put("/api/metrics-store/settings", "updateMetricStoreSettings", "Choose where samples are kept and for how long; it holds at once", a.update).Admin(write),
		route.Post("/api/metrics-store/test", "testMetricStore", "Test the connection to InfluxDB, and make its buckets when asked to", a.try).Admin(write),
		route.Get("/api/metrics-store/copy", "getMetricStoreCopy", "How the copy of the history is doing", a.copying).Admin(read),
		route.Post("/api/metrics-store/copy", "startMetricStoreCopy", "Copy the history from one store to another, in the background", a.start).Admin(write),
		route.Delete("/api/metrics-store/copy", "cancelMetricStoreCopy", "End the copy; started again, it goes on where it ended", a.cancel).Admin(write),
	}
}

func (a Area) settings(context.Context, route.None) (Settings, error) { return a.Service.Settings() }

type updateIn struct {
	Values json.RawMessage `json:"values" required:"true"`
}

func (a Area) update(ctx context.Context, in updateIn) (Settings, error) {
	if err := a.Service.Update(ctx, in.Values); err != nil {
		return Settings{}, err
	}
	return a.Service.Settings()
}

type tryIn struct {
	Values json.RawMessage `json:"values" required:"true"`
	// SetUp makes the buckets that are missing, with their retention, before the test.
	SetUp bool `json:"setUp,omitempty"`
}

// Step is one step of the test: what is so when it succeeds, and why it does not.
type Step struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Failure string `json:"failure,omitempty"`
}

// Tried tells whether the connection works, and else why not. Steps are in the order in which they were taken; the test ends with
// the first that fails.
type Tried struct {
	OK      bool   `json:"ok"`
	Failure string `json:"failure,omitempty"`
	Steps   []Step `json:"steps"`
}

func (a Area) try(ctx context.Context, in tryIn) (Tried, error) {
	steps, err := a.Service.Try(ctx, in.Values, in.SetUp)
	if err != nil {
		return Tried{}, err
	}
	t := Tried{OK: true, Steps: steps}
	for _, s := range steps {
		if !s.OK {
			t.OK, t.Failure = false, s.Failure
		}
	}
	return t, nil
}

func (a Area) copying(context.Context, route.None) (Copy, error) { return a.Service.Copying(), nil }

type startIn struct {
	From string `json:"from" required:"true" enum:"embedded,influxdb"`
	To   string `json:"to" required:"true" enum:"embedded,influxdb"`
	// Anew begins from the start although a former copy ended early.
	Anew bool `json:"anew,omitempty"`
}

func (a Area) start(ctx context.Context, in startIn) (Copy, error) {
	if err := a.Service.StartCopy(ctx, in.From, in.To, in.Anew); err != nil {
		return Copy{}, err
	}
	return a.Service.Copying(), nil
}

func (a Area) cancel(context.Context, route.None) (Copy, error) {
	a.Service.CancelCopy()
	return a.Service.Copying(), nil
}
