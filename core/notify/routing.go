package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// routesName is where routes are stored.
const routesName = "notify.routes"

// Settings keeps documents by name.
type Settings interface {
	Get(ctx context.Context, name string, into any) (bool, error)
	Set(ctx context.Context, name string, value any) error
}

// Routing says what each channel is told. It is safe for concurrent use.
type Routing struct {
	settings Settings

	mu  sync.Mutex
	all map[id.Integration]Route
}

// OpenRouting loads what is stored.
func OpenRouting(ctx context.Context, s Settings) (*Routing, error) {
	r := &Routing{settings: s, all: map[id.Integration]Route{}}
	if _, err := s.Get(ctx, routesName, &r.all); err != nil {
		return nil, fmt.Errorf("load routes: %w", err)
	}
	return r, nil
}

// Of returns the route of a channel; without one it is told everything.
func (r *Routing) Of(channel id.Integration) Route {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[channel]
}

// Set stores the route of a channel.
func (r *Routing) Set(ctx context.Context, channel id.Integration, route Route) error {
	if w := route.When; w != nil {
		for field, text := range map[string]string{"when.start": w.Start, "when.end": w.End} {
			if _, err := time.Parse("15:04", text); err != nil {
				return errs.New(errs.Invalid, "%s is not a time such as 22:00", field).WithField(field)
			}
		}
		if _, err := time.LoadLocation(w.Timezone); err != nil {
			return errs.New(errs.Invalid, "when.timezone is not known: use a name such as Europe/Berlin").WithField("when.timezone")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	next := maps.Clone(r.all)
	next[channel] = route
	if err := r.settings.Set(ctx, routesName, next); err != nil {
		return err
	}
	r.all = next
	return nil
}

// Reason is why something was not sent, fit for people.
func Reason(err error) string {
	var plugin *sdk.Error
	if errors.As(err, &plugin) && plugin.Message != "" {
		return plugin.Message
	}
	return "The channel's plugin did not answer in time."
}
